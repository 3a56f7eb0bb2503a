"""What is known to be complete where: the dataflow that both finds missing syncs and verifies the result.

For each pipe q the state holds the set `pending[q]` of operations whose latest instance may still be running, as
far as q's next operation knows. The rules are those of the machine (pto-facts, section 4):

- issuing an operation makes it pending for all other pipes, and for V itself, which does not interlock. The
  other pipes finish one operation before they start the next
- `set_flag(src, dst)` captures what src knows plus everything issued to src; `wait_flag` gives that to dst
- `pipe_barrier(PIPE_V)` completes V for V; `pipe_barrier(PIPE_ALL)` completes everything for everyone
- a push captures like `set_flag`; a pop gives to all pipes what those pushes captured of which it tells (`fifo_order`)

An operation on q that conflicts with one in `pending[q]` is a hazard. Branches join by union and loops run to a
fixpoint, so a program without hazards here has none on any path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.ptoas.insert_sync.program import (
    Barrier,
    Block,
    FifoNode,
    Flag,
    Gap,
    IfNode,
    LoopNode,
    OpNode,
    Pipe,
    Program,
    Site,
)
from tools.ptoas.insert_sync.receipts import Receipts

WALKED_TRIPS = 4
"""Loops of a known length up to this are walked pass by pass: the prologues and epilogues of pipelines."""

_OTHERS = tuple(tuple(int(q) for q in Pipe if q != pipe) for pipe in Pipe)


@dataclass(slots=True)
class State:
    """Pending operations per pipe, and what flags and FIFO signals may take from them."""

    pending: list[int]
    tokens: dict[Flag, int]
    """Per flag that is set, the operations it does not vouch for."""

    receipts: Receipts

    def copy(self) -> State:
        """An independent copy."""
        return State(list(self.pending), dict(self.tokens), self.receipts.copy())

    def join(self, other: State) -> bool:
        """Add the other path's possibilities; whether that changed anything."""
        changed = self.receipts.join(other.receipts)
        for q, mask in enumerate(other.pending):
            if mask & ~self.pending[q]:
                self.pending[q] |= mask
                changed = True
        for flag, mask in other.tokens.items():
            before = self.tokens.get(flag)
            joined = mask if before is None else before | mask
            if joined != before:
                self.tokens[flag] = joined
                changed = True
        return changed

    def become(self, other: State) -> None:
        """Take the other path's place."""
        self.pending, self.tokens, self.receipts = other.pending, other.tokens, other.receipts


HazardHandler = Callable[[State, OpNode, Site, int], None]
"""Called with the state before the operation, the operation, its site and the set of unordered operations."""


class HazardFound(Exception):
    """Raised by a handler that needs only the first hazard."""


def stop_at_hazard(state: State, op: OpNode, site: Site, unordered: int) -> None:
    """A handler for `Walker` which ends the walk."""
    del state, op, site, unordered
    raise HazardFound


class Walker:
    """Runs the dataflow over a program; `on_hazard` may repair the state it is given.

    With `keep_states`, from the latest walk: `snapshots[block][k]` is the pending set of every pipe just after node k
    of the block, before the syncs of the next gap; `before_gap[(block, k)]` the state before gap k, if that has syncs.
    `waits_open_at[flag]` collects, over all sets of the flag, the waits which the set's pipe may overtake.
    """

    def __init__(self, program: Program, on_hazard: HazardHandler, *, keep_states: bool = False) -> None:
        self.program = program
        self._on_hazard = on_hazard
        self._keep_states = keep_states
        self._masks = list(program.pipe_masks)
        self._wait_bits: dict[Flag, int] = {}
        self.snapshots: dict[int, list[tuple[int, ...]]] = {}
        self.before_gap: dict[tuple[int, int], State] = {}
        self.waits_open_at: dict[Flag, int] = {}

    def run(self) -> None:
        """Walk the whole program from an empty state."""
        self.block(self.program.root, State([0] * len(Pipe), {}, Receipts.none(self.program.surplus)))

    def wait_bit(self, flag: Flag) -> int:
        """The bit that stands for the waits of a flag: they are operations of the destination pipe, too."""
        bit = self._wait_bits.get(flag)
        if bit is None:
            bit = 1 << (len(self.program.ops) + len(self._wait_bits))
            self._wait_bits[flag] = bit
            self._masks[flag.dst] |= bit
        return bit

    def block(self, block: Block, state: State, start: int = 0) -> None:
        """Walk a block from gap `start` on, changing `state` to the one at its end."""
        keep = self._keep_states
        if keep and id(block) not in self.snapshots:
            self.snapshots[id(block)] = [()] * len(block.nodes)
        for place in range(start, len(block.nodes)):
            if block.gaps[place]:
                if keep:
                    self.before_gap[id(block), place] = state.copy()
                self._gap(block.gaps[place], state)
            node = block.nodes[place]
            if isinstance(node, OpNode):
                self._op(node, block, place, state)
            elif isinstance(node, LoopNode):
                self._loop(node, state)
            elif isinstance(node, IfNode):
                self._if(node, state)
            elif node.pushes:
                self._push(node, state)
            else:
                self._pop(node, state)
            if keep:
                self.snapshots[id(block)][place] = tuple(state.pending)
        if block.gaps[-1]:
            if keep:
                self.before_gap[id(block), len(block.nodes)] = state.copy()
            self._gap(block.gaps[-1], state)

    def _op(self, op: OpNode, block: Block, place: int, state: State) -> None:
        pending = state.pending
        unordered = pending[op.pipe] & op.conflicts
        if unordered:
            self._on_hazard(state, op, Site(block, place), unordered)
        self._issue(1 << op.index, op.pipe, state)
        if op.pipe is Pipe.V:
            pending[Pipe.V] |= 1 << op.index

    @staticmethod
    def _issue(bit: int, pipe: Pipe, state: State) -> None:
        pending = state.pending
        for q in _OTHERS[pipe]:
            pending[q] |= bit
        tokens = state.tokens
        for flag in tokens:
            tokens[flag] |= bit
        state.receipts.issue(bit)

    def _loop(self, loop: LoopNode, state: State) -> None:
        if loop.fewest_trips == loop.most_trips <= WALKED_TRIPS:
            for _ in range(loop.fewest_trips):
                self.block(loop.body, state)
            return
        # A flag whose pair waits in the body is set on entry and again at the back edge: tokens join like the rest.
        while True:
            end = state.copy()
            self.block(loop.body, end)
            if not state.join(end):
                break
        if loop.fewest_trips:
            state.become(end)

    def _if(self, node: IfNode, state: State) -> None:
        ends = []
        for branch in node.branches:
            end = state.copy()
            self.block(branch, end)
            ends.append(end)
        first, *others = ends
        for end in others:
            first.join(end)
        state.become(first)

    def _gap(self, gap: Gap, state: State) -> None:
        for flag in gap.drains:
            self._wait(flag, state)
        for pair in gap.sets:
            self._set(pair.flag, state)
        for pair in gap.waits:
            self._wait(pair.flag, state)
        for barrier in gap.barriers:
            self._barrier(barrier, state)
        for flag in gap.primes:
            self._set(flag, state)

    def _set(self, flag: Flag, state: State) -> None:
        known = state.pending[flag.src] & ~self._masks[flag.src]
        self.waits_open_at[flag] = self.waits_open_at.get(flag, 0) | known
        state.tokens[flag] = known

    def _wait(self, flag: Flag, state: State) -> None:
        state.pending[flag.dst] &= state.tokens.pop(flag)
        self._issue(self.wait_bit(flag), flag.dst, state)

    def _push(self, node: FifoNode, state: State) -> None:
        state.receipts.push(node.fifo, state.pending[node.pipe] & ~self._masks[node.pipe])

    @staticmethod
    def _pop(node: FifoNode, state: State) -> None:
        unfinished = state.receipts.pop(node.fifo)
        state.pending = [mask & unfinished for mask in state.pending]

    def _barrier(self, barrier: Barrier, state: State) -> None:
        if barrier.pipe is None:
            state.pending = [0] * len(Pipe)
        else:
            state.pending[barrier.pipe] &= ~self._masks[barrier.pipe]


def has_hazard(program: Program) -> bool:
    """Whether any two conflicting operations are unordered on some path."""
    try:
        Walker(program, stop_at_hazard).run()
    except HazardFound:
        return True
    return False
