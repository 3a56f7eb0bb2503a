"""C++ of tiles and of synchronisation."""

import pytest

from ptodsl.dialect.testing import load_mat
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.testing import cpp_lines

VEC = "Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, {0}, 256, SLayout::NoneBox, 512, PadValue::Null, "
VEC += "CompactMode::Null>"


def calls(body: str, kind: str = "vector") -> list[str]:
    """The last line of the body's C++."""
    return cpp_lines(body, kind)[-1:]


def test_declaration_and_address() -> None:
    assert cpp_lines("%s = pto.alloc_tile : !vec\n%t = pto.alloc_tile valid_row = %n : !part") == [
        f"{VEC.format(32)} a;",
        "TASSIGN(a, 0);",
        f"{VEC.format(-1)} b(v4);",
        "TASSIGN(b, 32768);",
    ]


@pytest.mark.parametrize(("number", "mode"), [(0, "Null"), (1, "Normal"), (2, "RowPlusOne")])
def test_compact_modes(number: int, mode: str) -> None:
    line, _ = cpp_lines(f"%t = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32, compact={number}>")
    assert line.endswith(f"512, PadValue::Null, CompactMode::{mode}> a;")


def test_boxes_of_left_tiles_are_row_major_on_this_device() -> None:
    ty = "!pto.tile_buf<left, 16x64xf16, blayout=col_major, slayout=row_major>"
    line, _ = cpp_lines(f"%t = pto.alloc_tile : {ty}", "cube")
    assert line.startswith("Tile<TileType::Left, half, 16, 64, BLayout::RowMajor, 16, 64, SLayout::RowMajor, ")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("pto.tadd ins(%vec, %part : !vec, !part) outs(%vec : !vec)", "TADD(a, a, b);"),
        ("pto.tmuls ins(%vec, %x : !vec, f32) outs(%vec : !vec)", "TMULS(a, a, v6);"),
        ("pto.trowmax ins(%vec, %narrow : !vec, !narrow) outs(%rows : !rows)", "TROWMAX(c, a, b);"),
        ("pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%vec : !vec)", "TROWEXPANDSUB(a, a, b);"),
        (
            "pto.tcvt ins(%vec {rmode = #pto<round_mode CAST_RINT>} : !vec) outs(%half : !half)",
            "TCVT(b, a, RoundMode::CAST_RINT, SaturationMode::OFF);",
        ),
        ("pto.tload ins(%slice : !slice) outs(%vec : !vec)", "TLOAD(a, b);"),
        ("pto.tstore ins(%vec : !vec) outs(%slice : !slice)", "TSTORE(b, a);"),
        ("pto.set_flag[PIPE_MTE2, PIPE_V, EVENT_ID3]", "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);"),
        ("pto.wait_flag[PIPE_MTE2, PIPE_V, EVENT_ID3]", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);"),
        ("pto.pipe_barrier[PIPE_V]", "pipe_barrier(PIPE_V);"),
        ("pto.tprint ins(%vec : !vec)", "TPRINT(a);"),
    ],
)
def test_vector_calls(body: str, line: str) -> None:
    assert calls(body) == [line]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("pto.tmov ins(%mat : !mat) outs(%left : !left)", "TMOV(b, a);"),
        (load_mat("nd", "mat"), "TLOAD(a, b);"),
        (
            "pto.textract ins(%mat, %c0, %n : !mat, index, index) outs(%left : !left)",
            "TEXTRACT(b, a, (uint16_t)0, (uint16_t)v4);",
        ),
        ("pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc)", "TMATMUL(c, a, b);"),
        (
            "pto.tmatmul.acc ins(%acc, %left, %right : !acc, !left, !right) outs(%acc : !acc)",
            "TMATMUL_ACC(c, c, a, b);",
        ),
        (
            "pto.tmatmul.bias ins(%left, %right, %bias : !left, !right, !bias) outs(%acc : !acc)",
            "TMATMUL_BIAS(c, a, b, d);",
        ),
    ],
)
def test_cube_calls(body: str, line: str) -> None:
    assert calls(body, "cube") == [line]


def test_reshape() -> None:
    lines = cpp_lines("%t = pto.treshape %rows : !rows -> !flat")
    assert lines[2].startswith("Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, ")
    assert lines[3] == "TRESHAPE(b, a);"


WINDOW = "!pto.tile_buf<loc=vec, dtype=f32, rows=8, cols=256, v_row=8, v_col=128, blayout=row_major, "
WINDOW += "slayout=none_box, fractal=512, pad=0>"


def window(source: str, row: str, col: str) -> str:
    ty = "!vec" if source == "vec" else WINDOW
    return f"= pto.subview %{source}, offsets = [{row}, {col}], sizes = [%c8, %c128] : {ty} -> {WINDOW}"


@pytest.mark.parametrize(
    ("row", "col", "address"),
    [
        ("%c8", "%c32", "8320"),
        ("%n", "%c32", "0 + (uint64_t)(v4 * 256 + 32) * 4"),
        ("%c0", "%n", "0 + (uint64_t)(v4) * 4"),
    ],
)
def test_windows(row: str, col: str, address: str) -> None:
    assert cpp_lines(f"%w {window('vec', row, col)}")[-1] == f"TASSIGN(b, {address});"


def test_a_window_of_a_window() -> None:
    body = f"%w {window('vec', '%n', '%c0')}\n%y {window('w', '%c0', '%c8')}"
    assert cpp_lines(body)[-1] == "TASSIGN(c, 0 + (uint64_t)(v4 * 256) * 4 + (uint64_t)(8) * 4);"


def test_a_window_of_a_selected_tile_has_no_address() -> None:
    body = "%z = scf.if %b -> (!vec) {\nscf.yield %vec : !vec\n} else {\nscf.yield %vec : !vec\n}\n"
    body += f"%w {window('vec', '%c0', '%c0')}".replace("%vec", "%z")
    with pytest.raises(AssemblerError, match="a window of a tile that is selected at run time has no address"):
        cpp_lines(body)
