"""Which bytes an operation on a tile touches in which pass of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from xdsl.dialects import scf
from xdsl.ir import OpResult, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.insert_sync.series import MOST_SLOTS, Condition, SeriesFinder

Conditions = tuple[Condition, ...]

Origin = tuple[int, Conditions]
"""Byte offset of a tile's first element in its buffer, and when it is that."""


class Slots:
    """Byte ranges of tiles with the conditions under which they are touched; answers are remembered."""

    def __init__(self, ranges: ByteRanges, series: SeriesFinder) -> None:
        self._ranges = ranges
        self._series = series
        self._known: dict[SSAValue, tuple[tuple[ByteRange, Conditions], ...]] = {}

    def of(self, tile: SSAValue) -> tuple[tuple[ByteRange, Conditions], ...]:
        """All bytes that an operation on `tile` may touch."""
        if tile not in self._known:
            self._known[tile] = tuple(self._find(tile))
        return self._known[tile]

    def _find(self, tile: SSAValue) -> Iterator[tuple[ByteRange, Conditions]]:
        origins = self._origins(tile)
        if origins is None or len(origins) == 1:
            yield from ((item, ()) for item in self._ranges.of(tile))
            return
        for start, conditions in origins:
            yield from ((item, conditions) for item in self._ranges.at(tile, start))

    def _origins(self, tile: SSAValue) -> list[Origin] | None:
        """Where a tile may start; None if that is not known to be one of few places."""
        match tile.owner:
            case pto.AllocationOp():
                start = self._ranges.origin(tile)
                return None if start is None else [(start, ())]
            case pto.TReshapeOp() as op:
                return self._origins(op.src)
            case pto.SubviewOp() as op:
                return self._windows(op)
            case pto.MultiTileGetOp() as op:
                return self._chosen(op)
            case scf.IfOp() as op:
                return self._selected(op, tile)
            case _:
                return None

    def _windows(self, op: pto.SubviewOp) -> list[Origin] | None:
        ty = op.source.type
        assert isinstance(ty, pto.TileBufType)
        origins = self._origins(op.source)
        rows, cols = (self._series.choices(offset) for offset in op.offsets)
        # With more places than are told apart the window may be anywhere in its tile.
        if origins is None or rows is None or cols is None or len(origins) * len(rows) * len(cols) > MOST_SLOTS:
            return None
        size = pto.element_bytes(ty.dtype)
        found = [
            (start + (row * ty.shape[1] + col) * size, (*first, *second, *third))
            for (start, first), (row, second), (col, third) in product(origins, rows, cols)
            # A window lies in its tile.
            if row in range(ty.shape[0]) and col in range(ty.shape[1])
        ]
        return found or None

    def _chosen(self, op: pto.MultiTileGetOp) -> list[Origin] | None:
        """One of several tiles."""
        ty = op.source.type
        assert isinstance(ty, pto.MultiTileBufType)
        origins, numbers = self._origins(op.source), self._series.choices(op.index)
        if origins is None or numbers is None:
            return None
        return [
            (start + number * ty.tile.byte_size, (*first, *second))
            for (start, first), (number, second) in product(origins, numbers)
            if number in range(ty.count)
        ]

    def _selected(self, op: scf.IfOp, tile: SSAValue) -> list[Origin] | None:
        """A tile that an if selects."""
        assert isinstance(tile, OpResult)
        found: list[Origin] = []
        for region, condition in zip(op.regions, self._series.branches(op.cond), strict=True):
            terminator = region.block.last_op
            assert terminator is not None
            origins = self._origins(terminator.operands[tile.index])
            if origins is None:
                return None
            known = () if condition is None else (condition,)
            found += [(start, (*conditions, *known)) for start, conditions in origins]
        return found if len(found) <= MOST_SLOTS else None
