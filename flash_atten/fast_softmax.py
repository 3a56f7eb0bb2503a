"""Softmax and accumulation of one logical tile in the fast schedule, as operations with times.

With x the scores of a vector core's rows and m, l, o their running maximum, sum and output, per tile:

    m' = max(m, rowmax x);  p = exp((x - m') / sqrt(HEAD));  e = exp((m - m') / sqrt(HEAD));  l = l e + rowsum p
    o = o e + p v                                              (qk_preload logical tiles later)

m starts as NO_MAXIMUM and l and o as 0, so the first tile is like the others: its e is exactly 0.

V needs a barrier between operations that depend on each other, and a barrier waits for the last result of all before
it. So operations have times; those of one time do not depend on each other and share the barrier behind them. Each row
slice begins SLICE_SKEW after the one before it, across tiles too: the last steps of a tile's last slice run in the
times of the next tile's first. A row reduction ends with a barrier of its own, so at each time it comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from flash_atten.config import HEAD, SCALE, KernelConfig
from flash_atten.kernel_parts import allocate, allocate_one
from flash_atten.kernel_vector import (
    ScoreBuffers,
    VectorCore,
    load_following_scores,
    load_scores,
    store_probabilities,
)
from flash_atten.memory import SCORE_BUFFERS, TileDecl, VectorTiles, output_parts
from flash_atten.pipeline import Slot, dispatch_ring
from ptodsl import pto, tile
from ptodsl.dialect import TileBufType
from ptodsl.values import Tile

NO_MAXIMUM = -3e38
"""A maximum that every score exceeds: near the end of fp32. exp((NO_MAXIMUM - m) / sqrt(HEAD)) is 0 for any m."""

SLICE_SKEW: Mapping[int, int] = {4: 4, 2: 2}
"""By tile factor: times from a row slice of a tile to the next one."""

SUM_STEP = 5
"""Times from a row slice's first operation to its last."""

TILE_PERIOD: Mapping[int, int] = {4: 16, 2: 8}
"""By tile factor: times from a tile to the next one. Operations with later times run among the next tile's."""

ACCUMULATE_AT: Mapping[int, Sequence[tuple[int, int]]] = {4: ((1, 2),), 2: ((1, 3), (5, 6))}
"""By tile factor and part of the output: the times of its rescaling and of its addition.

Rescaling works in the library's scratch, as the subtraction of the maximum does, so the two have different times.
"""


class Rank(IntEnum):
    """The order of operations at one time."""

    FIRST = 0
    """What waits for V to run empty whatever stands before it: best where that has just happened."""
    WORK = 1
    SMALL = 2
    """On one value per row."""
    REDUCTION = 3
    """Ends with a barrier of its own: the one behind this time then costs nothing."""
    LOAD = 4
    """Into a buffer that the operations before it were the last to use."""


@dataclass(frozen=True)
class Timed:
    """An operation, with what belongs to it, and when in its tile's time."""

    time: int
    rank: Rank
    emit: Callable[[], None]


@dataclass(frozen=True)
class RowState:
    """One value per row of a vector core's half of a Q block, under all the shapes that operations want."""

    flat: Tile
    """[1, rows]: element-wise operations on all rows cost one repeat."""

    slices: tuple[Tile, ...]
    """[rows, 1] of each row slice."""

    parts: tuple[Tile, ...]
    """[rows, 1] of each part of the output."""

    @classmethod
    def allocate(cls, decl: TileDecl, parts: int) -> tuple[RowState, ...]:
        """Allocate what `decl` declares, [row slices, rows of a slice], for an output in `parts`."""
        __tracebackhide__ = True
        return tuple(cls.of(whole, decl.rows, decl.cols, parts) for whole in allocate(decl))

    @classmethod
    def of(cls, whole: Tile, slices: int, rows: int, parts: int) -> RowState:
        """Name the parts of `whole`, [slices, rows]."""

        def columns(count: int) -> tuple[Tile, ...]:
            each = slices // count
            column = TileBufType.of((each * rows, 1), pto.float32, "vec", blayout="col_major", slayout="none_box")
            return tuple(
                tile.reshape(column, tile.subview(whole, [each * number, 0], [each, rows])) for number in range(count)
            )

        flat = TileBufType.of((1, slices * rows), pto.float32, "vec")
        return cls(tile.reshape(flat, whole), columns(slices), columns(parts))


@dataclass(frozen=True)
class FastVectorBuffers(ScoreBuffers):
    """A vector core's tiles; output per lane and part, row_max and row_sum per lane, rescale per slot of the ring."""

    output: tuple[tuple[Tile, ...], ...]
    row_max: tuple[RowState, ...]
    row_sum: tuple[RowState, ...]
    inverse_sum: tuple[RowState, ...]
    rescale: tuple[RowState, ...]
    new_max: RowState
    tile_max: RowState
    tile_sum: RowState
    exponent: RowState
    factor: RowState

    @classmethod
    def allocate(cls, config: KernelConfig) -> FastVectorBuffers:
        """Allocate what is declared for `config`."""
        tiles, parts = VectorTiles.of(config), output_parts(config)
        output = allocate(tiles.output)

        def row_states(decl: TileDecl) -> tuple[RowState, ...]:
            return RowState.allocate(decl, parts)

        return cls(
            scores=allocate(tiles.scores),
            reduce_scratch=allocate_one(tiles.reduce_scratch),
            probabilities=allocate_one(tiles.probabilities),
            pv=allocate(tiles.pv),
            output=tuple(output[first : first + parts] for first in range(0, len(output), parts)),
            row_max=row_states(tiles.row_max),
            row_sum=row_states(tiles.row_sum),
            inverse_sum=row_states(tiles.inverse_sum),
            rescale=row_states(tiles.rescale),
            new_max=row_states(tiles.new_max)[0],
            tile_max=row_states(tiles.tile_max)[0],
            tile_sum=row_states(tiles.tile_sum)[0],
            exponent=row_states(tiles.exponent)[0],
            factor=row_states(tiles.factor)[0],
        )


@dataclass(frozen=True)
class Turn(VectorCore):
    """A logical tile on a vector core: its lane, and where its rescale factor is in the ring."""

    buffers: FastVectorBuffers
    lane: int
    ring: Sequence[RowState]
    """The lane's slots."""

    slot: Slot
    """The tile's own."""

    def with_rescale(self, body: Callable[[RowState], None]) -> None:
        """Emit `body` on the tile's slot of the ring; only that is in branches."""
        dispatch_ring(self.slot, len(self.ring), lambda known: body(self.ring[known]))


def emit(turn: Turn, trail: Turn | None, before: Turn | None, more: Sequence[Timed] = ()) -> None:
    """Emit the softmax of `turn`, the accumulation of `trail`, what the softmax of `before` has left, and `more`.

    PV is loaded before the second slice of scores, whose load waits for a buffer.
    """
    period = TILE_PERIOD[turn.config.tile_factor]
    operations = [*more, *(operation for operation in softmax_operations(turn) if operation.time < period)]
    if before is not None:
        operations += left_over(before)
    turn.fifos.qk.pop()
    load_scores(turn, 0)
    if trail is not None:
        take_pv(trail)
        operations += accumulate_operations(trail)
    for row_slice in range(1, SCORE_BUFFERS):
        free_at = summed_at(turn.config, turn.config.tile_factor - SCORE_BUFFERS + row_slice) - period
        if before is None or free_at < 0:
            load_scores(turn, row_slice)
        else:
            operations.append(Timed(free_at, Rank.LOAD, partial(load_scores, turn, row_slice)))
    if trail is not None:
        finish_pv(trail)
    in_order(operations)


def summed_at(config: KernelConfig, row_slice: int) -> int:
    """Return the time of the last operation on the scores of a row slice."""
    return SLICE_SKEW[config.tile_factor] * row_slice + SUM_STEP


def finish(turn: Turn) -> None:
    """Emit what the softmax of `turn` has left, where no other softmax follows."""
    in_order(left_over(turn))


def accumulate(trail: Turn) -> None:
    """Emit the accumulation of a tile by itself."""
    take_pv(trail)
    finish_pv(trail)
    in_order(accumulate_operations(trail))


def in_order(operations: Sequence[Timed]) -> None:
    """Emit operations in the order of time and rank."""
    for operation in sorted(operations, key=lambda operation: (operation.time, operation.rank)):
        operation.emit()


def left_over(turn: Turn) -> list[Timed]:
    """Return the operations of a softmax that run in the time of the next one, with its times."""
    period = TILE_PERIOD[turn.config.tile_factor]
    late = [operation for operation in softmax_operations(turn) if operation.time >= period]
    return [Timed(operation.time - period, operation.rank, operation.emit) for operation in late]


def softmax_operations(turn: Turn) -> list[Timed]:
    """Return all operations of a tile's softmax."""
    slices, skew = turn.config.tile_factor, SLICE_SKEW[turn.config.tile_factor]
    operations = [operation for number in range(slices) for operation in slice_operations(turn, number, skew * number)]
    return operations + rescale_operations(turn, skew * (slices - 1) + 2)


def slice_operations(turn: Turn, row_slice: int, at: int) -> list[Timed]:
    """Return the operations of a row slice, from time `at` on; each depends on the one before it.

    The new maximum is computed for all rows each time, since a whole repeat costs less than a part of one. What it says
    of later slices is not used before they have had their turn.
    """
    buffers = turn.buffers
    scores, scratch = buffers.scores[row_slice % SCORE_BUFFERS], buffers.reduce_scratch
    row_max, tile_max, new_max = buffers.row_max[turn.lane], buffers.tile_max, buffers.new_max

    def sum_up() -> None:
        tile.row_sum(scores, scratch, buffers.tile_sum.slices[row_slice])
        load_following_scores(turn, row_slice)

    return [
        Timed(at, Rank.REDUCTION, lambda: tile.row_max(scores, scratch, tile_max.slices[row_slice])),
        Timed(at + 1, Rank.WORK, lambda: tile.max(row_max.flat, tile_max.flat, new_max.flat)),
        Timed(at + 2, Rank.WORK, lambda: tile.row_expand_sub(scores, new_max.slices[row_slice], scores)),
        Timed(at + 3, Rank.WORK, lambda: tile.muls(scores, SCALE, scores)),
        Timed(at + 4, Rank.WORK, lambda: tile.exp(scores, scores)),
        Timed(at + SUM_STEP, Rank.WORK, lambda: store_probabilities(turn, row_slice)),
        Timed(at + SUM_STEP, Rank.REDUCTION, sum_up),
    ]


def rescale_operations(turn: Turn, at: int) -> list[Timed]:
    """Return the operations on one value per row, for all slices at once, from when the maximum is final on."""
    buffers = turn.buffers
    row_max, row_sum = buffers.row_max[turn.lane].flat, buffers.row_sum[turn.lane].flat
    new_max, exponent = buffers.new_max.flat, buffers.exponent.flat
    return [
        Timed(at, Rank.SMALL, lambda: tile.sub(row_max, new_max, exponent)),
        Timed(at + 1, Rank.SMALL, lambda: tile.muls(exponent, SCALE, exponent)),
        Timed(at + 1, Rank.SMALL, lambda: tile.mov(new_max, row_max)),
        Timed(at + 2, Rank.SMALL, lambda: tile.exp(exponent, exponent)),
        Timed(at + 3, Rank.SMALL, lambda: turn.with_rescale(lambda slot: tile.mov(exponent, slot.flat))),
        Timed(at + 3, Rank.SMALL, lambda: tile.mul(row_sum, exponent, row_sum)),
        Timed(at + 4, Rank.SMALL, lambda: tile.add(row_sum, buffers.tile_sum.flat, row_sum)),
    ]


def restart_operations(turn: Turn) -> list[Timed]:
    """Return the operations that put a lane's maximum and sum to their start, while its output is still accumulated.

    What the lane's last softmax has left for the times of this one is done by the time that the sum is inverted.
    """
    row_max, row_sum = turn.buffers.row_max[turn.lane].flat, turn.buffers.row_sum[turn.lane].flat
    one, inverse = inverse_steps(turn.buffers, turn.lane)
    return [
        Timed(0, Rank.SMALL, lambda: tile.expands(NO_MAXIMUM, row_max)),
        Timed(2, Rank.SMALL, one),
        Timed(3, Rank.SMALL, inverse),
        Timed(4, Rank.SMALL, lambda: tile.expands(0.0, row_sum)),
    ]


def inverse_steps(buffers: FastVectorBuffers, lane: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return the two operations that leave 1 / row sum of a lane.

    By a division and not by TRECIP, which is rougher. To multiply the output costs V half of what to divide it would,
    and the inverse is there before the last PV is.
    """
    inverse, row_sum = buffers.inverse_sum[lane].flat, buffers.row_sum[lane].flat
    return lambda: tile.expands(1.0, inverse), lambda: tile.div(inverse, row_sum, inverse)


def accumulate_operations(trail: Turn) -> list[Timed]:
    """Return the operations that rescale the output and add PV, part by part."""
    buffers = trail.buffers

    def rescale(part: int) -> None:
        output = buffers.output[trail.lane][part]
        tile.row_expand_mul(output, buffers.factor.parts[part], output)

    def add(part: int) -> None:
        output = buffers.output[trail.lane][part]
        tile.add(output, buffers.pv[part], output)

    operations = []
    for part, (rescale_at, add_at) in enumerate(ACCUMULATE_AT[trail.config.tile_factor]):
        operations.append(Timed(rescale_at, Rank.FIRST, partial(rescale, part)))
        operations.append(Timed(add_at, Rank.WORK, partial(add, part)))
    return operations


def take_pv(trail: Turn) -> None:
    """Take the tile's factor out of the ring and the first part of its PV out of the FIFO."""
    trail.with_rescale(lambda slot: tile.mov(slot.flat, trail.buffers.factor.flat))
    trail.fifos.pv.pop()
    load_pv(trail, 0)


def load_pv(trail: Turn, part: int) -> None:
    """Load a part of PV."""
    pv, rows = trail.fifos.pv, trail.config.vec_rows // output_parts(trail.config)
    pto.load(pv.part(part * rows, rows, 0, HEAD), trail.buffers.pv[part])


def finish_pv(trail: Turn) -> None:
    """Load what is left of PV; then its slot is free."""
    for part in range(1, output_parts(trail.config)):
        load_pv(trail, part)
    trail.fifos.pv.free()
