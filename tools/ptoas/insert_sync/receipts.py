"""What the FIFO signals of one core tell it at one point of its program: see `fifo_order` for the reasoning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.ptoas.insert_sync.program import RoundTrip

MAX_AGE = 8
"""How many of the latest pushes are told apart. A FIFO has about as many slots, so no more are under way."""


@dataclass(slots=True)
class _Pushes:
    """What the pushes of one FIFO vouch for."""

    since: int = 0
    """Operations issued after the latest push."""

    unvouched: list[int] = field(default_factory=lambda: [0] * MAX_AGE)
    """By age of the push, the operations issued before the latest one for which it does not vouch."""


@dataclass(slots=True)
class Receipts:
    """Pushes of one core, and how many of them may be unanswered."""

    surplus: Mapping[RoundTrip, int]
    """Per round trip, how many more pushes the other core has received than it has answered, at least."""

    ahead: dict[RoundTrip, float]
    """Per round trip, how many more pushes this core has sent than it has had answers, at most."""

    pushes: dict[str, _Pushes]

    @classmethod
    def none(cls, surplus: Mapping[RoundTrip, int]) -> Receipts:
        """The state before the first push."""
        return cls(surplus, dict.fromkeys(surplus, 0), {trip.sent: _Pushes() for trip in surplus})

    def copy(self) -> Receipts:
        """An independent copy."""
        pushes = {fifo: _Pushes(known.since, known.unvouched) for fifo, known in self.pushes.items()}
        return Receipts(self.surplus, dict(self.ahead), pushes)

    def join(self, other: Receipts) -> bool:
        """Add the other path's possibilities; whether that changed anything."""
        changed = False
        for trip, count in other.ahead.items():
            if count > self.ahead[trip]:
                self.ahead[trip] = count
                changed = True
        for fifo, theirs in other.pushes.items():
            mine = self.pushes[fifo]
            joined = _Pushes(
                mine.since | theirs.since,
                [a | b for a, b in zip(mine.unvouched, theirs.unvouched, strict=True)],
            )
            if joined != mine:
                self.pushes[fifo] = joined
                changed = True
        return changed

    def issue(self, bit: int) -> None:
        """Note an operation."""
        for known in self.pushes.values():
            known.since |= bit

    def push(self, fifo: str, unvouched: int) -> None:
        """Note a push that vouches for all operations but `unvouched`."""
        known = self.pushes.get(fifo)
        if known is None:
            return
        known.unvouched = [unvouched, *(mask | known.since for mask in known.unvouched[:-1])]
        known.since = 0
        for trip, count in self.ahead.items():
            if trip.sent == fifo:
                # Beyond what is told apart the count does not matter, and it must not grow in a loop for ever.
                self.ahead[trip] = count + 1 if count + 1 - self.surplus[trip] < MAX_AGE else math.inf

    def pop(self, fifo: str) -> int:
        """Note a pop; the operations which it leaves unfinished, as a mask."""
        unfinished = -1
        for trip, count in self.ahead.items():
            if trip.returned == fifo:
                self.ahead[trip] = count - 1
                age = count - 1 - self.surplus[trip]
                if age < MAX_AGE:
                    known = self.pushes[trip.sent]
                    unfinished &= known.unvouched[max(int(age), 0)] | known.since
        return unfinished
