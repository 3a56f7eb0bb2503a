"""FIFOs between the cube core and its vector cores.

A producer does talloc, store, tpush; a consumer tpop, load, tfree. `split` says how a slot is divided between the two
vector cores: 0 not at all, 1 upper and lower half, 2 left and right half. With local slots (`local_addr`) the entries
are tiles: tpush stores one, tpop loads one (as `tpush_to_aiv` and others in `tile_fifo` do).
"""

from __future__ import annotations

from math import prod
from typing import overload

from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from ptodsl.dialect import (
    DeclareGlobalOp,
    FifoOp,
    InitializeL2G2LPipeOp,
    MakeTensorViewOp,
    PtrType,
    TAllocOp,
    TensorViewType,
    TFreeOp,
    TileBufType,
    TPopOp,
    TPushOp,
    element_bytes,
)
from ptodsl.errors import fail
from ptodsl.memory import alloc_tile, as_tensor, declare_tile
from ptodsl.scope import current_scope, emit
from ptodsl.types import int32
from ptodsl.values import FifoHandle, Pointer, Scalar, TensorView, Tile, Value, as_indices, as_scalar, ssa_of


def initialize_l2g2l_pipe(
    *,
    dir_mask: int,
    slot_size: int,
    slot_num: int,
    gm_addr: Value,
    local_addr: Scalar | int | None = None,
    peer_local_addr: Scalar | int | None = None,
    local_slot_num: int | None = None,
    flag_base: int | None = None,
    nosplit: bool | None = None,
) -> FifoHandle:
    """Return the handle of a FIFO; both ends initialise it with the same numbers.

    Args:
        dir_mask: 1 cube to vector, 2 vector to cube, 3 a FIFO of tiles each way.
        slot_size: bytes of a slot.
        slot_num: slots of the ring.
        gm_addr: pointer to the first slot, of the entries' element type; or a view of it with the sizes of the entries
            used at this end (half a slot on the vector side of a split), which else are those of the first entry.
        local_addr: where the consumer's tiles go, an i32 of `reserve_buffer` or `import_reserved_buffer`, or a number:
            byte offset in UB or L1. With it the entries are tiles. With dir_mask 3, where the vector cores' go.
        peer_local_addr: with dir_mask 3, where the cube core's go.
        local_slot_num: number of local slots, slot_num by default.
        flag_base: first of its two cross-core flags; the assembler numbers the FIFOs of a function that give none.
        nosplit: whether slots are never divided between the vector cores; follows from the operations by default.
    """
    # Sizes of entries are not known yet here, and the handle needs a view: the first entry replaces it.
    provisional = isinstance(gm_addr, Pointer) and local_addr is None
    slots = _flat_slot(gm_addr, slot_size).ssa if provisional else ssa_of(gm_addr, "gm_addr")
    rings = _ring(local_addr, "local_addr"), _ring(peer_local_addr, "peer_local_addr")
    numbers = dir_mask, slot_size, slot_num, local_slot_num, flag_base
    op = emit(lambda: InitializeL2G2LPipeOp(slots, *numbers, nosplit, *rings))
    return FifoHandle(op.pipe, provisional=provisional)


def _ring(address: Scalar | int | None, name: str) -> SSAValue | None:
    return None if address is None else as_scalar(address, int32, name).ssa


def _flat_slot(ptr: Value, slot_size: int) -> TensorView:
    """Return a slot as a row of elements, for a handle whose entries are not known yet."""
    assert isinstance(ptr.type, PtrType)
    elements = max(1, slot_size // element_bytes(ptr.type.dtype))
    return as_tensor(ptr=ptr, shape=[elements], strides=[1])


def _give_shape(pipe: FifoHandle, entry: SSAValue) -> None:
    """Give the handle's view of a slot the sizes of `entry`, the first one used with it."""
    handle, ty = pipe.ssa.owner, entry.type
    assert isinstance(handle, InitializeL2G2LPipeOp)
    assert isinstance(ty, TensorViewType)
    flat = handle.gm_addr.owner
    assert isinstance(flat, MakeTensorViewOp)
    # Constants stand at the top of the function: the view may use them, though it is further up than this line.
    shape = as_indices(ty.shape, "shape")
    # Entries are dense and row-major: a step along an axis passes all elements of the axes behind it.
    strides = as_indices([prod(ty.shape[axis + 1 :]) for axis in range(len(ty.shape))], "strides")
    dtype = flat.result.type.dtype
    view = MakeTensorViewOp(flat.ptr, shape, strides, None, TensorViewType.of(ty.shape, dtype))
    view.location = flat.location
    # In the place of the flat view, before the handle, which then uses this one.
    Rewriter.replace_op(flat, view)
    pipe.provisional = False


def _fifo(make: type[FifoOp], entry: object, pipe: object, split: int) -> None:
    kind = Tile if isinstance(entry, Tile) else TensorView
    operands = ssa_of(entry, "entry", kind), ssa_of(pipe, "pipe_handle", FifoHandle)
    if isinstance(pipe, FifoHandle) and pipe.provisional:
        _give_shape(pipe, operands[0])
    emit(lambda: make(*operands, split=split))


def talloc(entry: Value, pipe_handle: Value, split: int) -> None:
    """Bind `entry` to the next slot of the FIFO; waits until the consumer has freed it."""
    _fifo(TAllocOp, entry, pipe_handle, split)


def tpush(tile: Value, pipe_handle: Value, split: int) -> None:
    """Tell the consumer that the stores into the entry `tile`, as pto-dsl calls it, have landed.

    A FIFO of tiles stores `tile` into its next slot first, once that is free.
    """
    _fifo(TPushOp, tile, pipe_handle, split)


def tpop_into(entry: Value, pipe_handle: Value, split: int) -> None:
    """Wait for the next slot of the FIFO and bind `entry` to it (on a vector core to its part of it).

    A FIFO of tiles loads the slot into its next local one, and `entry`, a tile of `declare_tile`, is that until the
    next pop into it.
    """
    _fifo(TPopOp, entry, pipe_handle, split)


@overload
def tpop(tile_type: TileBufType, pipe_handle: Value, split: int, *, addr: Scalar | int | None = None) -> Tile: ...


@overload
def tpop(tile_type: TensorViewType, pipe_handle: Value, split: int, *, addr: None = None) -> TensorView: ...


def tpop(
    tile_type: TensorViewType | TileBufType, pipe_handle: Value, split: int, *, addr: Scalar | int | None = None
) -> TensorView | Tile:
    """Declare an entry of type `tile_type`, a TensorType or, of a FIFO of tiles, a TileBufType, and pop into it.

    `addr` is where a tile lies until then, which nothing depends on: a pop places it.
    """
    entry: TensorView | Tile
    if isinstance(tile_type, TileBufType):
        entry = declare_tile(tile_type) if addr is None else alloc_tile(tile_type, addr=addr)
    elif addr is not None:
        fail("addr= is of a tile; an entry in GM lies where its slot lies")
    else:
        entry = TensorView(emit(lambda: DeclareGlobalOp(tile_type)).result)
    tpop_into(entry, pipe_handle, split)
    return entry


def tfree(pipe_handle: Value, split: int, *, entry: Value | None = None) -> None:
    """Tell the producer that the loads from `entry` are done; by default the entry last popped from the FIFO.

    The slots of a FIFO of tiles are free once they have been loaded; `entry` may be the tile.
    """
    handle = ssa_of(pipe_handle, "pipe_handle", FifoHandle)
    opened = handle.owner
    if isinstance(opened, InitializeL2G2LPipeOp) and opened.of_tiles:
        if entry is not None:
            ssa_of(entry, "entry", Tile)
        emit(lambda: TFreeOp(None, handle, split))
        return
    if entry is None:
        popped = [use.operation for use in handle.uses if isinstance(use.operation, TPopOp)]
        visible = [op.entry for op in popped if current_scope().sees(op.entry)]
        if not visible:
            fail("tfree without entry= needs a tpop on the same pipe before it")
        entry = TensorView(visible[0])  # xDSL lists the newest use first.
    _fifo(TFreeOp, entry, pipe_handle, split)
