"""Event ids: eight flags per ordered pair of pipes, shared by flag pairs that cannot meet.

A flag is a counter of one: it must be waited for before it is set again, in program order and in time. So two pairs
may share an id if their spans do not overlap in program order, and if whoever sets the flag is known to come after
the other's wait. Where the ids run out, a `PIPE_ALL` barrier in front of the consumer takes the place of the pair.
"""

from __future__ import annotations

from collections import defaultdict

from ptodsl.dialect.a3 import EVENT_IDS
from tools.ptoas.insert_sync.analysis import Walker, stop_at_hazard
from tools.ptoas.insert_sync.program import Barrier, Flag, Pipe, Program, number_gaps
from tools.ptoas.insert_sync.solver import solve

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
    walker = Walker(program, stop_at_hazard)
    walker.run()
    number = number_gaps(program.root)
    housed: dict[tuple[Pipe, Pipe], list[list[Flag]]] = defaultdict(lambda: [[] for _ in range(limit)])
    flags = dict.fromkeys(pair.flag for pair in program.syncs()[0])
    for flag in sorted(flags, key=lambda flag: _spans(flag, number)[0]):
        for event_id, mates in enumerate(housed[flag.src, flag.dst]):
            if all(_compatible(flag, mate, walker, number) for mate in (flag, *mates)):
                flag.event_id = event_id
                mates.append(flag)
                break
        else:
            return flag
    return None


def _compatible(a: Flag, b: Flag, walker: Walker, number: dict[tuple[int, int], int]) -> bool:
    in_time = not (walker.waits_open_at[a] & walker.wait_bit(b) or walker.waits_open_at[b] & walker.wait_bit(a))
    if a is b:
        return in_time
    apart = all(x[1] < y[0] or y[1] < x[0] for x in _spans(a, number) for y in _spans(b, number))
    return apart and in_time


def _spans(flag: Flag, number: dict[tuple[int, int], int]) -> tuple[Span, ...]:
    """Where, in program order, a flag may be set."""
    sets = sorted(_STEP * number[id(pair.block), pair.set_gap] + _SET for pair in flag.pairs)
    waits = sorted(_STEP * number[id(pair.block), pair.wait_gap] + _WAIT for pair in flag.pairs)
    if flag.frame is not None:
        outer, place = id(flag.frame.block), flag.frame.place
        sets.insert(0, _STEP * number[outer, place] + _PRIME)
        waits.append(_STEP * number[outer, place + 1] + _DRAIN)
    return tuple(zip(sets, waits, strict=True))
