"""Timelines of Flash Attention libraries in trace mode: what is short is recorded, what is long extrapolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flash_atten.config import S0, LaunchShape
from sim.record import TRACE_SUFFIX, TraceLibrary
from sim.timeline.blocks import EPILOGUE_TILES, PERIOD, BlockTimes
from sim.timeline.origins import Origin, read_origins
from sim.timeline.program import TimedProgram, timed_program

RECORDED_TILES = PERIOD + 3 * EPILOGUE_TILES
"""Tiles that are recorded of a longer S1: a period of the steady state, and what comes before and after it."""


@dataclass(frozen=True)
class RecordedKernel:
    """A trace library, and what its block costs; traces are recorded once."""

    library: TraceLibrary
    free_batch: int | None = None
    """Slots that a FIFO hands back at a time; None: what the device's library does."""
    _programs: dict[tuple[int, int], TimedProgram] = field(default_factory=dict, compare=False, repr=False)
    _blocks: dict[tuple[int, bool], BlockTimes] = field(default_factory=dict, compare=False, repr=False)

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
        path = self.library.path
        return read_origins(path.with_name(path.name.removesuffix(TRACE_SUFFIX) + ".origins.json"))

    def recorded_s1(self, s1: int) -> int:
        """Return the rows of K and V that are recorded to tell what `s1` costs."""
        return min(s1, RECORDED_TILES * self.library.config.s1_tile)

    def program(self, blocks: int, s1: int) -> TimedProgram:
        """Return a core's work on `blocks` Q blocks in turn, with costs.

        Raises:
            ValueError: the kernel cannot run the shape.
            KernelError: it fails.
        """
        key = blocks, s1
        if key not in self._programs:
            trace = self.library.record(LaunchShape(blocks * S0, s1), block_dim=1).trace
            self._programs[key] = timed_program(trace, self.free_batch)
        return self._programs[key]

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes:
        """Return what Q blocks cost for `s1`; with `several` the cost of a further one is recorded, too.

        Raises:
            ValueError: the kernel cannot run the shape.
            KernelError: it fails.
        """
        LaunchShape(S0, s1).check(self.library.config)
        recorded = self.recorded_s1(s1)
        key = recorded, several
        if key not in self._blocks:
            # Kept, because BlockTimes remembers what it has walked.
            self._blocks[key] = BlockTimes(self.program(1, recorded), self.program(2, recorded) if several else None)
        return self._blocks[key]
