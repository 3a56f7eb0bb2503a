"""A launch of any kernel block by block, and what it takes: the time of its slowest block.

Blocks that do not wait for each other are timed one by one, each among as many active cores as the launch has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from isa.costs import CLOCK_GHZ, LAUNCH_US
from sim.timeline.launch import Fitted, Hypothesis, at_pace
from sim.timeline.program import TimedProgram, timed_program
from sim.timeline.times import Timeline, timeline
from tracing.format import Trace, blocks_of


def blocks_apart(trace: Trace) -> Iterator[Trace]:
    """Yield what the cores of each block do; the events of the others stay, unused."""
    for cores in blocks_of(trace).values():
        yield replace(trace, block_dim=1, cores=tuple(cores))


@dataclass(frozen=True)
class TimedLaunch:
    """The blocks of a launch, with costs."""

    entry: str
    blocks: Sequence[TimedProgram]

    @classmethod
    def of(cls, entry: str, trace: Trace, free_batch: int | None = None) -> TimedLaunch:
        """Give the operations of a trace their costs. Raises TraceError or CostError, as `timed_program`."""
        return cls(entry, [timed_program(block, free_batch) for block in blocks_apart(trace)])

    def slowest(self, hypothesis: Hypothesis, factor: float) -> Timeline:
        """Return the timeline of the block that ends last, if many cores slow each other by `factor`.

        Raises Deadlock.
        """
        scale = hypothesis.scale(factor, len(self.blocks))
        return max((timeline(block, scale) for block in self.blocks), key=lambda run: run.cycles)

    def microseconds(self, hypothesis: Hypothesis, fitted: Fitted) -> float:
        """Return how long the launch takes. Raises Deadlock."""
        # Asked for at both paces: another block may be the slowest at the other.
        busy = at_pace(lambda factor: self.slowest(hypothesis, factor).cycles / (CLOCK_GHZ * 1e3), fitted)
        return busy + LAUNCH_US
