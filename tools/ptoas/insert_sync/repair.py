"""Add syncs until no hazard is left.

Repair walks the program with the dataflow of `analysis` and, where an operation meets unordered ones, adds a flag
pair per source pipe or a V barrier: the set right behind the latest producer and the wait right before the consumer,
so that the pipes overlap as much as the dependence allows; both in the innermost block that holds both, so that every
path executes both. A dependence that goes round a loop is carried by the innermost loop around both operations.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from tools.ptoas.insert_sync.analysis import Dataflow
from tools.ptoas.insert_sync.program import (
    Barrier,
    Flag,
    FlagPair,
    Frame,
    LoopNode,
    OpNode,
    Pipe,
    Program,
    Site,
    iter_bits,
)
from tools.ptoas.insert_sync.state import State


def repair(program: Program) -> None:
    """Add the syncs that order all conflicts of `program`."""
    while _Repair(program).run():
        pass


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A flag pair that could be added, and what would then still be pending for its destination."""

    pair: FlagPair
    token: int


class _Repair:
    """The hazard handler that adds syncs and gives the running walk their effect."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known = {pair.position: False for pair in program.syncs()[0]}
        """Positions of pairs, and whether they are new in this walk."""
        self._dataflow = Dataflow(program, self._on_hazard)
        self._added = 0

    def run(self) -> bool:
        """Walk once; whether that added anything."""
        self._dataflow.run()
        return self._added > 0

    def _on_hazard(self, state: State, op: OpNode, site: Site, unordered: int) -> State:
        """Order `unordered` before `op`: by as few flags as do it, then by a V barrier if V itself is left."""
        while foreign := unordered & ~self._program.pipe_masks[op.pipe]:
            for candidate in self._choose(op, site, foreign):
                state = self._add_pair(candidate, state)
            unordered = state.pending[op.pipe] & op.conflicts
            if unordered & foreign == foreign:
                return self._add_barrier(Barrier(None, site.block.original, site.place), state)
        return self._add_barrier(Barrier(op.pipe, site.block.original, site.place), state) if unordered else state

    def _add_barrier(self, barrier: Barrier, state: State) -> State:
        self._program.add_barrier(barrier)
        self._added += 1
        return self._dataflow.barrier(barrier, state)

    def _add_pair(self, candidate: _Candidate, state: State) -> State:
        """Add a pair, or know it again; one that was there before this walk has been found not to be enough."""
        pair = candidate.pair
        if pair.position not in self._known:
            self._known[pair.position] = True
            self._program.add_pair(pair)
            self._added += 1
        return state.vouched(pair.flag.dst, candidate.token) if self._known[pair.position] else state

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
        met = (meet(latest(self._program, bit, site), site) for bit in iter_bits(producers))
        set_site, wait_site, loop = max(met, key=_lateness)
        flag = Flag(src, op.pipe, None if loop is None else _frame(set_site))
        guards = frozenset(access.bytes for access in op.accesses)
        pair = FlagPair(flag, set_site.block.original, set_site.place + 1, wait_site.place, guards)
        after = self._dataflow.before(set_site.block, set_site.place + 1)
        assert after is not None
        token = after.pending[src] & ~self._program.pipe_masks[src] | self._issued_since(set_site, wait_site, loop)
        return _Candidate(pair, token | self._issued_inside(wait_site, site))

    def _issued_since(self, set_site: Site, wait_site: Site, loop: LoopNode | None) -> int:
        """Operations that may be issued between a set and its wait."""
        after, until = self._program.node_span(set_site)[1], self._program.node_span(wait_site)[0]
        if loop is None:
            return self._ranges.union(after, until)
        return self._ranges.union(after, loop.bodies[-1].end) | self._ranges.union(loop.bodies[0].first, until)

    def _issued_inside(self, outer: Site, inner: Site) -> int:
        """Operations that may be issued inside the node at `outer` before the one at `inner`, which it contains."""
        issued = 0
        for site in inner.ancestors():
            if site.block is outer.block:
                return issued
            block = site.block
            in_loop = isinstance(block.owner, LoopNode)
            issued |= self._ranges.union(block.first, block.end if in_loop else self._program.node_span(site)[0])
        raise AssertionError("the outer site does not contain the inner one")

    @cached_property
    def _ranges(self) -> Unions:
        return Unions([op.bit for op in self._program.ops])


def latest(program: Program, bit: int, consumer: Site) -> Site:
    """Where the operation stands that a pending kind stands for at `consumer`: the last one before it.

    That is the last in the kind's block before the node that holds the consumer, else the last of the pass before.
    """
    kind = program.kinds[bit]
    for site in consumer.ancestors():
        if site.block is kind.block:
            # Index -1 is the last one of the pass before.
            return Site(kind.block, kind.places[bisect_left(kind.places, site.place) - 1])
    return Site(kind.block, kind.places[-1])


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


def _frame(site: Site) -> Frame:
    """The outermost loop around a site."""
    loops = [outer for outer in site.ancestors() if isinstance(outer.block.nodes[outer.place], LoopNode)]
    return Frame(loops[-1].block.original, loops[-1].place, loops[-1].place)


def _left(operations: int, candidates: list[_Candidate]) -> int:
    """Those of `operations` that none of the candidates vouches for."""
    for candidate in candidates:
        operations &= candidate.token
    return operations


def _lateness(met: tuple[Site, Site, LoopNode | None]) -> tuple[bool, int, int]:
    """Orders producers by time: this iteration after earlier ones, inner blocks after outer ones, then by place."""
    set_site, _, loop = met
    return loop is None, sum(1 for _ in set_site.ancestors()), set_site.place


class Unions:
    """The union of sets in any range of a sequence, in logarithmic time."""

    def __init__(self, masks: list[int]) -> None:
        self._size = len(masks)
        self._tree = [0] * self._size + masks
        for node in range(self._size - 1, 0, -1):
            self._tree[node] = self._tree[2 * node] | self._tree[2 * node + 1]

    def union(self, start: int, end: int) -> int:
        """The union of the sets `start <= i < end`."""
        mask, low, high = 0, start + self._size, end + self._size
        while low < high:
            if low & 1:
                mask |= self._tree[low]
                low += 1
            if high & 1:
                high -= 1
                mask |= self._tree[high]
            low >>= 1
            high >>= 1
        return mask
