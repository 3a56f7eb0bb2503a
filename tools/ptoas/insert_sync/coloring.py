"""Which flags may have one event id: those that are never set at the same time, in program order and in time.

A flag is a counter of one: it must be waited for before it is set again. In program order that is a matter of where
sets and waits stand; in time, whoever sets the flag must know that the wait for the other one is over.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum

from isa.pipes import Pipe
from tools.ptoas.insert_sync.analysis import union
from tools.ptoas.insert_sync.nodes import Block, number_gaps, outwards
from tools.ptoas.insert_sync.options import Scope
from tools.ptoas.insert_sync.program import OwnIds, Program
from tools.ptoas.insert_sync.syncs import Flag, Frame, Turn
from tools.ptoas.insert_sync.timing import OUTSIDE, Timing

Span = tuple[int, int]

# The order within a gap (see `Gap`), and the distance between gaps that leaves room for it.
_DRAIN, _EARLY_SET, _EARLY_WAIT, _SET, _WAIT, _LATE_SET, _PRIME, _STEP = range(8)

_SET_ORDER = {Turn.EARLY: _EARLY_SET, Turn.NORMAL: _SET, Turn.LATE: _LATE_SET}
_WAIT_ORDER = {Turn.EARLY: _EARLY_WAIT, Turn.NORMAL: _WAIT}


def shared_ids(flag: Flag | OwnIds, scope: Scope) -> Hashable:
    """What a flag shares its ids with: the flags for which this is the same."""
    return (flag.src, flag.dst) if scope is Scope.PAIR else flag.src


class Reason(Enum):
    """Why a flag finds no id."""

    ITSELF = "which may be set again before its last wait is over"
    FRAME = "which may be primed again before it is drained"
    IN_TIME = "which may be set before the waits for others with the same id are over"
    CROWD = "since more of them are set at a time than there are ids"


@dataclass(frozen=True, slots=True)
class Failure:
    """A flag without an id, and the flags in its way, by id."""

    flag: Flag
    reason: Reason
    rivals: tuple[tuple[Flag, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A flag that needs ids: when it may be set, and its waits beside the waits that its sets may overtake."""

    flag: Flag
    spans: tuple[Span, ...]
    waits: int
    overtakes: int


@dataclass(slots=True)
class _EventId:
    """One id and the flags that share it."""

    taken: bool = False
    """Whether the program uses it itself."""
    spans: list[Span] = field(default_factory=list)
    """In order; they are apart."""
    tenants: list[_Tenant] = field(default_factory=list)
    waits: int = 0
    overtakes: int = 0

    def meets(self, tenant: _Tenant) -> bool:
        """Whether the flag may meet one that is here in time."""
        # Either of the two may be the one that is set later.
        return bool(tenant.overtakes & self.waits or self.overtakes & tenant.waits)

    def is_apart(self, tenant: _Tenant) -> bool:
        """Whether the flag never meets one that is here in program order."""
        return not self.taken and all(map(self._is_free, tenant.spans))

    def take(self, tenant: _Tenant) -> None:
        """Add a flag."""
        self.waits |= tenant.waits
        self.overtakes |= tenant.overtakes
        self.tenants.append(tenant)
        for span in tenant.spans:
            insort(self.spans, span)

    def rivals(self, tenant: _Tenant, *, in_time: bool) -> tuple[Flag, ...]:
        """The flags here that it may meet, in time or in program order."""
        if in_time:
            return tuple(
                other.flag for other in self.tenants if tenant.overtakes & other.waits or other.overtakes & tenant.waits
            )
        return tuple(
            other.flag for other in self.tenants if any(_overlap(a, b) for a in tenant.spans for b in other.spans)
        )

    def _is_free(self, span: Span) -> bool:
        # The spans are apart, so only the two neighbours can overlap.
        place = bisect_left(self.spans, span)
        return not any(_overlap(span, other) for other in self.spans[max(place - 1, 0) : place + 1])


def _overlap(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


@dataclass(frozen=True, slots=True)
class Relief:
    """What somebody did for a flag that found no id."""

    over: int = 0
    """Waits of which its source knows from there on that they are over, in that block and in those inside of it."""
    host: Flag | None = None
    """The flag that it has become a part of."""


class Coloring:
    """Gives the flags of a program the first ids that fit, in program order."""

    def __init__(self, program: Program, timing: Timing, limit: int, scope: Scope) -> None:
        self._timing = timing
        self._scope = scope
        self._number = number_gaps(program.code)
        self._limit = limit
        self._houses: dict[Hashable, list[_EventId]] = {}
        self._own_ids = program.own_ids
        self._over: dict[tuple[Pipe, int], int] = defaultdict(int)
        """Per source pipe and block, by identity, the waits of which the source knows in there that they are over."""
        self._flags = dict.fromkeys(pair.flag for pair in program.syncs()[0])

    def run(self, relieve: Callable[[Failure], Relief | None]) -> bool:
        """Whether all flags got ids. `relieve` is asked about each that did not, in program order."""
        spans = {flag: _spans(flag, self._number) for flag in self._flags}
        complete = True
        # First fit by the first set: of flags with one span each it takes as few ids as program order allows.
        for flag in sorted(spans, key=lambda flag: spans[flag][0]):
            reason = meets_itself(flag, self._timing)
            if reason is not None:
                relieve(Failure(flag, reason))
                complete = False
                continue
            tenant = self._tenant(flag, spans[flag])
            if not self._house(tenant):
                complete = False
                self._seek_relief(tenant, relieve)
        return complete

    def _ids(self, flag: Flag) -> list[_EventId]:
        """The ids that a flag may have, shared as the scope says."""
        key = shared_ids(flag, self._scope)
        if key not in self._houses:
            taken = {number for own in self._own_ids if shared_ids(own, self._scope) == key for number in own.ids}
            self._houses[key] = [_EventId(number in taken) for number in range(self._limit)]
        return self._houses[key]

    def _tenant(self, flag: Flag, spans: tuple[Span, ...]) -> _Tenant:
        # What is known in a block is known in the blocks inside of it, too.
        blocks = {id(block) for pair in flag.pairs for block in outwards(pair.block)}
        over = union(self._over.get((flag.src, block), 0) for block in blocks)
        return _Tenant(flag, spans, self._timing.waits(flag), self._timing.overtakes(flag) & ~over)

    def _seek_relief(self, tenant: _Tenant, relieve: Callable[[Failure], Relief | None]) -> None:
        flag, ids = tenant.flag, self._ids(tenant.flag)
        relief = relieve(_failure(tenant, ids))
        if relief is None:
            return
        if relief.host is not None:
            # Its pairs are the host's now, whose ids are then taken for its spans, too.
            for event_id in ids[relief.host.event_id : relief.host.event_id + relief.host.ids]:
                event_id.take(tenant)
        elif relief.over:
            self._over[flag.src, id(flag.pairs[0].block)] |= relief.over
            # It gets its id in this round already, so that the flags behind it see that one taken.
            self._house(self._tenant(flag, tenant.spans))

    def _house(self, tenant: _Tenant) -> bool:
        ids, count = self._ids(tenant.flag), tenant.flag.ids
        fits = [event_id.is_apart(tenant) and not event_id.meets(tenant) for event_id in ids]
        # The ids of a flag lie side by side, since the program computes them: first id + pass mod number of ids.
        for first in range(len(ids) - count + 1):
            if all(fits[first : first + count]):
                tenant.flag.event_id = first
                for event_id in ids[first : first + count]:
                    event_id.take(tenant)
                return True
        return False


def _failure(tenant: _Tenant, ids: list[_EventId]) -> Failure:
    apart = [event_id for event_id in ids if event_id.is_apart(tenant)]
    if len(apart) < tenant.flag.ids:
        rivals = tuple(event_id.rivals(tenant, in_time=False) for event_id in ids)
        return Failure(tenant.flag, Reason.CROWD, rivals)
    return Failure(tenant.flag, Reason.IN_TIME, tuple(event_id.rivals(tenant, in_time=True) for event_id in apart))


def meets_itself(flag: Flag, timing: Timing) -> Reason | None:
    """Whether a flag may be set while it is set."""
    rotation = flag.rotation
    if not is_taken_in_time(flag, timing, flag.ids, 0 if rotation is None else rotation.distance):
        return Reason.ITSELF
    # A frame in a loop comes again: its primes must know that the last waits are over, its sets that the drains are.
    if timing.overtakes(flag, OUTSIDE) & timing.waits(flag) or timing.overtakes(flag) & timing.wait_in(flag, OUTSIDE):
        return Reason.FRAME
    return None


def is_taken_in_time(flag: Flag, timing: Timing, ids: int, distance: int) -> bool:
    """Whether each pass knows that the id which it sets was taken, with so many ids and passes from set to wait."""
    copies = timing.copies(flag)
    return not any(
        timing.overtakes(flag, copy) & timing.wait_in(flag, taker)
        for copy in copies
        for taker in copies
        # Copy c sets id c, and the taker waits for id taker - distance, both modulo the ids: others do not meet.
        if (taker - distance - copy) % ids == 0
    )


def _spans(flag: Flag, number: dict[tuple[int, int], int]) -> tuple[Span, ...]:
    """Where, in program order, a flag may be set; one with several ids from the first pass to the last."""

    def at(block: Block, gap: int, order: int) -> int:
        return _STEP * number[id(block), gap] + order

    frame = flag.frame
    if flag.rotation is not None and frame is None:
        frame = Frame.of(flag.pairs[0].block)
    around = [] if frame is None else [at(frame.block, frame.first, _PRIME)]
    behind = [] if frame is None else [at(frame.block, frame.last + 1, _DRAIN)]
    if flag.rotation is not None:
        return tuple(zip(around, behind, strict=True))
    sets = [at(pair.block, pair.set_gap, _SET_ORDER[pair.set_turn]) for pair in flag.pairs]
    waits = [at(pair.block, pair.wait_gap, _WAIT_ORDER[pair.wait_turn]) for pair in flag.pairs]
    # Round a loop a set lasts until the next wait: from the prime to the first wait, from each set to the wait of the
    # pair behind it, from the last set to the drain.
    return tuple(zip([*around, *sorted(sets)], [*sorted(waits), *behind], strict=True))
