"""The program as the synchronisation pass sees it: memory operations in blocks, and the gaps where syncs go.

A function becomes a tree of `Block`s. Only what matters for ordering is kept: operations that run on a pipe and touch
memory (`OpNode`), loops, ifs, and FIFO signals for what they tell of the other core. The n nodes of a block have n + 1
gaps between and around them, and syncs live in the gaps.

What an operation touches may depend on the pass of a loop: slot i mod 3 of a ring in pass i. Such a loop has several
*copies* of its body, one per pass modulo their number, in which every operation has the bytes of that pass and branches
that are not taken are gone. All copies stand for one piece of code, so they share their gaps.

Operations of a block that run on one pipe and touch the same bytes are of one *kind*, and every kind owns one bit: what
is true of the latest of them is true of all. Sets of operations are Python integers, which stay short where a program
is long but does the same again and again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import NamedTuple

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
    reason: str = ""
    """Why it had to be one of all pipes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Nodes `first` to `last` of a block, around which a flag is primed and drained."""

    block: Block
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """A flag with several ids: pass t of `loop` sets id t mod `ids` and waits for the one set `distance` passes before.

    So the pipe that waits may be that many passes ahead. `ids` divides the copies of the loop.
    """

    loop: LoopNode
    ids: int
    distance: int

    @property
    def is_whole(self) -> bool:
        """Whether all ids are set between two passes, or none is."""
        return self.distance % self.ids == 0


@dataclass(eq=False, repr=False, slots=True)
class Flag:
    """One of the flags from `src` to `dst`, and the pairs of `set_flag` and `wait_flag` that use it.

    Without a frame it has one pair, whose set comes first. With one it serves dependences that go round a loop: it is
    primed before the frame, from the outermost loop around its first pair to that around its last, and drained after
    it, and each pair waits first and sets again. Priming further inside would make a pipe wait at each end of an inner
    loop, and would let the next prime overtake the wait of the last drain. Only where the number of passes decides
    which ids are set at the end, the frame is the loop of the rotation itself.
    """

    src: Pipe
    dst: Pipe
    frame: Frame | None = None
    rotation: Rotation | None = None
    pairs: list[FlagPair] = field(default_factory=list)
    event_id: int = -1
    """The first of its ids."""

    @property
    def ids(self) -> int:
        """How many ids it has."""
        return 1 if self.rotation is None else self.rotation.ids

    def primed(self) -> range:
        """Which of its ids are set before the frame, where the first pass is copy 0 of its loop."""
        rotation = self.rotation
        if rotation is None or rotation.is_whole:
            return range(self.ids)
        return range(rotation.ids - rotation.distance, rotation.ids)


class Turn(Enum):
    """When a sync is issued among those of its gap, for acknowledgements: they concern other syncs."""

    EARLY = "early"
    NORMAL = "normal"
    LATE = "late"


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
    acknowledges: Flag | None = None
    """It orders no operations, but the wait for a flag before this one is set."""
    set_turn: Turn = Turn.NORMAL
    wait_turn: Turn = Turn.NORMAL

    @property
    def position(self) -> tuple[object, ...]:
        """What makes two pairs the same pair."""
        flag = self.flag
        place = (id(self.block), self.set_gap, self.wait_gap)
        return (*place, flag.src, flag.dst, flag.frame is not None, flag.rotation, self.set_turn, self.wait_turn)

    @property
    def lists(self) -> tuple[list[FlagPair], list[FlagPair]]:
        """Where its set and its wait are noted."""
        at_set, at_wait = self.block.gaps[self.set_gap], self.block.gaps[self.wait_gap]
        sets = at_set.sets
        if self.set_turn is not Turn.NORMAL:
            sets = at_set.early_sets if self.set_turn is Turn.EARLY else at_set.late_sets
        return sets, at_wait.early_waits if self.wait_turn is Turn.EARLY else at_wait.waits


@dataclass(eq=False, repr=False, slots=True)
class Gap:
    """The syncs between two nodes of a block, in the order in which they are issued.

    Drains come first and primes last: a set behind a drain and a prime behind a wait carry what was waited for.
    """

    drains: list[Flag] = field(default_factory=list)
    early_sets: list[FlagPair] = field(default_factory=list)
    early_waits: list[FlagPair] = field(default_factory=list)
    sets: list[FlagPair] = field(default_factory=list)
    waits: list[FlagPair] = field(default_factory=list)
    late_sets: list[FlagPair] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    primes: list[Flag] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.drains, self.early_sets, self.early_waits, self.sets, self.waits)) or any(
            (self.late_sets, self.barriers, self.primes)
        )

    def behind(self) -> list[Sync]:
        """Those that belong to the node before the gap."""
        return [
            *(Sync(Action.DRAIN, flag) for flag in self.drains),
            *(Sync(Action.SET, pair.flag) for pair in self.early_sets),
            *(Sync(Action.WAIT, pair.flag) for pair in self.early_waits),
            *(Sync(Action.SET, pair.flag) for pair in self.sets),
        ]

    def ahead(self) -> list[Sync]:
        """Those that belong to the node behind the gap."""
        return [
            *(Sync(Action.WAIT, pair.flag) for pair in self.waits),
            *(Sync(Action.SET, pair.flag) for pair in self.late_sets),
            *(Sync(Action.BARRIER, barrier=barrier) for barrier in self.barriers),
            *(Sync(Action.PRIME, flag) for flag in self.primes),
        ]


class Action(Enum):
    """What a sync does."""

    PRIME = "prime"
    SET = "set"
    WAIT = "wait"
    DRAIN = "drain"
    BARRIER = "barrier"


class Sync(NamedTuple):
    """One sync of a gap: of a flag, or a barrier."""

    action: Action
    flag: Flag | None = None
    barrier: Barrier | None = None


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


@dataclass(frozen=True, slots=True)
class Kind:
    """Operations of one block that are alike: on one pipe, with the same accesses."""

    pipe: Pipe
    block: Block
    places: list[int]
    """In program order."""


@dataclass(eq=False, repr=False, slots=True)
class Program:
    """A function body, numbered and with its conflicts computed; made by `build_program`."""

    code: Block
    """The body as it is written, with the gaps."""
    root: Block
    """The body with the copies of loop bodies: `code` itself if there are none."""
    ops: list[OpNode]
    sites: list[Site]
    kinds: list[Kind]
    """By bit."""
    pipe_masks: list[int]
    """Per pipe, the set of operations which run on it."""
    copies_of: dict[int, list[Block]]
    """Per block of the code, by identity, the blocks that stand for it."""
    surplus: dict[RoundTrip, int] = field(default_factory=dict)
    """Of the other core, whenever it answers: how many more pushes it has received than answered, at least."""

    def node_span(self, site: Site) -> tuple[int, int]:
        """Indices `start <= i < end` of the operations inside the node at `site`."""
        node = site.block.nodes[site.place]
        if isinstance(node, OpNode):
            return node.index, node.index + 1
        blocks = inner_blocks(node)
        return (blocks[0].first, blocks[-1].end) if blocks else (site.block.first, site.block.first)

    def syncs(self) -> tuple[list[FlagPair], list[Barrier]]:
        """All flag pairs and barriers, in program order of their first instruction."""
        pairs: list[FlagPair] = []
        barriers: list[Barrier] = []
        for block in iter_code(self.code):
            for gap in block.gaps:
                pairs += gap.early_sets + gap.sets + gap.late_sets
                barriers += gap.barriers
        return pairs, barriers

    def add_pair(self, pair: FlagPair) -> None:
        """Put a flag pair in its gaps, with prime and drain if it is the first of its flag."""
        for pairs in pair.lists:
            pairs.append(pair)
        flag = pair.flag
        flag.pairs.append(pair)
        if flag.frame is not None and len(flag.pairs) == 1:
            gaps, frame = flag.frame.block.gaps, flag.frame
            gaps[frame.first].primes.append(flag)
            gaps[frame.last + 1].drains.append(flag)

    def remove_pair(self, pair: FlagPair) -> None:
        """Take a flag pair out of its gaps, and prime and drain with the last of its flag."""
        for pairs in pair.lists:
            pairs.remove(pair)
        flag = pair.flag
        flag.pairs.remove(pair)
        if flag.frame is not None and not flag.pairs:
            gaps, frame = flag.frame.block.gaps, flag.frame
            gaps[frame.first].primes.remove(flag)
            gaps[frame.last + 1].drains.remove(flag)

    def extend(self, flag: Flag, pairs: list[FlagPair], frame: Frame | None) -> None:
        """Let a flag have more pairs, which were those of another one with that frame."""
        mine = list(flag.pairs)
        for pair in mine:
            self.remove_pair(pair)
        if flag.frame is not None and frame is not None:
            first, last = min(flag.frame.first, frame.first), max(flag.frame.last, frame.last)
            flag.frame = Frame(flag.frame.block, first, last)
        for pair in (*mine, *pairs):
            pair.flag = flag
            self.add_pair(pair)

    def add_barrier(self, barrier: Barrier) -> None:
        """Put a barrier in its gap."""
        barrier.block.gaps[barrier.gap].barriers.append(barrier)

    def remove_barrier(self, barrier: Barrier) -> None:
        """Take a barrier out of its gap."""
        barrier.block.gaps[barrier.gap].barriers.remove(barrier)


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


def iter_bits(mask: int) -> Iterator[int]:
    """Numbers of the bits in a mask, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def last_bits(mask: int, most: int) -> Iterator[int]:
    """Numbers of the highest bits in a mask, the highest first."""
    while mask and most:
        number = mask.bit_length() - 1
        yield number
        mask ^= 1 << number
        most -= 1
