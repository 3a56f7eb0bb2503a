"""FIFOs in other words print as the same C++ as in the words that all passes know."""

from __future__ import annotations

import re

import pytest

from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError

ACC = "!pto.tile_buf<acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024>"
HALF = "!pto.tile_buf<vec, 16x64xf32>"
VIEW = "!pto.tensor_view<32x64xf32>"
PART = "!pto.partition_tensor_view<32x64xf32>"
IMPORT = '%b = pto.import_reserved_buffer {name = "f", peer_func = @vec} -> i32'
RESERVE = '%b = pto.reserve_buffer {name = "f", size = 65536, location = #pto.address_space<vec>, auto = true} -> i32'
NUMBERS = "dir_mask = 1, slot_size = 8192"
OPERANDS = "(gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %b : i32)"
HANDLE = f"%p = pto.initialize_l2g2l_pipe {{{NUMBERS}, slot_num = 8}} (%gm : !pto.ptr<f32>, %b : i32) -> !pto.pipe"


def module(cube: str, vector: str) -> str:
    """A kernel of one pass; `%acc` holds a product, `%u` is a tile of UB."""
    return f"""
func.func @cube(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<cube>}} {{
  %acc = pto.alloc_tile : {ACC}
  {cube}
  return
}}
func.func @vec(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<vector>}} {{
  %u = pto.alloc_tile : {HALF}
  {vector}
  return
}}
"""


RELU = f"pto.trelu ins(%t : {HALF}) outs(%u : {HALF})"
BY_CORE = module(
    f"{IMPORT}\npto.aic_initialize_pipe {{{NUMBERS}}} {OPERANDS}\npto.tpush_to_aiv(%acc : {ACC}) {{split = 1}}",
    f"{RESERVE}\npto.aiv_initialize_pipe {{{NUMBERS}}} {OPERANDS}\n%t = pto.tpop_from_aic {{split = 1}} -> {HALF}\n"
    f"{RELU}\npto.tfree_from_aic {{split = 1}}",
)
POP = f"pto.tpop(%t, %p : {HALF}, !pto.pipe) {{split = 1}}"
FREE = "pto.tfree(%p : !pto.pipe) {split = 1}"
DECLARE = f"%t = pto.declare_tile -> {HALF}"
PUSH = f"pto.tpush(%acc, %p : {ACC}, !pto.pipe) {{split = 1}}"
BY_HANDLE = module(f"{IMPORT}\n{HANDLE}\n{PUSH}", f"{RESERVE}\n{HANDLE}\n{DECLARE}\n{POP}\n{RELU}\n{FREE}")


def calls(text: str, sync: Sync = Sync.INSERT) -> list[str]:
    """Calls of the C++, without the names of variables."""
    lines = assemble(text, "test.mlir", Options(sync=sync)).splitlines()
    return [re.sub(r"\bv\d+", "v", line.strip()) for line in lines if re.search(r"\bv\d|PIPE", line)]


def test_a_handle_of_tiles_is_the_end_of_its_core() -> None:
    assert calls(BY_HANDLE) == calls(BY_CORE)


def test_an_allocated_tile_that_is_only_popped_into_takes_no_bytes() -> None:
    assert calls(BY_HANDLE.replace(DECLARE, f"%t = pto.alloc_tile : {HALF}")) == calls(BY_CORE)


def test_each_pop_is_what_is_used_until_the_next_one() -> None:
    twice = BY_HANDLE.replace(FREE, f"{FREE}\n{POP}\n{RELU}\n{FREE}")
    assert [line for line in calls(twice, Sync.NONE) if "TRELU" in line or line.startswith("TPOP")] == (
        [line for line in calls(BY_CORE, Sync.NONE) if "TRELU" in line or line.startswith("TPOP")] * 2
    )


def test_local_slots_at_an_address_are_no_place_for_tiles() -> None:
    at_zero = "%b = arith.constant 0 : i32"
    text = (
        BY_HANDLE.replace(IMPORT, at_zero)
        .replace(RESERVE, at_zero)
        .replace("slot_num = 8", "slot_num = 8, local_slot_num = 2")
    )
    printed = assemble(text, "test.mlir", Options())
    assert "TPipe<0, Direction::DIR_C2V, 8192, 8, 2, false>" in printed
    assert re.search(r"const uint64_t v\d = 16384;", printed)  # %u lies behind two slots


def test_a_pop_has_the_valid_rows_and_columns_that_it_is_given() -> None:
    sizes = "%r = arith.constant 8 : index\n%c = arith.constant 64 : index\n"
    dynamic = f"{HALF[:-1]}, valid=?x?>"
    text = BY_CORE.replace(
        "%t = pto.tpop_from_aic {split = 1} -> " + HALF,
        f"{sizes}%t = pto.tpop_from_aic(%r, %c) {{split = 1}} -> {dynamic}",
    )
    printed = assemble(text.replace(RELU, ""), "test.mlir", Options())
    tile = r"(Tile<TileType::Vec, float, 16, 64, \w+::\w+, -1, -1, .*>)"
    declared = re.search(rf"{tile} (v\d+)\(16, 64\);\s+\2\.SetValidShape\((v\d+), (v\d+)\);\s+TPOP<", printed)
    assert declared is not None
    assert f"const int64_t {declared[3]} = 8;" in printed
    assert f"{declared[1]}, TileSplitAxis::TILE_UP_DOWN>" in printed


IN_GM = f"""
func.func @KIND(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<KIND>}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %v = pto.make_tensor_view %gm, shape = [%c32, %c64], strides = [%c64, %c1] : {VIEW}
  BODY
  return
}}
"""
SLICE = f"%s = pto.partition_view %e, offsets = [%c0, %c0], sizes = [%c32, %c64] : {VIEW} -> {PART}"
WHOLE = "!pto.tile_buf<vec, 32x64xf32>"
STORE = f"%acc = pto.alloc_tile : {ACC}\n{SLICE}\npto.tstore ins(%acc : {ACC}) outs(%s : {PART})"
LOAD = f"%t = pto.alloc_tile : {WHOLE}\n{SLICE}\npto.tload ins(%s : {PART}) outs(%t : {WHOLE})"
SLOTS_IN_GM = f"%p = pto.initialize_l2g2l_pipe {{{NUMBERS}, slot_num = 8}} (%v : {VIEW}) -> !pto.pipe"


def in_gm(kind: str, *lines: str) -> str:
    """One function of a FIFO with entries in GM."""
    return IN_GM.replace("KIND", kind).replace("BODY", "\n".join(lines))


def test_an_end_with_a_slot_tensor_is_a_handle() -> None:
    at, ends = f"(gm_slot_tensor = %v : {VIEW})", f"(%e, %p : {VIEW}, !pto.pipe) {{split = 0}}"
    by_core = in_gm(
        "cube", f"pto.aic_initialize_pipe {{{NUMBERS}}} {at}", f"%e = pto.talloc_to_aiv {{split = 0}} -> {VIEW}", STORE,
        f"pto.tpush_to_aiv(%e : {VIEW}) {{split = 0}}",
    ) + in_gm(
        "vector",
        f"pto.aiv_initialize_pipe {{{NUMBERS}}} {at}", f"%e = pto.tpop_from_aic {{split = 0}} -> {VIEW}",
        LOAD,
        f"pto.tfree_from_aic(%e : {VIEW}) {{split = 0}}",
    )  # fmt: skip
    declare = f"%e = pto.declare_global -> {VIEW}"
    by_handle = in_gm("cube", SLOTS_IN_GM, declare, f"pto.talloc{ends}", STORE, f"pto.tpush{ends}") + in_gm(
        "vector", SLOTS_IN_GM, declare, f"pto.tpop{ends}", LOAD, f"pto.tfree{ends}"
    )
    assert calls(by_core) == calls(by_handle)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            f"{POP}\n{RELU}",
            f"{RELU}\n{POP}",
            "pto.trelu: no pto.tpop before it in its block, or around that, places this",
        ),
        (PUSH, f"pto.talloc(%acc, %p : {ACC}, !pto.pipe) {{split = 1}}", "pto.talloc: this FIFO has tiles: push, pop"),
        (IMPORT, "%x = pto.get_block_idx\n%b = arith.trunci %x : i64 to i32", "the place of its tiles must be known"),
        ("slot_size = 8192", "slot_size = 4096", "slot_size is 4096, but 8192 at the other end"),
    ],
)
def test_what_cannot_be_rewritten_is_refused_where_it_stands(old: str, new: str, message: str) -> None:
    with pytest.raises(AssemblerError, match=rf"test\.mlir:\d+:\d+: error: .*{re.escape(message)}"):
        assemble(BY_HANDLE.replace(old, new, 1), "test.mlir", Options())


def test_both_ways_in_one_have_four_flags() -> None:
    l1 = RESERVE.replace("%b", "%d").replace('"f"', '"g"').replace("<vec>", "<mat>")
    from_l1 = '%d = pto.import_reserved_buffer {name = "g", peer_func = @cube} -> i32'
    one_way = BY_CORE.replace("{split = 1}", "{id = 1, split = 1}").replace("{dir_mask", "{id = 1, dir_mask")
    operands = f"{OPERANDS[:-1]}, v2c_consumer_buf = %d : i32)"
    ends = [f"\npto.{core}_initialize_pipe {{dir_mask = 3, slot_size = 4096}} {operands}\n" for core in ("aic", "aiv")]
    rings = [(IMPORT + "\n", l1), (RESERVE + "\n", from_l1)]
    text = one_way
    for (joined, other), end in zip(rings, ends, strict=True):
        more = joined.replace("%b", "%e").replace('"f"', '"h"')
        text = text.replace(joined, joined + more + other + end.replace("%b", "%e"))
    pipes = [line for line in calls(text) if "auto" in line]
    assert [re.sub(r"\(.*", "", line) for line in pipes] == [
        "auto v = TPipe<0, Direction::DIR_BOTH, 4096, 4, 4, true>",
        "auto v = TPipe<4, Direction::DIR_C2V, 8192, 8, 8, false>",
    ] * 2
