"""Cycles of a core for one Q block and for each further one, at any S1: recorded where there is a trace, else
extrapolated.

The steady state repeats: slots are handed back every 4 of 8, the ring of rescale factors has 3 or 4 entries, so the
pattern of waits comes back after PERIOD tiles at the latest. What one period takes late in the trace is what each
further one takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from isa.pipes import Kind
from sim.timeline.program import TimedProgram
from sim.timeline.times import Scale, Timeline, timeline

PERIOD = math.lcm(4, 8, 3)
"""Tiles after which the steady state has come back whatever the ring: lcm of frees, slots and rings of 3 and 4."""

EPILOGUE_TILES = 8
"""Tiles at the end of a block that may not be steady: more than QK_PRELOAD, and a turn of the FIFO."""

CONTENTION_STEP = 0.05
"""Contention is computed at multiples of this and interpolated: a fit asks for hundreds of nearby values."""


class TooShort(ValueError):
    """A trace does not say what its kernel takes for an S1; the message says what is needed."""


@dataclass(frozen=True)
class Measured:
    """What a walk says of a trace: cycles, and cycles per further tile of its last block (None: too short to tell)."""

    cycles: float
    per_tile: float | None


def measure(run: Timeline, blocks: int) -> Measured:
    """Return the cycles of `run`, a trace of `blocks` Q blocks, and what a further tile of S1 would take per block."""
    pops = _tile_times(run)
    last = len(pops) - 1 - EPILOGUE_TILES
    first = last - PERIOD
    # The period must lie in the last Q block, and not in what it begins with.
    if first < len(pops) - len(pops) // blocks + EPILOGUE_TILES:
        return Measured(run.cycles, None)
    return Measured(run.cycles, (pops[last] - pops[first]) / PERIOD)


def _tile_times(run: Timeline) -> list[float]:
    """Return when the cube core has got each tile of probabilities: once per tile and block."""
    # Core 0 is the cube: blocks_of puts it first.
    return [stamp.time for stamp in run.arrivals if stamp.core == 0 and stamp.kind == Kind.TPOP]


@dataclass(frozen=True)
class BlockTimes:
    """The two traces of a kernel at one S1: one Q block on a core, and perhaps two in turn."""

    one: TimedProgram
    two: TimedProgram | None = None
    lanes: int = 1
    """Q blocks that take turns: what is called one block here is a pass over K and V for so many."""
    _known: dict[tuple[int, float], Measured] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check that the two traces belong together. Raises ValueError."""
        if self.two and (self.two.pushes, self.two.tile_columns) != (2 * self.one.pushes, self.one.tile_columns):
            raise ValueError(
                f"the second trace has {self.two.pushes} tiles of {self.two.tile_columns}, the first {self.one.pushes} "
                f"of {self.one.tile_columns}: the second must be two Q blocks in turn of the same kernel and S1, so "
                "twice as many"
            )

    @property
    def s1(self) -> int:
        """Rows of K and V of the traces."""
        return self.one.pushes * self.one.tile_columns // self.lanes

    def cycles(self, s1: int, scale: Scale) -> tuple[float, float]:
        """Return (cycles of the first Q block of a core, cycles of each further one) for `s1` rows of K and V.

        Without a trace of two blocks a further one takes as long as the first.

        Raises:
            TooShort: `s1` is not that of the traces, and they are too short to extrapolate from, or do not tell it.
        """
        first = self._at(1, s1, scale)
        return first, self._at(2, s1, scale) - first if self.two else first

    def _at(self, blocks: int, s1: int, scale: Scale) -> float:
        # Slow-down is one factor on all there is, so the walk is made without it and its cycles are multiplied.
        low = math.floor(scale.contention / CONTENTION_STEP)
        weight = scale.contention / CONTENTION_STEP - low
        return scale.slowdown * (
            self._grid(blocks, low, s1) * (1 - weight) + (self._grid(blocks, low + 1, s1) * weight if weight else 0.0)
        )

    def _grid(self, blocks: int, step: int, s1: int) -> float:
        program = self.two if blocks == 2 else self.one
        assert program is not None
        # One walk serves every S1: these differ by whole tiles.
        known = self._known.get((blocks, step))
        if known is None:
            known = measure(timeline(program, Scale(contention=step * CONTENTION_STEP)), blocks)
            self._known[blocks, step] = known
        if not program.tile_columns:
            raise TooShort("the trace has no FIFO from cube to vector, so it does not tell its tiles, nor its S1")
        further, rest = divmod(s1 - self.s1, program.tile_columns)
        if rest:
            raise TooShort(f"s1 = {s1} is not a multiple of {program.tile_columns}, the tile of the trace")
        if not further:
            return known.cycles
        if known.per_tile is None:
            needed = (PERIOD + 2 * EPILOGUE_TILES + 1) * program.tile_columns
            hint = ". Or is it a trace of two Q blocks? Those come second" if 2 * s1 == self.s1 else ""
            raise TooShort(
                f"s1 = {s1} cannot be extrapolated from a trace of s1 = {self.s1}: record {s1}, or at least "
                f"{needed}{hint}"
            )
        return known.cycles + blocks * self.lanes * further * known.per_tile
