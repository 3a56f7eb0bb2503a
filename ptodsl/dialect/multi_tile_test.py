"""Rules of several tiles under one name."""

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect import MultiTileBufType, MultiTileSpec
from ptodsl.dialect.testing import TILES, complaint, parse

PAIR = "!pto.multi_tile_buf<vec, 16x64xf32, count=2>"
ONE = "!pto.tile_buf<vec, 16x64xf32>"


def get(number: str, result: str = ONE) -> str:
    return f"%many = pto.alloc_multi_tile : {PAIR}\n%t = pto.multi_tile_get %many[{number}] : {PAIR} -> {result}"


def test_the_long_form_is_printed_and_both_are_one_type() -> None:
    short, long = (
        parse(f"%many = pto.alloc_multi_tile : !pto.multi_tile_buf<{text}, count = 3>")[-2].results[0].type
        for text in ("vec, 32x256xf32", "!vec")
    )
    assert short == long == MultiTileBufType(MultiTileSpec(TILES["vec"], 3))
    assert str(short) == f"!pto.multi_tile_buf<{TILES['vec']}, count=3>"


@pytest.mark.parametrize("number", ["%c0", "%c1", "%n"])
def test_a_number_below_the_count_chooses_a_tile(number: str) -> None:
    assert complaint(get(number)) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (get("%c2"), "pto.multi_tile_get: there is no tile 2: numbers go from 0 to 1"),
        (get("%c0", "!vec"), "pto.multi_tile_get: the result must be !pto.tile_buf<loc=vec, dtype=f32, rows=16"),
        (f"%t = pto.multi_tile_get %vec[%c0] : !vec -> {ONE}", "source must be several tiles (!pto.multi_tile_buf)"),
        ("%many = pto.alloc_multi_tile : !pto.multi_tile_buf<!part, count=2>", "valid_row must be given exactly when"),
        (
            f"%a = arith.constant 192512 : i64\n%many = pto.alloc_multi_tile addr = %a : {PAIR}",
            "pto.alloc_multi_tile: addr 192512 plus the tile's 8192 bytes is outside UB",
        ),
    ],
)
def test_refuses(body: str, message: str) -> None:
    assert message in complaint(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("vec, 16x64xf32, count=1", "count=1 must be between 2 and 16"),
        ("vec, 16x64xf32, count=17", "count=17 must be between 2 and 16"),
        ("!vec, count=17", "count=17 must be between 2 and 16"),
        ("vec, 16x64xf32", "expected a tile and how many"),
        ("!view, count=2", "expected the type of a tile"),
    ],
)
def test_types_that_are_none(body: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse(f"%many = pto.alloc_multi_tile : !pto.multi_tile_buf<{body}>")
