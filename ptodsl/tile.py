"""Operations on tiles. Destinations are given, as the last argument; nothing is returned.

Element-wise operations work on unboxed row-major tiles of one element type and valid shape, in UB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    SubviewOp,
    TAbsOp,
    TAddOp,
    TAddsOp,
    TAndOp,
    TColExpandAddOp,
    TColExpandDivOp,
    TColExpandMaxOp,
    TColExpandMinOp,
    TColExpandMulOp,
    TColExpandOp,
    TColExpandSubOp,
    TColMaxOp,
    TColMinOp,
    TColSumOp,
    TCvtOp,
    TDivOp,
    TExpandsOp,
    TExpOp,
    TExtractOp,
    TileBufType,
    TLogOp,
    TMatmulAccOp,
    TMatmulBiasOp,
    TMatmulOp,
    TMaxOp,
    TMinOp,
    TMovOp,
    TMulOp,
    TMulsOp,
    TNegOp,
    TOrOp,
    TPrintOp,
    TRecipOp,
    TReluOp,
    TReshapeOp,
    TRowExpandAddOp,
    TRowExpandDivOp,
    TRowExpandMaxOp,
    TRowExpandMinOp,
    TRowExpandMulOp,
    TRowExpandOp,
    TRowExpandSubOp,
    TRowMaxOp,
    TRowMinOp,
    TRowSumOp,
    TRsqrtOp,
    TSqrtOp,
    TSubOp,
    TXorOp,
)
from ptodsl.errors import fail
from ptodsl.scope import emit
from ptodsl.values import Number, Scalar, Tile, Value, as_index, as_indices, as_scalar, ssa_of


def _emit(make: Callable[..., Operation], **tiles: Value) -> None:
    """Emit an operation on tiles, given by their argument names in the operation's order."""
    operands = [ssa_of(tile, name, Tile) for name, tile in tiles.items()]
    emit(lambda: make(*operands))


def mov(src: Value, dst: Value) -> None:
    """Move src to dst, from L1 to L0A, L0B or the bias table, within UB, or from L0C to L1."""
    _emit(TMovOp, src=src, dst=dst)


def extract(src: Value, row: Scalar | int, col: Scalar | int, dst: Value) -> None:
    """Move to dst the part of `src` that starts at (row, col): from L1 into L0A or L0B, or within UB."""
    source, start = ssa_of(src, "src", Tile), (as_index(row, "row"), as_index(col, "col"))
    target = ssa_of(dst, "dst", Tile)
    emit(lambda: TExtractOp(source, *start, target))


def add(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs + rhs."""
    _emit(TAddOp, lhs=lhs, rhs=rhs, dst=dst)


def sub(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs - rhs."""
    _emit(TSubOp, lhs=lhs, rhs=rhs, dst=dst)


def mul(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs * rhs."""
    _emit(TMulOp, lhs=lhs, rhs=rhs, dst=dst)


def div(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs / rhs."""
    _emit(TDivOp, lhs=lhs, rhs=rhs, dst=dst)


def max(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = the larger of lhs and rhs."""
    _emit(TMaxOp, lhs=lhs, rhs=rhs, dst=dst)


def min(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = the smaller of lhs and rhs."""
    _emit(TMinOp, lhs=lhs, rhs=rhs, dst=dst)


def and_(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs & rhs, on integers."""
    _emit(TAndOp, lhs=lhs, rhs=rhs, dst=dst)


def or_(lhs: Value, rhs: Value, dst: Value) -> None:
    """Compute dst = lhs | rhs, on integers."""
    _emit(TOrOp, lhs=lhs, rhs=rhs, dst=dst)


def xor(lhs: Value, rhs: Value, tmp: Value, dst: Value) -> None:
    """Compute dst = lhs ^ rhs, on integers; `tmp` is scratch like dst."""
    _emit(TXorOp, lhs=lhs, rhs=rhs, tmp=tmp, dst=dst)


def exp(src: Value, dst: Value) -> None:
    """Compute dst = e to the src."""
    _emit(TExpOp, src=src, dst=dst)


def log(src: Value, dst: Value) -> None:
    """Compute dst = natural logarithm of src."""
    _emit(TLogOp, src=src, dst=dst)


def sqrt(src: Value, dst: Value) -> None:
    """Compute dst = square root of src."""
    _emit(TSqrtOp, src=src, dst=dst)


def rsqrt(src: Value, dst: Value) -> None:
    """Compute dst = 1 / square root of src."""
    _emit(TRsqrtOp, src=src, dst=dst)


def reciprocal(src: Value, dst: Value) -> None:
    """Compute dst = 1 / src."""
    _emit(TRecipOp, src=src, dst=dst)


def relu(src: Value, dst: Value) -> None:
    """Compute dst = src where it is positive, else 0."""
    _emit(TReluOp, src=src, dst=dst)


def abs(src: Value, dst: Value) -> None:
    """Compute dst = |src|."""
    _emit(TAbsOp, src=src, dst=dst)


def neg(src: Value, dst: Value) -> None:
    """Compute dst = -src."""
    _emit(TNegOp, src=src, dst=dst)


def muls(src: Value, factor: Scalar | Number, dst: Value) -> None:
    """Compute dst = src * factor, a scalar of the tile's element type."""
    _tile_scalar(TMulsOp, src, factor, dst)


def adds(src: Value, term: Scalar | Number, dst: Value) -> None:
    """Compute dst = src + term, a scalar of the tile's element type."""
    _tile_scalar(TAddsOp, src, term, dst)


def expands(value: Scalar | Number, dst: Value) -> None:
    """Fill dst with a scalar of its element type, whatever it held before."""
    target = ssa_of(dst, "dst", Tile)
    assert isinstance(target.type, TileBufType)
    scalar = as_scalar(value, target.type.dtype, "the scalar").ssa
    emit(lambda: TExpandsOp(scalar, target))


def _tile_scalar(
    make: Callable[[SSAValue, SSAValue, SSAValue], Operation], src: Value, value: Scalar | Number, dst: Value
) -> None:
    source, target = ssa_of(src, "src", Tile), ssa_of(dst, "dst", Tile)
    assert isinstance(source.type, TileBufType)
    scalar = as_scalar(value, source.type.dtype, "the scalar").ssa
    emit(lambda: make(source, scalar, target))


def cvt(src: Value, dst: Value, rmode: str | None = None, sat_mode: str | None = None) -> None:
    """Convert src to the element type of dst, rounded by `rmode`: "rint" (the default), "floor", "CAST_FLOOR", ...

    `sat_mode`: ON clamps what is out of range, OFF, the default, keeps the low bits of the exact integer. Only f32 to
    i16, f16 to i16, i8 and ui8, i64 to i32 and i32 to i16 heed it; all others clamp (docs/device.md).
    """
    source, target = ssa_of(src, "src", Tile), ssa_of(dst, "dst", Tile)
    emit(lambda: TCvtOp(source, target, rmode, sat_mode))


def matmul(left: Value, right: Value, out: Value) -> None:
    """Compute out = left x right: [M, K] in L0A, [K, N] in L0B, [M, N] in L0C."""
    _emit(TMatmulOp, left=left, right=right, out=out)


def matmul_acc(acc: Value, left: Value, right: Value, out: Value) -> None:
    """Compute out = acc + left x right; usually out is acc."""
    _emit(TMatmulAccOp, acc=acc, left=left, right=right, out=out)


def matmul_bias(left: Value, right: Value, bias: Value, out: Value) -> None:
    """Compute out = left x right + bias, [1, N] in the bias table."""
    _emit(TMatmulBiasOp, left=left, right=right, bias=bias, out=out)


def row_sum(src: Value, tmp: Value, dst: Value) -> None:
    """Compute dst[r] = sum of row r; `tmp` is scratch like src, dst is [rows, 1] column-major."""
    _emit(TRowSumOp, src=src, tmp=tmp, dst=dst)


def row_max(src: Value, tmp: Value, dst: Value) -> None:
    """Compute dst[r] = maximum of row r; `tmp` is scratch like src, dst is [rows, 1] column-major."""
    _emit(TRowMaxOp, src=src, tmp=tmp, dst=dst)


def row_min(src: Value, tmp: Value, dst: Value) -> None:
    """Compute dst[r] = minimum of row r; `tmp` is scratch like src, dst is [rows, 1] column-major."""
    _emit(TRowMinOp, src=src, tmp=tmp, dst=dst)


def row_expand(src: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r]."""
    _emit(TRowExpandOp, src=src, dst=dst)


def row_expand_add(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] + row[r]."""
    _emit(TRowExpandAddOp, src=src, row=row, dst=dst)


def row_expand_sub(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] - row[r]."""
    _emit(TRowExpandSubOp, src=src, row=row, dst=dst)


def row_expand_mul(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] * row[r]."""
    _emit(TRowExpandMulOp, src=src, row=row, dst=dst)


def row_expand_div(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] / row[r]."""
    _emit(TRowExpandDivOp, src=src, row=row, dst=dst)


def row_expand_max(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = max(src[r, c], row[r])."""
    _emit(TRowExpandMaxOp, src=src, row=row, dst=dst)


def row_expand_min(src: Value, row: Value, dst: Value) -> None:
    """Compute dst[r, c] = min(src[r, c], row[r])."""
    _emit(TRowExpandMinOp, src=src, row=row, dst=dst)


def col_sum(src: Value, dst: Value) -> None:
    """Compute dst[c] = sum of column c; dst is [1, cols]."""
    _emit(TColSumOp, src=src, dst=dst)


def col_max(src: Value, dst: Value) -> None:
    """Compute dst[c] = maximum of column c; dst is [1, cols]."""
    _emit(TColMaxOp, src=src, dst=dst)


def col_min(src: Value, dst: Value) -> None:
    """Compute dst[c] = minimum of column c; dst is [1, cols]."""
    _emit(TColMinOp, src=src, dst=dst)


def col_expand(src: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[c]."""
    _emit(TColExpandOp, src=src, dst=dst)


def col_expand_add(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] + col[c]."""
    _emit(TColExpandAddOp, src=src, col=col, dst=dst)


def col_expand_sub(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] - col[c]."""
    _emit(TColExpandSubOp, src=src, col=col, dst=dst)


def col_expand_mul(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] * col[c]."""
    _emit(TColExpandMulOp, src=src, col=col, dst=dst)


def col_expand_div(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = src[r, c] / col[c]."""
    _emit(TColExpandDivOp, src=src, col=col, dst=dst)


def col_expand_max(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = max(src[r, c], col[c])."""
    _emit(TColExpandMaxOp, src=src, col=col, dst=dst)


def col_expand_min(src: Value, col: Value, dst: Value) -> None:
    """Compute dst[r, c] = min(src[r, c], col[c])."""
    _emit(TColExpandMinOp, src=src, col=col, dst=dst)


def reshape(ty: TileBufType, src: Value) -> Tile:
    """Return the bytes of `src` as a tile of type `ty`; no data moves."""
    if not isinstance(ty, TileBufType):
        fail(f"reshape needs a TileBufType first and a tile second, not {ty!r}")
    source = ssa_of(src, "src", Tile)
    return Tile(emit(lambda: TReshapeOp(source, ty)).result)


def subview(source: Value, offsets: Sequence[Scalar | int], sizes: Sequence[int]) -> Tile:
    """Return the window of an unboxed row-major tile at `offsets`, of constant `sizes`; no data moves."""
    operand, starts = ssa_of(source, "source", Tile), as_indices(offsets, "offsets")
    if not all(isinstance(size, int) for size in sizes):
        fail(f"sizes of a window must be whole numbers, not {list(sizes)}")
    return Tile(emit(lambda: SubviewOp(operand, starts, sizes)).result)


def print(src: Value) -> None:
    """Print a tile from the device."""
    _emit(TPrintOp, src=src)
