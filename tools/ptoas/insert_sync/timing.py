"""When flags are set and taken, as far as pipes know: whether one may be set while its last wait is still to come."""

from __future__ import annotations

from collections import defaultdict

from isa.pipes import Pipe
from tools.ptoas.insert_sync.analysis import Dataflow, stop_at_hazard, union
from tools.ptoas.insert_sync.nodes import Block, LoopNode, outwards
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.state import State
from tools.ptoas.insert_sync.syncs import Flag

OUTSIDE = -1
"""The copy that primes and drains are in."""


class Timing(Dataflow):
    """The dataflow of a program without hazards, in which waits are operations of their pipe, too."""

    def __init__(self, program: Program) -> None:
        super().__init__(program, stop_at_hazard)
        self._masks = list(program.pipe_masks)
        self._bits: dict[tuple[Flag, int], int] = {}
        self._copies: dict[Flag, list[int]] = defaultdict(list)
        self._waits: dict[Flag, int] = defaultdict(int)
        self._overtaken: dict[Flag, dict[int, int]] = defaultdict(dict)
        self._number_waits()
        # A wait may matter wherever a flag is set later, so no state is dead.
        self._live = {block: [-1] * len(masks) for block, masks in self._live.items()}
        self.run()

    def waits(self, flag: Flag) -> int:
        """The waits of a flag, drains included: they are operations of the destination pipe, too."""
        return self._waits[flag]

    def copies(self, flag: Flag) -> list[int]:
        """The copies of their loop that its pairs have."""
        return self._copies[flag]

    def wait_in(self, flag: Flag, copy: int) -> int:
        """The wait of a flag in one copy of its loop, or outside."""
        return self._bits.get((flag, copy), 0)

    def overtakes(self, flag: Flag, copy: int | None = None) -> int:
        """The waits that may still be to come when the flag is set: in one copy of its loop, outside, or anywhere."""
        places = self._overtaken[flag]
        return union(places.values()) if copy is None else places.get(copy, 0)

    def _number_waits(self) -> None:
        for pair in self.program.syncs()[0]:
            flag = pair.flag
            for block in self.program.copies_of[id(pair.block)]:
                self._number(flag, ring_copy(block))
            if flag.frame is not None:
                self._number(flag, OUTSIDE)

    def _number(self, flag: Flag, copy: int) -> None:
        if (flag, copy) not in self._bits:
            # Above the bits of the kinds: a state holds waits and operations in the same masks.
            bit = 1 << (len(self.program.kinds) + len(self._bits))
            self._bits[flag, copy] = bit
            if copy != OUTSIDE:
                self._copies[flag].append(copy)
            self._waits[flag] |= bit
            self._masks[flag.dst] |= bit

    def set(self, flag: Flag, number: int, block: Block | None, state: State) -> State:
        """After a `set_flag`, in a block or before a frame."""
        unvouched = state.pending[flag.src] & ~self._masks[flag.src]
        overtaken, copy = self._overtaken[flag], ring_copy(block)
        overtaken[copy] = overtaken.get(copy, 0) | unvouched
        return state.set((flag, number), unvouched)

    def wait(self, flag: Flag, number: int, block: Block | None, state: State) -> State:
        """After a `wait_flag`, in a block or behind a frame."""
        state = super().wait(flag, number, block, state)
        if flag.dst is Pipe.S:
            # The scalar unit waits itself: nothing that is issued later can come before the wait.
            return state
        return state.issue_wait(self._bits[flag, ring_copy(block)], flag.dst)


def ring_copy(block: Block | None) -> int:
    """The copy of the innermost loop with copies that a block is in; 0 outside of such loops, OUTSIDE for frames."""
    if block is None:
        return OUTSIDE
    loops = ((body.owner, body.copy) for body in outwards(block))
    return next((copy for loop, copy in loops if isinstance(loop, LoopNode) and loop.copies > 1), 0)
