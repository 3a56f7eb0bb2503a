"""Rules and constructors of on-chip tiles and of other names for their bytes."""

import pytest
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType, IntegerAttr, i64
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import AllocTileOp, SubviewOp, TileBufType
from ptodsl.dialect.testing import TILES, complaint

WINDOW = "!pto.tile_buf<loc=vec, dtype=f32, rows=8, cols=256, v_row=8, v_col=128, blayout=row_major, "
WINDOW += "slayout=none_box, fractal=512, pad=0>"


def window(row: str, col: str, sizes: str = "%c8, %c128") -> str:
    return f"%w = pto.subview %vec, offsets = [{row}, {col}], sizes = [{sizes}] : !vec -> {WINDOW}"


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
            window("%c0", "%c0", "%c8, %n"),
            "pto.subview: sizes must be two constants",
        ),
        (
            window("%c0", "%c0", "%c8, %c32"),
            f"pto.subview: the result must be {WINDOW.replace('v_col=128', 'v_col=32')}, not {WINDOW}",
        ),
        (
            "%w = pto.subview %rows, offsets = [%c0, %c0], sizes = [%c8, %c1] : !rows -> !rows",
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
    op = SubviewOp(create_ssa_value(TILES["vec"]), [index(0), index(8)], [index(4), index(16)])
    ty = op.result.type
    assert isinstance(ty, TileBufType)
    assert (ty.shape, ty.valid_shape) == ((4, 256), (4, 16))
