"""C++ of what moves tiles with modes, parts, scales or indices, of products with phases, and of what stops a core."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.templates import Emitter, statement
from tools.ptoas.emit_cpp.views import slice_view
from tools.ptoas.emit_cpp.writer import Writer


def emit_store(writer: Writer, op: pto.TStoreOp) -> None:
    """`TSTORE(view, tile);`, or `TSTORE<STPhase::Final, Tile<..>, GlobalTensor<..>, AtomicType::AtomicAdd>(..)`."""
    atomic = pto.AtomicType.NONE if op.atomic_type is None else op.atomic_type.data
    relu = pto.ReluPreMode.NO if op.relu_pre_mode is None else op.relu_pre_mode.data
    template: list[str] = []
    if op.st_phase is not None and op.st_phase.data is not pto.Phase.UNSPECIFIED:
        template.append(f"STPhase::{op.st_phase.data.capitalize()}")
    with_relu = relu is not pto.ReluPreMode.NO or op.scale is not None
    # Template arguments count by place, so in front of relu the atomic type must be given even if there is none.
    if atomic is not pto.AtomicType.NONE or with_relu:
        template += [*_types(writer, op.src, op.dst), f"AtomicType::{atomic.spelling}"]
    if with_relu:
        template.append(f"ReluPreMode::{relu.spelling}")
    writer.call(op.instruction, [op.dst, op.src, op.scale], template)


def emit_move(writer: Writer, op: pto.TMovOp) -> None:
    """`TMOV(dst, src);`, or `TMOV<Tile<..>, Tile<..>, ReluPreMode::NormalRelu>(dst, src);`, a scale being the last."""
    template = _relu(writer, op) or ([] if op.scale is None else _types(writer, op.dst, op.src))
    writer.call(op.instruction, [op.dst, op.src, op.scale], template)


def emit_move_scaled(writer: Writer, op: pto.TMovFpOp) -> None:
    """`TMOV_FP<Tile<..>, Tile<..>, Tile<..>>(dst, src, fp);`."""
    values = [op.dst, op.src, op.fp]
    writer.call(op.instruction, values, _types(writer, *values))


def emit_extract(writer: Writer, op: pto.TExtractOp) -> None:
    """`TEXTRACT(dst, src, row, col);`; a scale is behind src."""
    # Named before the place, since constants stand in the order in which they are first named.
    scale = [] if op.scale is None else [writer.name(op.scale)]
    writer.call(op.instruction, [op.dst, op.src, *scale, *_place(writer, op)], _relu(writer, op))


def emit_insert(writer: Writer, op: pto.TInsertOp) -> None:
    """`TINSERT(dst, src, row, col);`."""
    writer.call(op.instruction, [op.dst, op.src, *_place(writer, op)])


def emit_part_scaled(writer: Writer, op: pto.TExtractFpOp | pto.TInsertFpOp) -> None:
    """`TEXTRACT_FP(dst, src, fp, row, col);`."""
    writer.call(op.instruction, [op.dst, op.src, op.fp, *_place(writer, op)])


def emit_product(writer: Writer, op: pto.ProductOp) -> None:
    """`TMATMUL(dst, left, right);`, or `TMATMUL<pto::AccPhase::Final>(..)`."""
    phase = op.acc_phase.data if op.acc_phase is not None else pto.Phase.UNSPECIFIED  # type: ignore[attr-defined]
    *ins, dst = op.operands
    writer.call(
        op.instruction, [dst, *ins], [] if phase is pto.Phase.UNSPECIFIED else [f"pto::AccPhase::{phase.capitalize()}"]
    )


def _types(writer: Writer, *values: SSAValue) -> list[str]:
    """C++ types of tiles and of slices of GM."""
    return [
        slice_view(writer, value.owner).type
        if isinstance(value.type, pto.PartitionTensorViewType) and isinstance(value.owner, pto.PartitionViewOp)
        else tile_type(tile_spec(value))
        for value in values
    ]


def _relu(writer: Writer, op: pto.TMovOp | pto.TExtractOp) -> list[str]:
    """Template arguments if negative numbers become 0."""
    if op.relu_pre_mode is None or op.relu_pre_mode.data is pto.ReluPreMode.NO:
        return []
    return [*_types(writer, op.dst, op.src), f"ReluPreMode::{op.relu_pre_mode.data.spelling}"]


def _place(writer: Writer, op: pto.TExtractOp | pto.TInsertOp | pto.TExtractFpOp | pto.TInsertFpOp) -> list[str]:
    """Row and column of a part."""
    return [f"(uint16_t){writer.name(value)}" for value in (op.row, op.col)]


def emit_gm_gather(writer: Writer, op: pto.MGatherOp) -> None:
    """`MGATHER<pto::Coalesce::Row, pto::GatherOOB::Clamp>(dst, table, indices);`, all of them pointers."""
    table, indices, dst = (_pointer(writer, op, value) for value in (op.src, op.indices, op.dst))
    template = [f"pto::Coalesce::{op.coalesce.data.capitalize()}"]
    if op.oob is not None and op.oob.data.value != "undefined":
        template.append(f"pto::GatherOOB::{op.oob.data.capitalize()}")
    writer.call(op.instruction, [dst, table, indices], template)


def emit_gm_scatter(writer: Writer, op: pto.MScatterOp) -> None:
    """`MSCATTER(table, src, indices);`, all of them pointers."""
    src, indices, table = (_pointer(writer, op, value) for value in (op.src, op.indices, op.dst))
    modes = {
        "pto::Coalesce": op.coalesce,
        "pto::ScatterAtomicOp": op.atomic,
        "pto::ScatterOOB": op.oob,
    }
    template = [f"{name}::{mode.data.capitalize()}" for name, mode in modes.items() if mode is not None]
    writer.call(op.instruction, [table, src, indices], template)


def _pointer(writer: Writer, op: Operation, value: SSAValue) -> str:
    """Print a pointer to the elements of a tile, or of a slice of GM; its name."""
    ty = value.type
    assert isinstance(ty, pto.TileBufType | pto.PartitionTensorViewType)
    pointer, name = f"{scalar_type(ty.dtype, op)}*", writer.name(value)
    if isinstance(ty, pto.TileBufType):
        return writer.variable(f"__ubuf__ {pointer}", f"{name}.data()")
    return writer.variable(f"__gm__ {pointer}", f"(__gm__ {pointer}) {name}")


EMITTERS: dict[type[Operation], Emitter] = {
    pto.TStoreOp: emit_store,
    pto.TMovOp: emit_move,
    pto.TMovFpOp: emit_move_scaled,
    pto.TExtractOp: emit_extract,
    pto.TInsertOp: emit_insert,
    pto.TExtractFpOp: emit_part_scaled,
    pto.TInsertFpOp: emit_part_scaled,
    pto.ProductOp: emit_product,
    pto.MGatherOp: emit_gm_gather,
    pto.MScatterOp: emit_gm_scatter,
    pto.TrapOp: statement("trap()"),
    pto.SyncAllOp: statement("SYNCALL<SyncCoreType::{op.core_type.data.spelling}>()"),
    pto.TSyncOp: statement("TSYNC({0})"),
}
"""Moves and products."""
