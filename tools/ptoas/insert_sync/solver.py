"""Which syncs a program needs: repair it hazard by hazard, then take away what turned out to be implied.

Repair walks the program with the dataflow of `analysis` and, where an operation meets unordered ones, adds a flag
pair per source pipe or a V barrier: the set right behind the latest producer and the wait right before the consumer,
so that the pipes overlap as much as the dependence allows; both in the innermost block that holds both, so that every
path executes both. A dependence that goes round a loop is carried by the innermost loop around both operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.analysis import HazardFound, State, Walker, has_hazard, stop_at_hazard
from tools.ptoas.insert_sync.program import (
    Barrier,
    Block,
    Flag,
    FlagPair,
    LoopNode,
    OpNode,
    Pipe,
    Program,
    Site,
    number_gaps,
)


def solve(program: Program) -> None:
    """Add to `program` the syncs that order all its conflicts, none of which the others imply."""
    while _repair(program):
        pass
    share_flags(program)
    prune(program)


def _repair(program: Program) -> bool:
    repair = _Repair(program)
    walker = Walker(program, repair.on_hazard, keep_states=True)
    repair.walker = walker
    walker.run()
    return repair.added > 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A flag pair that could be added, and what would then still be pending for its destination."""

    pair: FlagPair
    token: int


class _Repair:
    """The hazard handler that adds syncs and gives the running walk their effect."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known = {pair.position for pair in program.syncs()[0]}
        self.walker: Walker
        self.added = 0

    def on_hazard(self, state: State, op: OpNode, site: Site, unordered: int) -> None:
        """Order `unordered` before `op`: by as few flags as do it, then by a V barrier if V itself is left."""
        while foreign := unordered & ~self._program.pipe_masks[op.pipe]:
            for candidate in self._choose(op, site, foreign):
                self._add_pair(candidate, state)
            unordered = state.pending[op.pipe] & op.conflicts
        if unordered:
            self._program.add_barrier(Barrier(op.pipe, site.block, site.place))
            self.added += 1
            state.pending[op.pipe] &= ~self._program.pipe_masks[op.pipe]

    def _add_pair(self, candidate: _Candidate, state: State) -> None:
        pair = candidate.pair
        state.pending[pair.flag.dst] &= candidate.token
        if pair.position not in self._known:
            self._known.add(pair.position)
            self._program.add_pair(pair)
            self.added += 1

    def _choose(self, op: OpNode, site: Site, foreign: int) -> list[_Candidate]:
        """One candidate per source pipe, less those without which the others still vouch for all of `foreign`."""
        chosen = []
        for pipe in Pipe:
            if mask := foreign & self._program.pipe_masks[pipe]:
                chosen.append(self._candidate(pipe, mask, op, site))
        for candidate in list(chosen):
            others = [other for other in chosen if other is not candidate]
            if not _left(foreign, others):
                chosen = others
        return chosen

    def _candidate(self, src: Pipe, producers: int, op: OpNode, site: Site) -> _Candidate:
        """The pair behind the latest of `producers`, all of pipe `src`: in this iteration if any is, else carried."""
        met = (meet(self._program.sites[index], site) for index in _bits(producers))
        set_site, wait_site, loop = max(met, key=_lateness)
        flag = Flag(src, op.pipe, None if loop is None else _frame(set_site))
        guards = frozenset(access.bytes for access in op.accesses)
        pair = FlagPair(flag, set_site.block, set_site.place + 1, wait_site.place, guards)
        known = self.walker.snapshots[id(set_site.block)][set_site.place][src]
        token = known & ~self._program.pipe_masks[src] | self._issued_since(set_site, wait_site, loop)
        return _Candidate(pair, token | self._issued_inside(wait_site, site))

    def _issued_since(self, set_site: Site, wait_site: Site, loop: LoopNode | None) -> int:
        """Operations that may be issued between a set and its wait."""
        after, until = self._program.node_span(set_site)[1], self._program.node_span(wait_site)[0]
        if loop is None:
            return _span(after, until)
        return _span(after, loop.body.end) | _span(loop.body.first, until)

    def _issued_inside(self, outer: Site, inner: Site) -> int:
        """Operations that may be issued inside the node at `outer` before the one at `inner`, which it contains."""
        issued = 0
        for site in inner.ancestors():
            if site.block is outer.block:
                return issued
            block = site.block
            in_loop = isinstance(block.owner, LoopNode)
            issued |= _span(block.first, block.end if in_loop else self._program.node_span(site)[0])
        raise AssertionError("the outer site does not contain the inner one")


def meet(producer: Site, consumer: Site) -> tuple[Site, Site, LoopNode | None]:
    """The enclosing nodes of two operations in their innermost common block, and the loop that carries the dependence.

    If the producer's node comes first, the dependence is within one execution of that block and no loop carries it.
    Otherwise both are lifted to the body of the innermost loop around them.
    """
    inside = {id(site.block): site for site in producer.ancestors()}
    for site in consumer.ancestors():
        mine = inside.get(id(site.block))
        if mine is None:
            continue
        if mine.place < site.place:
            return mine, site, None
        for outer in site.ancestors():
            if isinstance(outer.block.owner, LoopNode):
                return inside[id(outer.block)], outer, outer.block.owner
        break
    raise AssertionError("a dependence that goes backwards needs a loop around it")


def _frame(site: Site) -> Site:
    """The outermost loop around a site."""
    loops = [outer for outer in site.ancestors() if isinstance(outer.block.nodes[outer.place], LoopNode)]
    return loops[-1]


def _left(operations: int, candidates: list[_Candidate]) -> int:
    """Those of `operations` that none of the candidates vouches for."""
    for candidate in candidates:
        operations &= candidate.token
    return operations


def _lateness(met: tuple[Site, Site, LoopNode | None]) -> tuple[bool, int, int]:
    """Orders producers by time: this iteration after earlier ones, inner blocks after outer ones, then by place."""
    set_site, _, loop = met
    return loop is None, sum(1 for _ in set_site.ancestors()), set_site.place


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _span(start: int, end: int) -> int:
    """The set of indices `start <= i < end`."""
    return (1 << end) - (1 << start) if end > start else 0


def share_flags(program: Program) -> None:
    """Let pairs of several loops that guard the same bytes use one flag.

    The flag then says that these bytes are free, whichever loop used them last: no loop needs a prime of its own,
    and nothing needs to order one loop after the other.
    """
    number = number_gaps(program.root)

    def busy(pair: FlagPair) -> tuple[int, int]:
        return number[id(pair.block), pair.wait_gap], number[id(pair.block), pair.set_gap]

    def apart(pair: FlagPair, other: FlagPair) -> bool:
        (wait, set_), (other_wait, other_set) = busy(pair), busy(other)
        return pair.block is not other.block and (set_ < other_wait or other_set < wait)

    hosts: dict[tuple[Pipe, Pipe, Site, frozenset[ByteRange]], list[Flag]] = {}
    for pair in program.syncs()[0]:
        flag = pair.flag
        if flag.frame is None or len(flag.pairs) > 1:
            continue
        candidates = hosts.setdefault((flag.src, flag.dst, flag.frame, pair.guards), [])
        host = next((host for host in candidates if all(apart(pair, other) for other in host.pairs)), None)
        if host is None:
            candidates.append(flag)
        else:
            program.remove_pair(pair)
            pair.flag = host
            program.add_pair(pair)


def prune(program: Program) -> None:
    """Remove, one after the other, every sync without which there is still no hazard.

    Barriers are tried first, since they stall the pipe that bounds the kernel, then flags within one pass of a block,
    which flags that go round a loop often imply.
    """
    walker = Walker(program, stop_at_hazard, keep_states=True)
    walker.run()
    pairs, barriers = program.syncs()
    for barrier in barriers:
        program.remove_barrier(barrier)
        if _needed_nearby(walker, barrier.block, barrier.gap) or has_hazard(program):
            program.add_barrier(barrier)
    for pair in sorted(pairs, key=lambda pair: pair.flag.frame is not None):
        program.remove_pair(pair)
        if _needed_nearby(walker, pair.block, pair.wait_gap) or has_hazard(program):
            program.add_pair(pair)


def _needed_nearby(walker: Walker, block: Block, gap: int) -> bool:
    """Whether a hazard shows in the rest of the block when gap `gap` is passed without the sync just removed.

    The state is the one of an earlier walk with more syncs, so a hazard here is a hazard for certain; the
    absence of one proves nothing.
    """
    state = walker.before_gap[id(block), gap].copy()
    probe = Walker(walker.program, stop_at_hazard)
    try:
        probe.block(block, state, gap)
    except HazardFound:
        return True
    return False
