"""What is known to be complete where: the dataflow that both finds missing syncs and verifies the result.

For each pipe q the state holds the set `pending[q]` of operations whose latest instance may still be running, as
far as q's next operation knows. The rules are those of the machine (pto-facts, section 4):

- issuing an operation makes it pending for all other pipes, and for V itself, which does not interlock. The
  other pipes finish one operation before they start the next
- `set_flag(src, dst)` captures what src knows plus everything issued to src; `wait_flag` gives that to dst, and to
  all pipes if dst is the scalar unit, which issues for them
- `pipe_barrier(PIPE_V)` completes V for V; `pipe_barrier(PIPE_ALL)` completes everything for everyone
- a push captures like `set_flag`; a pop gives to all pipes what those pushes captured of which it tells (`fifo_order`)

An operation on q that conflicts with one in `pending[q]` is a hazard. Branches join by union and loops run to a
fixpoint, so a program without hazards here has none on any path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, MutableSequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TypeVar

from isa.pipes import QUEUES, Pipe
from isa.repeats import VRule
from tools.ptoas.insert_sync.nodes import Block, IfNode, LoopNode, OpNode, inner_blocks, outwards
from tools.ptoas.insert_sync.program import Program, Site
from tools.ptoas.insert_sync.state import NOTHING_RECENT, Receipts, State
from tools.ptoas.insert_sync.syncs import Action, Barrier, Flag, Gap

T = TypeVar("T")

WALKED_TRIPS = 4
"""Loops of a known length up to this are walked pass by pass: the prologues and epilogues of pipelines."""

WALKED_DEPTH = 2
"""So many of them inside each other; the passes of deeper ones are not told apart."""

HazardHandler = Callable[[State, OpNode, Site, int], State]
"""Called with the state before the operation, the operation, its site and the set of unordered operations; returns the
state to go on with."""


class HazardFound(Exception):
    """Raised by a handler that needs only the first hazard."""


def stop_at_hazard(state: State, op: OpNode, site: Site, unordered: int) -> State:
    """A handler for `Dataflow` which ends the walk."""
    del state, op, site, unordered
    raise HazardFound


@dataclass(slots=True)
class BlockPoints:
    """States of one block; None where none is known."""

    before: list[State | None]
    """Before each of its gaps."""
    end: list[State | None] = field(default_factory=lambda: [None])
    """After the last one: one entry."""

    @property
    def left(self) -> State:
        """The state after the last gap, which the block has been left with."""
        (state,) = self.end
        assert state is not None
        return state


@dataclass(slots=True)
class LoopHeads:
    """Per copy of a loop's body, the state at its head: now, and when the body was last walked."""

    now: list[State | None]
    walked: list[State | None] = field(default_factory=list)


class Dataflow:
    """Runs the dataflow over a program and keeps the state of every point; `on_hazard` may repair the one it is given.

    A walk stops where it meets the state that it left there the time before, so loops in loops and changes of the
    program cost no more than what they change.
    """

    def __init__(self, program: Program, on_hazard: HazardHandler) -> None:
        self.program = program
        self.on_hazard = on_hazard
        self._live = _live_operations(program.root)
        self._walked = _walked_loops(program.root)
        self.points: dict[int, BlockPoints] = {}
        self.heads: dict[int, LoopHeads] = {}

    def run(self) -> State:
        """Walk the whole program from an empty state; the state at its end."""
        surplus = self.program.surplus
        return self.block(self.program.root, self.first_state(Receipts.none(surplus) if surplus else None))

    def first_state(self, receipts: Receipts | None) -> State:
        """The state before the program."""
        recent = NOTHING_RECENT if self.program.v_rule is VRule.REPEATS else None
        return State((0,) * QUEUES, {}, receipts, recent)

    def before(self, block: Block, gap: int) -> State | None:
        """The latest state before a gap; None if no path leads there."""
        points = self.points.get(id(block))
        return None if points is None else points.before[gap]

    def block(self, block: Block, state: State, start: int = 0, *, changed: bool = False) -> State:
        """Walk a block from before gap `start` on; the state at its end. `changed` says that the gap is new."""
        points = self.points.get(id(block))
        if points is None:
            points = BlockPoints([None] * (len(block.nodes) + 1))
            self.note(self.points, id(block), points)
        live, before, gaps = self._live[id(block)], points.before, block.gaps
        for place in range(start, len(block.nodes) + 1):
            known = before[place]
            # What nothing later conflicts with does not count, so a walk ends where paths differ in that alone.
            if known is not None and not (changed and place == start) and state.same(known, live[place]):
                return points.left
            self.note(before, place, state)
            if gaps[place]:
                state = self._gap(gaps[place], block, state)
            if place < len(block.nodes):
                state = self._node(block, place, state)
        self.note(points.end, 0, state)
        return state

    def note(self, memory: MutableSequence[T] | MutableMapping[int, T], key: int, value: T) -> None:
        """Remember something."""
        memory[key] = value

    def _node(self, block: Block, place: int, state: State) -> State:
        node = block.nodes[place]
        if isinstance(node, OpNode):
            # What conflicts with nothing matters for its repeats alone, which lie between those of others on V.
            if not (node.bit or node.repeats):
                return state
            unordered = state.unordered(node)
            if unordered:
                state = self.on_hazard(state, node, Site(block, place), unordered)
            return state.issue(node)
        if isinstance(node, LoopNode):
            return self.behind(block, place, self._loop(node, state))
        if isinstance(node, IfNode):
            branches = [self.block(branch, state) for branch in node.branches]
            return self.behind(block, place, self.join_branches(branches))
        if node.pushes:
            return state.push(node.fifo, self._unvouched(node.pipe, state))
        return state.pop(node.fifo)

    def behind(self, block: Block, place: int, state: State) -> State:
        """The state behind a loop or an if."""
        del block, place
        return state

    @staticmethod
    def join_branches(ends: list[State]) -> State:
        """The possibilities of all branches."""
        return reduce(State.join, ends)

    def _loop(self, loop: LoopNode, state: State) -> State:
        if self.is_walked(loop):
            assert loop.start is not None
            # Passes are not joined here: what a prologue leaves pending is not taken for what every pass leaves.
            for trip in range(loop.fewest_trips):
                state = self.block(loop.bodies[(loop.start + trip) % loop.copies], state.next_pass() if trip else state)
            return self._leave(loop, (loop.start + loop.fewest_trips) % loop.copies, state)
        heads = self.heads.get(id(loop))
        if heads is None:
            heads = LoopHeads([None] * loop.copies, [None] * loop.copies)
            self.note(self.heads, id(loop), heads)
        # Where the first pass is known at run time only, the loop may be entered at any copy.
        for copy in range(loop.copies) if loop.start is None else (loop.start,):
            self.join_head(heads, copy, state)
        return self.settle(loop)

    def is_walked(self, loop: LoopNode) -> bool:
        """Whether the passes of a loop are told apart."""
        return id(loop) in self._walked

    def settle(self, loop: LoopNode) -> State:
        """Walk the copies of a loop's body until their heads stay as they are; the state behind the loop."""
        heads = self.heads[id(loop)]
        # A flag whose pair waits in the body is set on entry and again at the back edge: tokens join like the rest.
        while stale := [copy for copy in range(loop.copies) if heads.now[copy] is not heads.walked[copy]]:
            for copy in stale:
                head = heads.now[copy]
                assert head is not None
                self.note(heads.walked, copy, head)
                self.join_head(heads, (copy + 1) % loop.copies, self.block(loop.bodies[copy], head).next_pass())
        # A loop that makes a pass is left from the end of a body, so the state on entry alone does not count. One that
        # may make none is left from a head, where entry and passes are joined.
        if loop.fewest_trips:
            ends = [
                (copy + 1, self.points[id(body)].left)
                for copy, body in enumerate(loop.bodies)
                if heads.now[copy] is not None
            ]
        else:
            ends = [(copy, head) for copy, head in enumerate(heads.now) if head is not None]
        return self.join_branches([self._leave(loop, copy % loop.copies, end) for copy, end in ends])

    @staticmethod
    def _leave(loop: LoopNode, following: int, state: State) -> State:
        """The state behind a loop which is left before the pass `following`.

        Which ids of a rotating flag are set then depends on the pass, but the oldest of them is the oldest.
        """
        renamed = {}
        for flag, number in state.tokens:
            rotation = flag.rotation
            if rotation is not None and rotation.loop is loop.original and not rotation.is_whole and number >= 0:
                # The pass `following` would wait for the id set `distance` passes before it: that is the oldest, -1.
                age = (number - following + rotation.distance) % rotation.ids
                renamed[flag, number] = flag, -1 - age
        if not renamed:
            return state
        tokens = {renamed.get(token, token): mask for token, mask in state.tokens.items()}
        return State(state.pending, tokens, state.receipts, state.recent)

    def join_head(self, heads: LoopHeads, copy: int, state: State) -> None:
        """Add a way to get to the head of a copy of a loop's body."""
        now = heads.now[copy]
        joined = state if now is None else now.join(state)
        if joined is not now:
            self.note(heads.now, copy, joined)

    def _gap(self, gap: Gap, block: Block, state: State) -> State:
        for action, flag, barrier in (*gap.behind(), *gap.ahead()):
            if flag is None:
                assert barrier is not None
                state = self.barrier(barrier, state)
            elif action is Action.SET:
                state = self.set(flag, turn(flag, block), block, state)
            elif action is Action.WAIT:
                state = self.wait(flag, turn(flag, block, waits=True), block, state)
            elif action is Action.PRIME:
                for number in flag.primed():
                    state = self.set(flag, number, None, state)
            else:
                for number in drained(flag):
                    state = self.wait(flag, number, None, state)
        return state

    def set(self, flag: Flag, number: int, block: Block | None, state: State) -> State:
        """After a `set_flag` of the flag's id `number`: in a block, or, if there is none, before a frame."""
        del block
        # The flag is set when all that was issued to src is complete, even if src, as V, does not know it.
        return state.set((flag, number), self._unvouched(flag.src, state))

    def wait(self, flag: Flag, number: int, block: Block | None, state: State) -> State:
        """After a `wait_flag`: in a block, or, if there is none, behind a frame."""
        del block
        return state.wait((flag, number), flag.dst)

    def _unvouched(self, pipe: Pipe, state: State) -> int:
        """What a signal of a pipe does not vouch for: it comes behind all that was issued to the pipe itself."""
        return state.pending[pipe] & ~self.program.pipe_masks[pipe]

    def barrier(self, barrier: Barrier, state: State) -> State:
        """After a barrier."""
        if barrier.pipe is None:
            return state.complete_all()
        return state.complete(barrier.pipe, self.program.pipe_masks[barrier.pipe])


def turn(flag: Flag, block: Block, *, waits: bool = False) -> int:
    """Which of its ids a flag sets, or waits for, in a block."""
    rotation = flag.rotation
    if rotation is None:
        return 0
    loops = ((body.owner, body.copy) for body in outwards(block))
    copy = next(copy for loop, copy in loops if isinstance(loop, LoopNode) and loop.original is rotation.loop)
    return (copy - (rotation.distance if waits else 0)) % rotation.ids


def drained(flag: Flag) -> range:
    """Which ids of a flag are set after its frame, by the names that they have there."""
    rotation = flag.rotation
    if rotation is None or rotation.is_whole:
        return range(flag.ids)
    # Behind the loop they go by age, -1 being the oldest (`Dataflow._leave`).
    return range(-rotation.distance, 0)


def has_hazard(program: Program) -> bool:
    """Whether any two conflicting operations are unordered on some path."""
    try:
        Dataflow(program, stop_at_hazard).run()
    except HazardFound:
        return True
    return False


def _walked_loops(root: Block) -> set[int]:
    """Identities of the loops whose passes are told apart."""
    walked: set[int] = set()

    def visit(block: Block, depth: int) -> None:
        for node in block.nodes:
            inside = depth
            if isinstance(node, LoopNode) and _is_short(node) and depth < WALKED_DEPTH:
                walked.add(id(node))
                inside += 1
            for inner in inner_blocks(node):
                visit(inner, inside)

    visit(root, 0)
    return walked


def _is_short(loop: LoopNode) -> bool:
    return loop.fewest_trips == loop.most_trips <= WALKED_TRIPS and loop.start is not None


def _live_operations(root: Block) -> dict[int, list[int]]:
    """Per block and gap, the operations with which anything that may be issued later conflicts."""
    inside: dict[int, int] = {}
    live: dict[int, list[int]] = {}

    def collect(block: Block) -> int:
        mask = 0
        for node in block.nodes:
            mask |= node.conflicts if isinstance(node, OpNode) else union(map(collect, inner_blocks(node)))
        inside[id(block)] = mask
        return mask

    def visit(block: Block, after: int) -> None:
        masks = live[id(block)] = [after] * (len(block.nodes) + 1)
        for place in reversed(range(len(block.nodes))):
            node = block.nodes[place]
            if isinstance(node, OpNode):
                after |= node.conflicts
            else:
                everything = after | union(inside[id(inner)] for inner in inner_blocks(node))
                for inner in inner_blocks(node):
                    # Behind any place of a loop's body the whole body may come again.
                    visit(inner, everything if isinstance(node, LoopNode) else after)
                after = everything
            masks[place] = after

    collect(root)
    visit(root, 0)
    return live


def union(masks: Iterable[int]) -> int:
    """All operations of several sets."""
    return reduce(or_, masks, 0)
