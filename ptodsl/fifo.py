"""FIFOs between the cube core and its vector cores.

A producer does talloc, store, tpush; a consumer tpop, load, tfree. `split` says how a slot is divided between the two
vector cores: 0 not at all, 1 upper and lower half, 2 left and right half.
"""

from __future__ import annotations

from math import prod

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
    TPopOp,
    TPushOp,
    element_bytes,
)
from ptodsl.errors import fail
from ptodsl.memory import as_tensor
from ptodsl.scope import current_scope, emit
from ptodsl.values import FifoHandle, Pointer, TensorView, Value, as_indices, ssa_of


def initialize_l2g2l_pipe(
    *,
    dir_mask: int,
    slot_size: int,
    slot_num: int,
    gm_addr: Value,
    local_addr: Value | None = None,
    peer_local_addr: Value | None = None,
    local_slot_num: int | None = None,
    flag_base: int | None = None,
    nosplit: bool | None = None,
) -> FifoHandle:
    """Return the handle of a FIFO; both ends initialise it with the same numbers.

    Args:
        dir_mask: 1 cube to vector, 2 vector to cube.
        slot_size: bytes of a slot.
        slot_num: slots of the ring.
        gm_addr: view of the first slot with element type, rank and sizes of the entries used at this end (half a slot
            on the vector side of a split), or a pointer to the first slot, of the entries' element type. From a pointer
            the view is made here: its sizes are those of the first entry that is used with the handle.
        local_addr: address of local slots; FIFOs of tiles are opened by `aic_initialize_pipe`, so there is none.
        peer_local_addr: the other end's.
        local_slot_num: number of local slots.
        flag_base: first of its two cross-core flags; the assembler numbers the FIFOs of a function that give none.
        nosplit: whether slots are never divided between the vector cores; follows from the operations by default.
    """
    provisional = isinstance(gm_addr, Pointer)
    address = _flat_slot(gm_addr, slot_size).ssa if provisional else ssa_of(gm_addr, "gm_addr")
    local = None if local_addr is None else ssa_of(local_addr, "local_addr")
    peer = None if peer_local_addr is None else ssa_of(peer_local_addr, "peer_local_addr")
    op = emit(
        lambda: InitializeL2G2LPipeOp(
            address,
            dir_mask=dir_mask,
            slot_size=slot_size,
            slot_num=slot_num,
            flag_base=flag_base,
            local_slot_num=local_slot_num,
            nosplit=nosplit,
            local_addr=local,
            peer_local_addr=peer,
        )
    )
    return FifoHandle(op.pipe, provisional=provisional)


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
    shape = as_indices(ty.shape, "shape")
    strides = as_indices([prod(ty.shape[axis + 1 :]) for axis in range(len(ty.shape))], "strides")
    dtype = flat.result.type.dtype
    view = MakeTensorViewOp(flat.ptr, shape, strides, None, TensorViewType.of(ty.shape, dtype))
    view.location = flat.location
    Rewriter.replace_op(flat, view)
    pipe.provisional = False


def _fifo(make: type[FifoOp], entry: object, pipe: object, split: int) -> None:
    operands = ssa_of(entry, "entry", TensorView), ssa_of(pipe, "pipe_handle", FifoHandle)
    if isinstance(pipe, FifoHandle) and pipe.provisional:
        _give_shape(pipe, operands[0])
    emit(lambda: make(*operands, split=split))


def talloc(entry: Value, pipe_handle: Value, split: int) -> None:
    """Bind `entry` to the next slot of the FIFO; waits until the consumer has freed it."""
    _fifo(TAllocOp, entry, pipe_handle, split)


def tpush(tile: Value, pipe_handle: Value, split: int) -> None:
    """Tell the consumer that the stores into the entry `tile`, as pto-dsl calls it, have landed."""
    _fifo(TPushOp, tile, pipe_handle, split)


def tpop_into(entry: Value, pipe_handle: Value, split: int) -> None:
    """Wait for the next slot of the FIFO and bind `entry` to it (on a vector core to its part of it)."""
    _fifo(TPopOp, entry, pipe_handle, split)


def tpop(tile_type: TensorViewType, pipe_handle: Value, split: int) -> TensorView:
    """Declare an entry of type `tile_type`, a TensorType, and pop into it."""
    entry = TensorView(emit(lambda: DeclareGlobalOp(tile_type)).result)
    tpop_into(entry, pipe_handle, split)
    return entry


def tfree(pipe_handle: Value, split: int, *, entry: Value | None = None) -> None:
    """Tell the producer that the loads from `entry` are done; by default the entry last popped from the FIFO."""
    handle = ssa_of(pipe_handle, "pipe_handle", FifoHandle)
    if entry is None:
        popped = [use.operation for use in handle.uses if isinstance(use.operation, TPopOp)]
        visible = [op for op in popped if current_scope().sees(op.entry)]
        if not visible:
            fail("tfree without entry= needs a tpop on the same pipe before it")
        entry = TensorView(visible[-1].entry)
    _fifo(TFreeOp, entry, pipe_handle, split)
