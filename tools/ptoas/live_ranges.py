"""When the bytes of each tile are in use: one interval of program order per allocation.

An operation in a loop counts as the whole loop, unless the tile is allocated inside it: the next iteration may need
what this one wrote.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.ir import Block, Operation

from ptodsl.dialect import AllocationOp, TileBufType
from tools.ptoas.tile_sources import allocations_of


@dataclass(frozen=True)
class LiveRange:
    """First and last operation, as numbers in program order, that may use the bytes."""

    first: int
    last: int

    def overlaps(self, other: LiveRange) -> bool:
        """Whether there is a moment at which both are in use."""
        return self.first <= other.last and other.first <= self.last

    def join(self, other: LiveRange) -> LiveRange:
        """The smallest interval that contains both."""
        return LiveRange(min(self.first, other.first), max(self.last, other.last))


ALWAYS = LiveRange(0, sys.maxsize)
"""Of bytes that are in use from the beginning of a function to its end."""


def live_ranges(body: Block) -> dict[AllocationOp, LiveRange]:
    """Live range of every allocation in `body`, in program order; one without uses lives where it is made."""
    # In program order; an operation with regions spans all that is inside.
    numbers = {op: LiveRange(number, number - 1 + sum(1 for _ in op.walk())) for number, op in enumerate(body.walk())}
    ranges: dict[AllocationOp, LiveRange] = {}
    for op, own in numbers.items():
        if isinstance(op, AllocationOp):
            ranges.setdefault(op, own)
    used: set[AllocationOp] = set()
    for op in numbers:
        for operand in op.operands:
            if not isinstance(operand.type, TileBufType):
                continue
            for allocation in allocations_of(operand):
                use = numbers[_outermost_loop(op, allocation)]
                # From the first use on, not from the allocation: before it the bytes hold nothing.
                ranges[allocation] = ranges[allocation].join(use) if allocation in used else use
                used.add(allocation)
    return ranges


def _outermost_loop(op: Operation, allocation: AllocationOp) -> Operation:
    """The outermost loop around `op` that does not contain the allocation; `op` itself if there is none."""
    result, home = op, allocation.parent
    current: Operation | None = op
    while current is not None and current.parent is not home:
        current = current.parent_op()
        if isinstance(current, scf.ForOp | scf.WhileOp):
            result = current
    return result
