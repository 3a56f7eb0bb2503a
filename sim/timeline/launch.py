"""From cycles of a Q block to microseconds of a launch: waves of blocks over cores, contention, overheads.

Two hypotheses explain the published latencies equally well and cannot be told apart by latencies: traffic of other
cores slows the cube's way to GM, or everything is slowed by one factor. Both are always computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from flash_atten.config import LARGEST_SIZE
from isa.a3 import CUBE_CORES
from isa.costs import CLOCK_GHZ, LAUNCH_US
from sim.timeline.blocks import BlockTimes
from sim.timeline.pairs import PairTimes
from sim.timeline.program import ROWS_PER_BLOCK
from sim.timeline.times import Scale

SATURATED_CORES = 16
"""Active cores from which on a further one slows the others no more. Published: nearly flat to 8 cores, then a step,
and 16 cores in short runs are no faster each than 24 in long ones. Not fitted."""

CHANGE_US = 300.0
"""Microseconds into a launch at which the pace of many cores changes. Published rows do not determine it: from 200 to
500 the fit is the same within 0.1 %. So it is fixed here and not fitted."""

DEFAULT_CORES = CUBE_CORES
"""Cube cores of one die."""


class Hypothesis(Enum):
    """Why a core among many is slower than one alone."""

    CONTENTION = "contention"
    """The cube's loads from GM and stores to GM slow down."""
    SLOWDOWN = "slowdown"
    """Everything does."""

    def scale(self, factor: float, cores: int) -> Scale:
        """Return what `cores` active cores do to each other if `factor` is what many of them do."""
        at = 1 + (factor - 1) * min(1.0, cores / SATURATED_CORES)
        return Scale(contention=at) if self is Hypothesis.CONTENTION else Scale(slowdown=at)


class Timing(Enum):
    """What a published latency contains."""

    EVENT = "event"
    """Device time between two events."""
    SYNC = "sync"
    """Host time around a launch and a synchronisation."""


@dataclass(frozen=True)
class Workload:
    """A launch. Raises ValueError for one that cannot be."""

    q_rows: int
    s1: int
    cores: int = DEFAULT_CORES
    timing: Timing = Timing.EVENT

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 0 < self.q_rows <= LARGEST_SIZE or self.q_rows % ROWS_PER_BLOCK:
            raise ValueError(
                f"q_rows = {self.q_rows} is not possible: give a positive multiple of {ROWS_PER_BLOCK}, at most "
                f"{LARGEST_SIZE}"
            )
        if not 0 < self.s1 <= LARGEST_SIZE:
            raise ValueError(f"s1 = {self.s1} is not possible: give a positive number of rows, at most {LARGEST_SIZE}")
        if self.cores <= 0:
            raise ValueError(
                f"cores = {self.cores} is not possible: give at least 1; a die of an A3 has {DEFAULT_CORES}"
            )

    def units(self, parts: int) -> Workload:
        """Return the work of a kernel that cuts S1 into `parts`: so many more Q blocks, each with a part of S1."""
        return replace(self, q_rows=self.q_rows * parts, s1=self.s1 // parts)

    @property
    def waves(self) -> tuple[tuple[int, int], ...]:
        """Waves of Q blocks, as (how many, active cores of each): full ones, then what is left."""
        full, rest = divmod(self.q_rows // ROWS_PER_BLOCK, self.cores)
        return tuple(wave for wave in ((full, self.cores), (1, rest)) if all(wave))

    @property
    def several(self) -> bool:
        """Whether a core works on more than one Q block."""
        return self.q_rows // ROWS_PER_BLOCK > self.cores

    @property
    def active(self) -> int:
        """Cores that the first wave keeps busy."""
        return self.waves[0][1]


@dataclass(frozen=True)
class Fitted:
    """The numbers that no publication gives, for one hypothesis. Times in microseconds."""

    sync: float
    """What synchronised host timing adds to a launch."""
    early: float
    """Factor at many cores in the first CHANGE_US microseconds of a launch."""
    late: float
    """Factor after them."""


BlockPair = Callable[[Scale], tuple[float, float]]
"""Returns (cycles of the first Q block of a core, cycles of each further one)."""


def microseconds(blocks: BlockTimes | PairTimes, work: Workload, fitted: Fitted, hypothesis: Hypothesis) -> float:
    """Return how long the launch `work` takes.

    Raises:
        TooShort: see `BlockTimes.cycles`.
    """
    busy = at_pace(lambda factor: _busy(blocks, work, factor, hypothesis), fitted)
    return busy + LAUNCH_US + (fitted.sync if work.timing is Timing.SYNC else 0.0)


def at_pace(busy: Callable[[float], float], fitted: Fitted) -> float:
    """Return the microseconds of work that takes `busy(factor)` with one factor at many cores all along.

    What is left of the work when the factor changes goes on at the late pace.
    """
    early = busy(fitted.early)
    # CHANGE_US / early is the share of the work that is done at the change.
    return early if early <= CHANGE_US else CHANGE_US + (1 - CHANGE_US / early) * busy(fitted.late)


def combining_microseconds(combining: BlockPair, work: Workload, fitted: Fitted, hypothesis: Hypothesis) -> float:
    """Return how long the second launch takes that combines the parts of S1 for the Q blocks of `work`.

    It runs at the end of the work, so at the late pace.
    """
    return _core_us(combining, work, fitted.late, hypothesis) + LAUNCH_US


def _busy(blocks: BlockTimes | PairTimes, work: Workload, factor: float, hypothesis: Hypothesis) -> float:
    """Microseconds of the core with most Q blocks."""
    if isinstance(blocks, PairTimes):
        q_blocks = work.q_rows // ROWS_PER_BLOCK
        return blocks.launch(q_blocks, work.cores, work.s1, partial(hypothesis.scale, factor)) / (CLOCK_GHZ * 1e3)
    return _core_us(lambda scale: blocks.cycles(work.s1, scale), work, factor, hypothesis)


def _core_us(pair: BlockPair, work: Workload, factor: float, hypothesis: Hypothesis) -> float:
    """Microseconds of the core with most Q blocks, if these take what `pair` says."""
    cycles = 0.0
    for number, (waves, cores) in enumerate(work.waves):
        # A core goes on from wave to wave without a pause: only its very first Q block has the cost of a first one.
        first, further = pair(hypothesis.scale(factor, cores))
        cycles += waves * further if number else first + (waves - 1) * further
    return cycles / (CLOCK_GHZ * 1e3)
