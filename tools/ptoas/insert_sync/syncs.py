"""The syncs of a program: barriers, and flags with the pairs of `set_flag` and `wait_flag` that use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from isa.pipes import Pipe
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.nodes import Block, LoopNode, outwards


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

    @classmethod
    def of(cls, body: Block) -> Frame:
        """The frame of the loop that a block is the body of."""
        assert body.parent is not None
        return cls(body.parent.original, body.parent_index, body.parent_index)


def outermost_loop(block: Block) -> Frame | None:
    """The frame of the outermost loop around a block."""
    bodies = [inner for inner in outwards(block) if isinstance(inner.owner, LoopNode)]
    return Frame.of(bodies[-1]) if bodies else None


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
        # The first passes wait for these: pass t waits for id t - distance, modulo the ids.
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
            # Acknowledgements: in front of the sets that are held back for them.
            *(Sync(Action.WAIT, pair.flag) for pair in self.early_waits),
            *(Sync(Action.SET, pair.flag) for pair in self.sets),
        ]

    def ahead(self) -> list[Sync]:
        """Those that belong to the node behind the gap."""
        return [
            *(Sync(Action.WAIT, pair.flag) for pair in self.waits),
            # Acknowledgements: behind the waits of which they tell.
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
