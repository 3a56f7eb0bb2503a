"""Operations on tiles. Destinations are given, as the last argument; nothing is returned.

Element-wise operations work on unboxed row-major tiles of one element type and valid shape, in UB. Most operations of
this module are made of the rows of `isa.ops` when they are first asked for: `help(tile.add)`, or docs/dsl.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature

from xdsl.ir import Operation

from isa.op import Role
from ptodsl.dialect import (
    VECTOR_OPS,
    SubviewOp,
    TCvtOp,
    TExtractOp,
    TileBufType,
    TMatmulAccOp,
    TMatmulBiasOp,
    TMatmulOp,
    TMovOp,
    TPrintOp,
    TReshapeOp,
    VectorOp,
)
from ptodsl.errors import fail
from ptodsl.scope import emit
from ptodsl.values import Scalar, Tile, Value, as_index, as_indices, as_scalar, ssa_of

_BY_NAME: Mapping[str, type[VectorOp]] = {op.ROW.dsl: op for op in VECTOR_OPS.values() if op.ROW.dsl is not None}
"""Operations that are functions of this module, by the names of these."""


def __getattr__(name: str) -> Callable[..., None]:
    """Make the function of a row of `isa.ops`, once."""
    operation = _BY_NAME.get(name)
    if operation is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=None)
    made = globals()[name] = tile_function(operation)
    return made


def __dir__() -> list[str]:
    """Return all names, those of functions that nobody has asked for included."""
    return sorted({*globals(), *_BY_NAME})


def tile_function(operation: type[VectorOp]) -> Callable[..., None]:
    """Return the function of the DSL that emits `operation`; its parameters are the operands, by name or in order.

    A scalar is a Python number or a `Scalar` of the element type of the tiles.
    """
    row = operation.ROW
    roles = dict(zip(row.family.parameters, (operand.role for operand in row.family.operands), strict=True))
    signature = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in roles])

    def function(*args: object, **kwargs: object) -> None:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"tile.{row.dsl}{signature}: {error}") from None
        tiles = {name: ssa_of(given[name], name, Tile) for name, role in roles.items() if role is not Role.SCALAR}
        dtype = next(iter(tiles.values())).type
        assert isinstance(dtype, TileBufType)
        operands = [
            tiles[name] if name in tiles else as_scalar(given[name], dtype.dtype, "the scalar").ssa for name in roles
        ]
        emit(lambda: operation(*operands))

    function.__name__ = function.__qualname__ = row.dsl or row.cpp.lower()
    function.__doc__ = f"Compute {row.dsl_formula}. Element types: {', '.join(row.types)}."
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _emit(make: Callable[..., Operation], **tiles: Value) -> None:
    """Emit an operation on tiles, given by their argument names in the operation's order."""
    operands = [ssa_of(tile, name, Tile) for name, tile in tiles.items()]
    emit(lambda: make(*operands))


def mov(source: Value, dest: Value) -> None:
    """Move source to dest, from L1 to L0A, L0B or the bias table, within UB, or from L0C to L1."""
    _emit(TMovOp, source=source, dest=dest)


def extract(source: Value, index_row: Scalar | int, index_col: Scalar | int, out: Value) -> None:
    """Move to out the part of `source` that starts at (row, col): from L1 into L0A or L0B, or within UB."""
    operand, target = ssa_of(source, "source", Tile), ssa_of(out, "out", Tile)
    row, col = as_index(index_row, "index_row"), as_index(index_col, "index_col")
    emit(lambda: TExtractOp(operand, row, col, target))


def cvt(src: Value, dst: Value, rmode: str | None = None, sat_mode: str | None = None) -> None:
    """Convert src to the element type of dst, rounded by `rmode`: "rint" (the default), "floor", "CAST_FLOOR", ...

    `sat_mode`: ON clamps what is out of range, OFF, the default, keeps the low bits of the exact integer. Only f32 to
    i16, f16 to i16, i8 and ui8, i64 to i32 and i32 to i16 heed it; all others clamp (docs/device.md).
    """
    source, target = ssa_of(src, "src", Tile), ssa_of(dst, "dst", Tile)
    emit(lambda: TCvtOp(source, target, rmode, sat_mode))


def matmul(lhs: Value, rhs: Value, out: Value) -> None:
    """Compute out = lhs x rhs: [M, K] in L0A, [K, N] in L0B, [M, N] in L0C."""
    _emit(TMatmulOp, lhs=lhs, rhs=rhs, out=out)


def matmul_acc(acc: Value, lhs: Value, rhs: Value, out: Value) -> None:
    """Compute out = acc + lhs x rhs; usually out is acc."""
    _emit(TMatmulAccOp, acc=acc, lhs=lhs, rhs=rhs, out=out)


def matmul_bias(lhs: Value, rhs: Value, bias: Value, out: Value) -> None:
    """Compute out = lhs x rhs + bias, [1, N] in the bias table."""
    _emit(TMatmulBiasOp, lhs=lhs, rhs=rhs, bias=bias, out=out)


def col_prod(src: Value, tmp: Value, dst: Value) -> None:
    """Compute dst[c] = product of column c; dst is [1, cols]. `tmp` is not used: pto-dsl has it for symmetry."""
    ssa_of(tmp, "tmp", Tile)
    _emit(VECTOR_OPS["tcolprod"], src=src, dst=dst)


def reshape(dst_type: TileBufType, src: Value) -> Tile:
    """Return the bytes of `src` as a tile of type `dst_type`; no data moves."""
    if not isinstance(dst_type, TileBufType):
        fail(f"reshape needs a TileBufType first and a tile second, not {dst_type!r}")
    source = ssa_of(src, "src", Tile)
    return Tile(emit(lambda: TReshapeOp(source, dst_type)).result)


def subview(source: Value, offsets: Sequence[Scalar | int], sizes: Sequence[int]) -> Tile:
    """Return the window of an unboxed row-major tile at `offsets`, of constant `sizes`; no data moves."""
    operand, starts = ssa_of(source, "source", Tile), as_indices(offsets, "offsets")
    if not all(isinstance(size, int) for size in sizes):
        fail(f"sizes of a window must be whole numbers, not {list(sizes)}")
    return Tile(emit(lambda: SubviewOp(operand, starts, sizes)).result)


def print(source: Value) -> None:
    """Print a tile from the device."""
    _emit(TPrintOp, source=source)
