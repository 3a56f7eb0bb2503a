"""C++ of second forms of operations: other arguments under the same name."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import SSAValue
from xdsl.traits import ConstantLike

from ptodsl.dialect import VectorOp
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.writer import Writer


def emit_form(writer: Writer, op: VectorOp) -> None:
    """`TPARTARGMAX(dst, lhs, rhs, dst_index, lhs_index, rhs_index);` and the like."""
    *ins, _, dst = op.operands
    match op.ROW.family.name:
        case "PARTIAL_ARGUMENT":
            lhs, rhs, lhs_index, rhs_index, dst_index, dst = op.operands
            _line(writer, op.instruction, [], [dst, lhs, rhs, dst_index, lhs_index, rhs_index])
        case "MERGE_LISTS":
            *lists, tmp = ins
            counts = _counts(writer, op)
            flag = op.exhausted is not None and bool(op.exhausted.value.data)  # type: ignore[attr-defined]
            template = [*_types(dst, tmp, *lists), str(flag).lower()]
            _line(writer, "TMRGSORT", template, [dst, counts, tmp, *lists])
        case "SEQUENCE_SCRATCH":
            scalar, tmp, dst = op.operands
            falls = op.descending is not None and bool(op.descending.value.data)  # type: ignore[attr-defined]
            template = [*_types(dst, tmp), scalar_type(scalar.type, op), str(int(falls))]
            _line(writer, "TCI", template, [dst, scalar, tmp])
        case "SCALAR_TILE":
            scalar, src, dst = op.operands
            _line(writer, "TDIVS", [], [dst, scalar, src])
        case _:
            src, scalar, tmp, number, dst = op.operands
            mode = "eq" if op.cmp_mode is None else op.cmp_mode.data.value  # type: ignore[attr-defined]
            offset = 0 if op.offset is None else op.offset.value.data  # type: ignore[attr-defined]
            template = [*_types(dst, src, tmp, number), f"CmpMode::{mode.upper()}"]
            _line(writer, "TGATHER", template, [dst, src, scalar, tmp, number, writer.constant("int32_t", str(offset))])


def _counts(writer: Writer, op: VectorOp) -> str:
    """Print the variable with the four counts of a merge; its name."""
    value = ConstantLike.get_constant_value(op.executed)  # type: ignore[attr-defined]
    if not isinstance(value, DenseIntOrFPElementsAttr):
        raise OperationError(op, f"{op.name}: the counts must be a constant")
    numbers = ", ".join(str(number) for number in value.get_values())
    name = writer.fresh()
    writer.line(f"pto::MrgSortExecutedNumList {name} = pto::MrgSortExecutedNumList{{{numbers}}};")
    return name


def _types(*tiles: SSAValue) -> list[str]:
    return [tile_type(tile_spec(value)) for value in tiles]


def _line(writer: Writer, function: str, template: list[str], arguments: list[SSAValue | str]) -> None:
    types = f"<{', '.join(template)}>" if template else ""
    names = [value if isinstance(value, str) else writer.name(value) for value in arguments]
    writer.line(f"{function}{types}({', '.join(names)});")
