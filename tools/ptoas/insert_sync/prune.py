"""Take away the syncs that the others imply."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from typing import TypeVar

from tools.ptoas.insert_sync.analysis import Dataflow, HazardFound, stop_at_hazard
from tools.ptoas.insert_sync.nodes import Block, IfNode, LoopNode, inner_blocks, outwards
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.state import State
from tools.ptoas.insert_sync.syncs import Barrier, Flag, FlagPair

T = TypeVar("T")

_NOTHING = object()


def prune(program: Program) -> list[FlagPair | Barrier]:
    """Remove, one after the other, every sync without which there is still no hazard; those that were removed.

    Barriers are tried first, since they stall the pipe that bounds the kernel, then flags within one pass of a block,
    which flags that go round a loop often imply.
    """
    trials = _Trials(program)
    removed: list[FlagPair | Barrier] = []
    pairs, barriers = program.syncs()
    # Acknowledgements order no operations, so no hazard would tell that one is needed.
    removable = [pair for pair in pairs if pair.acknowledges is None]
    syncs: list[FlagPair | Barrier] = [*barriers, *sorted(removable, key=lambda pair: pair.flag.frame is not None)]
    for sync in syncs:
        program.remove(sync)
        if trials.survives_without(sync):
            removed.append(sync)
        else:
            program.add(sync)
    return removed


class _Trials(Dataflow):
    """Walks again from where a sync was removed for as far as its absence is felt; forgets that if it meets a hazard.

    Without a sync more operations are pending. So states only grow, and the walk ends where they are what they were.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program, stop_at_hazard)
        self._log: list[tuple[MutableSequence[object] | MutableMapping[int, object], int, object]] | None = None
        self.run()

    def survives_without(self, sync: FlagPair | Barrier) -> bool:
        """Whether the program has no hazard now that `sync` was removed from it."""
        self._log = []
        try:
            for block, gap in _felt_at(sync):
                for copy in self.program.copies_of[id(block)]:
                    self._restart(copy, gap, None if isinstance(sync, Barrier) or sync.flag.pairs else sync.flag)
        except HazardFound:
            # Backwards, so that what was noted several times ends as it was at first.
            for memory, key, value in reversed(self._log):
                if value is _NOTHING:
                    assert isinstance(memory, MutableMapping)
                    del memory[key]
                else:
                    memory[key] = value
            return False
        finally:
            self._log = None
        return True

    def note(self, memory: MutableSequence[T] | MutableMapping[int, T], key: int, value: T) -> None:
        """Remember something, and what was there."""
        if self._log is not None:
            known = memory.get(key, _NOTHING) if isinstance(memory, MutableMapping) else memory[key]
            self._log.append((memory, key, known))  # type: ignore[arg-type]
        memory[key] = value

    def _restart(self, block: Block, gap: int, removed: Flag | None) -> None:
        """Walk on from a gap whose syncs have changed."""
        for site in outwards(block):
            owner = site.owner
            # Its blocks keep the state of their last pass only, so the walk starts in front of the outermost such loop.
            if isinstance(owner, LoopNode) and self.is_walked(owner):
                assert site.parent is not None
                block, gap = site.parent, site.parent_index
                self._forget(owner)
        state = self.before(block, gap)
        if state is not None:
            self._go_on(block, gap, state if removed is None else state.without(removed), changed=True)

    def _forget(self, loop: LoopNode) -> None:
        """A loop whose passes are told apart is walked as a whole."""
        todo = list(inner_blocks(loop))
        while todo:
            block = todo.pop()
            if id(block) in self.points:
                self.note(self.points, id(block), type(self.points[id(block)])([None] * len(block.gaps)))
            for node in block.nodes:
                todo += inner_blocks(node)
                if id(node) in self.heads:
                    known = self.heads[id(node)]
                    self.note(self.heads, id(node), type(known)([None] * len(known.now), [None] * len(known.now)))

    def _go_on(self, block: Block, gap: int, state: State, *, changed: bool = False) -> None:
        """Walk a block from a gap on and, if that changes its end, what comes after it."""
        before = self.points[id(block)].left
        end = self.block(block, state, gap, changed=changed)
        if end is before or block.parent is None:
            return
        owner = block.owner
        if isinstance(owner, IfNode):
            after = self.join_branches([self.points[id(branch)].left for branch in owner.branches])
        else:
            assert isinstance(owner, LoopNode)
            self.join_head(self.heads[id(owner)], (block.copy + 1) % owner.copies, end.next_pass())
            after = self.settle(owner)
        self._go_on(block.parent, block.parent_index + 1, after)


def _felt_at(sync: FlagPair | Barrier) -> list[tuple[Block, int]]:
    """The gaps behind which the absence of a sync is felt first."""
    if isinstance(sync, Barrier):
        return [(sync.block, sync.gap)]
    # A set alone changes nothing: it is the wait that tells.
    places = [(sync.block, sync.wait_gap)]
    frame = sync.flag.frame
    # The last pair has taken the drain with it, which told its pipe something, too.
    if frame is not None and not sync.flag.pairs:
        places.append((frame.block, frame.last + 1))
    return places
