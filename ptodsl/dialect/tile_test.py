"""Rules and constructors of on-chip tiles and of other names for their bytes."""

import pytest
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType, IntegerAttr, f32, i64
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import AllocTileOp, SubviewOp, TileBufType, row_distance
from ptodsl.dialect.testing import TILES, complaint

WINDOW = str(TileBufType.of((8, 128), f32, "vec"))


def window(row: str, col: str, sizes: str = "8, 128", ty: str = WINDOW, source: str = "vec") -> str:
    return f"%w = pto.subview %{source}[{row}, {col}] sizes [{sizes}] : !{source} -> {ty}"


def index(value: int) -> ConstantOp:
    return ConstantOp(IntegerAttr(value, IndexType()))


@pytest.mark.parametrize(
    "body",
    [
        "%a = arith.constant 64 : i64\n%t = pto.alloc_tile addr = %a : !vec",
        "%t = pto.alloc_tile valid_row = %n : !part",
        "%t = pto.treshape %rows : !rows -> !flat",
        window("%c8", "%c8"),
        window("%n", "%n"),
        window("%c8", "%c8", "8, 4", "!pto.tile_buf<vec, 8x4xf32>"),
        window("%c0", "%c0", "8, 128] valid [%c2, %n", "!pto.tile_buf<vec, 8x128xf32, valid=2x?>"),
        window("%c0", "%c0", "8, 128] valid [%n, %c128", "!pto.tile_buf<vec, 8x128xf32, valid=?x128>", "part"),
        window("%c32", "%c8", "32, 32", "!pto.tile_buf<vec, 32x32xf32, valid=8x16>", "corner"),
        window("%c0", "%n", "32, 32", "!pto.tile_buf<vec, 32x32xf32>", "corner"),
    ],
)
def test_accepts(body: str) -> None:
    assert complaint(body) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "%a = arith.constant 16 : i64\n%t = pto.alloc_tile addr = %a : !vec",
            "pto.alloc_tile: addr 16 is not a multiple of 32 bytes",
        ),
        (
            "%a = arith.constant 196608 : i64\n%t = pto.alloc_tile addr = %a : !vec",
            "pto.alloc_tile: addr 196608 plus the tile's 32768 bytes is outside UB, which has 196608",
        ),
        (
            '%t = "pto.alloc_tile"(%n) <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (index) -> !vec',
            "pto.alloc_tile: addr must be an i64 byte offset, not index",
        ),
        (
            "%t = pto.alloc_tile : !part",
            "pto.alloc_tile: valid_row must be given exactly when the type's v_row is '?'",
        ),
        (
            "%t = pto.alloc_tile valid_col = %n : !vec",
            "pto.alloc_tile: valid_col must be given exactly when the type's v_col is '?'",
        ),
        (
            "%t = pto.treshape %mat : !mat -> !left",
            "pto.treshape: a tile stays in its buffer: src is in mat, not left",
        ),
        (
            "%t = pto.treshape %vec : !vec -> !half",
            "pto.treshape: operands must have the same dtype, but src is f32, result is f16; convert with pto.tcvt",
        ),
        (
            "%t = pto.treshape %vec : !vec -> !flat",
            "pto.treshape: shapes [32, 256] and [1, 32] must have the same number of elements",
        ),
        (
            window("%c32", "%c0"),
            "pto.subview: row 32 and size 8 reach outside the tile's 32",
        ),
        (
            window("%c0", "%c2"),
            "pto.subview: column 2 is not at a multiple of 32 bytes within its row",
        ),
        (
            window("%n", "%c0", "40, 128"),
            "pto.subview: row ? and size 40 reach outside the tile's 32",
        ),
        (
            window("%c0", "%c0", "8"),
            "pto.subview: a window of a tile has two offsets, two sizes, and none or two valid sizes",
        ),
        (
            window("%c0", "%c0", "8, 32"),
            f"pto.subview: the result must be {TileBufType.of((8, 32), f32, 'vec')}, not {WINDOW}",
        ),
        (
            window("%c0", "%c0", source="part"),
            "pto.subview: valid rows of the tile are known at run time only: write valid [..]",
        ),
        (
            window("%c0", "%c32", "32, 32", source="corner"),
            "pto.subview: the window has none of the tile's 24 valid columns",
        ),
        (
            window("%c0", "%c0") + f"\n%r = pto.treshape %w : {WINDOW} -> !pto.tile_buf<vec, 1x1024xf32>",
            "pto.treshape: src is a window whose rows are not next to each other",
        ),
        (
            "%t = pto.alloc_tile : !pto.tile_buf<vec, 8x4xf32>",
            "a vec tile of f32, row_major / none_box, is stored in units of 1x8 elements: 8x4 is not a multiple",
        ),
        (
            "%w = pto.subview %rows[%c0, %c0] sizes [8, 1] : !rows -> !rows",
            "pto.subview: source must be row_major / none_box to have rectangular windows",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_an_address_can_be_given_later() -> None:
    rows = create_ssa_value(IndexType())
    op = AllocTileOp(TILES["part"], valid_row=rows)
    address = ConstantOp(IntegerAttr(64, i64))
    op.set_address(address.result)
    op.verify()
    assert (op.addr, op.valid_row, op.valid_col) == (address.result, rows, None)


def test_type_of_a_window_is_inferred() -> None:
    op = SubviewOp(create_ssa_value(TILES["vec"]), [index(0), index(8)], [4, 16])
    assert op.result.type == TileBufType.of((4, 16), f32, "vec")


def test_rows_of_a_window_are_as_far_apart_as_the_tiles() -> None:
    outer = SubviewOp(create_ssa_value(TILES["vec"]), [index(0), index(8)], [4, 16])
    inner = SubviewOp(outer, [index(0), index(8)], [2, 8])
    assert row_distance(inner.result) == row_distance(outer.result) == 256
