"""C++ of global memory."""

import re

import pytest

from ptodsl.dialect.testing import fifo
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.testing import cpp_lines


def view(shape: str, strides: str, layout: str = "ND") -> str:
    return f"%v = pto.make_tensor_view %p, shape = [{shape}], strides = [{strides}]" + (
        f" {{layout = #pto.layout<{layout.lower()}>}}" if layout != "ND" else ""
    )


def part(offsets: str, sizes: str, view_type: str, part_type: str) -> str:
    return (
        f" : !pto.tensor_view<{view_type}>\n"
        f"%s = pto.partition_view %v, offsets = [{offsets}], sizes = [{sizes}] "
        f": !pto.tensor_view<{view_type}> -> !pto.partition_tensor_view<{part_type}>"
    )


def test_static_slice_at_a_dynamic_row() -> None:
    lines = cpp_lines(view("%n, %c256", "%c256, %c1") + part("%n, %c0", "%c32, %c256", "?x256xf32", "32x256xf32"))
    shape, stride = "pto::Shape<1, 1, 1, 32, 256>", "pto::Stride<8192, 8192, 8192, 256, 1>"
    assert lines == [
        f"GlobalTensor<float, {shape}, {stride}, pto::Layout::ND> a(v1 + (v4 * 256), {shape}(), {stride}());"
    ]


def test_constant_offsets_are_folded() -> None:
    (line,) = cpp_lines(view("%n, %c256", "%c256, %c1") + part("%c8, %c32", "%c32, %c128", "?x256xf32", "32x128xf32"))
    assert "a(v1 + (2080), " in line


def test_dynamic_sizes_and_strides_are_arguments() -> None:
    (line,) = cpp_lines(view("%n, %n", "%n, %c1") + part("%n, %n", "%c32, %n", "?x?xf32", "32x?xf32"))
    shape, stride = "pto::Shape<1, 1, 1, 32, -1>", "pto::Stride<-1, -1, -1, -1, 1>"
    outer = ", ".join(["32 * v4"] * 3)
    assert line == (
        f"GlobalTensor<float, {shape}, {stride}, pto::Layout::ND> "
        f"a(v1 + (v4 * v4 + v4), {shape}(v4), {stride}({outer}, v4));"
    )


def test_a_size_at_run_time_stays_one_where_the_type_is_constant() -> None:
    (line,) = cpp_lines(view("%n, %c256", "%c256, %c1") + part("%c0, %c0", "%n, %c256", "?x256xf32", "32x256xf32"))
    assert "pto::Shape<1, 1, 1, -1, 256>(v4), " in line


def test_the_slice_of_a_row_may_have_a_leading_one() -> None:
    (line,) = cpp_lines(view("%n", "%c1") + part("%c8", "%c32", "?xf32", "1x32xf32"))
    shape, stride = "pto::Shape<1, 1, 1, 1, 32>", "pto::Stride<32, 32, 32, 32, 1>"
    assert line == f"GlobalTensor<float, {shape}, {stride}, pto::Layout::ND> a(v1 + (8), {shape}(), {stride}());"


def test_layout_dn() -> None:
    (line,) = cpp_lines(
        view("%c128, %n", "%c1, %c128", "DN") + part("%c0, %n", "%c128, %c128", "128x?xf32", "128x128xf32")
    )
    assert (
        "pto::Shape<1, 1, 1, 128, 128>, pto::Stride<128, 128, 128, 1, 128>, pto::Layout::DN> a(v1 + (v4 * 128), "
        in line
    )


def test_layout_that_follows_from_strides() -> None:
    (line,) = cpp_lines(
        view("%c128, %c128", "%c1, %c128") + part("%c0, %c0", "%c128, %c32", "128x128xf32", "128x32xf32")
    )
    assert "pto::Stride<128, 128, 128, 1, 128>, pto::Layout::DN> a(v1, " in line


@pytest.mark.parametrize(
    ("tile", "layout"),
    [("!pto.tile_buf<vec, 32x1xf32, blayout=col_major>", "DN"), ("!pto.tile_buf<vec, 32x8xf32, valid=32x1>", "ND")],
)
def test_a_column_is_what_its_tile_is(tile: str, layout: str) -> None:
    lines = cpp_lines(
        f"%t = pto.alloc_tile : {tile}\n"
        + view("%n, %c1", "%c1, %c1")
        + part("%c0, %c0", "%c32, %c1", "?x1xf32", "32x1xf32")
        + f"\npto.tload ins(%s : !pto.partition_tensor_view<32x1xf32>) outs(%t : {tile})"
    )
    assert f"pto::Layout::{layout}> b(v1, " in lines[2]


def test_rank_three() -> None:
    (line,) = cpp_lines(
        view("%c2, %n, %c256", "%c256, %c128, %c1")
        + part("%c1, %n, %c0", "%c1, %c32, %c256", "2x?x256xf32", "1x32x256xf32")
    )
    assert "pto::Shape<1, 1, 1, 32, 256>, pto::Stride<256, 256, 256, 128, 1>" in line
    assert "a(v1 + (256 + v4 * 128), " in line


def test_pointers() -> None:
    assert cpp_lines("%q = pto.addptr %p, %n : !pto.ptr<f32> -> !pto.ptr<f32>") == ["__gm__ float* a = v1 + v4;"]


def test_fifo() -> None:
    body = fifo() + (
        "pto.talloc(%e, %pipe : !entry, !pto.pipe) {split = 1}\n"
        "%s = pto.partition_view %e, offsets = [%c8, %c0], sizes = [%c32, %c128] "
        ": !entry -> !pto.partition_tensor_view<32x128xf32>\n"
        "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 2}"
    )
    pipe = "TPipe<0, Direction::DIR_C2V, 65536, 8, 8, false>"
    dense = "pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND"
    lines = cpp_lines(body, "cube")
    assert lines[:3] == [
        f"auto a = {pipe}(v1, 0, 0);",
        f"GlobalTensor<float, {dense}> b(nullptr);",
        f"TALLOC<{pipe}, GlobalTensor<float, {dense}>, TileSplitAxis::TILE_UP_DOWN>(a, b);",
    ]
    assert re.search(r"> c\(b\.data\(\) \+ \(1024\), pto::Shape<1, 1, 1, 32, 128>\(\), ", lines[3])
    assert lines[4].startswith("TPUSH<")
    assert "TileSplitAxis::TILE_LEFT_RIGHT>(a, b);" in lines[4]


def test_the_parts_of_a_handle() -> None:
    unsplit = fifo(dir_mask=2, flag_base=4, slot_num=2) + "pto.talloc(%e, %pipe : !entry, !pto.pipe) {split = 0}"
    assert cpp_lines(unsplit)[0] == "auto a = TPipe<4, Direction::DIR_V2C, 65536, 2, 2, true>(v1, 0, 0);"


def test_the_view_of_a_slot_must_be_made_in_the_function() -> None:
    body = (
        fifo().replace("(%pipe_slot)", "(%other)").replace("%pipe =", "%other = pto.declare_global -> !entry\n%pipe =")
    )
    with pytest.raises(AssemblerError, match=r"gm_addr must be made by pto\.make_tensor_view in this function"):
        cpp_lines(body, "cube")


def test_a_view_itself_is_no_variable() -> None:
    body = (
        view("%n, %c256", "%c256, %c1")
        + " : !view\n"
        + ("%z = scf.if %b -> (!view) {\nscf.yield %v : !view\n} else {\nscf.yield %v : !view\n}")
    )
    with pytest.raises(AssemblerError, match=r"scf\.if: there is no C\+\+ type for !pto\.tensor_view"):
        cpp_lines(body)
