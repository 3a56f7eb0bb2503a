"""C++ of `arith`, of scalars in global memory and in arrays, and of the operations that ask a core who it is."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1
from xdsl.ir import Operation

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import scalar_type, value_type
from tools.ptoas.emit_cpp.templates import Emitter, statement, value
from tools.ptoas.emit_cpp.writer import Writer

SMALLER, LARGER = "{0} < {1} ? {0} : {1}", "{0} > {1} ? {0} : {1}"

# The zeros are equal, but 1 / -0 is negative. If {1} is NaN no comparison holds, and the result is {1}.
PROPAGATING = "{{0}} != {{0}} || {{0}} {0} {{1}} || ({{0}} == {{1}} && 1 / {{0}} {0} 0) ? {{0}} : {{1}}"
"""The smaller or the larger (`<`, `>`) of two floats; NaN if either is, and -0 is smaller than 0."""

# If {0} is NaN no comparison holds, and the result is {1}.
IGNORING = "{{0}} {0} {{1}} || {{1}} != {{1}} ? {{0}} : {{1}}"
"""The smaller or the larger of two floats; the other one if one is NaN."""

CORRECTED = "{{0}} / {{1}} {0} (({{0}} % {{1}} != 0) && (({{0}} < 0) {1} ({{1}} < 0)))"
"""Division that truncates, corrected by one where there is a remainder and the signs are the same, or are not."""

EXPRESSIONS: dict[type[Operation], str] = {
    **dict.fromkeys((arith.AddiOp, arith.AddfOp), "{0} + {1}"),
    **dict.fromkeys((arith.SubiOp, arith.SubfOp), "{0} - {1}"),
    **dict.fromkeys((arith.MuliOp, arith.MulfOp), "{0} * {1}"),
    **dict.fromkeys((arith.DivSIOp, arith.DivfOp), "{0} / {1}"),
    arith.RemSIOp: "{0} % {1}",
    arith.CeilDivSIOp: CORRECTED.format("+", "=="),
    arith.FloorDivSIOp: CORRECTED.format("-", "!="),
    arith.MinSIOp: SMALLER,
    arith.MaxSIOp: LARGER,
    arith.AndIOp: "{0} & {1}",
    arith.OrIOp: "{0} | {1}",
    arith.XOrIOp: "{0} ^ {1}",
    arith.ShLIOp: "{0} << {1}",
    arith.ShRSIOp: "{0} >> {1}",
    arith.MinimumfOp: PROPAGATING.format("<"),
    arith.MaximumfOp: PROPAGATING.format(">"),
    arith.MinnumfOp: IGNORING.format("<"),
    arith.MaxnumfOp: IGNORING.format(">"),
    arith.NegfOp: "-{0}",
    arith.SelectOp: "{0} ? {1} : {2}",
    # The bits stay.
    arith.BitcastOp: "__builtin_bit_cast({type}, {0})",
    # By way of the unsigned type: C++ does not say what a number beyond the range of the signed one becomes.
    arith.FPToUIOp: "({type})(u{type}){0}",
    **dict.fromkeys((pto.PtrToIntOp, pto.IntToPtrOp), "reinterpret_cast<{type}>({0})"),
    **dict.fromkeys((pto.LoadScalarOp, pto.LocalArrayGetOp), "{0}[{1}]"),
    pto.GetBlockIdxOp: "get_block_idx()",
    pto.GetBlockNumOp: "get_block_num()",
    pto.GetSubblockIdxOp: "get_subblockid()",
    pto.GetSubblockNumOp: "get_subblockdim()",
}
"""Values of operands."""

UNSIGNED: dict[type[Operation], str] = {
    arith.DivUIOp: "{0} / {1}",
    arith.RemUIOp: "{0} % {1}",
    arith.CeilDivUIOp: "{0} / {1} + ({0} % {1} != 0)",
    arith.MinUIOp: SMALLER,
    arith.MaxUIOp: LARGER,
    arith.ShRUIOp: "{0} >> {1}",
}
"""Values of operands that are read as unsigned."""

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

FLOAT_PREDICATES = (
    "false",
    "{0} == {1}",
    "{0} > {1}",
    "{0} >= {1}",
    "{0} < {1}",
    "{0} <= {1}",
    "{0} < {1} || {0} > {1}",
    "{0} == {0} && {1} == {1}",
    # Unordered ones hold if either is NaN. That makes any comparison false, so they negate the opposite one.
    "!({0} < {1} || {0} > {1})",
    "!({0} <= {1})",
    "!({0} < {1})",
    "!({0} >= {1})",
    "!({0} > {1})",
    "{0} != {1}",
    "{0} != {0} || {1} != {1}",
    "true",
)
"""Predicates of `arith.cmpf` in MLIR's order: false, the ordered ones, ord, the unordered ones, uno, true."""


def emit_cast(writer: Writer, op: Operation) -> None:
    """`float v3 = (float)v1;`; nothing where the C++ type stays."""
    source, result = op.operands[0], op.results[0]
    ty = value_type(result, op)
    if ty == value_type(source, op):
        writer.alias(result, writer.name(source))
    else:
        writer.variable(ty, f"({ty}){writer.name(source)}", result)


def emit_sign_extension(writer: Writer, op: arith.ExtSIOp) -> None:
    """`int64_t v3 = (int64_t)v1;`."""
    if op.input.type == i1:
        raise wrong(op, "an i1 has no sign; use arith.extui")
    emit_cast(writer, op)


def emit_comparison(writer: Writer, op: arith.CmpiOp | arith.CmpfOp) -> None:
    """`bool v3 = v1 < v2;`."""
    predicate = op.predicate.value.data
    if isinstance(op, arith.CmpfOp):
        value(FLOAT_PREDICATES[predicate])(writer, op)
    else:
        operator, unsigned = INTEGER_PREDICATES[predicate], predicate >= FIRST_UNSIGNED_PREDICATE
        value(f"{{0}} {operator} {{1}}", unsigned=unsigned)(writer, op)


def emit_array(writer: Writer, op: pto.DeclareLocalArrayOp | pto.DeclareEventIdArrayOp) -> None:
    """`int32_t v3[4];`."""
    ty = op.result.type
    assert isinstance(ty, pto.LocalArrayType | pto.EventIdArrayType)
    element = scalar_type(ty.dtype, op) if isinstance(ty, pto.LocalArrayType) else "int32_t"
    writer.line(f"{element} {writer.define(op.result)}[{ty.size}];")


def emit_event_id(writer: Writer, op: pto.EventIdArrayGetOp) -> None:
    """`event_t v4 = (event_t) v3[v2];`."""
    array, index = map(writer.name, op.operands)
    writer.variable("event_t", f"(event_t) {array}[{index}]", op.result)


EMITTERS: dict[type[Operation], Emitter] = {
    **{op: value(template) for op, template in EXPRESSIONS.items()},
    **{op: value(f"({{type}})({template})", unsigned=True) for op, template in UNSIGNED.items()},
    **dict.fromkeys((arith.ExtUIOp, arith.UIToFPOp, pto.IndexCastUIOp), value("({type}){0}", unsigned=True)),
    **dict.fromkeys(CASTS, emit_cast),
    arith.ExtSIOp: emit_sign_extension,
    **dict.fromkeys((arith.CmpiOp, arith.CmpfOp), emit_comparison),
    **dict.fromkeys((pto.StoreScalarOp, pto.LocalArraySetOp, pto.EventIdArraySetOp), statement("{0}[{1}] = {2}")),
    **dict.fromkeys((pto.DeclareLocalArrayOp, pto.DeclareEventIdArrayOp), emit_array),
    pto.EventIdArrayGetOp: emit_event_id,
    arith.ConstantOp: lambda writer, op: None,
}
"""Scalar operations; constants are hoisted where they are used."""
