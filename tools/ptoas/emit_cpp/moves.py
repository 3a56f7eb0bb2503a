"""C++ of what moves tiles with modes, parts or scales, and of products with phases."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    AtomicType,
    PartitionTensorViewType,
    PartitionViewOp,
    Phase,
    ProductOp,
    ReluPreMode,
    TExtractFpOp,
    TExtractOp,
    TInsertFpOp,
    TInsertOp,
    TMovFpOp,
    TMovOp,
    TStoreOp,
)
from tools.ptoas.emit_cpp.spelling import tile_spec, tile_type
from tools.ptoas.emit_cpp.tiles import call
from tools.ptoas.emit_cpp.views import slice_view
from tools.ptoas.emit_cpp.writer import Writer


def emit_store(writer: Writer, op: TStoreOp) -> None:
    """`TSTORE(view, tile);`, or `TSTORE<STPhase::Final, Tile<..>, GlobalTensor<..>, AtomicType::AtomicAdd>(..)`."""
    atomic = AtomicType.NONE if op.atomic_type is None else op.atomic_type.data
    relu = ReluPreMode.NO if op.relu_pre_mode is None else op.relu_pre_mode.data
    template: list[str] = []
    if op.st_phase is not None and op.st_phase.data is not Phase.UNSPECIFIED:
        template.append(f"STPhase::{op.st_phase.data.capitalize()}")
    with_relu = relu is not ReluPreMode.NO or op.scale is not None
    if atomic is not AtomicType.NONE or with_relu:
        template += [*_types(writer, op.src, op.dst), f"AtomicType::{atomic.spelling}"]
    if with_relu:
        template.append(f"ReluPreMode::{relu.spelling}")
    values = [op.dst, op.src, *([] if op.scale is None else [op.scale])]
    _line(writer, op, template, [writer.name(value) for value in values])


def emit_move(writer: Writer, op: TMovOp) -> None:
    """`TMOV(dst, src);`, or `TMOV<Tile<..>, Tile<..>, ReluPreMode::NormalRelu>(dst, src);`, a scale being the last."""
    template = _relu(writer, op) or ([] if op.scale is None else _types(writer, op.dst, op.src))
    values = [op.dst, op.src, *([] if op.scale is None else [op.scale])]
    _line(writer, op, template, [writer.name(value) for value in values])


def emit_move_scaled(writer: Writer, op: TMovFpOp) -> None:
    """`TMOV_FP<Tile<..>, Tile<..>, Tile<..>>(dst, src, fp);`."""
    values = [op.dst, op.src, op.fp]
    _line(writer, op, _types(writer, *values), [writer.name(value) for value in values])


def emit_extract(writer: Writer, op: TExtractOp) -> None:
    """`TEXTRACT(dst, src, row, col);`; a scale is behind src."""
    values = [op.dst, op.src, *([] if op.scale is None else [op.scale])]
    _line(writer, op, _relu(writer, op), [*(writer.name(value) for value in values), *_place(writer, op)])


def emit_insert(writer: Writer, op: TInsertOp) -> None:
    """`TINSERT(dst, src, row, col);`."""
    _line(writer, op, [], [writer.name(op.dst), writer.name(op.src), *_place(writer, op)])


def emit_part_scaled(writer: Writer, op: TExtractFpOp | TInsertFpOp) -> None:
    """`TEXTRACT_FP(dst, src, fp, row, col);`."""
    _line(writer, op, [], [*(writer.name(value) for value in (op.dst, op.src, op.fp)), *_place(writer, op)])


def emit_product(writer: Writer, op: ProductOp) -> None:
    """`TMATMUL(dst, left, right);`, or `TMATMUL<pto::AccPhase::Final>(..)`."""
    phase = op.acc_phase.data if op.acc_phase is not None else Phase.UNSPECIFIED  # type: ignore[attr-defined]
    call(writer, op, template="" if phase is Phase.UNSPECIFIED else f"<pto::AccPhase::{phase.capitalize()}>")


def _line(writer: Writer, op: Operation, template: list[str], arguments: list[str]) -> None:
    types = f"<{', '.join(template)}>" if template else ""
    writer.line(f"{op.instruction}{types}({', '.join(arguments)});")  # type: ignore[attr-defined]


def _types(writer: Writer, *values: SSAValue) -> list[str]:
    """C++ types of tiles and of slices of GM."""
    return [
        slice_view(writer, value.owner).type
        if isinstance(value.type, PartitionTensorViewType) and isinstance(value.owner, PartitionViewOp)
        else tile_type(tile_spec(value))
        for value in values
    ]


def _relu(writer: Writer, op: TMovOp | TExtractOp) -> list[str]:
    """Template arguments if negative numbers become 0."""
    if op.relu_pre_mode is None or op.relu_pre_mode.data is ReluPreMode.NO:
        return []
    return [*_types(writer, op.dst, op.src), f"ReluPreMode::{op.relu_pre_mode.data.spelling}"]


def _place(writer: Writer, op: TExtractOp | TInsertOp | TExtractFpOp | TInsertFpOp) -> list[str]:
    """Row and column of a part."""
    return [f"(uint16_t){writer.name(value)}" for value in (op.row, op.col)]


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    TStoreOp: emit_store,
    TMovOp: emit_move,
    TMovFpOp: emit_move_scaled,
    TExtractOp: emit_extract,
    TInsertOp: emit_insert,
    TExtractFpOp: emit_part_scaled,
    TInsertFpOp: emit_part_scaled,
    ProductOp: emit_product,
}
"""Moves and products."""
