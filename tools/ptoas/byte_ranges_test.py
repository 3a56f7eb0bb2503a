"""Bytes behind tile values."""

import pytest

from ptodsl.dialect.testing import parse_text, snippet
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.plan_memory import apply_plan, plan_memory

TWO = "%s = pto.alloc_tile : !vec\n%t = pto.alloc_tile : !vec\n"
SIZE = 32768


def ranges(body: str) -> list[tuple[int, int]]:
    """Byte ranges of the tile that the `pto.tprint` in `body` prints."""
    module = parse_text(snippet(TWO + body))
    plan = plan_memory(module)
    apply_plan(plan)
    op = next(op for op in module.walk() if op.name == "pto.tprint")
    found = ByteRanges(plan).of(op.operands[0])
    assert all(item.buffer == "UB" for item in found)
    return [(item.start, item.end) for item in found]


def show(name: str, ty: str = "!vec") -> str:
    return f"\npto.tprint ins(%{name} : {ty})"


def window(rows: int, cols: int) -> str:
    return f"!pto.tile_buf<vec, {rows}x{cols}xf32>"


def test_an_allocation_is_one_range() -> None:
    assert ranges(show("t")) == [(SIZE, 2 * SIZE)]


def test_a_reshape_is_its_source() -> None:
    assert ranges("%r = pto.treshape %t : !vec -> !vec" + show("r")) == [(SIZE, 2 * SIZE)]


@pytest.mark.parametrize(
    ("offsets", "size", "expected"),
    [
        ("%c8, %c0", (2, 256), [(8 * 1024, 10 * 1024)]),
        ("%c8, %c32", (2, 128), [(8 * 1024 + 128, 8 * 1024 + 640), (9 * 1024 + 128, 9 * 1024 + 640)]),
        ("%c8, %c32", (1, 4), [(8 * 1024 + 128, 8 * 1024 + 144)]),
        ("%n, %c0", (2, 256), [(0, SIZE)]),
    ],
)
def test_a_window_has_its_rows(offsets: str, size: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    ty = window(*size)
    body = f"%w = pto.subview %s[{offsets}] sizes [{size[0]}, {size[1]}] : !vec -> {ty}"
    assert ranges(body + show("w", ty)) == expected


def test_a_window_of_a_window() -> None:
    outer, inner = window(8, 256), window(2, 8)
    body = f"%w = pto.subview %s[%c8, %c0] sizes [8, 256] : !vec -> {outer}\n"
    body += f"%v = pto.subview %w[%c1, %c8] sizes [2, 8] : {outer} -> {inner}"
    start = 9 * 1024 + 32
    assert ranges(body + show("v", inner)) == [(start, start + 32), (start + 1024, start + 1024 + 32)]


def test_a_window_of_unknown_valid_size_has_all_its_rows() -> None:
    ty = "!pto.tile_buf<vec, 2x128xf32, valid=?x16>"
    body = f"%w = pto.subview %s[%c0, %c0] sizes [2, 128] valid [%n, %c16] : !vec -> {ty}"
    assert ranges("%c16 = arith.constant 16 : index\n" + body + show("w", ty)) == [(0, 64), (1024, 1088)]


def test_a_selected_tile_is_any_of_its_sources() -> None:
    selected = "%z = scf.if %b -> (!vec) {\nscf.yield %s : !vec\n} else {\nscf.yield %t : !vec\n}"
    assert ranges(selected + show("z")) == [(0, 2 * SIZE)]


def test_a_carried_tile_is_any_of_its_sources() -> None:
    loop = "%z = scf.for %i = %c0 to %n step %c1 iter_args(%u = %s) -> (!vec) {"
    assert ranges(f"{loop}{show('u')}\nscf.yield %t : !vec\n}}") == [(0, 2 * SIZE)]
    assert ranges(f"{loop}{show('u')}\nscf.yield %u : !vec\n}}") == [(0, SIZE)]


def test_ranges_overlap_in_the_same_buffer_only() -> None:
    assert ByteRange("UB", 0, 2).overlaps(ByteRange("UB", 1, 3))
    assert not ByteRange("UB", 0, 2).overlaps(ByteRange("UB", 2, 3))
    assert not ByteRange("UB", 0, 2).overlaps(ByteRange("L1", 0, 2))
