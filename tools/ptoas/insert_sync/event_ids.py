"""Event ids: eight flags per ordered pair of pipes, shared by flag pairs that cannot meet.

A flag is a counter of one: it must be waited for before it is set again, in program order and in time. So two pairs
may share an id if their spans do not overlap in program order, and if whoever sets the flag is known to come after
the other's wait. Where the ids run out, a `PIPE_ALL` barrier in front of the consumer takes the place of the pair.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field

from ptodsl.dialect.a3 import EVENT_IDS
from tools.ptoas.insert_sync.analysis import Dataflow, stop_at_hazard
from tools.ptoas.insert_sync.program import Barrier, Flag, Pipe, Program, number_gaps
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.state import State

Span = tuple[int, int]

# The order within a gap (see `Gap`), and the distance between gaps that leaves room for it.
_DRAIN, _SET, _WAIT, _PRIME, _STEP = 0, 1, 2, 3, 4


def assign_event_ids(program: Program, limit: int = EVENT_IDS) -> None:
    """Give every flag an id below `limit`; pairs of flags for which none is left become `PIPE_ALL` barriers."""
    while homeless := _color(program, limit):
        for pair in list(homeless.pairs):
            program.remove_pair(pair)
            program.add_barrier(Barrier(None, pair.block, pair.wait_gap))
        solve(program)


def _color(program: Program, limit: int) -> Flag | None:
    """First fit in program order; the first flag that fits nowhere, if any."""
    timing = _Timing(program)
    timing.run()
    number = number_gaps(program.code)
    houses: dict[tuple[Pipe, Pipe], list[_EventId]] = defaultdict(lambda: [_EventId() for _ in range(limit)])
    spans = {pair.flag: _spans(pair.flag, number) for pair in program.syncs()[0]}
    for flag in sorted(spans, key=lambda flag: spans[flag][0]):
        tenant = _Tenant(spans[flag], timing.wait_bit(flag), timing.waits_open_at[flag])
        for event_id, house in enumerate(houses[flag.src, flag.dst]):
            if house.has_room_for(tenant):
                flag.event_id = event_id
                house.take(tenant)
                break
        else:
            return flag
    return None


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A flag that needs an id: when it may be set, and its waits beside the waits that its sets may overtake."""

    spans: tuple[Span, ...]
    waits: int
    overtakes: int


@dataclass(slots=True)
class _EventId:
    """One id and the flags that share it."""

    spans: list[Span] = field(default_factory=list)
    """In order; they are apart."""
    waits: int = 0
    overtakes: int = 0

    def has_room_for(self, tenant: _Tenant) -> bool:
        """Whether the flag never meets one that is here, in program order and in time, nor itself."""
        waits, overtakes = self.waits | tenant.waits, self.overtakes | tenant.overtakes
        return not (tenant.overtakes & waits or overtakes & tenant.waits) and all(map(self._is_free, tenant.spans))

    def take(self, tenant: _Tenant) -> None:
        """Add a flag."""
        self.waits |= tenant.waits
        self.overtakes |= tenant.overtakes
        for span in tenant.spans:
            insort(self.spans, span)

    def _is_free(self, span: Span) -> bool:
        place = bisect_left(self.spans, span)
        before, after = self.spans[max(place - 1, 0) : place], self.spans[place : place + 1]
        return all(other[1] < span[0] for other in before) and all(span[1] < other[0] for other in after)


def _spans(flag: Flag, number: dict[tuple[int, int], int]) -> tuple[Span, ...]:
    """Where, in program order, a flag may be set."""
    sets = sorted(_STEP * number[id(pair.block), pair.set_gap] + _SET for pair in flag.pairs)
    waits = sorted(_STEP * number[id(pair.block), pair.wait_gap] + _WAIT for pair in flag.pairs)
    if flag.frame is not None:
        frame = flag.frame
        sets.insert(0, _STEP * number[id(frame.block), frame.first] + _PRIME)
        waits.append(_STEP * number[id(frame.block), frame.last + 1] + _DRAIN)
    return tuple(zip(sets, waits, strict=True))


class _Timing(Dataflow):
    """The dataflow of a program without hazards, in which waits are operations of their pipe, too.

    `waits_open_at[flag]` collects, over all sets of the flag, the waits which the set's pipe may overtake.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program, stop_at_hazard)
        self._masks = list(program.pipe_masks)
        self._wait_bits: dict[Flag, int] = {}
        self.waits_open_at: dict[Flag, int] = {}
        # A wait may matter wherever a flag is set later, so no state is dead.
        self._live = {block: [-1] * len(masks) for block, masks in self._live.items()}
        for pair in program.syncs()[0]:
            self.wait_bit(pair.flag)

    def wait_bit(self, flag: Flag) -> int:
        """The bit that stands for the waits of a flag: they are operations of the destination pipe, too."""
        bit = self._wait_bits.get(flag)
        if bit is None:
            bit = 1 << (len(self.program.kinds) + len(self._wait_bits))
            self._wait_bits[flag] = bit
            self._masks[flag.dst] |= bit
        return bit

    def set(self, flag: Flag, state: State) -> State:
        """After a `set_flag`."""
        unvouched = state.pending[flag.src] & ~self._masks[flag.src]
        self.waits_open_at[flag] = self.waits_open_at.get(flag, 0) | unvouched
        return state.set((flag, 0), unvouched)

    def wait(self, flag: Flag, state: State) -> State:
        """After a `wait_flag`."""
        return super().wait(flag, state).issue_wait(self.wait_bit(flag), flag.dst)
