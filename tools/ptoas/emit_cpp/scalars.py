"""C++ of `arith` and of the operations that ask a core who it is."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1
from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    DeclareLocalArrayOp,
    GetBlockIdxOp,
    GetBlockNumOp,
    GetSubblockIdxOp,
    GetSubblockNumOp,
    IndexCastUIOp,
    IntToPtrOp,
    LoadScalarOp,
    LocalArrayGetOp,
    LocalArraySetOp,
    LocalArrayType,
    PtrToIntOp,
    StoreScalarOp,
)
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.emit_cpp.spelling import scalar_type, value_type
from tools.ptoas.emit_cpp.writer import Writer

Expression = Callable[[str, str], str]
"""C++ expression of two operands."""


def _infix(operator: str) -> Expression:
    return lambda a, b: f"{a} {operator} {b}"


def _pick(operator: str) -> Expression:
    return lambda a, b: f"{a} {operator} {b} ? {a} : {b}"


def _propagating(operator: str) -> Expression:
    """The smaller or the larger of two floats; NaN if either is, and -0 is smaller than 0."""
    # If b is NaN no comparison holds, and the result is b. The zeros are equal, but 1 / -0 is negative.
    return lambda a, b: f"{a} != {a} || {a} {operator} {b} || ({a} == {b} && 1 / {a} {operator} 0) ? {a} : {b}"


def _ignoring(operator: str) -> Expression:
    """The smaller or the larger of two floats; the other one if one is NaN."""
    # If a is NaN no comparison holds, and the result is b.
    return lambda a, b: f"{a} {operator} {b} || {b} != {b} ? {a} : {b}"


def _rounded(signs: str) -> Expression:
    """Division that truncates, corrected by one where there is a remainder and the signs of a, b are such."""
    correction = {"same": ("+", "=="), "different": ("-", "!=")}[signs]
    return lambda a, b: f"{a} / {b} {correction[0]} (({a} % {b} != 0) && (({a} < 0) {correction[1]} ({b} < 0)))"


SIGNED: dict[type[Operation], Expression] = {
    arith.AddiOp: _infix("+"),
    arith.SubiOp: _infix("-"),
    arith.MuliOp: _infix("*"),
    arith.DivSIOp: _infix("/"),
    arith.RemSIOp: _infix("%"),
    arith.CeilDivSIOp: _rounded("same"),
    arith.FloorDivSIOp: _rounded("different"),
    arith.MinSIOp: _pick("<"),
    arith.MaxSIOp: _pick(">"),
    arith.AndIOp: _infix("&"),
    arith.OrIOp: _infix("|"),
    arith.XOrIOp: _infix("^"),
    arith.ShLIOp: _infix("<<"),
    arith.ShRSIOp: _infix(">>"),
    arith.AddfOp: _infix("+"),
    arith.SubfOp: _infix("-"),
    arith.MulfOp: _infix("*"),
    arith.DivfOp: _infix("/"),
    arith.MinimumfOp: _propagating("<"),
    arith.MaximumfOp: _propagating(">"),
    arith.MinnumfOp: _ignoring("<"),
    arith.MaxnumfOp: _ignoring(">"),
}
"""Operations on two values of one type."""

UNSIGNED: dict[type[Operation], Expression] = {
    arith.DivUIOp: _infix("/"),
    arith.RemUIOp: _infix("%"),
    arith.CeilDivUIOp: lambda a, b: f"{a} / {b} + ({a} % {b} != 0)",
    arith.MinUIOp: _pick("<"),
    arith.MaxUIOp: _pick(">"),
    arith.ShRUIOp: _infix(">>"),
}
"""Operations that read their operands as unsigned."""

CASTS = (
    arith.IndexCastOp,
    arith.TruncIOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.SIToFPOp,
    arith.FPToSIOp,
)
"""Conversions that a C++ cast does."""

INTEGER_PREDICATES = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
"""Operators of `arith.cmpi`; the last four compare as unsigned."""

FIRST_UNSIGNED_PREDICATE = 6

FLOAT_PREDICATES: tuple[Expression, ...] = (
    lambda a, b: "false",
    _infix("=="),
    _infix(">"),
    _infix(">="),
    _infix("<"),
    _infix("<="),
    lambda a, b: f"{a} < {b} || {a} > {b}",
    lambda a, b: f"{a} == {a} && {b} == {b}",
    # Unordered ones hold if either is NaN. That makes any comparison false, so they negate the opposite one.
    lambda a, b: f"!({a} < {b} || {a} > {b})",
    lambda a, b: f"!({a} <= {b})",
    lambda a, b: f"!({a} < {b})",
    lambda a, b: f"!({a} >= {b})",
    lambda a, b: f"!({a} > {b})",
    _infix("!="),
    lambda a, b: f"{a} != {a} || {b} != {b}",
    lambda a, b: "true",
)
"""Predicates of `arith.cmpf` in MLIR's order: false, the ordered ones, ord, the unordered ones, uno, true."""

CALLS: dict[type[Operation], str] = {
    GetBlockIdxOp: "get_block_idx",
    GetBlockNumOp: "get_block_num",
    GetSubblockIdxOp: "get_subblockid",
    GetSubblockNumOp: "get_subblockdim",
}
"""Core identity."""


def emit_signed(writer: Writer, op: Operation) -> None:
    """`int64_t v3 = v1 + v2;`."""
    a, b = (writer.name(operand) for operand in op.operands)
    _assign(writer, op, SIGNED[type(op)](a, b))


def emit_unsigned(writer: Writer, op: Operation) -> None:
    """`int64_t v3 = (int64_t)((uint64_t)v1 / (uint64_t)v2);`."""
    a, b = (_unsigned(writer, operand, op) for operand in op.operands)
    _assign(writer, op, f"({value_type(op.results[0], op)})({UNSIGNED[type(op)](a, b)})")


def emit_cast(writer: Writer, op: Operation) -> None:
    """`float v3 = (float)v1;`; nothing where the C++ type stays."""
    source, result = op.operands[0], op.results[0]
    ty = value_type(result, op)
    if ty == value_type(source, op):
        writer.alias(result, writer.name(source))
    else:
        _assign(writer, op, f"({ty}){writer.name(source)}")


def emit_sign_extension(writer: Writer, op: arith.ExtSIOp) -> None:
    """`int64_t v3 = (int64_t)v1;`."""
    if op.input.type == i1:
        raise OperationError(op, f"{op.name}: an i1 has no sign; use arith.extui")
    emit_cast(writer, op)


def emit_unsigned_cast(writer: Writer, op: Operation) -> None:
    """A conversion that reads its operand as unsigned."""
    _assign(writer, op, f"({value_type(op.results[0], op)}){_unsigned(writer, op.operands[0], op)}")


def emit_negf(writer: Writer, op: arith.NegfOp) -> None:
    """`float v3 = -v1;`."""
    _assign(writer, op, f"-{writer.name(op.operand)}")


def emit_select(writer: Writer, op: arith.SelectOp) -> None:
    """`int64_t v4 = v1 ? v2 : v3;`."""
    condition, yes, no = (writer.name(operand) for operand in op.operands)
    _assign(writer, op, f"{condition} ? {yes} : {no}")


def emit_cmpi(writer: Writer, op: arith.CmpiOp) -> None:
    """`bool v3 = v1 < v2;`."""
    predicate = op.predicate.value.data
    if predicate < FIRST_UNSIGNED_PREDICATE:
        a, b = writer.name(op.lhs), writer.name(op.rhs)
    else:
        a, b = _unsigned(writer, op.lhs, op), _unsigned(writer, op.rhs, op)
    _assign(writer, op, f"{a} {INTEGER_PREDICATES[predicate]} {b}")


def emit_cmpf(writer: Writer, op: arith.CmpfOp) -> None:
    """`bool v3 = v1 < v2;`."""
    expression = FLOAT_PREDICATES[op.predicate.value.data]
    _assign(writer, op, expression(writer.name(op.lhs), writer.name(op.rhs)))


def emit_identity(writer: Writer, op: Operation) -> None:
    """`int64_t v3 = get_block_idx();`."""
    _assign(writer, op, f"{CALLS[type(op)]}()")


def emit_load_scalar(writer: Writer, op: LoadScalarOp) -> None:
    """`float v3 = v1[v2];`."""
    _assign(writer, op, f"{writer.name(op.ptr)}[{writer.name(op.offset)}]")


def emit_store_scalar(writer: Writer, op: StoreScalarOp) -> None:
    """`v1[v2] = v3;`."""
    writer.line(f"{writer.name(op.ptr)}[{writer.name(op.offset)}] = {writer.name(op.value)};")


def emit_address(writer: Writer, op: PtrToIntOp | IntToPtrOp) -> None:
    """`int64_t v3 = reinterpret_cast<int64_t>(v1);`, and back."""
    _assign(writer, op, f"reinterpret_cast<{value_type(op.results[0], op)}>({writer.name(op.operands[0])})")


def emit_declare_local_array(writer: Writer, op: DeclareLocalArrayOp) -> None:
    """`int32_t v3[4];`."""
    ty = op.result.type
    assert isinstance(ty, LocalArrayType)
    writer.line(f"{scalar_type(ty.dtype, op)} {writer.define(op.result)}[{ty.size}];")


def emit_local_array_set(writer: Writer, op: LocalArraySetOp) -> None:
    """`v3[v2] = v1;`."""
    array, index, value = map(writer.name, op.operands)
    writer.line(f"{array}[{index}] = {value};")


def emit_local_array_get(writer: Writer, op: LocalArrayGetOp) -> None:
    """`int32_t v4 = v3[v2];`."""
    _assign(writer, op, f"{writer.name(op.array)}[{writer.name(op.index)}]")


def emit_bitcast(writer: Writer, op: arith.BitcastOp) -> None:
    """`float v3 = __builtin_bit_cast(float, v1);`: the bits stay."""
    _assign(writer, op, f"__builtin_bit_cast({value_type(op.result, op)}, {writer.name(op.input)})")


def emit_float_to_unsigned(writer: Writer, op: arith.FPToUIOp) -> None:
    """`int32_t v3 = (int32_t)(uint32_t)v1;`."""
    # By way of the unsigned type: C++ does not say what a number beyond the range of the signed one becomes.
    ty = value_type(op.result, op)
    _assign(writer, op, f"({ty})(u{ty}){writer.name(op.input)}")


def _assign(writer: Writer, op: Operation, expression: str) -> None:
    result = op.results[0]
    writer.line(f"{value_type(result, op)} {writer.define(result)} = {expression};")


def _unsigned(writer: Writer, value: SSAValue, op: Operation) -> str:
    """The value read as unsigned; an i1 is that already."""
    ty = scalar_type(value.type, op)
    if value.type == i1:
        return writer.name(value)
    return f"(u{ty}){writer.name(value)}"


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    **dict.fromkeys(SIGNED, emit_signed),
    **dict.fromkeys(UNSIGNED, emit_unsigned),
    **dict.fromkeys(CASTS, emit_cast),
    **dict.fromkeys((arith.ExtUIOp, arith.UIToFPOp, IndexCastUIOp), emit_unsigned_cast),
    **dict.fromkeys(CALLS, emit_identity),
    arith.ExtSIOp: emit_sign_extension,
    arith.BitcastOp: emit_bitcast,
    arith.FPToUIOp: emit_float_to_unsigned,
    PtrToIntOp: emit_address,
    IntToPtrOp: emit_address,
    DeclareLocalArrayOp: emit_declare_local_array,
    LocalArraySetOp: emit_local_array_set,
    LocalArrayGetOp: emit_local_array_get,
    arith.NegfOp: emit_negf,
    arith.SelectOp: emit_select,
    arith.CmpiOp: emit_cmpi,
    arith.CmpfOp: emit_cmpf,
    arith.ConstantOp: lambda writer, op: None,
    LoadScalarOp: emit_load_scalar,
    StoreScalarOp: emit_store_scalar,
}
"""Scalar operations; constants are hoisted where they are used."""
