"""Operations on tiles. Destinations are given, as the last argument; nothing is returned.

Element-wise operations work on unboxed row-major tiles of one element type and valid shape, in UB. Most operations of
this module are made of the rows of `isa.ops` when they are first asked for: `help(tile.add)`, or docs/dsl.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import TypeVar

from xdsl.dialects.builtin import IntegerAttr, i1, i32
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.str_enum import StrEnum

from isa.op import Family, Operand, Role
from isa.refused import DSL_NAMES, REFUSED
from ptodsl.dialect import (
    PRODUCT_OPS,
    VECTOR_OPS,
    CmpMode,
    CmpModeAttr,
    GetValidShapeOp,
    MaskPattern,
    MaskPatternAttr,
    QuantType,
    QuantTypeAttr,
    RowOp,
    SetValidShapeOp,
    SubviewOp,
    TCiOp,
    TCvtOp,
    TExtractOp,
    TGetValOp,
    TileBufType,
    TInsertOp,
    TMovOp,
    TPrintOp,
    TReshapeOp,
    TSetValOp,
    element_type,
    signless,
    to_enum,
)
from ptodsl.errors import fail
from ptodsl.scalar import index_cast
from ptodsl.scope import emit
from ptodsl.values import Scalar, Tile, Value, as_index, as_indices, as_scalar, ssa_of

E = TypeVar("E", bound=StrEnum)

_BY_NAME: Mapping[str, type[RowOp]] = {
    op.ROW.dsl: op for op in (*VECTOR_OPS.values(), *PRODUCT_OPS.values()) if op.ROW.dsl is not None
}
"""Operations that are functions of this module, by the names of these."""


def __getattr__(name: str) -> Callable[..., None]:
    """Make the function of a row of `isa.ops`, once."""
    operation = _BY_NAME.get(name)
    if operation is None:
        reason = f": {REFUSED[DSL_NAMES[name]]}" if name in DSL_NAMES else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{reason}", name=name, obj=None)
    # From now on the module has the name, and Python does not ask here again.
    made = globals()[name] = tile_function(operation)
    return made


def __dir__() -> list[str]:
    """Return all names, those of functions that nobody has asked for included."""
    return sorted({*globals(), *_BY_NAME})


def tile_function(operation: type[RowOp]) -> Callable[..., None]:
    """Return the function of the DSL that emits `operation`; its parameters are the operands, by name or in order.

    A scalar is a Python number or a `Scalar` of the element type of the tiles.
    """
    row = operation.ROW
    operands = dict(zip(row.family.parameters, row.family.operands, strict=True))
    signature = _signature(row.family)

    def function(*args: object, **kwargs: object) -> None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"tile.{row.dsl}{signature}: {error}") from None
        bound.apply_defaults()
        given = bound.arguments
        tiles = {
            name: ssa_of(given[name], name, Tile)
            for name, operand in operands.items()
            if operand.is_tile and given.get(name) is not None
        }
        # Tiles with types of their own (masks, indices) do not say the type of a scalar.
        dtype = next(tiles[name] for name, operand in operands.items() if name in tiles and not operand.types).type
        assert isinstance(dtype, TileBufType)
        values = [
            tiles.get(name) if operand.is_tile else _number(given[name], name, operand, dtype.dtype)
            for name, operand in operands.items()
        ]
        emit(lambda: operation(*values))

    function.__name__ = function.__qualname__ = row.dsl or row.cpp.lower()
    types = f" Element types: {', '.join(row.types)}." if row.types else ""
    function.__doc__ = f"Compute {row.dsl_formula}.{types}"
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _signature(family: Family) -> Signature:
    """Return the parameters of a family's functions."""
    parameters = []
    # No default but None comes here: functions with others, such as col_sum, are written out below.
    for token in family.signature:
        name, _, default = token.partition("=")
        parameters.append(
            Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None if default else Parameter.empty)
        )
    return Signature(parameters)


def _number(value: object, name: str, operand: Operand, dtype: Attribute) -> SSAValue:
    """Return a scalar of the tiles' element type, or a whole number of the operand's own type."""
    if operand.types is None:
        return as_scalar(value, signless(dtype), "the scalar").ssa
    wanted, *others = map(element_type, operand.types)
    if isinstance(value, Scalar) and value.type in others:
        return value.ssa
    if operand.role is Role.INDEX and isinstance(value, Scalar) and value.type != wanted:
        return index_cast(value, wanted).ssa
    return as_scalar(value, wanted, name).ssa


def _emit(make: Callable[..., Operation], **tiles: Value) -> None:
    """Emit an operation on tiles, given by their argument names in the operation's order."""
    operands = [ssa_of(tile, name, Tile) for name, tile in tiles.items()]
    emit(lambda: make(*operands))


def _emit_part(
    make: Callable[..., Operation], source: Value, index_row: Scalar | int, index_col: Scalar | int, out: Value
) -> None:
    operand, target = ssa_of(source, "source", Tile), ssa_of(out, "out", Tile)
    row, col = as_index(index_row, "index_row"), as_index(index_col, "index_col")
    emit(lambda: make(operand, row, col, target))


def insert(source: Value, index_row: Scalar | int, index_col: Scalar | int, out: Value) -> None:
    """Move `source` to the part of out that starts at (row, col): within UB, or from L0C into L1. The rest stays."""
    _emit_part(TInsertOp, source, index_row, index_col, out)


def mov(source: Value, dest: Value) -> None:
    """Move source to dest, from L1 to L0A, L0B or the bias table, within UB, or from L0C to L1."""
    _emit(TMovOp, source=source, dest=dest)


def extract(source: Value, index_row: Scalar | int, index_col: Scalar | int, out: Value) -> None:
    """Move to out the part of `source` that starts at (row, col): from L1 into L0A or L0B, or within UB."""
    _emit_part(TExtractOp, source, index_row, index_col, out)


def cvt(src: Value, dst: Value, rmode: str | None = None, sat_mode: str | None = None) -> None:
    """Convert src to the element type of dst, rounded by `rmode`: "rint" (the default), "floor", "CAST_FLOOR", ...

    `sat_mode`: ON clamps what is out of range, OFF, the default, keeps the low bits of the exact integer. Only f32 to
    i16, f16 to i16, i8 and ui8, i64 to i32 and i32 to i16 heed it; all others clamp (docs/device.md).
    """
    source, target = ssa_of(src, "src", Tile), ssa_of(dst, "dst", Tile)
    emit(lambda: TCvtOp(source, target, rmode, sat_mode))


def col_sum(src: Value, tmp: Value | None = None, dst: Value | None = None, is_binary: bool = True) -> None:
    """Compute dst[c] = sum of column c; dst is [1, cols]. With `tmp` as a tree in it; `col_sum(src, dst)` without."""
    # Called with two tiles: the second one is the result.
    if dst is None:
        tmp, dst = None, tmp
    _with_attributes(
        "tcolsum", {"src": src, "tmp": tmp, "dst": dst}, is_binary=None if tmp is None else _bit(is_binary)
    )


def cmp(lhs: Value, rhs: Value, out: Value, cmp_mode: str = "eq") -> None:
    """Compute bits of lhs compared with rhs: bit c % 8 of byte out[r, c / 8]. `cmp_mode`: eq, ne, lt, le, gt or ge."""
    _with_attributes("tcmp", {"lhs": lhs, "rhs": rhs, "dst": out}, cmp_mode=_cmp_mode(cmp_mode))


def cmps(src: Value, scalar: Scalar | float, dst: Value, cmp_mode: str = "eq") -> None:
    """Compute bits of src compared with a scalar, as `cmp` does."""
    operand = ssa_of(src, "src", Tile)
    assert isinstance(operand.type, TileBufType)
    value = as_scalar(scalar, signless(operand.type.dtype), "the scalar").ssa
    target, mode = ssa_of(dst, "dst", Tile), _cmp_mode(cmp_mode)
    emit(lambda: VECTOR_OPS["tcmps"](operand, value, target, properties={"cmpMode": mode}))


def gather(
    src: Value, out: Value, indices: Value | None = None, tmp: Value | None = None, *, mask_pattern: str | None = None
) -> None:
    """Compute out[r, c] = element indices[r, c] of src, counted flat from its start; the device works in `tmp`.

    Or, with `mask_pattern`, put the columns of all rows that it keeps one after the other: "P0101" (even ones),
    "P1010", "P0001", "P0010", "P0100", "P1000" (one of four each) or "P1111".
    """
    pattern = None if mask_pattern is None else _member(MaskPattern, mask_pattern.upper(), "mask pattern")
    attribute = None if pattern is None else MaskPatternAttr(pattern)
    _with_attributes("tgather", {"src": src, "indices": indices, "tmp": tmp, "dst": out}, mask_pattern=attribute)


def quant(
    src: Value, fp: Value, dst: Value, quant_type: str, *, offset: Value | None = None, tmp: Value | None = None
) -> None:
    """Compute dst = src * fp[r] to the nearest integer, saturated: "int8_sym"; with offset[r] added "int8_asym".

    `fp` is [rows, 1] column-major, the reciprocal of the step. src is destroyed; so is `tmp`, a tile like src, which
    the assembler allocates if it is not given.
    """
    kind = QuantTypeAttr(_member(QuantType, quant_type.upper(), "quant_type"))
    operands = {"src": src, "fp": fp, "offset": offset, "tmp": tmp, "dst": dst}
    _with_attributes("tquant", operands, quant_type=kind)


def ci(scalar: Scalar | int, dst: Value, descending: bool = False) -> None:
    """Compute dst = scalar, scalar + 1, ..., or - 1, in one row."""
    target = ssa_of(dst, "dst", Tile)
    assert isinstance(target.type, TileBufType)
    first = as_scalar(scalar, target.type.dtype, "the scalar").ssa
    emit(lambda: TCiOp(first, target, descending=descending))


def tri(diagonal: Scalar | int, dst: Value, upper: bool = False) -> None:
    """Compute dst[r, c] = 1 where c <= r + diagonal, else 0; or, `upper`, 0 where c < r + diagonal, else 1."""
    target, first = ssa_of(dst, "dst", Tile), as_scalar(diagonal, element_type("i32"), "diagonal").ssa
    emit(lambda: VECTOR_OPS["ttri"](first, target, properties={"upperOrLower": IntegerAttr(int(upper), i32)}))


def getval(source: Value, offset: Scalar | int) -> Scalar:
    """Return the element `offset` of a tile in UB, counted flat from its start, as a scalar."""
    operand, position = ssa_of(source, "source", Tile), as_index(offset, "offset")
    return Scalar(emit(lambda: TGetValOp(operand, position)).result)


def setval(dest: Value, offset: Scalar | int, value: Scalar | float) -> None:
    """Set the element `offset` of a tile in UB, counted flat from its start."""
    target, position = ssa_of(dest, "dest", Tile), as_index(offset, "offset")
    assert isinstance(target.type, TileBufType)
    number = as_scalar(value, signless(target.type.dtype), "value").ssa
    emit(lambda: TSetValOp(position, number, target))


def set_validshape(source: Value, valid_row: Scalar | int, valid_col: Scalar | int) -> None:
    """Let a tile whose type leaves both valid sizes open have these from here on."""
    operand = ssa_of(source, "source", Tile)
    rows, cols = as_index(valid_row, "valid_row"), as_index(valid_col, "valid_col")
    emit(lambda: SetValidShapeOp(operand, rows, cols))


def get_validshape(source: Value) -> tuple[Scalar, Scalar]:
    """Return valid rows and columns of a tile."""
    operand = ssa_of(source, "source", Tile)
    op = emit(lambda: GetValidShapeOp(operand))
    return Scalar(op.rows), Scalar(op.cols)


def _with_attributes(name: str, operands: Mapping[str, Value | None], **attributes: Attribute | None) -> None:
    """Emit an operation of tiles, some of which may be None, with attributes by the names of its class."""
    operation = VECTOR_OPS[name]
    values = [None if value is None else ssa_of(value, key, Tile) for key, value in operands.items()]
    names = operation.get_irdl_definition().accessor_names
    # A property may have another name in MLIR than in its class: cmp_mode is cmpMode.
    properties = {names[key][0] if key in names else key: value for key, value in attributes.items()}
    emit(lambda: operation(*values, properties=properties))


def _member(enum: type[E], name: str, what: str) -> E:
    try:
        return to_enum(enum, name, what)
    except ValueError as error:
        fail(str(error))


def _cmp_mode(name: str) -> EnumAttribute[CmpMode]:
    return CmpModeAttr(_member(CmpMode, name.lower(), "cmp_mode"))


def _bit(value: bool) -> IntegerAttr:
    return IntegerAttr(int(value), i1)


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


subset = subview
"""As pto-dsl 0.1.0 calls it."""


def print(source: Value) -> None:
    """Print a tile from the device."""
    _emit(TPrintOp, source=source)
