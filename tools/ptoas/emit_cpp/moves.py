"""C++ of what moves tiles with modes, parts, scales or indices, of products with phases, and of what stops a core."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    AtomicType,
    MGatherOp,
    MScatterOp,
    PartitionTensorViewType,
    PartitionViewOp,
    Phase,
    ProductOp,
    ReluPreMode,
    SyncAllOp,
    TExtractFpOp,
    TExtractOp,
    TileBufType,
    TInsertFpOp,
    TInsertOp,
    TMovFpOp,
    TMovOp,
    TrapOp,
    TStoreOp,
    TSyncOp,
)
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
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
    # Template arguments count by place, so in front of relu the atomic type must be given even if there is none.
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


def emit_gm_gather(writer: Writer, op: MGatherOp) -> None:
    """`MGATHER<pto::Coalesce::Row, pto::GatherOOB::Clamp>(dst, table, indices);`, all of them pointers."""
    table, indices, dst = (_pointer(writer, op, value) for value in (op.src, op.indices, op.dst))
    template = [f"pto::Coalesce::{op.coalesce.data.capitalize()}"]
    if op.oob is not None and op.oob.data.value != "undefined":
        template.append(f"pto::GatherOOB::{op.oob.data.capitalize()}")
    _line(writer, op, template, [dst, table, indices])


def emit_gm_scatter(writer: Writer, op: MScatterOp) -> None:
    """`MSCATTER(table, src, indices);`, all of them pointers."""
    src, indices, table = (_pointer(writer, op, value) for value in (op.src, op.indices, op.dst))
    modes = {
        "pto::Coalesce": op.coalesce,
        "pto::ScatterAtomicOp": op.atomic,
        "pto::ScatterOOB": op.oob,
    }
    template = [f"{name}::{mode.data.capitalize()}" for name, mode in modes.items() if mode is not None]
    _line(writer, op, template, [table, src, indices])


def _pointer(writer: Writer, op: Operation, value: SSAValue) -> str:
    """Print a pointer to the elements of a tile, or of a slice of GM; its name."""
    ty, name = value.type, writer.fresh()
    assert isinstance(ty, TileBufType | PartitionTensorViewType)
    dtype = scalar_type(ty.dtype, op)
    if isinstance(ty, TileBufType):
        writer.line(f"__ubuf__ {dtype}* {name} = {writer.name(value)}.data();")
    else:
        writer.line(f"__gm__ {dtype}* {name} = (__gm__ {dtype}*) {writer.name(value)};")
    return name


def emit_trap(writer: Writer, op: TrapOp) -> None:
    """`trap();`."""
    writer.line("trap();")


def emit_syncall(writer: Writer, op: SyncAllOp) -> None:
    """`SYNCALL<SyncCoreType::Mix>();`."""
    writer.line(f"SYNCALL<SyncCoreType::{op.core_type.data.spelling}>();")


def emit_tsync(writer: Writer, op: TSyncOp) -> None:
    """`TSYNC(v1);`."""
    writer.line(f"TSYNC({writer.name(op.src)});")


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    TStoreOp: emit_store,
    TMovOp: emit_move,
    TMovFpOp: emit_move_scaled,
    TExtractOp: emit_extract,
    TInsertOp: emit_insert,
    TExtractFpOp: emit_part_scaled,
    TInsertFpOp: emit_part_scaled,
    ProductOp: emit_product,
    MGatherOp: emit_gm_gather,
    MScatterOp: emit_gm_scatter,
    TrapOp: emit_trap,
    SyncAllOp: emit_syncall,
    TSyncOp: emit_tsync,
}
"""Moves and products."""
