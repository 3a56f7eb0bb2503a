"""Buffers that take turns: several tiles of one type, and arrays of event ids for flags that are placed by hand."""

from __future__ import annotations

from ptodsl.dialect import (
    AllocMultiTileOp,
    DeclareEventIdArrayOp,
    EventIdArrayGetOp,
    EventIdArraySetOp,
    MultiTileBufType,
    MultiTileGetOp,
)
from ptodsl.errors import fail
from ptodsl.memory import Size, allocation_operands
from ptodsl.scope import emit
from ptodsl.values import Scalar, Tile, Value, as_index, ssa_of


class MultiTile(Value):
    """Several tiles of one type in an on-chip buffer; `tiles[i]` is one of them."""

    def __getitem__(self, index: Scalar | int) -> Tile:
        """Return tile number `index`, from 0 to the count - 1. One that is known at run time is not checked."""
        return multi_tile_get(self, index)


class EventIdArray(Value):
    """Event ids that are chosen by a number: `ids[i]`, `ids[i] = id`."""

    def __getitem__(self, index: Scalar | int) -> Scalar:
        """Return the event id at a place."""
        operands = self.ssa, as_index(index, "index")
        return Scalar(emit(lambda: EventIdArrayGetOp(*operands)).result)

    def __setitem__(self, index: Scalar | int, event_id: Scalar | int) -> None:
        """Put an event id, 0 to 7, at a place."""
        operands = self.ssa, as_index(index, "index"), as_index(event_id, "event_id")
        emit(lambda: EventIdArraySetOp(*operands))


def alloc_multi_tile(
    multi_tile_type: MultiTileBufType,
    *,
    addr: Scalar | int | None = None,
    valid_row: Size | None = None,
    valid_col: Size | None = None,
) -> MultiTile:
    """Return several tiles, one behind the other in their on-chip buffer; otherwise as `alloc_tile`."""
    if not isinstance(multi_tile_type, MultiTileBufType):
        fail(f"alloc_multi_tile needs a MultiTileBufType, not {multi_tile_type!r}")
    operands = allocation_operands(addr, valid_row, valid_col)
    return MultiTile(emit(lambda: AllocMultiTileOp(multi_tile_type, **operands)).result)


def multi_tile_get(tiles: Value, index: Size) -> Tile:
    """Return tile number `index` of several; also written `tiles[index]`."""
    operands = ssa_of(tiles, "tiles", MultiTile), as_index(index, "index")
    return Tile(emit(lambda: MultiTileGetOp(*operands)).result)


def declare_eventid_array(size: int) -> EventIdArray:
    """Return an array of `size` event ids, which have no value before they are set."""
    if size < 1:
        fail(f"an array of event ids has a whole number of them, at least 1, not {size!r}")
    return EventIdArray(emit(lambda: DeclareEventIdArrayOp(size)).result)
