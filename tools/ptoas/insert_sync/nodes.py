"""What a program is made of: operations, loops, ifs and FIFO signals in blocks, with gaps between them.

Only what matters for ordering is kept. The n nodes of a block have n + 1 gaps between and around them, and syncs live
in the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isa.pipes import Pipe
from isa.repeats import Operation as Walk
from tools.ptoas.byte_ranges import ByteRange

if TYPE_CHECKING:
    from tools.ptoas.insert_sync.syncs import Gap


@dataclass(frozen=True, slots=True)
class Phase:
    """A condition on the pass of a loop: that its number, modulo the copies of the loop, is one of some."""

    loop: LoopNode
    passes: frozenset[int]

    def holds(self, copies: Copies) -> bool:
        """Whether it holds in the given copies of the loops around; of a loop that is not there it may."""
        return copies.get(self.loop) is None or copies[self.loop] in self.passes


Copies = dict["LoopNode", int]
"""Loops that have copies, and the copy that one is in."""


@dataclass(frozen=True, slots=True)
class Access:
    """Bytes that an operation reads or writes: of an on-chip buffer, or of a global tensor under a name of its own."""

    bytes: ByteRange
    writes: bool
    when: tuple[Phase, ...] = ()
    """Only if all of these hold."""


@dataclass(eq=False, repr=False, slots=True)
class OpNode:
    """One operation on a pipe; `payload` is whatever the caller wants back (the IR operation)."""

    pipe: Pipe
    accesses: tuple[Access, ...]
    payload: object = None
    index: int = -1
    bit: int = 0
    """The bit of its kind; 0 if it conflicts with nothing."""
    adds: tuple[int, ...] = ()
    """Per pipe, what it adds to the pending operations: its bit, but for the pipe that finishes it before the next."""
    earlier: int = 0
    """Kinds whose first operation comes before it in program order."""
    conflicts: int = 0
    """Operations of other pipes, or of V with V, that touch a common byte, one of the two writing it."""
    walk: Walk | None = None
    """On V, the tiles as the repeat rule looks at them; None if it knows nothing of them."""
    repeats: int = 0
    """How many repeats it issues, at least; never more than the rule asks for."""
    vector_conflicts: int = 0
    """Those of `conflicts` that are on V, too, if the repeat rule counts."""
    needed_repeats: tuple[tuple[int, int], ...] = ()
    """How many repeats must be issued after some of these for a barrier to be spared, and which."""


@dataclass(eq=False, repr=False, slots=True)
class LoopNode:
    """A loop that makes at least `fewest_trips` and at most `most_trips` passes, which is infinite if not known."""

    body: Block
    payload: object = None
    fewest_trips: int = 0
    most_trips: float = math.inf
    copies: int = 1
    """Passes after which what operations touch repeats."""
    start: int | None = 0
    """The copy that the first pass is; None if that is known at run time only."""
    numbering: object = None
    """What tells the number of a pass at run time; whatever the caller wants back."""
    bodies: tuple[Block, ...] = ()
    """The copies of the body: `body` itself if there is but one."""
    code: LoopNode | None = None
    """The loop of which this one is a copy."""

    @property
    def original(self) -> LoopNode:
        """The loop whose code this one stands for."""
        return self if self.code is None else self.code


@dataclass(eq=False, repr=False, slots=True)
class IfNode:
    """A conditional; an absent branch is an empty block."""

    branches: tuple[Block, ...]
    payload: object = None
    when: tuple[tuple[Phase, ...], ...] = ()
    """Per branch, what holds where it is taken; nothing is known if there is no entry."""


@dataclass(eq=False, repr=False, slots=True)
class FifoNode:
    """A push, which announces that `pipe` is done, or a pop, which holds back the whole core."""

    fifo: str
    pushes: bool
    pipe: Pipe
    payload: object = None


Node = OpNode | LoopNode | IfNode | FifoNode


@dataclass(eq=False, repr=False, slots=True)
class Block:
    """Nodes in program order with the gaps around them; `owner` is the loop or if it belongs to."""

    nodes: list[Node] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    owner: Node | None = None
    parent: Block | None = None
    parent_index: int = -1
    first: int = 0
    """Index of the first operation inside (nested ones count)."""
    end: int = 0
    """One past the index of the last operation inside."""
    code: Block | None = None
    """The block of which this one is a copy, in which syncs are noted; None if it is its own."""
    copy: int = 0
    """Which copy of its owner's body it is."""

    @property
    def original(self) -> Block:
        """The block whose code this one stands for."""
        return self if self.code is None else self.code


def inner_blocks(node: Node) -> tuple[Block, ...]:
    """The blocks directly inside a node, with the copies of a loop's body."""
    if isinstance(node, LoopNode):
        return node.bodies or (node.body,)
    if isinstance(node, IfNode):
        return node.branches
    return ()


def iter_code(block: Block) -> Iterator[Block]:
    """`block` and all blocks of the code below it, outer before inner, in program order; no copies."""
    yield block
    for node in block.nodes:
        for inner in code_blocks(node):
            yield from iter_code(inner)


def code_blocks(node: Node) -> tuple[Block, ...]:
    """The blocks directly inside a node of the code."""
    return (node.body,) if isinstance(node, LoopNode) else inner_blocks(node)


def outwards(block: Block) -> Iterator[Block]:
    """A block and those around it."""
    around: Block | None = block
    while around is not None:
        yield around
        around = around.parent


def number_gaps(code: Block) -> dict[tuple[int, int], int]:
    """Program order of the gaps of the code, keyed by identity of their block and place."""
    number: dict[tuple[int, int], int] = {}

    def visit(block: Block) -> None:
        for place in range(len(block.gaps)):
            number[id(block), place] = len(number)
            if place < len(block.nodes):
                for inner in code_blocks(block.nodes[place]):
                    visit(inner)

    visit(code)
    return number
