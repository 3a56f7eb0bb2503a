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


def test_several_tiles_are_placed_one_behind_the_other_where_they_are_used() -> None:
    several = "!pto.multi_tile_buf<!part, count=3>"
    get = f"pto.multi_tile_get %many[{{}}] : {several} -> !part"
    body = f"%many = pto.alloc_multi_tile valid_row = %n : {several}\n%t = {get.format('%c1')}\n%u = {get.format('%n')}"
    assert cpp_lines(body.replace("!part", "!pto.tile_buf<vec, 16x256xf32, valid=?x256>")) == [
        f"{VEC.format(-1).replace('32, 256', '16, 256')} a(v4);",
        "TASSIGN(a, 16384);",
        f"{VEC.format(-1).replace('32, 256', '16, 256')} b(v4);",
        "uint64_t c = (uint64_t) (v4 == 2 ? 32768 : (v4 == 1 ? 16384 : 0));",
        "TASSIGN(b, c);",
    ]


def test_event_ids_lie_in_an_array() -> None:
    ty = "!pto.eventid_array<4>"
    body = (
        f"%e = pto.declare_eventid_array -> {ty}\npto.eventid_array_set %e[%c0], %n : {ty}\n"
        f"%i = pto.eventid_array_get %e[%c1] : {ty}\npto.wait_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %i]"
    )
    assert cpp_lines(body) == [
        "int32_t a[4];",
        "a[0] = v4;",
        "event_t b = (event_t) a[1];",
        "event_t c = (event_t) b;",
        "wait_flag(PIPE_MTE2, PIPE_V, c);",
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
        ("pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID3>]", "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);"),
        ("pto.record_event [<TLOAD>, <TVEC>, <EVENT_ID3>]", "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);"),
        ("pto.wait_event [<TVEC>, <TSTORE_VEC>, <EVENT_ID3>]", "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID3);"),
        ("pto.barrier_sync [<TMATMUL>]", "pipe_barrier(PIPE_M);"),
        ("pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID3>]", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);"),
        ("pto.barrier <PIPE_V>", "pipe_barrier(PIPE_V);"),
        ("pto.tprint ins(%vec : !vec)", "TPRINT(a);"),
    ],
)
def test_vector_calls(body: str, line: str) -> None:
    assert calls(body) == [line]


@pytest.mark.parametrize("sync", ["set_flag", "wait_flag"])
def test_a_computed_event_is_a_variable(sync: str) -> None:
    lines = cpp_lines(f"pto.{sync}_dyn [<PIPE_MTE2>, <PIPE_V>, %n]")
    assert lines == ["event_t a = (event_t) v4;", f"{sync}(PIPE_MTE2, PIPE_V, a);"]


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


WINDOW = "!pto.tile_buf<vec, 8x128xf32>"


def window(source: str, row: str, col: str) -> str:
    ty = "!vec" if source == "vec" else WINDOW
    return f"= pto.subview %{source}[{row}, {col}] sizes [8, 128] : {ty} -> {WINDOW}"


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


@pytest.mark.parametrize(("cols", "shape"), [(128, "32, 256"), (256, "8, 256")])
def test_the_type_of_a_window_has_the_rows_distance(cols: int, shape: str) -> None:
    ty = f"!pto.tile_buf<vec, 8x{cols}xf32>"
    lines = cpp_lines(f"%w = pto.subview %vec[%c8, %c0] sizes [8, {cols}] : !vec -> {ty}\npto.tprint ins(%w : {ty})")
    assert lines[2].startswith(f"Tile<TileType::Vec, float, {shape}, BLayout::RowMajor, 8, {cols}, SLayout::NoneBox")
    assert lines[3:] == ["TASSIGN(b, 8192);", "TPRINT(b);"]


def test_a_valid_size_known_at_run_time_is_at_most_the_windows() -> None:
    ty = "!pto.tile_buf<vec, 8x128xf32, valid=?x128>"
    lines = cpp_lines(f"%w = pto.subview %vec[%c0, %c0] sizes [8, 128] valid [%n, %c128] : !vec -> {ty}")
    assert lines[2].endswith(
        "BLayout::RowMajor, -1, 128, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> b((v4 < 8 ? v4 : 8));"
    )


def test_a_narrow_window_cannot_be_selected() -> None:
    body = f"%w {window('vec', '%c0', '%c0')}\n"
    body += f"%z = scf.if %b -> ({WINDOW}) {{\nscf.yield %w : {WINDOW}\n}} else {{\nscf.yield %w : {WINDOW}\n}}\n"
    with pytest.raises(AssemblerError, match=r"scf\.yield: a window that is narrower than its tile cannot be selected"):
        cpp_lines(body)


def test_a_window_of_a_window() -> None:
    body = f"%w {window('vec', '%n', '%c0')}\n%y = pto.subview %w[%c2, %c8] sizes [2, 8] : {WINDOW} "
    body += "-> !pto.tile_buf<vec, 2x8xf32>"
    assert cpp_lines(body)[-1] == "TASSIGN(c, 0 + (uint64_t)(v4 * 256) * 4 + (uint64_t)(520) * 4);"


def test_a_window_of_a_selected_tile_has_no_address() -> None:
    body = "%z = scf.if %b -> (!vec) {\nscf.yield %vec : !vec\n} else {\nscf.yield %vec : !vec\n}\n"
    body += f"%w {window('vec', '%c0', '%c0')}".replace("%vec", "%z")
    with pytest.raises(AssemblerError, match="a window of a tile that is selected at run time has no address"):
        cpp_lines(body)
