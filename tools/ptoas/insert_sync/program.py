"""The program as the synchronisation pass sees it: memory operations in blocks, and the gaps where syncs go.

A function becomes a tree of `Block`s. Only what matters for ordering is kept: operations that run on a
pipe and touch memory (`OpNode`), loops, ifs, and FIFO signals for what they tell of the other core. Every
operation owns one bit, its *index*, in program order; sets of operations are Python integers, so that the
dataflow in `analysis` costs a few machine words per step. The n nodes of a block have n + 1 gaps between and
around them, and syncs live in the gaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from tools.ptoas.byte_ranges import ByteRange


class Pipe(IntEnum):
    """The queues of one core (pto-facts: each issues in program order, all run concurrently)."""

    S = 0
    V = 1
    M = 2
    MTE1 = 3
    MTE2 = 4
    MTE3 = 5
    FIX = 6


@dataclass(frozen=True, slots=True)
class Access:
    """Bytes that an operation reads or writes: of an on-chip buffer, or of a global tensor under a name of its own."""

    bytes: ByteRange
    writes: bool


@dataclass(eq=False, repr=False, slots=True)
class OpNode:
    """One operation on a pipe; `payload` is whatever the caller wants back (the IR operation)."""

    pipe: Pipe
    accesses: tuple[Access, ...]
    payload: object = None
    index: int = -1
    conflicts: int = 0
    """Operations that touch a common byte, one of the two writing it (itself included if it writes)."""


@dataclass(eq=False, repr=False, slots=True)
class LoopNode:
    """A loop that makes at least `fewest_trips` and at most `most_trips` passes, which is infinite if not known."""

    body: Block
    payload: object = None
    fewest_trips: int = 0
    most_trips: float = math.inf


@dataclass(eq=False, repr=False, slots=True)
class IfNode:
    """A conditional; an absent branch is an empty block."""

    branches: tuple[Block, ...]
    payload: object = None


@dataclass(eq=False, repr=False, slots=True)
class FifoNode:
    """A push, which announces that `pipe` is done, or a pop, which holds back the whole core."""

    fifo: str
    pushes: bool
    pipe: Pipe
    payload: object = None


@dataclass(frozen=True, slots=True, order=True)
class RoundTrip:
    """Pushes of one FIFO that the other core answers by pushes of another one."""

    sent: str
    returned: str


Node = OpNode | LoopNode | IfNode | FifoNode


@dataclass(eq=False, repr=False, slots=True)
class Barrier:
    """`pipe_barrier`: of V (orders V with itself), or of all pipes (`pipe` is None)."""

    pipe: Pipe | None
    block: Block
    gap: int


@dataclass(eq=False, repr=False, slots=True)
class Flag:
    """One of the flags from `src` to `dst`, and the pairs of `set_flag` and `wait_flag` that use it.

    Without a frame it has one pair, whose set comes first. With one it serves dependences that go round a loop: it is
    primed before the frame, the outermost loop around its pairs, and drained after it, and each pair waits first and
    sets again. Priming further inside would make a pipe wait at each end of an inner loop, and would let the next
    prime overtake the wait of the last drain.
    """

    src: Pipe
    dst: Pipe
    frame: Site | None = None
    pairs: list[FlagPair] = field(default_factory=list)
    event_id: int = -1


@dataclass(eq=False, repr=False, slots=True)
class FlagPair:
    """A `set_flag` and a `wait_flag` of one flag, in the gaps `set_gap` and `wait_gap` of one block.

    `guards` are the bytes of the operation for whose sake the pair was made.
    """

    flag: Flag
    block: Block
    set_gap: int
    wait_gap: int
    guards: frozenset[ByteRange] = frozenset()

    @property
    def position(self) -> tuple[int, Pipe, Pipe, int, int, bool]:
        """What makes two pairs the same pair."""
        flag = self.flag
        return (id(self.block), flag.src, flag.dst, self.set_gap, self.wait_gap, flag.frame is not None)


@dataclass(eq=False, repr=False, slots=True)
class Gap:
    """The syncs between two nodes of a block, in the order in which they are issued.

    Drains come first and primes last: a set behind a drain and a prime behind a wait carry what was waited for.
    """

    drains: list[Flag] = field(default_factory=list)
    sets: list[FlagPair] = field(default_factory=list)
    waits: list[FlagPair] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    primes: list[Flag] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.drains or self.sets or self.waits or self.barriers or self.primes)


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


@dataclass(frozen=True, slots=True)
class Site:
    """Where an operation stands: its block and its place in it."""

    block: Block
    place: int

    def ancestors(self) -> Iterator[Site]:
        """This site, then the sites of the enclosing nodes, outwards."""
        site = self
        while True:
            yield site
            if site.block.parent is None:
                return
            site = Site(site.block.parent, site.block.parent_index)


@dataclass(eq=False, repr=False, slots=True)
class Program:
    """A function body, numbered and with its conflicts computed; made by `build_program`."""

    root: Block
    ops: list[OpNode]
    sites: list[Site]
    pipe_masks: list[int]
    """Per pipe, the set of operations which run on it."""
    surplus: dict[RoundTrip, int] = field(default_factory=dict)
    """Of the other core, whenever it answers: how many more pushes it has received than answered, at least."""

    def node_span(self, site: Site) -> tuple[int, int]:
        """Indices `start <= i < end` of the operations inside the node at `site`."""
        node = site.block.nodes[site.place]
        if isinstance(node, OpNode):
            return node.index, node.index + 1
        blocks = inner_blocks(node)
        return blocks[0].first, blocks[-1].end

    def syncs(self) -> tuple[list[FlagPair], list[Barrier]]:
        """All flag pairs and barriers, in program order of their first instruction."""
        pairs: list[FlagPair] = []
        barriers: list[Barrier] = []
        for block in iter_blocks(self.root):
            for gap in block.gaps:
                pairs += gap.sets
                barriers += gap.barriers
        return pairs, barriers

    def add_pair(self, pair: FlagPair) -> None:
        """Put a flag pair in its gaps, with prime and drain if it is the first of its flag."""
        pair.block.gaps[pair.set_gap].sets.append(pair)
        pair.block.gaps[pair.wait_gap].waits.append(pair)
        flag = pair.flag
        flag.pairs.append(pair)
        if flag.frame is not None and len(flag.pairs) == 1:
            gaps, place = flag.frame.block.gaps, flag.frame.place
            gaps[place].primes.append(flag)
            gaps[place + 1].drains.append(flag)

    def remove_pair(self, pair: FlagPair) -> None:
        """Take a flag pair out of its gaps, and prime and drain with the last of its flag."""
        pair.block.gaps[pair.set_gap].sets.remove(pair)
        pair.block.gaps[pair.wait_gap].waits.remove(pair)
        flag = pair.flag
        flag.pairs.remove(pair)
        if flag.frame is not None and not flag.pairs:
            gaps, place = flag.frame.block.gaps, flag.frame.place
            gaps[place].primes.remove(flag)
            gaps[place + 1].drains.remove(flag)

    def add_barrier(self, barrier: Barrier) -> None:
        """Put a barrier in its gap."""
        barrier.block.gaps[barrier.gap].barriers.append(barrier)

    def remove_barrier(self, barrier: Barrier) -> None:
        """Take a barrier out of its gap."""
        barrier.block.gaps[barrier.gap].barriers.remove(barrier)


def inner_blocks(node: Node) -> tuple[Block, ...]:
    """The blocks directly inside a node."""
    if isinstance(node, LoopNode):
        return (node.body,)
    if isinstance(node, IfNode):
        return node.branches
    return ()


def iter_blocks(block: Block) -> Iterator[Block]:
    """`block` and all blocks below it, outer before inner, in program order."""
    yield block
    for node in block.nodes:
        for inner in inner_blocks(node):
            yield from iter_blocks(inner)


def number_gaps(root: Block) -> dict[tuple[int, int], int]:
    """Program order of the gaps, keyed by identity of their block and place."""
    number: dict[tuple[int, int], int] = {}

    def visit(block: Block) -> None:
        for place in range(len(block.gaps)):
            number[id(block), place] = len(number)
            if place < len(block.nodes):
                for inner in inner_blocks(block.nodes[place]):
                    visit(inner)

    visit(root)
    return number


def build_program(root: Block) -> Program:
    """Number the operations below `root`, make the gaps and compute the conflicts."""
    ops: list[OpNode] = []
    sites: list[Site] = []
    _number(root, ops, sites)
    masks = [0] * len(Pipe)
    for op in ops:
        masks[op.pipe] |= 1 << op.index
    _fill_conflicts(ops)
    return Program(root, ops, sites, masks)


def _number(block: Block, ops: list[OpNode], sites: list[Site]) -> None:
    block.first = len(ops)
    block.gaps = [Gap() for _ in range(len(block.nodes) + 1)]
    for place, node in enumerate(block.nodes):
        if isinstance(node, OpNode):
            node.index = len(ops)
            ops.append(node)
            sites.append(Site(block, place))
        for inner in inner_blocks(node):
            inner.owner, inner.parent, inner.parent_index = node, block, place
            _number(inner, ops, sites)
    block.end = len(ops)


def _fill_conflicts(ops: Iterable[OpNode]) -> None:
    """Operations share few distinct ranges: compare the ranges with each other, not the operations."""
    readers: dict[Access, int] = {}
    writers: dict[Access, int] = {}
    ops = list(ops)
    for op in ops:
        for access in op.accesses:
            table = writers if access.writes else readers
            table[access] = table.get(access, 0) | 1 << op.index
    against: dict[Access, int] = {}
    for access in {*readers, *writers}:
        mask = 0
        for other, users in writers.items():
            if access.bytes.overlaps(other.bytes):
                mask |= users
        if access.writes:
            for other, users in readers.items():
                if access.bytes.overlaps(other.bytes):
                    mask |= users
        against[access] = mask
    for op in ops:
        op.conflicts = 0
        for access in op.accesses:
            op.conflicts |= against[access]
