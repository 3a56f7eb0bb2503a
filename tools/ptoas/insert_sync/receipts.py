"""What the FIFO signals of one core tell it at one point of its program: see `fifo_order` for the reasoning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import or_

from tools.ptoas.insert_sync.program import RoundTrip

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
    """Pushes of one core, and how many of them may be unanswered."""

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
