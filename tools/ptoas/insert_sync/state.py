"""What is known at one point of a program: which operations may still be running, as far as each pipe knows.

A state is immutable: the walks of `analysis` keep thousands, and most share their parts.

By the repeat rule it also holds how many repeats V has issued since its pending operations, at least: as sets, one per
number, of those with so many or fewer. So the fewest on joining paths are a union, as everything here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import and_, or_

from isa.pipes import QUEUES, Pipe
from isa.repeats import SAFE_DISTANCE
from tools.ptoas.insert_sync.nodes import OpNode
from tools.ptoas.insert_sync.program import RoundTrip
from tools.ptoas.insert_sync.syncs import Flag

MAX_AGE = 8
"""How many of the latest pushes are told apart. A FIFO has about as many slots, so no more are under way."""


@dataclass(frozen=True, slots=True)
class _Pushes:
    """What the pushes of one FIFO vouch for."""

    since: int = 0
    """Operations issued after the latest push."""

    unvouched: tuple[int, ...] = (0,) * MAX_AGE
    """By age of the push, the operations issued before the latest one for which it does not vouch."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """Pushes of one core, and how many of them may be unanswered: see `fifo_order` for the reasoning."""

    surplus: Mapping[RoundTrip, int]
    """Per round trip, how many more pushes the other core has received than it has answered, at least."""

    ahead: Mapping[RoundTrip, float]
    """Per round trip, how many more pushes this core has sent than it has had answers, at most."""

    pushes: Mapping[str, _Pushes]

    @classmethod
    def none(cls, surplus: Mapping[RoundTrip, int]) -> Receipts:
        """The state before the first push."""
        return cls(surplus, dict.fromkeys(surplus, 0), {trip.sent: _Pushes() for trip in surplus})

    def join(self, other: Receipts) -> Receipts:
        """The possibilities of both paths; `self` if the other adds nothing."""
        # The more pushes may be unanswered, the fewer are known to be received.
        ahead = {trip: max(count, other.ahead[trip]) for trip, count in self.ahead.items()}
        pushes = {
            fifo: _Pushes(
                mine.since | other.pushes[fifo].since,
                tuple(map(or_, mine.unvouched, other.pushes[fifo].unvouched)),
            )
            for fifo, mine in self.pushes.items()
        }
        return self if ahead == self.ahead and pushes == self.pushes else Receipts(self.surplus, ahead, pushes)

    def issue(self, bit: int) -> Receipts:
        """After an operation."""
        pushes = {fifo: _Pushes(known.since | bit, known.unvouched) for fifo, known in self.pushes.items()}
        return Receipts(self.surplus, self.ahead, pushes)

    def push(self, fifo: str, unvouched: int) -> Receipts:
        """After a push that vouches for all operations but `unvouched`."""
        known = self.pushes.get(fifo)
        if known is None:
            return self
        pushes = dict(self.pushes)
        # An older push does not vouch for what was issued after it.
        pushes[fifo] = _Pushes(0, (unvouched, *(mask | known.since for mask in known.unvouched[:-1])))
        ahead = dict(self.ahead)
        for trip, count in self.ahead.items():
            if trip.sent == fifo:
                # Beyond what is told apart the count does not matter, and it must not grow in a loop for ever.
                ahead[trip] = count + 1 if count + 1 - self.surplus[trip] < MAX_AGE else math.inf
        return Receipts(self.surplus, ahead, pushes)

    def pop(self, fifo: str) -> tuple[Receipts, int]:
        """After a pop, and the operations which it leaves unfinished, as a mask."""
        unfinished = -1
        ahead = dict(self.ahead)
        for trip, count in self.ahead.items():
            if trip.returned == fifo:
                ahead[trip] = count - 1
                # The e - c of `fifo_order`: so many of the latest pushes need not have been received.
                age = count - 1 - self.surplus[trip]
                if age < MAX_AGE:
                    known = self.pushes[trip.sent]
                    unfinished &= known.unvouched[max(int(age), 0)] | known.since
        return Receipts(self.surplus, ahead, self.pushes), unfinished


Token = tuple[Flag, int]
"""A flag that is set: which, and which of its ids."""

Masks = tuple[int, ...]
"""A set of operations per pipe."""

NOTHING_RECENT: Masks = (0,) * SAFE_DISTANCE
"""Of V, by the repeat rule: operations of earlier passes of a loop, which never count as in time; then operations since
which 0, at most 1, ... repeats were issued. With one less than the rule's distance any later operation is in time."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Pending operations per pipe, and what flags and FIFO signals may take from them."""

    pending: Masks
    tokens: Mapping[Token, int]
    """Per flag that is set, the operations it does not vouch for."""
    receipts: Receipts | None
    """None if the core learns nothing from FIFOs."""
    recent: Masks | None = None
    """See NOTHING_RECENT; None by the strict rule."""

    def join(self, other: State) -> State:
        """The possibilities of both paths; `self` if the other adds nothing."""
        if other is self:
            return self
        pending = tuple(map(or_, self.pending, other.pending))
        tokens = _join_tokens(self.tokens, other.tokens)
        receipts = self.receipts
        if receipts is not None and other.receipts is not None:
            receipts = receipts.join(other.receipts)
        recent = self.recent
        if recent is not None and other.recent is not None:
            recent = tuple(map(or_, recent, other.recent))
        unchanged = pending == self.pending and tokens is self.tokens and receipts is self.receipts
        # The same object tells the fixpoint of a loop that nothing has changed (`Dataflow.settle`).
        if unchanged and recent == self.recent:
            return self
        return State(pending, tokens, receipts, recent)

    def same(self, other: State, live: int) -> bool:
        """Whether the two agree on the operations in `live`; flags that only `other` knows do not count."""
        if other is self:
            return True
        for mine, theirs in zip(self.pending, other.pending, strict=True):
            if (mine ^ theirs) & live:
                return False
        for mine, theirs in zip(self.recent or (), other.recent or (), strict=True):
            if (mine ^ theirs) & live:
                return False
        theirs_set = other.tokens
        for token, mask in self.tokens.items():
            known = theirs_set.get(token)
            if known is None or (known ^ mask) & live:
                return False
        return self.receipts is other.receipts or self.receipts == other.receipts

    def unordered(self, op: OpNode) -> int:
        """The pending operations that conflict with an operation and that nothing orders before it."""
        pending = self.pending[op.pipe] & op.conflicts
        if not pending or self.recent is None or op.pipe is not Pipe.V:
            return pending
        # `recent[n]` are those since which at most n - 1 repeats were issued: too few for whom n are missing.
        near = self.recent[0]
        for repeats, kinds in op.needed_repeats:
            near |= self.recent[repeats] & kinds
        # The rule spares conflicts within V only.
        return pending & (near | ~op.vector_conflicts)

    def issue(self, op: OpNode) -> State:
        """After an operation: it runs as far as the other pipes know and, on V, as far as V itself knows."""
        recent = self.recent
        if recent is not None and op.pipe is Pipe.V:
            # Every set moves up by the repeats that are issued. What moves beyond the last one is in time from now on.
            aged = ((0,) * op.repeats + recent[1:])[: len(recent) - 1]
            # A bit stands for the latest instance, which is now one of this pass, with no repeat issued since.
            recent = (recent[0] & ~op.bit, *(mask | op.bit for mask in aged))
        return self._issue(op.bit, op.adds, recent)

    def issue_wait(self, bit: int, pipe: Pipe) -> State:
        """After a wait on `pipe`, which has a bit like an operation where somebody asks whether it is over."""
        return self._issue(bit, tuple(0 if q == pipe else bit for q in range(QUEUES)), self.recent)

    def _issue(self, bit: int, adds: Masks, recent: Masks | None) -> State:
        tokens = self.tokens
        if tokens:
            # A flag that is set already does not vouch for this instance, even if it did for the one before.
            tokens = {token: mask | bit for token, mask in tokens.items()}
        receipts = self.receipts if self.receipts is None else self.receipts.issue(bit)
        return State(tuple(map(or_, self.pending, adds)), tokens, receipts, recent)

    def next_pass(self) -> State:
        """At the head of a loop's next pass: what V did in this one is never in time by the repeat rule."""
        if self.recent is None or not self.recent[-1]:
            return self
        # The last set contains the ones before it.
        carried = (self.recent[0] | self.recent[-1], *NOTHING_RECENT[1:])
        return State(self.pending, self.tokens, self.receipts, carried)

    def set(self, token: Token, unvouched: int) -> State:
        """After a flag was set that vouches for all operations but `unvouched`."""
        return State(self.pending, {**self.tokens, token: unvouched}, self.receipts, self.recent)

    def wait(self, token: Token, dst: Pipe) -> State:
        """After a flag was taken; one that is not set yet, because it is new in this walk, tells nothing."""
        if token not in self.tokens:
            return self
        tokens = dict(self.tokens)
        mask = tokens.pop(token)
        return State(self.pending, tokens, self.receipts, self.recent).vouched(dst, mask)

    def vouched(self, dst: Pipe, unvouched: int) -> State:
        """After `dst` waited for something that vouches for all operations but `unvouched`."""
        if dst is Pipe.S:
            # The scalar unit issues for all pipes, so none goes on before it does.
            return self._only(unvouched, self.receipts)
        return self.complete(dst, ~unvouched)

    def complete(self, pipe: Pipe, operations: int) -> State:
        """After `pipe` got to know that `operations` are over."""
        recent = _only(self.recent, ~operations) if pipe is Pipe.V else self.recent
        pending = _with(self.pending, pipe, self.pending[pipe] & ~operations)
        return State(pending, self.tokens, self.receipts, recent)

    def complete_all(self) -> State:
        """After a barrier of all pipes."""
        return self._only(0, self.receipts)

    def push(self, fifo: str, unvouched: int) -> State:
        """After a push that vouches for all operations but `unvouched`."""
        if self.receipts is None:
            return self
        return State(self.pending, self.tokens, self.receipts.push(fifo, unvouched), self.recent)

    def pop(self, fifo: str) -> State:
        """After a pop, which may tell all pipes that some of the core's own pushes were received."""
        if self.receipts is None:
            return self
        receipts, unfinished = self.receipts.pop(fifo)
        return self._only(unfinished, receipts)

    def _only(self, operations: int, receipts: Receipts | None) -> State:
        """After all pipes got to know that everything but `operations` is over."""
        pending = tuple(map(and_, self.pending, (operations,) * QUEUES))
        return State(pending, self.tokens, receipts, _only(self.recent, operations))

    def without(self, flag: Flag) -> State:
        """The state if a flag did not exist."""
        if not any(known is flag for known, _ in self.tokens):
            return self
        kept = {token: mask for token, mask in self.tokens.items() if token[0] is not flag}
        return State(self.pending, kept, self.receipts, self.recent)


def _only(masks: Masks | None, operations: int) -> Masks | None:
    return None if masks is None else tuple(mask & operations for mask in masks)


def _with(masks: Masks, pipe: Pipe, mask: int) -> Masks:
    changed = list(masks)
    changed[pipe] = mask
    return tuple(changed)


def _join_tokens(mine: Mapping[Token, int], other: Mapping[Token, int]) -> Mapping[Token, int]:
    """The union, `mine` itself if that is it."""
    if mine is other:
        return mine
    joined: dict[Token, int] | None = None
    for token, mask in other.items():
        before = mine.get(token)
        if before is None or mask & ~before:
            joined = dict(mine) if joined is None else joined
            joined[token] = mask if before is None else before | mask
    return mine if joined is None else joined
