"""The program as the synchronisation pass sees it: memory operations in blocks, and the gaps where syncs go.

A function becomes a tree of `Block`s (`nodes`): operations that run on a pipe and touch memory, loops, ifs, and FIFO
signals for what they tell of the other core. Syncs live in the gaps between the nodes (`syncs`).

What an operation touches may depend on the pass of a loop: slot i mod 3 of a ring in pass i. Such a loop has several
*copies* of its body, one per pass modulo their number, in which every operation has the bytes of that pass and branches
that are not taken are gone. All copies stand for one piece of code, so they share their gaps.

Operations of a block that run on one pipe and touch the same bytes are of one *kind*, and every kind owns one bit: what
is true of the latest of them is true of all. Sets of operations are Python integers, which stay short where a program
is long but does the same again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from isa.pipes import Pipe
from isa.repeats import VRule
from tools.ptoas.insert_sync.nodes import Block, OpNode, inner_blocks, iter_code
from tools.ptoas.insert_sync.syncs import Barrier, Flag, FlagPair, Frame


@dataclass(frozen=True, slots=True, order=True)
class RoundTrip:
    """Pushes of one FIFO that the other core answers by pushes of another one."""

    sent: str
    returned: str


@dataclass(frozen=True, slots=True)
class OwnIds:
    """Event ids that the program itself uses between two pipes, and that no flag may have."""

    src: Pipe
    dst: Pipe
    ids: frozenset[int]


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
    v_rule: VRule = VRule.STRICT
    """What spares a barrier between dependent operations on V."""
    own_ids: tuple[OwnIds, ...] = ()
    """What the program's own flags take."""
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

    def add(self, sync: FlagPair | Barrier) -> None:
        """Put a sync in its gaps: a flag pair with prime and drain if it is the first of its flag."""
        if isinstance(sync, Barrier):
            sync.block.gaps[sync.gap].barriers.append(sync)
        else:
            self._add_pair(sync)

    def remove(self, sync: FlagPair | Barrier) -> None:
        """Take a sync out of its gaps: a flag pair with prime and drain if it is the last of its flag."""
        if isinstance(sync, Barrier):
            sync.block.gaps[sync.gap].barriers.remove(sync)
        else:
            self._remove_pair(sync)

    def _add_pair(self, pair: FlagPair) -> None:
        for pairs in pair.lists:
            pairs.append(pair)
        flag = pair.flag
        flag.pairs.append(pair)
        if flag.frame is not None and len(flag.pairs) == 1:
            gaps, frame = flag.frame.block.gaps, flag.frame
            gaps[frame.first].primes.append(flag)
            gaps[frame.last + 1].drains.append(flag)

    def _remove_pair(self, pair: FlagPair) -> None:
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
        # All pairs go and come back, so that prime and drain move with the frame.
        mine = list(flag.pairs)
        for pair in mine:
            self.remove(pair)
        if flag.frame is not None and frame is not None:
            first, last = min(flag.frame.first, frame.first), max(flag.frame.last, frame.last)
            flag.frame = Frame(flag.frame.block, first, last)
        for pair in (*mine, *pairs):
            pair.flag = flag
            self.add(pair)


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
