"""What a core learns from the FIFO signals of the other core.

A pop waits for a push of the other core, which was issued after the pops before it in the other core's program. So a
pop may tell this core that some of its own pushes were received, and that all is complete which these pushes
announced: the cube core that has popped the probabilities of a tile knows that the tile's scores were popped, so that
their matmul is done. Of how many pushes a pop tells is found by counting:

    n-th pop of F by A  =>  n-th push of F by B  =>  B's first n + c pops of G  =>  A's first n + c pushes of G,

where c is the least surplus of pops of G over pushes of F that B has at any of its pushes, from `link`. If A has made
at most e more pushes of G than pops of F, these are all pushes of G but the latest e - c. `Receipts` keeps what they
announced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tools.ptoas.insert_sync.nodes import Block, FifoNode, IfNode, LoopNode, iter_code
from tools.ptoas.insert_sync.program import Program, RoundTrip


def has_signals(program: Program) -> bool:
    """Whether a program pushes or pops."""
    return any(True for _ in _fifo_nodes(program))


def link(one: Program, other: Program) -> None:
    """Note in both programs which pushes come back as which pops.

    The programs are those of the two kinds of core, each executed once. With two vector cores the cube core pops what
    both have pushed, so either of them may be `one`.
    """
    for mine, theirs in ((one, other), (other, one)):
        fifos = {pushes: {node.fifo for node in _fifo_nodes(mine) if node.pushes is pushes} for pushes in (True, False)}
        for trip in (RoundTrip(sent, returned) for sent in sorted(fifos[True]) for returned in sorted(fifos[False])):
            surplus = _received_before_push(theirs, trip)
            # Without a bound a pop tells nothing of the pushes.
            if surplus > -math.inf:
                mine.surplus[trip] = int(surplus)


def _fifo_nodes(program: Program) -> Iterator[FifoNode]:
    return (node for block in iter_code(program.code) for node in block.nodes if isinstance(node, FifoNode))


def _received_before_push(program: Program, trip: RoundTrip) -> float:
    """The least number of pops of `trip.sent`, less pushes of `trip.returned`, right after any push of the latter."""
    least = _Least(lambda node: (node.fifo == trip.sent and not node.pushes) - (node.fifo == trip.returned))
    least.block(program.code, 0)
    return min((count for node, count in least.after.items() if node.fifo == trip.returned), default=-math.inf)


@dataclass(slots=True)
class _Least:
    """Adds up the weights of FIFO nodes along all paths and keeps the least sums, which may be -infinity."""

    weight: Callable[[FifoNode], int]
    after: dict[FifoNode, float] = field(default_factory=dict)
    """The least sum up to and with a node."""

    def block(self, block: Block, count: float) -> float:
        """The least sum at the end of a block that is entered with `count`."""
        for node in block.nodes:
            if isinstance(node, FifoNode):
                count += self.weight(node)
                self.after[node] = count
            elif isinstance(node, IfNode):
                count = min([self.block(branch, count) for branch in node.branches])
            elif isinstance(node, LoopNode):
                step = self.block(node.body, 0)
                # The second visit leaves in `after` what holds in all passes.
                # A pass starts with `count` and a step for each pass before it: least in the first one, or in the last.
                self.block(node.body, count + _times(step, 0, max(node.most_trips - 1, 0)))
                count += _times(step, node.fewest_trips, node.most_trips)
        return count


def _times(step: float, fewest: int, most: float) -> float:
    """The least sum of between `fewest` and `most` steps; no step is nothing, and so are any of nothing."""
    trips = most if step < 0 else fewest
    return step * trips if step and trips else 0
