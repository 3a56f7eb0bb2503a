"""Event ids: eight flags per ordered pair of pipes, shared by flag pairs that cannot meet.

A flag is a counter of one: it must be waited for before it is set again, in program order and in time. So two pairs
may share an id if their spans do not overlap in program order, and if whoever sets the flag is known to come after
the other's wait. Where the ids run out, a `PIPE_ALL` barrier in front of the consumer takes the place of the pair.
"""

from __future__ import annotations

from collections import defaultdict

from ptodsl.dialect.a3 import EVENT_IDS
from tools.ptoas.insert_sync.analysis import Walker, stop_at_hazard
from tools.ptoas.insert_sync.program import Barrier, Block, FlagPair, Pipe, Program, inner_blocks
from tools.ptoas.insert_sync.solver import solve

Span = tuple[int, int]

# The order within a gap (see `Gap`), and how far apart gaps are numbered to leave room for it.
_DRAIN, _SET, _WAIT, _PRIME, _STEP = 0, 1, 2, 3, 4


def assign_event_ids(program: Program, limit: int = EVENT_IDS) -> None:
    """Give every flag pair an id below `limit`; pairs for which none is left become `PIPE_ALL` barriers."""
    while homeless := _color(program, limit):
        program.remove_pair(homeless)
        program.add_barrier(Barrier(None, homeless.block, homeless.wait_gap))
        solve(program)


def _color(program: Program, limit: int) -> FlagPair | None:
    """First fit in program order; the first pair that fits nowhere, if any."""
    walker = Walker(program, stop_at_hazard)
    walker.run()
    number = _number_gaps(program.root)
    housed: dict[tuple[Pipe, Pipe], list[list[FlagPair]]] = defaultdict(lambda: [[] for _ in range(limit)])
    pairs, _ = program.syncs()
    for pair in sorted(pairs, key=lambda pair: _spans(pair, number)[0]):
        for event_id, mates in enumerate(housed[pair.src, pair.dst]):
            if all(_compatible(pair, mate, walker, number) for mate in (pair, *mates)):
                pair.event_id = event_id
                mates.append(pair)
                break
        else:
            return pair
    return None


def _compatible(a: FlagPair, b: FlagPair, walker: Walker, number: dict[tuple[int, int], int]) -> bool:
    in_time = not (walker.waits_open_at[a] & walker.wait_bit(b) or walker.waits_open_at[b] & walker.wait_bit(a))
    if a is b:
        return in_time
    apart = all(x[1] < y[0] or y[1] < x[0] for x in _spans(a, number) for y in _spans(b, number))
    return apart and in_time


def _spans(pair: FlagPair, number: dict[tuple[int, int], int]) -> tuple[Span, ...]:
    """Where, in program order, the flag of a pair may be set."""
    set_at = number[id(pair.block), pair.set_gap] + _SET
    wait_at = number[id(pair.block), pair.wait_gap] + _WAIT
    if pair.loop is None:
        return ((set_at, wait_at),)
    outer, place = pair.block.parent, pair.block.parent_index
    return (
        (number[id(outer), place] + _PRIME, wait_at),
        (set_at, number[id(outer), place + 1] + _DRAIN),
    )


def _number_gaps(root: Block) -> dict[tuple[int, int], int]:
    number: dict[tuple[int, int], int] = {}

    def visit(block: Block) -> None:
        for place in range(len(block.gaps)):
            number[id(block), place] = len(number) * _STEP
            if place < len(block.nodes):
                for inner in inner_blocks(block.nodes[place]):
                    visit(inner)

    visit(root)
    return number
