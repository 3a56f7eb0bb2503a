"""What a flag that finds no event id can do about it, short of a barrier of all pipes.

- take turns with more ids, or with fewer, if its loop has copies
- become part of a flag that has done its work, or merge with one that guards something nearby
- be set right before it is waited for, and go round no loop any more
- be acknowledged: a flag in the other direction tells whoever sets it that an earlier wait is over
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import combinations

from isa.pipes import Pipe
from tools.ptoas.insert_sync.coloring import Failure, Reason, Relief, is_taken_in_time
from tools.ptoas.insert_sync.meeting import divisors
from tools.ptoas.insert_sync.nodes import Block, LoopNode, number_gaps, outwards
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.syncs import Flag, FlagPair, Frame, Rotation, Turn, outermost_loop
from tools.ptoas.insert_sync.timing import Timing

Place = tuple[Block, int, Turn]
"""A gap of a block of the code, and when in it."""


class Remedies:
    """One round of remedies, for the failures of one coloring."""

    def __init__(self, program: Program, timing: Timing, *, shortens: bool = False) -> None:
        self._program = program
        self._shortens = shortens
        """Whether flags may be shortened: only where nothing else helps, since pipes overlap less."""
        self._timing = timing
        self._number = number_gaps(program.code)
        self._changed: set[Flag] = set()
        pairs = program.syncs()[0]
        self._positions = {pair.position for pair in pairs}
        self._acknowledgements = [pair for pair in pairs if pair.acknowledges is not None]
        self._straight: dict[tuple[int, Pipe, Pipe], list[Flag]] = {}
        self.applied = 0
        self.risky = False
        """Whether a remedy was one that may leave operations unordered."""

    def relieve(self, failure: Failure) -> Relief | None:
        """Do something for a flag; None if nothing is known that helps, or nothing more in this round."""
        relief = self._relieve(failure)
        self.applied += relief is not None
        return relief

    def _relieve(self, failure: Failure) -> Relief | None:
        flag = failure.flag
        if not flag.pairs:
            # An earlier remedy of this round has replaced it.
            return None
        match failure.reason:
            case Reason.ITSELF:
                return self._rotate(flag) or self._acknowledge_itself(flag)
            case Reason.FRAME:
                return self._acknowledge_frame(flag)
            case Reason.IN_TIME:
                return self._reuse(flag, failure.rivals) or self._acknowledge(flag, failure.rivals)
            case Reason.CROWD:
                return self._join(flag, failure.rivals)

    # More or fewer ids

    def _rotate(self, flag: Flag) -> Relief | None:
        """Give a flag an id for each pass that its source may be ahead."""
        loop = _ring(flag)
        if loop is None or flag.pairs[0].acknowledges is not None:
            return None
        distance = flag.rotation.distance if flag.rotation else int(flag.frame is not None)
        for ids in divisors(loop.copies):
            # Which ids to prime follows from the first pass, unless it is all of them or none.
            known = distance % ids == 0 or loop.start is not None
            if ids > flag.ids and known and is_taken_in_time(flag, self._timing, ids, distance):
                return self._turn(flag, loop, ids, distance)
        return None

    def _shrink(self, flag: Flag) -> Relief | None:
        """Give a rotating flag fewer ids; it then waits for a later pass."""
        rotation = flag.rotation
        if rotation is None:
            return None
        loop = rotation.loop
        fewer = [ids for ids in [1, *divisors(loop.copies)] if ids < rotation.ids and rotation.ids % ids == 0]
        # A pass that sets before it waits has one id more in the air than there are passes in between.
        (pair,) = flag.pairs
        sets_first = _order(pair.set_gap, pair.set_turn, sets=True) < _order(pair.wait_gap, pair.wait_turn, sets=False)
        return self._turn(flag, loop, fewer[-1], min(rotation.distance, fewer[-1] - sets_first))

    def _turn(self, flag: Flag, loop: LoopNode, ids: int, distance: int) -> Relief:
        (pair,) = flag.pairs
        self._program.remove(pair)
        flag.rotation = None if ids == 1 else Rotation(loop, ids, distance)
        # Set and taken in one pass: nothing goes round, so there is nothing to prime or to drain.
        if distance == 0:
            flag.frame = None
        elif flag.frame is not None:
            whole = flag.rotation is None or flag.rotation.is_whole
            flag.frame = outermost_loop(pair.block) if whole else Frame.of(pair.block)
        self._program.add(pair)
        self._changed.add(flag)
        self.risky = True
        return Relief()

    # Acknowledgements

    def _acknowledge_itself(self, flag: Flag) -> Relief | None:
        """Let the set of each pass wait until the wait for the last one is over."""
        added = [
            self._add(flag, (pair.block, pair.wait_gap, Turn.LATE), (pair.block, pair.set_gap, Turn.EARLY))
            for pair in flag.pairs
        ]
        return Relief() if any(added) else None

    def _acknowledge_frame(self, flag: Flag) -> Relief | None:
        """Let the primes wait until the last drains are over."""
        return Relief() if self._add(flag, _last_wait(flag), _first_set(flag)) else None

    def _acknowledge(self, flag: Flag, rivals: tuple[tuple[Flag, ...], ...]) -> Relief | None:
        """Let whoever sets the flag, or sets one in its way, know that the waits for the other one are over."""
        if flag.ids > 1:
            return self._shrink(flag)
        # A remedy of this round may have replaced a rival.
        candidates = [found for found in rivals if all(rival.pairs for rival in found)]
        if not candidates:
            return None
        fewest = min(candidates, key=lambda found: (len(found), self._last_place(found)))
        over, added = 0, False
        for rival in fewest:
            if self._timing.overtakes(flag) & self._timing.waits(rival):
                between = self._waits_between(rival, flag)
                # In straight code an acknowledgement half-way to the set serves several flags, and the source may still
                # be some flags ahead.
                waiters = between[: len(between) // 2 + 1] or [rival]
                added |= self._add(flag, _last_wait(waiters[-1]), _first_set(flag))
                # Every wait has a bit of its own, so the sum is the union.
                over |= sum(map(self._timing.waits, waiters))
            if self._timing.overtakes(rival) & self._timing.waits(flag):
                added |= self._add(rival, _last_wait(flag), _first_set(rival))
        return Relief(over) if added else None

    def _last_place(self, flags: Iterable[Flag]) -> int:
        """Where, in program order, the last of the waits for some flags is."""
        return max((self._number[id(block), gap] for block, gap, _ in map(_last_wait, flags)), default=0)

    def _waits_between(self, waiter: Flag, setter: Flag) -> list[Flag]:
        """Flags like `waiter` whose waits come from its own on and before the set, in straight code."""
        block = setter.pairs[0].block
        if waiter.frame or setter.frame or waiter.pairs[0].block is not block:
            return []
        key = id(block), waiter.src, waiter.dst
        if key not in self._straight:
            found = [pair.flag for gap in block.gaps for pair in gap.waits]
            self._straight[key] = [
                flag for flag in found if (flag.src, flag.dst, flag.frame) == (waiter.src, waiter.dst, None)
            ]
        waits = self._straight[key]
        first, last = (
            bisect_left(waits, gap, key=lambda flag: flag.pairs[0].wait_gap)
            for gap in (waiter.pairs[0].wait_gap, setter.pairs[0].set_gap)
        )
        return waits[first:last]

    def _add(self, served: Flag, wait: Place, set_: Place) -> bool:
        """Tell the source of `served` behind a wait, and let it wait for that before a set; False if that is done."""
        block = _common(wait[0], set_[0])
        sent, awaited = _lift(wait, block, behind=True), _lift(set_, block, behind=False)
        frame = None if _order(*sent, sets=True) < _order(*awaited, sets=False) else outermost_loop(block)
        flag = Flag(served.dst, served.src, frame)
        pair = FlagPair(flag, block, sent[0], awaited[0], acknowledges=served, set_turn=sent[1], wait_turn=awaited[1])
        backwards = _order(*sent, sets=True) > _order(*awaited, sets=False)
        # A set behind its wait reaches it by way of a loop or never: without a loop the wait would hang.
        if pair.position in self._positions or (backwards and frame is None):
            return False
        self._positions.add(pair.position)
        self._acknowledgements.append(pair)
        self._program.add(pair)
        return True

    # Sharing and merging

    def _reuse(self, flag: Flag, rivals: tuple[tuple[Flag, ...], ...]) -> Relief | None:
        """Become part of the flag whose loops are over for the longest time."""
        frame = flag.frame
        if frame is None or flag.rotation is not None:
            return None
        hosts = [
            found[0]
            for found in rivals
            if len(found) == 1
            and (found[0].src, found[0].dst) == (flag.src, flag.dst)
            and found[0].rotation is None
            and found[0].frame is not None
            and found[0].frame.block is frame.block
            and found[0].frame.last < frame.first
        ]
        if not hosts:
            return None
        host = min(hosts, key=lambda host: host.frame.last if host.frame else 0)
        self._merge_into(host, flag)
        return Relief(host=host)

    def _join(self, flag: Flag, rivals: tuple[tuple[Flag, ...], ...]) -> Relief | None:
        """Of flags that are set at one time, merge the two that guard what is closest, or let one have fewer ids."""
        present = dict.fromkeys([flag, *(rival for found in rivals for rival in found)])
        # The failure was found before this round changed one of them, so it may be gone.
        if self._changed & present.keys():
            return None
        rotating = [other for other in present if other.ids > 1]
        if rotating:
            return self._shrink(max(rotating, key=lambda other: other.ids))
        mergers = [
            (cost, one, other)
            for one, other in combinations(present, 2)
            if (cost := self._cost_of_merging(one, other)) is not None
        ]
        if not mergers:
            return self._shorten(present) if self._shortens else None
        _, one, other = min(mergers, key=lambda merger: merger[0])
        self._merge_into(one, other)
        return Relief()

    def _shorten(self, present: Iterable[Flag]) -> Relief | None:
        """Let the flag of the outermost loop be set right before it is waited for, and no longer go round.

        Its pipe then waits for all that the other one was given before, and not only for what it depends on: once a
        pass of the loop that makes the fewest.
        """
        long = [flag for flag in present if flag.rotation is None and not _is_short(flag)]
        if not long:
            return None
        outermost = min(long, key=lambda flag: max(_loops_around(pair.block) for pair in flag.pairs))
        for pair in list(outermost.pairs):
            self._program.remove(pair)
            gap, turn, short = pair.wait_gap, pair.wait_turn, Flag(pair.flag.src, pair.flag.dst)
            made = FlagPair(short, pair.block, gap, gap, pair.guards, pair.acknowledges, turn, turn)
            self._program.add(made)
            self._changed.add(short)
            if made.acknowledges is not None:
                self._acknowledgements.append(made)
        self._changed.add(outermost)
        self._forget_served()
        self.risky = True
        return Relief()

    def _forget_served(self) -> None:
        """Take away the acknowledgements for flags that are gone, and those for these."""
        # Again and again, since an acknowledgement that goes may have had one itself.
        while stale := [pair for pair in self._acknowledgements if pair.acknowledges and not pair.acknowledges.pairs]:
            for pair in stale:
                self._acknowledgements.remove(pair)
                self._changed.add(pair.flag)
                if pair.flag.pairs:
                    self._program.remove(pair)

    def _cost_of_merging(self, one: Flag, other: Flag) -> int | None:
        """How much earlier pipes would wait, and how much later they would set, in gaps; None if it cannot be."""
        if (one.src, one.dst) != (other.src, other.dst) or (one.frame is None) != (other.frame is None):
            return None
        if len(one.pairs) > 1 or len(other.pairs) > 1 or one.pairs[0].acknowledges or other.pairs[0].acknowledges:
            return None
        mine, theirs = one.pairs[0], other.pairs[0]
        if mine.block is not theirs.block:
            return None
        # The merged pair sets behind both producers and waits before both consumers: without a loop in that order.
        if one.frame is None and max(mine.set_gap, theirs.set_gap) > min(mine.wait_gap, theirs.wait_gap):
            return None
        return abs(mine.set_gap - theirs.set_gap) + abs(mine.wait_gap - theirs.wait_gap)

    def _merge_into(self, host: Flag, flag: Flag) -> None:
        """Let `host` do what `flag` does: with its pairs, or one that waits for the first and sets behind the last."""
        pairs = list(flag.pairs)
        for pair in pairs:
            self._program.remove(pair)
        mine = host.pairs[0]
        if len(host.pairs) == len(pairs) == 1 and mine.block is pairs[0].block:
            self._program.remove(mine)
            mine.set_gap, mine.wait_gap = max(mine.set_gap, pairs[0].set_gap), min(mine.wait_gap, pairs[0].wait_gap)
            self._program.add(mine)
        else:
            self._program.extend(host, pairs, flag.frame)
        for pair in self._acknowledgements:
            if pair.acknowledges is flag:
                pair.acknowledges = host
        self._changed |= {host, flag}
        self.risky = True


def _last_wait(flag: Flag) -> Place:
    frame = flag.frame
    if frame is not None:
        return frame.block, frame.last + 1, Turn.EARLY
    pair = flag.pairs[-1]
    return pair.block, pair.wait_gap, Turn.LATE


def _first_set(flag: Flag) -> Place:
    frame = flag.frame
    if frame is not None:
        return frame.block, frame.first, Turn.NORMAL
    pair = flag.pairs[0]
    return pair.block, pair.set_gap, Turn.EARLY


def _order(gap: int, turn: Turn, *, sets: bool) -> tuple[int, int]:
    """The order of acknowledgements in a block: of the sets, and of the waits for them."""
    # The numbers are the order within a gap (see `Gap`).
    if sets:
        return gap, {Turn.EARLY: 0, Turn.NORMAL: 2, Turn.LATE: 4}[turn]
    return gap, {Turn.EARLY: 1, Turn.NORMAL: 3}[turn]


def _lift(place: Place, block: Block, *, behind: bool) -> tuple[int, Turn]:
    """The gap of `block` behind the node that holds a place, or before it; the place itself if it is of that block."""
    inner, gap, turn = place
    if inner is block:
        return gap, turn
    inner = next(around for around in outwards(inner) if around.parent is block)
    return (inner.parent_index + 1, Turn.EARLY) if behind else (inner.parent_index, Turn.NORMAL)


def _common(one: Block, other: Block) -> Block:
    """The innermost block around two."""
    around = {id(block) for block in outwards(one)}
    return next(block for block in outwards(other) if id(block) in around)


def _is_short(flag: Flag) -> bool:
    return flag.frame is None and all(pair.set_gap == pair.wait_gap for pair in flag.pairs)


def _loops_around(block: Block) -> int:
    return sum(isinstance(around.owner, LoopNode) for around in outwards(block))


def _ring(flag: Flag) -> LoopNode | None:
    """The loop with copies of which a flag's only pair is in the body."""
    owner = flag.pairs[0].block.owner
    return owner if isinstance(owner, LoopNode) and owner.copies > 1 and len(flag.pairs) == 1 else None
