"""FIFOs of tiles: what the assembler prints of them, and which modules it refuses."""

from __future__ import annotations

import re

import pytest

from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError

ACC = "!pto.tile_buf<acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024>"
HALF = "!pto.tile_buf<vec, 16x64xf32>"

MODULE = f"""
func.func @cube(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<cube>}} {{
  %z = arith.constant 0 : i32
  %b = pto.import_reserved_buffer {{name = "f", peer_func = @vec}} -> i32
  pto.aic_initialize_pipe {{dir_mask = 1, slot_size = 8192}} (gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %b : i32, v2c_consumer_buf = %z : i32)
  %acc = pto.alloc_tile : {ACC}
  pto.tpush_to_aiv(%acc : {ACC}) {{split = 1}}
  return
}}
func.func @vec(%gm: !pto.ptr<f32>) attributes {{pto.kernel_kind = #pto.kernel_kind<vector>}} {{
  %z = arith.constant 0 : i32
  %x = pto.alloc_tile : {HALF}
  %b = pto.reserve_buffer {{name = "f", size = 65536, location = #pto.address_space<vec>, auto = true}} -> i32
  pto.aiv_initialize_pipe {{dir_mask = 1, slot_size = 8192}} (gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %b : i32, v2c_consumer_buf = %z : i32)
  %t = pto.tpop_from_aic {{split = 1}} -> {HALF}
  pto.trelu ins(%t : {HALF}) outs(%x : {HALF})
  pto.tfree_from_aic {{split = 1}}
  %u = pto.tpop_from_aic {{split = 1}} -> {HALF}
  pto.trelu ins(%u : {HALF}) outs(%x : {HALF})
  return
}}
"""  # noqa: E501

PIPE = "TPipe<0, Direction::DIR_C2V, 8192, 8, 8, false>"


def _lines(text: str, sync: Sync = Sync.NONE) -> list[str]:
    lines = assemble(text, "test.mlir", Options(sync=sync)).splitlines()
    return [re.sub(r"Tile<TileType::(\w+)[^;]*?Null>", r"\1", line.strip()) for line in lines]


def test_both_ends_print_as_one_fifo() -> None:
    lines = _lines(MODULE)
    assert [line for line in lines if "TPipe" in line] == [
        f"auto v5 = {PIPE}(v1, v2, v3);",
        f"TPUSH<{PIPE}, Acc, TileSplitAxis::TILE_UP_DOWN>(v5, v6);",
        f"auto v6 = {PIPE}(v1, v3, v4);",
        f"TPOP<{PIPE}, Vec, TileSplitAxis::TILE_UP_DOWN>(v6, v7);",
        f"TFREE<{PIPE}, TileSplitAxis::TILE_UP_DOWN>(v6);",
        f"TPOP<{PIPE}, Vec, TileSplitAxis::TILE_UP_DOWN>(v6, v8);",
    ]


def test_the_ring_has_a_place_beside_the_tiles_and_both_ends_know_it() -> None:
    rings = re.findall(r"const int32_t v\d = (\d+);", assemble(MODULE, "test.mlir", Options()))
    assert rings == ["4096", "0", "4096", "0"]


def test_a_pop_waits_until_the_tile_before_it_has_been_read() -> None:
    lines = _lines(MODULE, Sync.INSERT)
    vector = lines[lines.index("set_mask_norm();") :]
    pops = [number for number, line in enumerate(vector) if line.startswith("TPOP")]
    read = next(number for number, line in enumerate(vector) if line.startswith("TRELU"))
    assert pops[0] < vector.index("set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);") < read
    assert read < vector.index("set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);") < pops[1]


def test_slots_that_no_operation_splits_say_so() -> None:
    whole = MODULE.replace("split = 1", "split = 0").replace("16x64", "32x64")
    assert "TPipe<0, Direction::DIR_C2V, 8192, 8, 8, true>(v1" in assemble(whole, "test.mlir", Options())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "f", peer', 'name = "g", peer', "@vec reserves no buffer 'g'"),
        ("peer_func = @vec", "peer_func = @other", "@other reserves no buffer 'f'"),
        (
            "size = 65536",
            "size = 64",
            "8 tiles of 8192 bytes need 65536 bytes on the consumer's chip",
        ),
        ("slot_size = 8192", "slot_size = 4096", "slot_size is 4096, but 8192 at the other end"),
        (
            "location = #pto.address_space<vec>",
            "location = #pto.address_space<mat>",
            "the ring must be in vec, not in mat",
        ),
        ("{split = 1}", "{split = 0}", "some operations split its slots and others do not"),
        ("{split = 1}", "{id = 2, split = 1}", "no FIFO with id = 2 that this core produces is initialised"),
        (
            "auto = true",
            "auto = false, base = 0",
            "auto = false: the assembler places buffers",
        ),
        ("pto.aic_initialize_pipe", "pto.aiv_initialize_pipe", "must be inside a vector kernel function or section"),
        ("16x64", "32x64", "the tile has 8192 bytes, but half of a slot has 4096"),
    ],
)
def test_what_does_not_fit_together_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(AssemblerError, match=re.escape(message)):
        assemble(MODULE.replace(old, new, -1 if old == "16x64" else 1), "test.mlir", Options())


def _bases(count: int, *called: str) -> list[str]:
    """First flags of the ends of `count` pairs of functions; an entry calls those in `called`."""
    text = "".join(re.sub(r"@(cube|vec)\b", rf"@\g<1>{number}", MODULE) for number in range(count))
    if called:
        calls = "".join(f"func.call @{name}(%gm) : (!pto.ptr<f32>) -> ()\n" for name in called)
        text += f"func.func @run(%gm: !pto.ptr<f32>) attributes {{pto.entry}} {{\n{calls}return\n}}\n"
    return re.findall(r"auto v\d+ = TPipe<(\d+),", assemble(text, "test.mlir", Options()))


def test_fifos_of_one_launch_have_flags_of_their_own() -> None:
    assert _bases(2, "cube0", "vec0", "cube1", "vec1") == ["0", "0", "2", "2"]


def test_fifos_of_several_launches_share_the_flags() -> None:
    """More FIFOs than there are flags for."""
    assert _bases(9) == ["0"] * 18
    with pytest.raises(AssemblerError, match="the FIFOs that are launched together are numbered"):
        _bases(9, *(f"cube{number}" for number in range(9)))
