"""The type of tiles: what can exist, defaults, sizes, text."""

import re

import pytest
from xdsl.dialects.builtin import bf16, f16, f32, i8
from xdsl.utils.exceptions import ParseError, VerifyException

from ptodsl.dialect import DYNAMIC, DeviceLimit, ElementType, Loc, SLayout, TileBufType
from ptodsl.dialect.testing import TILES, parse_text

TEXT = str(TILES["vec"]).removeprefix("!pto.tile_buf<").removesuffix(">")


def test_defaults_follow_the_memory_space() -> None:
    assert str(TILES["mat"]) == (
        "!pto.tile_buf<loc=mat, dtype=f16, rows=128, cols=128, v_row=128, v_col=128, blayout=col_major, "
        "slayout=row_major, fractal=512, pad=0>"
    )
    assert TILES["acc"].data.fractal == 1024
    assert TILES["right"].data.slayout is SLayout.COL_MAJOR


def test_sizes_are_in_bytes() -> None:
    assert TileBufType.of((32, 256), f32, Loc.VEC).byte_size == 32768
    assert TileBufType.of((32, 256), f16, Loc.VEC).byte_size == 16384


@pytest.mark.parametrize(
    ("ty", "message"),
    [
        (((0, 8), f32, "vec"), "tile shape 0x8 must be positive"),
        (((24, 128), f16, "mat"), "stored in units of 16x16 elements: 24x128 is not a multiple"),
        (((128, 16), i8, "left"), "stored in units of 16x32 elements: 128x16 is not a multiple"),
        (((4096, 8), f32, "vec"), "a vec tile has at most 4095 rows, not 4096"),
        (((128, 8), f32, "acc"), "stored in units of 16x16 elements: 128x8 is not a multiple"),
    ],
)
def test_rejects_shapes_that_cannot_be_stored(ty: tuple[tuple[int, int], ElementType, str], message: str) -> None:
    with pytest.raises(VerifyException, match=message):
        TileBufType.of(*ty).data.check_storage()


def test_rejects_a_valid_part_that_is_larger_than_the_tile() -> None:
    with pytest.raises(VerifyException, match="v_col=257 must be between 1 and the tile's 256"):
        TileBufType.of((32, 256), f32, "vec", valid=(32, 257))


def test_dynamic_dimensions_print_as_question_marks() -> None:
    ty = TileBufType.of((32, 256), bf16, "vec", valid=(DYNAMIC, 256))
    assert "v_row=?, v_col=256" in str(ty)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("loc=vec", "loc=ub", "loc=ub is unknown: use one of vec, mat, left, right, acc, bias"),
        ("dtype=f32", "dtype=f33", "unknown element type 'f33'"),
        ("rows=32", "rows=x", "rows must be a number, not 'x'"),
        ("pad=0", "pad=9", "pad=9 must be between 0 and 3"),
        (", pad=0", "", "has the keys loc, dtype, rows, cols"),
        ("fractal=512, pad=0", "pad=0, fractal=512", "has the keys loc, dtype, rows, cols"),
        ("pad=0", "pad=0, compact=3", "compact=3 must be between 0 and 2"),
    ],
)
def test_parse_errors_point_at_the_type(old: str, new: str, message: str) -> None:
    body = TEXT.replace(old, new)
    with pytest.raises(ParseError, match=message) as error:
        parse_text(f"%t = pto.alloc_tile : !pto.tile_buf<{body}>")
    assert error.value.span.get_location().col == 36


def parsed(body: str) -> TileBufType:
    module = parse_text(f"%n = arith.constant 1 : index\n%t = pto.alloc_tile : !pto.tile_buf<{body}>")
    ty = list(module.body.block.ops)[1].results[0].type
    assert isinstance(ty, TileBufType)
    return ty


SHORT = {
    "vec, 16x64xf32": TileBufType.of((16, 64), f32, "vec"),
    "vec , 16x64xf32 , valid = ?x8": TileBufType.of((16, 64), f32, "vec", valid=(DYNAMIC, 8)),
    "vec, 16x64xf32, pad=1, valid=8x?": TileBufType.of((16, 64), f32, "vec", valid=(8, DYNAMIC), pad="zero"),
    "acc,\n16x64xf32, fractal=1024,\n  slayout=row_major, compact=2, blayout=col_major": TileBufType.of(
        (16, 64), f32, "acc", compact="row_plus_one"
    ),
    "mat, 16x64xf16": TileBufType.of((16, 64), f16, "mat", blayout="row_major", slayout="none_box"),
}


@pytest.mark.parametrize("body", SHORT)
def test_the_short_form_takes_its_keys_in_any_order(body: str) -> None:
    assert parsed(body) == SHORT[body]


@pytest.mark.parametrize("ty", SHORT.values())
def test_what_is_printed_is_the_long_form(ty: TileBufType) -> None:
    body = str(ty).removeprefix("!pto.tile_buf<").removesuffix(">")
    assert body.startswith("loc=")
    assert parsed(body) == ty
    assert parsed(body.replace(", ", " ,\n").replace("=", " = ")) == ty


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("16x64xf32, vec", "expected a memory space and a shape like vec, 32x256xf32"),
        ("vec, 64xf32", "expected a memory space and a shape like vec, 32x256xf32"),
        ("vec", "expected a memory space and a shape like vec, 32x256xf32"),
        ("VEC, 16x64xf32", "loc=VEC is unknown"),
        ("vec, 16x64xf32, pad=zero", "pad must be a number, not 'zero'"),
        ("vec, 16x64xf32, compact=normal", "compact must be a number, not 'normal'"),
        ("vec, 16x64xf32, pad=1, pad=1", "each of valid, blayout, slayout, fractal, pad, compact may stand once"),
        ("vec, 16x64xf32, rows=16", "each of valid, blayout, slayout, fractal, pad, compact may stand once"),
        ("vec, 16x64xf32, valid=8", "valid must be like 16x64 or ?x64"),
    ],
)
def test_rejects_other_short_forms(body: str, message: str) -> None:
    with pytest.raises(ParseError, match=re.escape(message)):
        parsed(body)


def test_a_tile_without_the_boxes_that_its_memory_has_is_at_the_limit() -> None:
    message = "a tile in acc has boxes: write blayout=col_major, slayout=row_major, fractal=1024"
    with pytest.raises(DeviceLimit, match=message):
        parsed("acc, 16x64xf32").data.check_storage()
