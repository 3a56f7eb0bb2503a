"""Add syncs until no hazard is left.

Repair walks the program with the dataflow of `analysis` and, where an operation meets unordered ones, adds a flag
pair per source pipe or a V barrier: the set right behind the latest producer and the wait right before the consumer,
so that the pipes overlap as much as the dependence allows; both in the innermost block that holds both, so that every
path executes both. A dependence that goes round a loop is carried by the innermost loop around both operations.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

from isa.pipes import QUEUES, Pipe
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.analysis import Dataflow, union
from tools.ptoas.insert_sync.meeting import Meeting, latest, meet, rotation_for
from tools.ptoas.insert_sync.nodes import Block, LoopNode, OpNode, outwards
from tools.ptoas.insert_sync.program import Program, Site, iter_bits, last_bits
from tools.ptoas.insert_sync.state import State
from tools.ptoas.insert_sync.syncs import Barrier, Flag, FlagPair, Frame, outermost_loop

LOOKED_AT = 16
"""Blocks of a long program in which the latest producer is looked for."""


def repair(program: Program) -> None:
    """Add the syncs that order all conflicts of `program`."""
    # What a walk takes a new pair to do is an estimate, made before the loops around have settled. The walk that adds
    # nothing is the proof.
    while _Repair(program).adds():
        pass


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A flag pair that could be added, and what would then still be pending for its destination."""

    pair: FlagPair
    wait_site: Site
    """The node that is waited for in front of."""
    token: int
    """At the wait."""
    inside: int
    """What is issued inside that node before the consumer."""


class _Repair(Dataflow):
    """Adds syncs where it finds hazards, and gives the running walk their effect."""

    def __init__(self, program: Program) -> None:
        super().__init__(program, self._on_hazard)
        self._known = {pair.position: False for pair in program.syncs()[0]}
        """Positions of pairs, and whether they are new in this walk."""
        self._lifted: dict[tuple[int, int], list[_Candidate]] = defaultdict(list)
        """New waits in front of a node for what is inside of it."""
        self._added = 0

    def adds(self) -> bool:
        """Walk once; whether that added anything."""
        self.run()
        return self._added > 0

    def behind(self, block: Block, place: int, state: State) -> State:
        """The state behind a loop or an if, of which every path has passed the new waits in front."""
        for candidate in self._lifted.get((id(block), place), ()):
            start, end = self.program.node_span(candidate.wait_site)
            state = state.vouched(candidate.pair.flag.dst, candidate.token | self._ranges.union(start, end))
        return state

    def _on_hazard(self, state: State, op: OpNode, site: Site, unordered: int) -> State:
        """Order `unordered` before `op`: by as few flags as do it, then by a V barrier if V itself is left."""
        # Flags come first: what was waited for on another pipe may order operations on V, too, and spare the barrier.
        while foreign := unordered & ~self.program.pipe_masks[op.pipe]:
            for candidate in self._choose(op, site, foreign):
                state = self._add_pair(candidate, state)
            unordered = state.unordered(op)
            # The pairs have changed nothing, and the same ones would be chosen again.
            if unordered & foreign == foreign:
                return self._add_barrier(Barrier(None, site.block.original, site.place, "no flag orders it"), state)
        # As late as possible, so that it serves the most.
        return self._add_barrier(Barrier(op.pipe, site.block.original, site.place), state) if unordered else state

    def _add_barrier(self, barrier: Barrier, state: State) -> State:
        self.program.add(barrier)
        self._added += 1
        return self.barrier(barrier, state)

    def _add_pair(self, candidate: _Candidate, state: State) -> State:
        """Add a pair, or know it again; one that was there before this walk has been found not to be enough."""
        pair = candidate.pair
        if pair.position not in self._known:
            self._known[pair.position] = True
            self.program.add(pair)
            self._added += 1
            self._lifted[id(candidate.wait_site.block), candidate.wait_site.place].append(candidate)
        if not self._known[pair.position]:
            return state
        return state.vouched(pair.flag.dst, candidate.token | candidate.inside)

    def _choose(self, op: OpNode, site: Site, foreign: int) -> list[_Candidate]:
        """One candidate per source pipe, less those without which the others still vouch for all of `foreign`."""
        chosen = []
        for pipe in map(Pipe, range(QUEUES)):
            if mask := foreign & self.program.pipe_masks[pipe]:
                chosen.append(self._candidate(pipe, mask, op, site))
        # A flag carries what its source knew of the other pipes, so that it may do for the flags from these.
        for candidate in list(chosen):
            others = [other for other in chosen if other is not candidate]
            if not _left(foreign, others):
                chosen = others
        return chosen

    def _candidate(self, src: Pipe, producers: int, op: OpNode, site: Site) -> _Candidate:
        """The pair behind the latest of `producers`, all of pipe `src`: in this pass if any is, else carried."""
        met = self._latest_meeting(producers, op, site)
        if met.branch is not None and not producers & ~self._inside(met.branch[0].block):
            # All producers stand in the consumer's branch: passes that do not take it need no sync.
            met = replace(met, set_site=met.branch[0], wait_site=met.branch[1])
        guards = frozenset(access.bytes for access in op.accesses)
        pair = self._pair(src, op.pipe, met, guards)
        set_block = _earlier_copy(met, pair.flag)
        known = self._pending_after(src, set_block, met.set_site.place) & ~self.program.pipe_masks[src]
        token = known | self._issued_since(Site(set_block, met.set_site.place), met)
        return _Candidate(pair, met.wait_site, token, self._issued_inside(met.wait_site, site))

    def _latest_meeting(self, producers: int, op: OpNode, site: Site) -> Meeting:
        """Where `op` meets the latest of its producers: one of this pass if there is any, else of the innermost loop.

        In a long program many blocks may hold the latest one. The later its block, the later it is, so it is looked for
        among the last few.
        """
        # A kind whose first operation stands behind `op` has done nothing before it in this pass.
        forward = [met for met in self._meetings(producers & op.earlier, site) if met.loop is None]
        if forward:
            return max(forward, key=lambda met: met.lateness)
        for block in (ancestor.block for ancestor in site.ancestors()):
            carried = producers & self._inside(block) if isinstance(block.owner, LoopNode) else 0
            if carried:
                return max(self._meetings(carried, site), key=lambda met: met.lateness)
        raise AssertionError("a dependence that goes backwards needs a loop around it")

    def _meetings(self, producers: int, site: Site) -> list[Meeting]:
        """Where an operation meets its producers: those in the blocks around it, and the last of the others."""
        around = union(self._own_bits.get(id(ancestor.block), 0) for ancestor in site.ancestors())
        bits = [*iter_bits(producers & around), *last_bits(producers & ~around, LOOKED_AT)]
        return [meet(latest(self.program, bit, site), site) for bit in bits]

    @cached_property
    def _own_bits(self) -> dict[int, int]:
        """Per block, the kinds of its own operations."""
        own: dict[int, int] = defaultdict(int)
        for bit, kind in enumerate(self.program.kinds):
            own[id(kind.block)] |= 1 << bit
        return own

    def _inside(self, block: Block) -> int:
        """The operations in a block, with those of all copies if it is the body of a loop."""
        owner = block.owner
        first, last = (owner.bodies[0], owner.bodies[-1]) if isinstance(owner, LoopNode) else (block, block)
        return self._ranges.union(first.first, last.end)

    def _pair(self, src: Pipe, dst: Pipe, met: Meeting, guards: frozenset[ByteRange]) -> FlagPair:
        """The flag pair for a meeting."""
        block, set_gap, wait_gap = met.set_site.block.original, met.set_site.place + 1, met.wait_site.place
        loop = met.loop
        if loop is None:
            return FlagPair(Flag(src, dst), block, set_gap, wait_gap, guards)
        rotation, sets_first = None, set_gap <= wait_gap
        if sets_first and not self._has_work(src, met, wait_gap):
            # The source has nothing to do in between, so it may set behind the wait, and one id less will do.
            set_gap, sets_first = wait_gap + 1, False
        if block is loop.original.body:
            rotation = rotation_for(loop, met.distance, sets_first=sets_first)
        # With one id the flag must be taken before it is set again, so the pass waits first.
        if sets_first and rotation is None:
            set_gap = wait_gap + 1
        frame = outermost_loop(met.set_site.block)
        # Which ids are set in the end depends on the number of passes, so the flag is drained right behind its loop.
        if rotation is not None and not rotation.is_whole:
            frame = Frame.of(next(body for body in outwards(met.set_site.block) if body.owner is loop))
        return FlagPair(Flag(src, dst, frame, rotation), block, set_gap, wait_gap, guards)

    def _has_work(self, pipe: Pipe, met: Meeting, until: int) -> bool:
        """Whether a pipe has operations between the nodes of a meeting, or in the consumer's."""
        site = met.wait_site
        first = self.program.node_span(Site(site.block, met.set_site.place))[1]
        last = self.program.node_span(Site(site.block, until))[1]
        return bool(self._ranges.union(first, last) & self.program.pipe_masks[pipe])

    def _pending_after(self, src: Pipe, block: Block, place: int) -> int:
        """What `src` does not know to be complete behind a node, as far as the walk has seen it, in any copy."""
        copies = [block, *self.program.copies_of[id(block.original)]]
        states = [self.before(copy, place + 1) for copy in copies]
        return next(state for state in states if state is not None).pending[src]

    def _issued_since(self, set_site: Site, met: Meeting) -> int:
        """Operations that may be issued between a set and its wait."""
        after, until = self.program.node_span(set_site)[1], self.program.node_span(met.wait_site)[0]
        if after <= until and (met.loop is None or set_site.block is not met.wait_site.block):
            return self._ranges.union(after, until)
        assert met.loop is not None
        bodies = met.loop.bodies
        # Round the loop: from the set to the end of the body, and from its head to the wait.
        return self._ranges.union(after, bodies[-1].end) | self._ranges.union(bodies[0].first, until)

    def _issued_inside(self, outer: Site, inner: Site) -> int:
        """Operations that may be issued inside the node at `outer` before the one at `inner`, which it contains."""
        issued = 0
        for site in inner.ancestors():
            if site.block is outer.block:
                return issued
            block = site.block
            in_loop = isinstance(block.owner, LoopNode)
            # Earlier passes of an inner loop have issued what stands behind the consumer, too.
            issued |= self._ranges.union(block.first, block.end if in_loop else self.program.node_span(site)[0])
        raise AssertionError("the outer site does not contain the inner one")

    @cached_property
    def _ranges(self) -> Unions:
        return Unions([op.bit for op in self.program.ops])


def _earlier_copy(met: Meeting, flag: Flag) -> Block:
    """The copy of the set's block in the pass that a wait in `met.wait_site` is for."""
    loop = met.loop
    if loop is None or loop.copies == 1 or met.set_site.block.owner is not loop:
        return met.set_site.block
    distance = 1 if flag.rotation is None else flag.rotation.distance
    return loop.bodies[(met.wait_site.block.copy - distance) % loop.copies]


def _left(operations: int, candidates: list[_Candidate]) -> int:
    """Those of `operations` that none of the candidates vouches for."""
    for candidate in candidates:
        operations &= candidate.token | candidate.inside
    return operations


class Unions:
    """The union of sets in any range of a sequence, in logarithmic time."""

    def __init__(self, masks: list[int]) -> None:
        self._size = len(masks)
        # A segment tree without pointers: node n covers 2n and 2n + 1, the leaves start at `size`, node 0 is not used.
        self._tree = [0] * self._size + masks
        for node in range(self._size - 1, 0, -1):
            self._tree[node] = self._tree[2 * node] | self._tree[2 * node + 1]

    def union(self, start: int, end: int) -> int:
        """The union of the sets `start <= i < end`."""
        mask, low, high = 0, start + self._size, end + self._size
        # A right child at the lower end is taken by itself, since its parent begins too early. So is the left one
        # before the upper end, whose parent ends too late.
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
