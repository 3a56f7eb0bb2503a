"""FIFOs between the cube core and its vector cores whose entries are tiles.

The consumer reserves a ring on chip and opens its end; the producer imports that ring and opens the other:

    in the vector kernel                                     in the cube kernel
    ring = pto.reserve_buffer(name="f", size=65536,          ring = pto.import_reserved_buffer(name="f",
                              location="VEC")                                                  peer_func="vector")
    pto.aiv_initialize_pipe(dir_mask=1, slot_size=8192,      pto.aic_initialize_pipe(dir_mask=1, slot_size=8192,
        gm_slot_buffer=slots, c2v_consumer_buf=ring, ..)         gm_slot_buffer=slots, c2v_consumer_buf=ring, ..)
    x = pto.tpop_from_aic(TILE, 1)                           pto.tpush_to_aiv(acc, 1)
    pto.tfree_from_aic(1)

`split` says how a slot is divided between the two vector cores: 0 not at all, 1 upper and lower half, 2 left and right.
"""

from __future__ import annotations

from xdsl.ir import SSAValue

from ptodsl.dialect import (
    AicInitializePipeOp,
    AivInitializePipeOp,
    ImportReservedBufferOp,
    Loc,
    ReserveBufferOp,
    TFreeFromAicOp,
    TFreeFromAivOp,
    TFreeTileOp,
    TileBufType,
    TPopFromAicOp,
    TPopFromAivOp,
    TPopTileOp,
    TPushTileOp,
    TPushToAicOp,
    TPushToAivOp,
)
from ptodsl.errors import fail
from ptodsl.module import Function
from ptodsl.scope import emit
from ptodsl.types import int32
from ptodsl.values import Pointer, Scalar, Tile, Value, as_scalar, ssa_of

PLACES = {"VEC": Loc.VEC, "MAT": Loc.MAT}
"""Where a ring may be: in UB, or in L1."""


def reserve_buffer(*, name: str, size: int, location: str, auto_alloc: bool = True, base: int | None = None) -> Scalar:
    """Reserve `size` bytes in UB ("VEC") or L1 ("MAT") for what a FIFO delivers; return their address, i32.

    Without `auto_alloc` they are at byte `base`. The other end finds them by `name`.
    """
    if location.upper() not in PLACES:
        fail(f"location is {location!r}, but must be one of {', '.join(PLACES)}")
    if auto_alloc != (base is None):
        fail("base, the byte offset, is given exactly with auto_alloc=False")
    return Scalar(emit(lambda: ReserveBufferOp(name, size, PLACES[location.upper()], base=base)).address)


def import_reserved_buffer(*, name: str, peer_func: Function | str) -> Scalar:
    """Return the address, i32, of what the function `peer_func` of this module reserves under `name`."""
    peer = peer_func.name if isinstance(peer_func, Function) else peer_func.removeprefix("@")
    return Scalar(emit(lambda: ImportReservedBufferOp(name, peer)).address)


def aic_initialize_pipe(
    *,
    dir_mask: int,
    slot_size: int,
    gm_slot_buffer: Value | None = None,
    c2v_consumer_buf: Scalar | int,
    v2c_consumer_buf: Scalar | int,
    id: int | None = None,
    nosplit: bool | None = None,
) -> None:
    """Open the cube core's end of a FIFO of 8 slots of `slot_size` bytes in GM, from `gm_slot_buffer` on.

    Args:
        dir_mask: 1 cube to vector, 2 vector to cube, 3 a FIFO each way with 4 slots each, the cube's first.
        slot_size: bytes of a slot: of a whole tile, not of a vector core's part.
        gm_slot_buffer: pointer to the first slot.
        c2v_consumer_buf: address of the vector cores' ring; 0 if the FIFO goes the other way.
        v2c_consumer_buf: address of the cube core's ring; 0 if the FIFO goes the other way.
        id: number by which operations of this function name the FIFO, 0 by default.
        nosplit: whether slots are never divided; follows from the operations by default.
    """
    operands = _end_operands(gm_slot_buffer, c2v_consumer_buf, v2c_consumer_buf)
    emit(lambda: AicInitializePipeOp(*operands, dir_mask=dir_mask, slot_size=slot_size, id=id, nosplit=nosplit))


def aiv_initialize_pipe(
    *,
    dir_mask: int,
    slot_size: int,
    gm_slot_buffer: Value | None = None,
    c2v_consumer_buf: Scalar | int,
    v2c_consumer_buf: Scalar | int,
    id: int | None = None,
    nosplit: bool | None = None,
) -> None:
    """Open the vector cores' end of a FIFO; the arguments are those of `aic_initialize_pipe`."""
    operands = _end_operands(gm_slot_buffer, c2v_consumer_buf, v2c_consumer_buf)
    emit(lambda: AivInitializePipeOp(*operands, dir_mask=dir_mask, slot_size=slot_size, id=id, nosplit=nosplit))


def _end_operands(
    slots: Value | None, in_ub: Scalar | int, in_l1: Scalar | int
) -> tuple[SSAValue | None, SSAValue, SSAValue]:
    buffer = None if slots is None else ssa_of(slots, "gm_slot_buffer", Pointer)
    return buffer, as_scalar(in_ub, int32, "c2v_consumer_buf").ssa, as_scalar(in_l1, int32, "v2c_consumer_buf").ssa


def _push(make: type[TPushTileOp], tile: Value, split: int, id: int | None) -> None:
    source = ssa_of(tile, "tile", Tile)
    emit(lambda: make(source, split, id=id))


def tpush_to_aiv(tile: Value, split: int, *, id: int | None = None) -> None:
    """Store an accumulator into the next slot, once it is free, and tell the vector cores."""
    _push(TPushToAivOp, tile, split, id)


def tpush_to_aic(tile: Value, split: int, *, id: int | None = None) -> None:
    """Store this vector core's part into the next slot, once it is free, and tell the cube core."""
    _push(TPushToAicOp, tile, split, id)


def _pop(make: type[TPopTileOp], tile_type: TileBufType, split: int, id: int | None) -> Tile:
    if not isinstance(tile_type, TileBufType):
        fail(f"a popped tile needs a TileBufType, not {tile_type!r}")
    return Tile(emit(lambda: make(tile_type, split, id=id)).result)


def tpop_from_aic(tile_type: TileBufType, split: int, *, id: int | None = None) -> Tile:
    """Return this vector core's part of the next tile from the cube core, in UB. Valid until the ring comes round."""
    return _pop(TPopFromAicOp, tile_type, split, id)


def tpop_from_aiv(tile_type: TileBufType, split: int, *, id: int | None = None) -> Tile:
    """Return the next tile from the vector cores, in L1. Valid until the ring comes round."""
    return _pop(TPopFromAivOp, tile_type, split, id)


def _free(make: type[TFreeTileOp], split: int, id: int | None) -> None:
    emit(lambda: make(split, id=id))


def tfree_from_aic(split: int, *, id: int | None = None) -> None:
    """End the use of the tile last popped; on A3 its slot has been free since it was loaded."""
    _free(TFreeFromAicOp, split, id)


def tfree_from_aiv(split: int, *, id: int | None = None) -> None:
    """End the use of the tile last popped; on A3 its slot has been free since it was loaded."""
    _free(TFreeFromAivOp, split, id)
