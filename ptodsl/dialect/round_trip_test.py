"""Every operation prints and parses again, pretty and generic, with and without locations."""

from contextlib import suppress

import pytest
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr

from ptodsl.dialect import DeviceLimit, PtoDialect
from ptodsl.dialect.testing import ALIASES, VECTOR_USES, fifo, parse_text, print_text, snippet

FIFO = ("talloc", "tpush", "tpop", "tfree")

SNIPPETS = [
    *VECTOR_USES,
    "pto.tcvt ins(%vec {rmode = #pto<round_mode RINT>} : !vec) outs(%half : !half)",
    "pto.tcvt ins(%vec {sat_mode = #pto<saturation_mode ON>} : !vec) outs(%half : !half)",
    "pto.tcvt ins(%vec : !vec) outs(%half : !half)",
    "pto.tload ins(%slice : !slice) outs(%vec : !vec)",
    "pto.tstore ins(%vec : !vec) outs(%slice : !slice)",
    "pto.tmov ins(%mat : !mat) outs(%left : !left)",
    "pto.textract ins(%mat, %c0, %n : !mat, index, index) outs(%left : !left)",
    "pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc)",
    "pto.tmatmul.acc ins(%acc, %left, %right : !acc, !left, !right) outs(%acc : !acc)",
    "pto.tmatmul.bias ins(%left, %right, %bias : !left, !right, !bias) outs(%acc : !acc)",
    "%l = pto.alloc_tile : !pto.tile_buf<left, 16x64xf16, valid=1x64, slayout=row_major>\n"
    "%r = pto.alloc_tile : !pto.tile_buf<right, 64x32xf16, slayout=col_major>\n"
    "%a = pto.alloc_tile : !one\n%c = pto.alloc_tile : !pto.tile_buf<bias, 1x32xf32>\n"
    "pto.tgemv ins(%l, %r : !l, !r) outs(%a : !one)\n"
    "pto.tgemv.acc ins(%a, %l, %r : !one, !l, !r) outs(%a : !one)\n"
    "pto.tgemv.bias ins(%l, %r, %c : !l, !r, !pto.tile_buf<bias, 1x32xf32>) outs(%a : !one)".replace(
        "!one", "!pto.tile_buf<acc, 16x32xf32, valid=1x32, blayout=col_major, slayout=row_major, fractal=1024>"
    )
    .replace("!l", "!pto.tile_buf<left, 16x64xf16, valid=1x64, slayout=row_major>")
    .replace("!r", "!pto.tile_buf<right, 64x32xf16, slayout=col_major>"),
    "%many = pto.alloc_multi_tile : !pto.multi_tile_buf<vec, 16x64xf32, count=2>\n"
    "%t = pto.multi_tile_get %many[%n] : !pto.multi_tile_buf<vec, 16x64xf32, count=2> -> !pto.tile_buf<vec, 16x64xf32>",
    "%many = pto.alloc_multi_tile valid_row = %n : !pto.multi_tile_buf<!part, count=16>",
    "%e = pto.declare_eventid_array -> !pto.eventid_array<4>\n"
    "pto.eventid_array_set %e[%c0], %n : !pto.eventid_array<4>\n"
    "%i = pto.eventid_array_get %e[%c0] : !pto.eventid_array<4>\n"
    "pto.set_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %i]",
    "%a = pto.declare_local_array -> !pto.local_array<4xf32>\n"
    "pto.local_array_set %a[%c0], %x : !pto.local_array<4xf32>, f32\n"
    "%i = pto.local_array_get %a[%n] : !pto.local_array<4xf32> -> f32",
    "%a = pto.ptrtoint %p : !pto.ptr<f32> -> i64\n%q = pto.inttoptr %a : i64 -> !pto.ptr<i32>\n"
    "%i = pto.load_scalar %q[%n] : !pto.ptr<i32> -> i32",
    "pto.sync.set <PIPE_MTE3>, 3",
    "pto.sync.set <PIPE_FIX>, %n {ffts_mode = 1 : i32}",
    "pto.sync.wait <PIPE_MTE2>, 15",
    "%t = pto.alloc_tile addr = %a valid_row = %n : !part".replace("%t", "%a = arith.constant 64 : i64\n%t"),
    "%t = pto.treshape %rows : !rows -> !flat",
    "%t = pto.subview %cols[%c0, %n] sizes [1, 256] : !cols -> !cols",
    "%t = pto.subview %vec[%c0, %n] sizes [8, 16] valid [%c8, %n] : !vec -> !pto.tile_buf<vec, 8x16xf32, valid=8x?>",
    "%v = pto.make_tensor_view %h, shape = [%c128, %n], strides = [%c1, %c128] {layout = #pto.layout<dn>} "
    ": !pto.tensor_view<128x?xf16>",
    "%s = pto.partition_view %view, offsets = [%n, %c0], sizes = [%c32, %c256] : !view -> !slice",
    "%q = pto.addptr %p, %n : !pto.ptr<f32> -> !pto.ptr<f32>",
    "%v = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32",
    "pto.store_scalar %x, %p[%n] : !pto.ptr<f32>, f32",
    *(
        fifo() + f"pto.{name}(%e, %pipe : !entry, !pto.pipe) {{split = 1}}"
        for name in ("talloc", "tpush", "tpop", "tfree")
    ),
    *(
        f"%r = arith.constant 0 : i32\n{init} {{dir_mask = 1, slot_size = 8192}} (gm_slot_buffer = %p : !pto.ptr<f32>, "
        "c2v_consumer_buf = %r : i32)"
        for init in ("pto.aic_initialize_pipe", "pto.aiv_initialize_pipe")
    ),
    '%at = pto.reserve_buffer {name = "f", size = 64, location = #pto.address_space<vec>, auto = true} -> i32',
    '%at = pto.import_reserved_buffer {name = "f", peer_func = @vec} -> i32',
    "pto.tpush_to_aic(%small : !small) {split = 1}",
    "pto.tpush_to_aiv(%acc : !acc) {split = 1}",
    "%t = pto.tpop_from_aic {split = 1} -> !small",
    "%t = pto.tpop_from_aiv {split = 1} -> !mat",
    "pto.tfree_from_aic {split = 0}",
    "pto.tfree_from_aiv {split = 0}",
    "pto.tfree_from_aiv(%view : !view) {split = 0}",
    "%e = pto.talloc_to_aiv {split = 0} -> !view",
    "%e = pto.talloc_to_aic {split = 0} -> !view",
    "%t = pto.declare_tile -> !small",
    "pto.record_event [<TLOAD>, <TVEC>, <EVENT_ID0>]",
    "pto.wait_event [#pto.pipe_event_type<TMOV_M2S>, #pto.sync_op_type<TMATMUL>, #pto.event<EVENT_ID7>]",
    "pto.barrier_sync [<TVEC>]",
    "pto.tinsert ins(%small, %c8, %n : !small, index, index) outs(%vec : !vec)",
    "%w = arith.constant 3 : i32\n%t = pto.alloc_tile : !pto.tile_buf<vec, 1x64xi32>\n"
    "pto.tci ins(%w : i32) outs(%t : !pto.tile_buf<vec, 1x64xi32>) {descending = true}",
    "%v = pto.tgetval ins(%vec, %n : !vec, index) outs : f32\npto.tsetval ins(%n, %v : index, f32) outs(%vec : !vec)",
    "%t = pto.alloc_tile valid_row = %n valid_col = %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>\n"
    "pto.set_validshape %t, %c8, %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>\n"
    "%r, %s = pto.get_validshape %t : !pto.tile_buf<vec, 16x64xf32, valid=?x?>",
    "pto.tgather ins(%vec, {maskPattern = #pto.mask_pattern<P0101>} : !vec) outs(%narrow : !narrow)",
    "%t = pto.alloc_tile : !vec\npto.tcolsum ins(%vec, %t {isBinary = true} : !vec, !vec) outs(%cols : !cols)",
    "%t = pto.alloc_tile : !vec\npto.trowexpandsub ins(%vec, %rows, %t : !vec, !rows, !vec) outs(%vec : !vec)",
    "%t = pto.alloc_tile : !pto.tile_buf<vec, 32x256xi8>\npto.tquant ins(%vec, %rows : !vec, !rows) "
    "outs(%t : !pto.tile_buf<vec, 32x256xi8>) {quant_type = #pto<quant_type INT8_SYM>}",
    "pto.tstore ins(%vec : !vec) outs(%slice : !slice) {atomicType = #pto<atomic_type atomic_add>}",
    "%q = arith.constant 5 : i64\n%v = pto.make_tensor_view %h, shape = [%c128, %c128], strides = [%c128, %c1] "
    ": !pto.tensor_view<128x128xf16>\n%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c128, %c128] : "
    "!pto.tensor_view<128x128xf16> -> !pto.partition_tensor_view<128x128xf16>\n"
    "pto.tstore ins(%acc : !acc, %q : i64) outs(%s : !pto.partition_tensor_view<128x128xf16>) "
    "{stPhase = #pto<st_phase partial>, reluPreMode = #pto<relu_pre_mode normal_relu>}\n"
    "%f = pto.alloc_tile : !pto.tile_buf<scaling, 1x128xui64>\n"
    "pto.tmov ins(%acc : !acc) outs(%mat : !mat) {reluPreMode = #pto<relu_pre_mode no_relu>}\n"
    "pto.tmov ins(%acc : !acc, %f : !pto.tile_buf<scaling, 1x128xui64>) outs(%mat : !mat)\n"
    "pto.textract ins(%acc, %c0, %n, %q : !acc, index, index, i64) outs(%mat : !mat)\n"
    "pto.tstore_fp ins(%acc, %f : !acc, !pto.tile_buf<scaling, 1x128xui64>) "
    "outs(%s : !pto.partition_tensor_view<128x128xf16>)\n"
    "pto.textract_fp ins(%acc, %f, %c0, %n : !acc, !pto.tile_buf<scaling, 1x128xui64>, index, index) "
    "outs(%mat : !mat)\n"
    "pto.tinsert_fp ins(%acc, %f, %c0, %n : !acc, !pto.tile_buf<scaling, 1x128xui64>, index, index) outs(%mat : !mat)",
    "pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc) {accPhase = #pto<acc_phase final>}",
    "pto.tdiv ins(%vec, %vec : !vec, !vec) outs(%vec : !vec) {precisionType = #pto<div_precision high_precision>}",
    *(f"%i = pto.get_{name}" for name in ("block_idx", "block_num", "subblock_idx", "subblock_num")),
    "pto.set_ffts %ffts : memref<256xi64>",
    "pto.section.vector {\n%i = pto.get_block_idx\n}",
    "pto.section.cube {\n}",
    "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
    "pto.set_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %n]",
    "pto.wait_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %c1]",
    "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID7>]",
    "pto.barrier <PIPE_ALL>",
    'pto.print ins("%f", %x : f32)',
    "pto.tprint ins(%vec : !vec)",
    "pto.tprint ins(%vec, %slice : !vec, !slice)\npto.tprint ins(%slice : !slice)\npto.trap\n"
    "pto.tsync ins(%ffts : memref<256xi64>)\n"
    "pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<aiv_only>\n"
    "pto.tprefetch ins(%slice : !slice) outs(%vec : !vec)",
    "%i = pto.alloc_tile : !pto.tile_buf<vec, 1x32xi32>\n"
    "pto.mgather ins(%slice, %i : !slice, !pto.tile_buf<vec, 1x32xi32>) outs(%vec : !vec) "
    "{coalesce = #pto<coalesce row>, gatherOob = #pto<gather_oob wrap>}",
    "%i = pto.alloc_tile : !pto.tile_buf<vec, 1x32xi32>\n"
    "pto.mscatter ins(%vec, %i : !vec, !pto.tile_buf<vec, 1x32xi32>) outs(%slice : !slice) "
    "{coalesce = #pto<coalesce row>, scatterAtomicOp = #pto<scatter_atomic_op add>, "
    "scatterOob = #pto<scatter_oob skip>}",
    "%t = pto.alloc_tile : !vec\n"
    "pto.tscatter ins(%vec, {maskPattern = #pto.mask_pattern<P1111>} : !vec) outs(%t : !vec)",
]


@pytest.mark.parametrize("body", SNIPPETS)
@pytest.mark.parametrize("generic", [False, True])
def test_round_trip(body: str, generic: bool) -> None:
    module = parse_text(snippet(body))
    with suppress(DeviceLimit):
        module.verify()
    text = print_text(module, generic=generic)
    again = parse_text(text)
    assert again.is_structurally_equivalent(module)
    assert print_text(again, generic=generic) == text


def test_pretty_form_is_what_was_written() -> None:
    written = {line.strip() for body in SNIPPETS for line in body.splitlines() if line.startswith("pto.t")}
    vec, half = ALIASES["vec"], ALIASES["half"]
    line = f"pto.tcvt ins(%vec {{rmode = #pto<round_mode RINT>}} : {vec}) outs(%half : {half})"
    assert line.replace(vec, "!vec").replace(half, "!half") in written
    assert line in print_text(parse_text(snippet(line)))


@pytest.mark.parametrize("generic", [False, True])
def test_locations_survive(generic: bool) -> None:
    location = 'loc("flash_atten/kernel.py":7:5)'
    module = parse_text(snippet(f"pto.texp ins(%vec : !vec) outs(%vec : !vec) {location}"))
    again = parse_text(print_text(module, generic=generic, locations=True))
    found = [op.location for op in again.walk() if op.name == "pto.texp"]
    assert found == [FileLineColLoc(StringAttr("flash_atten/kernel.py"), IntAttr(7), IntAttr(5))]


def test_every_operation_has_a_snippet() -> None:
    text = "\n".join(print_text(parse_text(snippet(body)), generic=True) for body in SNIPPETS)
    assert [op.name for op in PtoDialect.operations if f'"{op.name}"' not in text] == []


def test_generic_form_of_attributes_and_types() -> None:
    line = "pto.tcvt ins(%vec {rmode = #pto<round_mode RINT>} : !vec) outs(%half : !half)"
    text = print_text(parse_text(snippet(line)), generic=True)
    types = f"({ALIASES['vec']}, {ALIASES['half']}) -> ()"
    assert f'"pto.tcvt"(%vec, %half) <{{rmode = #pto<round_mode RINT>}}> : {types}' in text
