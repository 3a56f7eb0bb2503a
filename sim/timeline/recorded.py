"""Timelines of Flash Attention libraries in trace mode: what is short is recorded, what is long extrapolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flash_atten.config import S0, KernelConfig, LaunchShape
from flash_atten.described import AttentionKernel, attention_of
from sim.record import Recording, TraceLibrary
from sim.timeline.apart import blocks_apart
from sim.timeline.blocks import EPILOGUE_TILES, PERIOD, BlockTimes
from sim.timeline.origins import Origin, origins_beside
from sim.timeline.pairs import PairTimes
from sim.timeline.program import TimedProgram, timed_program
from sim.timeline.times import Scale, timeline
from tracing.format import Trace

RECORDED_TILES = PERIOD + 3 * EPILOGUE_TILES
"""Tiles that are recorded of a longer S1: a period of the steady state, and what comes before and after it."""


@dataclass(frozen=True)
class RecordedKernel:
    """A trace library, and what its block costs; traces are recorded once."""

    library: TraceLibrary
    free_batch: int | None = None
    """Slots that a FIFO hands back at a time; None: what the device's library does."""
    _programs: dict[tuple[int, int], TimedProgram] = field(default_factory=dict, compare=False, repr=False)
    _blocks: dict[tuple[int, bool], BlockTimes | PairTimes] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, path: Path, free_batch: int | None = None) -> RecordedKernel:
        """Load a trace library. Raises LibraryError."""
        return cls(TraceLibrary(path), free_batch)

    @property
    def name(self) -> str:
        """What the library calls itself."""
        return self.library.info.name

    @cached_property
    def origins(self) -> Mapping[int, Origin]:
        """Where the C++ lines come from, from the file beside the library; empty if there is none."""
        return origins_beside(self.library.path)

    @cached_property
    def attention(self) -> AttentionKernel:
        """What the library says that it is a kernel of. Raises LibraryError if that is not Flash Attention."""
        return attention_of(self.library.kernel)

    @property
    def config(self) -> KernelConfig:
        """Its knobs."""
        return self.attention.config

    @property
    def parts(self) -> int:
        """Parts that the kernel cuts S1 into."""
        return self.config.kv_split

    def recorded_s1(self, s1: int) -> int:
        """Return the rows of K and V of a unit that are recorded to tell what `s1` costs."""
        return min(s1 // self.parts, RECORDED_TILES * self.config.s1_tile)

    def program(self, blocks: int, s1: int) -> TimedProgram:
        """Return a core's work on `blocks` units of `s1` rows of K and V in turn, with costs.

        Raises:
            ValueError: the kernel cannot run the shape.
            KernelError: it fails.
        """
        key = blocks, s1
        if key not in self._programs:
            # A core for each part: then block 0 has one unit of each Q block, as block 0 of an unsplit kernel has.
            launched = self._record(LaunchShape(blocks * S0, s1 * self.parts), self.parts)
            self._programs[key] = timed_program(first_block(launched[0].trace), self.free_batch)
        return self._programs[key]

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes | PairTimes:
        """Return what units of a launch of `s1` cost; with `several` the cost of a further one is recorded, too.

        Raises:
            ValueError: the kernel cannot run the shape.
            KernelError: it fails.
        """
        LaunchShape(S0, s1).check(self.config)
        recorded = self.recorded_s1(s1)
        key = recorded, several
        if key not in self._blocks:
            # Kept, because BlockTimes remembers what it has walked.
            self._blocks[key] = self._times(recorded, several)
        return self._blocks[key]

    def _times(self, s1: int, several: bool) -> BlockTimes | PairTimes:
        if not several:
            return BlockTimes(self.program(1, s1))
        if self.config.lanes == 1:
            return BlockTimes(self.program(1, s1), self.program(2, s1))
        one, two, three, four = (self.program(blocks, s1) for blocks in range(1, 5))
        return PairTimes.of((one, two, three, four))

    def combining(self, scale: Scale) -> tuple[float, float]:
        """Return what combining the parts of S1 costs a core: cycles for one Q block, and for each further one.

        It does not depend on S1. Only for a kernel that splits it. Raises KernelError.
        """
        one, two = (timeline(program, scale).cycles for program in self._combining_programs)
        return one, two - one

    @cached_property
    def _combining_programs(self) -> tuple[TimedProgram, TimedProgram]:
        one, two = (self._record(LaunchShape(blocks * S0, self.config.least_s1), 1)[1] for blocks in (1, 2))
        return timed_program(one.trace), timed_program(two.trace)

    def _record(self, shape: LaunchShape, cores: int) -> list[Recording]:
        return self.library.record_trial(self.attention.trial(shape, cores))


def first_block(trace: Trace) -> Trace:
    """Return what the cores of the first block do; the events of the others stay, unused."""
    return next(blocks_apart(trace))
