"""Which loops are looked at pass by pass, because their operations take turns with the bytes they touch.

Copies of a loop's body cost time, so a loop gets them only if they tell apart what the synchronisation of different
pipes depends on: bytes that one pipe touches in some passes only, another one, too, and one of the two writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import lcm

from xdsl.dialects import scf

from isa.pipes import Pipe
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.nodes import LoopNode, Phase
from tools.ptoas.insert_sync.series import MOST_SLOTS, Condition, Series, Sign


@dataclass(frozen=True, slots=True)
class Use:
    """A pipe touches bytes under conditions."""

    pipe: Pipe
    bytes: ByteRange
    writes: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """How many copies of a loop's body there are, and which series say what they do."""

    copies: int
    unknown: Sign
    """What the series have in common that is known at run time only: copy 0 is the pass in which they are their
    constants. Nothing, and copy 0 is the first pass."""

    series: Series
    """One of them."""

    @property
    def start(self) -> int | None:
        """The copy that the first pass is."""
        return None if self.unknown else 0

    def passes(self, condition: Condition) -> frozenset[int] | None:
        """The copies in which a condition holds; None if that is not known."""
        series = condition.series
        if series.unknown != self.unknown or self.copies % series.period:
            return None
        # Copy 0 is the pass in which the unknown counts as 0: another pass if step or modulus is another.
        if self.unknown and (series.modulus, series.step) != (self.series.modulus, self.series.step):
            return None
        return series.passes(condition.residues, self.copies)


class Rings:
    """The rings of the loops of one function."""

    def __init__(self, uses: Iterable[Use]) -> None:
        self._rings = dict(_find(uses))

    def of(self, loop: scf.ForOp) -> Ring | None:
        """The ring of a loop, if it has one."""
        return self._rings.get(loop)

    def phases(self, conditions: Iterable[Condition], nodes: dict[scf.ForOp, LoopNode]) -> tuple[Phase, ...]:
        """Conditions as phases of the loops' nodes; those of loops without copies say nothing."""
        phases = []
        for condition in conditions:
            loop = condition.series.loop
            passes = self._rings[loop].passes(condition) if loop in self._rings and loop in nodes else None
            if passes is not None:
                phases.append(Phase(nodes[loop], passes))
        return tuple(phases)


Group = tuple[scf.ForOp, Sign, int, int]
"""Series that are known relative to each other: of one loop, with one unknown and, if there is one, alike."""


@dataclass
class _Turns:
    """Which pipes touch some bytes in which passes, as one group of series tells it."""

    series: Series
    touched: dict[tuple[Pipe, ByteRange, bool], set[int]] = field(default_factory=lambda: defaultdict(set))
    """By pipe, bytes, and whether they are written."""


def _find(uses: Iterable[Use]) -> Iterator[tuple[scf.ForOp, Ring]]:
    """The best group of each loop: one without an unknown if there is one, since its first pass is known."""
    turns: dict[Group, _Turns] = {}
    for use in uses:
        for condition in use.conditions:
            series = condition.series
            group = (series.loop, series.unknown, series.modulus, series.step)
            found = turns.setdefault(group, _Turns(series))
            passes = series.passes(condition.residues, series.period)
            found.touched[use.pipe, use.bytes, use.writes] |= passes
    useful: dict[scf.ForOp, list[Series]] = defaultdict(list)
    for found in turns.values():
        if _tells_pipes_apart(found):
            useful[found.series.loop].append(found.series)
    for loop, several in useful.items():
        known = [series for series in several if not series.unknown]
        copies = 1
        for series in known:
            # A series that would take too many copies is left out: what it tells apart counts as touched in every pass.
            if lcm(copies, series.period) <= MOST_SLOTS:
                copies = lcm(copies, series.period)
        if copies > 1:
            yield loop, Ring(copies, frozenset(), known[0])
            continue
        # The number of the pass is then computed from the value, so the step must have an inverse (`rewrite`).
        whole = [series for series in several if series.period == series.modulus]
        if whole:
            yield loop, Ring(whole[0].period, whole[0].unknown, whole[0])


def _tells_pipes_apart(turns: _Turns) -> bool:
    """Whether a pipe touches bytes in some passes only while another one does so, too, and one of them writes."""
    period = turns.series.period
    uses = list(turns.touched.items())
    for (pipe, item, writes), passes in uses:
        if len(passes) == period:
            continue
        for (other, theirs, also), _ in uses:
            if other is not pipe and (writes or also) and item.overlaps(theirs):
                return True
    return False
