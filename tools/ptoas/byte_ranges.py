"""Which bytes of which buffer a tile value stands for, after memory planning."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ptodsl import dialect as pto
from tools.ptoas.plan_memory import MemoryPlan
from tools.ptoas.tile_fifos import ring_of
from tools.ptoas.tile_sources import direct_sources


@dataclass(frozen=True)
class ByteRange:
    """Bytes `[start, end)` of an on-chip buffer (UB, L1, L0A, L0B, L0C, BT)."""

    buffer: str
    start: int
    end: int

    def overlaps(self, other: ByteRange) -> bool:
        """Whether there is a byte in both."""
        return self.buffer == other.buffer and self.start < other.end and other.start < self.end


class ByteRanges:
    """Byte ranges of tile values under a memory plan; answers are remembered."""

    def __init__(self, plan: MemoryPlan) -> None:
        self._plan = plan
        self._known: dict[SSAValue, tuple[ByteRange, ...]] = {}

    def of(self, tile: SSAValue) -> tuple[ByteRange, ...]:
        """All bytes that an operation on `tile` may touch, sorted and disjoint.

        A window (`pto.subview`) at a constant place has one range per row; at a place known at run time only, it may be
        anywhere in its source. A tile that a loop or an if selects may be any of its sources.

        Raises:
            OperationError: the tile comes from somewhere that has no known bytes, such as a function argument.
        """
        if tile not in self._known:
            self._known[tile] = self._find(tile)
        return self._known[tile]

    def origin(self, tile: SSAValue) -> int | None:
        """Byte offset of the tile's first element in its buffer; None where it is known at run time only."""
        match tile.owner:
            case pto.AllocationOp() as op:
                return self._plan.address(op)
            case pto.TReshapeOp() as op:
                return self.origin(op.src)
            case pto.MultiTileGetOp() | pto.SubviewOp() as op:
                start, offset = self.origin(op.source), _offset(op)
                return None if start is None or offset is None else start + offset
            case _:
                return None

    def _find(self, tile: SSAValue) -> tuple[ByteRange, ...]:
        if isinstance(tile.owner, pto.TPopTileOp):
            return self._ring(tile.owner)
        start = self.origin(tile)
        return self._union(tile) if start is None else self.at(tile, start)

    def _ring(self, op: pto.TPopTileOp) -> tuple[ByteRange, ...]:
        """The whole ring that the tile is somewhere in."""
        ring = None if op.fifo is None else ring_of(op.fifo, op.way)
        assert ring is not None
        start = self._plan.address(ring)
        return (ByteRange(ring.loc.buffer.name, start, start + ring.byte_size),)

    @staticmethod
    def at(tile: SSAValue, start: int) -> tuple[ByteRange, ...]:
        """The bytes of a tile if its first element is at byte `start` of its buffer, sorted and disjoint."""
        ty = tile.type
        assert isinstance(ty, pto.TileBufType | pto.MultiTileBufType)
        buffer = ty.loc.buffer.name
        if not isinstance(tile.owner, pto.SubviewOp):
            return (ByteRange(buffer, start, start + ty.byte_size),)
        assert isinstance(ty, pto.TileBufType)
        # A valid size of run time is at most the whole.
        rows, cols = (
            size if valid == pto.DYNAMIC else valid for size, valid in zip(ty.shape, ty.valid_shape, strict=True)
        )
        size = pto.element_bytes(ty.dtype)
        distance, width = pto.row_distance(tile) * size, cols * size
        return _merge([ByteRange(buffer, at, at + width) for at in range(start, start + rows * distance, distance)])

    def _union(self, tile: SSAValue) -> tuple[ByteRange, ...]:
        """Ranges of everything that `tile` may stand for, loops included."""
        seen, todo = {tile}, list(direct_sources(tile))
        ranges: list[ByteRange] = []
        while todo:
            source = todo.pop()
            # A tile that goes round a loop leads back to itself.
            if source in seen:
                continue
            seen.add(source)
            if self.origin(source) is None and not isinstance(source.owner, pto.TPopTileOp):
                todo.extend(direct_sources(source))
            else:
                ranges.extend(self.of(source))
        return _merge(ranges)


def _offset(op: pto.MultiTileGetOp | pto.SubviewOp) -> int | None:
    """Bytes from the first element of the source to that of the tile; None where it is known at run time only."""
    if isinstance(op, pto.MultiTileGetOp):
        chosen, number = op.result.type, pto.checks.constant_int(op.index)
        assert isinstance(chosen, pto.TileBufType)
        return None if number is None else number * chosen.byte_size
    ty = op.source.type
    assert isinstance(ty, pto.TileBufType)
    row, col = (pto.checks.constant_int(offset) for offset in op.offsets)
    return (
        None if row is None or col is None else (row * pto.row_distance(op.source) + col) * pto.element_bytes(ty.dtype)
    )


def _merge(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    """Sorted ranges, overlapping and adjacent ones joined."""
    merged: list[ByteRange] = []
    for item in sorted(set(ranges), key=lambda item: (item.buffer, item.start, item.end)):
        last = merged[-1] if merged else None
        if last is not None and last.buffer == item.buffer and item.start <= last.end:
            merged[-1] = ByteRange(last.buffer, last.start, max(last.end, item.end))
        else:
            merged.append(item)
    return tuple(merged)
