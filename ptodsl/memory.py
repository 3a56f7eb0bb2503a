"""GM pointers, views and slices, on-chip tiles, and the movement between GM and tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from xdsl.dialects.arith import IndexCastOp
from xdsl.ir import Attribute, SSAValue

from ptodsl.dialect import (
    AddPtrOp,
    AllocTileOp,
    DeclareGlobalOp,
    DeclareTileOp,
    GetBlockIdxOp,
    GetBlockNumOp,
    GetSubblockIdxOp,
    GetSubblockNumOp,
    LoadScalarOp,
    MakeTensorViewOp,
    PartitionTensorViewType,
    PartitionViewOp,
    PrintOp,
    PtrType,
    SetFftsOp,
    TensorViewType,
    TileBufType,
    TLoadOp,
    TStoreOp,
)
from ptodsl.errors import fail
from ptodsl.scope import emit
from ptodsl.types import int64
from ptodsl.values import (
    INDEX,
    PartitionView,
    Pointer,
    Scalar,
    TensorView,
    Tile,
    Value,
    as_index,
    as_indices,
    as_scalar,
    ssa_of,
)

Size = Scalar | int
"""A number of elements: an index or a whole number."""


def get_block_idx() -> Scalar:
    """Return the index of this AI core in the launch, i64."""
    return Scalar(emit(GetBlockIdxOp).result)


def get_block_num() -> Scalar:
    """Return the number of AI cores of the launch, i64."""
    return Scalar(emit(GetBlockNumOp).result)


def get_subblock_idx() -> Scalar:
    """Return the index of this vector core within its AI core, i64."""
    return Scalar(emit(GetSubblockIdxOp).result)


def get_subblock_num() -> Scalar:
    """Return the number of vector cores of an AI core, i64."""
    return Scalar(emit(GetSubblockNumOp).result)


def set_ffts(ffts: Value) -> None:
    """Give the cores the base of the cross-core flag unit; the entry does it once, before its kernels."""
    operand = ssa_of(ffts, "ffts")
    emit(lambda: SetFftsOp(operand))


def add_ptr(ptr: Value, offset: Size) -> Pointer:
    """Return `ptr` advanced by `offset` elements."""
    operand, distance = ssa_of(ptr, "ptr", Pointer), as_index(offset, "offset")
    return Pointer(emit(lambda: AddPtrOp(operand, distance)).result)


def as_tensor(
    tensor_type: TensorViewType | None = None,
    *,
    ptr: Value,
    shape: Sequence[Size],
    strides: Sequence[Size],
    layout: str | None = None,
) -> TensorView:
    """Return a view of GM of `shape` with `strides`, both in elements, outermost first.

    `layout` is "nd", "dn" or "nz"; without it constant strides say it, else it is "nd". Without `tensor_type` every
    dimension gets its constant, or `?`.
    """
    operand = ssa_of(ptr, "ptr", Pointer)
    sizes, steps = as_indices(shape, "shape"), as_indices(strides, "strides")
    order = None if layout is None else layout.lower()
    return TensorView(emit(lambda: MakeTensorViewOp(operand, sizes, steps, order, tensor_type)).result)


def slice_view(
    subtensor_type: PartitionTensorViewType | None = None,
    *,
    source: Value,
    offsets: Sequence[Size],
    sizes: Sequence[Size],
) -> PartitionView:
    """Return the slice of `source` at `offsets` with `sizes`, in elements. Without a type it follows from `sizes`."""
    operand = ssa_of(source, "source", TensorView)
    starts, counts = as_indices(offsets, "offsets"), as_indices(sizes, "sizes")
    return PartitionView(emit(lambda: PartitionViewOp(operand, starts, counts, subtensor_type)).result)


def declare_global(tensor_type: TensorViewType) -> TensorView:
    """Return a FIFO entry of type `tensor_type`: a GM view without an address, which talloc or tpop binds to a slot."""
    return TensorView(emit(lambda: DeclareGlobalOp(tensor_type)).result)


def declare_tile(tile_type: TileBufType) -> Tile:
    """Return a tile of type `tile_type` without bytes of its own, which `tpop_into` places."""
    if not isinstance(tile_type, TileBufType):
        fail(f"declare_tile needs a TileBufType, not {tile_type!r}")
    return Tile(emit(lambda: DeclareTileOp(tile_type)).result)


def alloc_tile(
    tile_type: TileBufType,
    *,
    addr: Scalar | int | None = None,
    valid_row: Size | None = None,
    valid_col: Size | None = None,
) -> Tile:
    """Return a tile of type `tile_type` in its on-chip buffer.

    `addr` is its byte offset there; without it the assembler chooses one. `valid_row` and `valid_col` are given exactly
    for dynamic dimensions of the valid shape.
    """
    if not isinstance(tile_type, TileBufType):
        fail(f"alloc_tile needs a TileBufType, not {tile_type!r}")
    operands = allocation_operands(addr, valid_row, valid_col)
    return Tile(emit(lambda: AllocTileOp(tile_type, **operands)).result)


class AllocationOperands(TypedDict):
    """What an allocation may be given."""

    addr: SSAValue | None
    valid_row: SSAValue | None
    valid_col: SSAValue | None


def allocation_operands(
    addr: Scalar | int | None, valid_row: Size | None, valid_col: Size | None
) -> AllocationOperands:
    """Return the operands of an allocation."""
    return {
        "addr": None if addr is None else as_scalar(addr, int64, "addr").ssa,
        "valid_row": None if valid_row is None else as_index(valid_row, "valid_row"),
        "valid_col": None if valid_col is None else as_index(valid_col, "valid_col"),
    }


def load(source: Value, dest: Value) -> None:
    """Load a slice of GM into a tile in UB or L1."""
    operands = ssa_of(source, "source", PartitionView), ssa_of(dest, "dest", Tile)
    emit(lambda: TLoadOp(*operands))


def store(source: Value, dest: Value) -> None:
    """Store a tile from UB, or an accumulator from L0C, into a slice of GM."""
    operands = ssa_of(source, "source", Tile), ssa_of(dest, "dest", PartitionView)
    emit(lambda: TStoreOp(*operands))


def load_scalar(result_type: Attribute, ptr: Value, offset: Size) -> Scalar:
    """Return the element at `offset` of a GM pointer to elements of `result_type`."""
    operand, distance = ssa_of(ptr, "ptr", Pointer), as_index(offset, "offset")
    assert isinstance(operand.type, PtrType)
    if operand.type.dtype != result_type:
        fail(f"load_scalar of {result_type!s} from a pointer to {operand.type.dtype}: the two must be the same")
    return Scalar(emit(lambda: LoadScalarOp(operand, distance)).result)


def print_scalar(format: str, scalar: Value) -> None:
    """Print a number from the device, in printf's format; an index is printed as an i64."""
    operand = ssa_of(scalar, "scalar", Scalar)
    if operand.type == INDEX:
        operand = emit(lambda: IndexCastOp(operand, int64)).result
    emit(lambda: PrintOp(format, operand))
