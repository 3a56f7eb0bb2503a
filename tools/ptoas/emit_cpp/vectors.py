"""C++ of vector operations: a call, the destination first, with what attributes and second forms add to it."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerAttr
from xdsl.ir import SSAValue
from xdsl.traits import ConstantLike

from ptodsl.dialect import PRECISIONS, TCiOp, VectorOp
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.writer import Writer


def emit_vector(writer: Writer, op: VectorOp) -> None:
    """`TADD(dst, lhs, rhs);`; forms with other arguments have a case each."""
    *ins, dst = op.operands
    template: list[str] = []
    more: list[str] = []
    match op.ROW.family.name:
        case "COMPARISON" | "COMPARISON_SCALAR":
            more = [writer.variable("CmpMode", _mode(op))]
        case "COL_SUM" if op.is_binary is not None:  # type: ignore[attr-defined]
            more = [writer.constant("bool", _word(op.is_binary))]  # type: ignore[attr-defined]
        case "GATHER" if op.mask_pattern is not None:  # type: ignore[attr-defined]
            template = [*_types(dst, ins[0]), f"MaskPattern::{op.mask_pattern.data}"]  # type: ignore[attr-defined]
        case "SCATTER" if op.mask_pattern is not None:  # type: ignore[attr-defined]
            template = [f"pto::MaskPattern::{op.mask_pattern.data}"]  # type: ignore[attr-defined]
        case "PARTIAL_ARGUMENT":
            lhs, rhs, lhs_index, rhs_index, dst_index = ins
            ins = [lhs, rhs, dst_index, lhs_index, rhs_index]
        case "SCALAR_TILE":
            return writer.call("TDIVS", [dst, *ins])
        case "TRIANGLE":
            which = op.upper_or_lower  # type: ignore[attr-defined]
            template = [*_types(dst), str(0 if which is None else which.value.data)]
        case "DEQUANTISATION":
            src, fp, _ = ins
            template = _types(dst, src, fp)
        case "SEQUENCE_SCRATCH":
            return emit_sequence(writer, op)
        case "MERGE_LISTS":
            return _merge(writer, op)
        case "GATHER_COMPARED":
            return _gather(writer, op)
        case "QUANTISATION":
            return _quantise(writer, op)
    if getattr(op, "precision", None) is not None and op.ROW.dialect != "tdivs":  # of which 0.48 drops it
        _, name = PRECISIONS[op.ROW.dialect or ""]
        template = [f"pto::{name}Algorithm::{op.precision.data.name}_PRECISION"]  # type: ignore[attr-defined]
    writer.call(op.instruction, [dst, *ins, *more], template)


def emit_sequence(writer: Writer, op: TCiOp | VectorOp) -> None:
    """`TCI<Tile<..>, int32_t, 1>(dst, first);`: 1 for falling numbers; scratch is the last tile of both lists."""
    scalar, *tmp, dst = op.operands
    falls = op.descending is not None and bool(op.descending.value.data)  # type: ignore[union-attr]
    types = _types(dst, *tmp)
    writer.call("TCI", [dst, scalar, *tmp], [*types, scalar_type(scalar.type, op), str(int(falls))])


def _merge(writer: Writer, op: VectorOp) -> None:
    """`TMRGSORT<..., false>(dst, counts, tmp, list, list);`, the counts being a variable."""
    *lists, tmp, _, dst = op.operands
    counts = ConstantLike.get_constant_value(op.executed)  # type: ignore[attr-defined]
    if not isinstance(counts, DenseIntOrFPElementsAttr):
        raise wrong(op, "the counts must be a constant")
    numbers, ty = ", ".join(map(str, counts.get_values())), "pto::MrgSortExecutedNumList"
    arguments: list[SSAValue | str] = [dst, writer.variable(ty, f"{ty}{{{numbers}}}"), tmp, *lists]
    writer.call("TMRGSORT", arguments, [*_types(dst, tmp, *lists), _word(op.exhausted)])  # type: ignore[attr-defined]


def _gather(writer: Writer, op: VectorOp) -> None:
    """`TGATHER<..., CmpMode::GT>(dst, src, scalar, tmp, number, offset);`."""
    src, scalar, tmp, number, dst = op.operands
    offset = 0 if op.offset is None else op.offset.value.data  # type: ignore[attr-defined]
    place = writer.constant("int32_t", str(offset))
    writer.call("TGATHER", [dst, src, scalar, tmp, number, place], [*_types(dst, src, tmp, number), _mode(op)])


def _quantise(writer: Writer, op: VectorOp) -> None:
    """`TQUANT<pto::QuantType::INT8_SYM, ...>(dst, src, fp, tmp);`, the offset last and by its address."""
    tiles: list[SSAValue] = [getattr(op, name) for name in ("dst", "src", "fp", "tmp")]
    assert tiles[-1] is not None, "complete_scratch gives it one"
    arguments: list[SSAValue | str] = [*tiles]
    if (offset := op.offset) is not None:  # type: ignore[attr-defined]
        arguments.append(writer.variable(f"{tile_type(tile_spec(offset))}*", f"&{writer.name(offset)}"))
    kind = f"pto::QuantType::{op.quant_type.data}"  # type: ignore[attr-defined]
    writer.call("TQUANT", arguments, [kind, *_types(*tiles)])


def _mode(op: VectorOp) -> str:
    """Enumerator of a comparison, by default that of equality."""
    return f"CmpMode::{'EQ' if op.cmp_mode is None else op.cmp_mode.data.value.upper()}"  # type: ignore[attr-defined]


def _word(flag: IntegerAttr | None) -> str:
    """`true` or `false`, also where nothing is said."""
    return "true" if flag is not None and flag.value.data else "false"


def _types(*tiles: SSAValue) -> list[str]:
    return [tile_type(tile_spec(value)) for value in tiles]
