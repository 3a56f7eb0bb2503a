"""What the judge says of a launch, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.replay import FindingKind
from sim.vector_repeats import VRule, is_in_time
from tracing.format import Buffer

CONFLICTS = (FindingKind.RAW, FindingKind.WAR, FindingKind.WAW)


@dataclass(frozen=True)
class Site:
    """An event that takes part in a finding."""

    core: str
    """E.g. ``block 0 vec1``."""
    op: str
    pipe: str
    line: int
    """Line of the generated C++."""
    event: int
    """Number of the event in the trace."""
    tile: str
    """Shape and type of the op's tile, e.g. ``32x256 f32``; empty if it has none."""

    def __str__(self) -> str:
        """E.g. ``line 120 TADD 32x256 f32 (V, block 0 vec0)``."""
        tile = f" {self.tile}" if self.tile else ""
        return f"line {self.line} {self.op}{tile} ({self.pipe}, {self.core})"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; occurrences at the same lines are counted.

    Described is the first one, or that with the fewest repeats if there are any.
    """

    kind: FindingKind
    first: Site | None
    """Earlier event of a pair, None if only one event is at fault."""
    second: Site
    buffer: Buffer | None
    """Where the conflicting bytes are, None if the finding is not about bytes."""
    lo: int
    """First conflicting byte: offset in the core's buffer, or GM address."""
    hi: int
    """One past the last conflicting byte."""
    size: int
    """Number of conflicting bytes: less than from `lo` to `hi` if there are others in between."""
    detail: str
    """What the signals lack, for FIFO findings and deadlocks."""
    advice: str
    """How to order the pair, or what to correct."""
    count: int
    repeats: int | None = None
    """For two operations of one V: the fewest repeats that issue from the one access to the other."""

    @property
    def in_time(self) -> bool:
        """Whether the repeat rule needs nothing to order the pair."""
        return is_in_time(self.repeats)


@dataclass(frozen=True)
class Counts:
    """What was checked."""

    blocks: int
    distinct_blocks: int
    """Blocks that differ in more than addresses; the others need no judging of their own."""
    cores: int
    ops: int
    sets: int
    waits: int
    barriers: int
    fifo_events: int
    accesses: int


@dataclass(frozen=True)
class Verdict:
    """Findings, worst first: conflicts in order of the later line, then misuse."""

    findings: tuple[Finding, ...]
    counts: Counts
    v_rule: VRule = VRule.STRICT
    in_time: tuple[Finding, ...] = ()
    """Conflicts within V that only the repeat rule orders, if it was applied."""
    chained: tuple[Finding, ...] = ()
    """Further unordered conflicts: ordering the pairs of `findings` orders them too."""
    warnings: tuple[Finding, ...] = ()
    """Flags whose reuse relies on the hardware holding back the second set; no error by the rules."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def without(self, findings: Sequence[Finding]) -> Verdict:
        """Return the verdict without `findings`."""
        return replace(self, findings=tuple(finding for finding in self.findings if finding not in findings))
