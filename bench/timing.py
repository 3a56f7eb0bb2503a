"""How long an operation takes: three clocks, and rounds in which the compared operations take turns.

`wall` is the host's clock around the call. `sync` is the same with a device synchronisation on both ends. `event` asks
the device: two events on the stream around the launch, with no host time between them. On the host backend only `wall`
means anything: a launch returns when it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from bench.stats import Timing

WALL = "wall"
SYNC = "sync"
EVENT = "event"

COLD = "cold"
WARM = "warm"
AS_LEFT = ""
"""What the device's L2 cache holds when a run starts: nothing of the operands, the operands, or what the run before
left."""

FLUSH_BYTES = 256 * 2**20
"""Zeroed on the device before each start event, as the vendor's timer does: more than L2 holds, and the device takes
longer for it than the host for queueing a launch.
"""

IN_FLIGHT = 256
"""Rounds that are queued before the host waits: the device's events and its queue are finite."""

PAUSE_S = 0.015
"""Before a turn on the host. OpenMP's threads, on which torch works, spin after their work is done (4 to 10 ms of CPU
time were seen), and take a CPU from whatever comes next.
"""

WARM_S = 0.005
"""Runs that are not timed, after such a pause: a CPU that slept needs some ms until it is as fast as before."""

ENDLESS = float("inf")

Operation = Callable[[], object]
Name = TypeVar("Name", bound=Hashable)


class Clock(Protocol):
    """Runs operations in turns and says how long each run took."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def cache(self) -> str:
        """State of the cache when a run starts: COLD, WARM or AS_LEFT."""

    @property
    def at_once(self) -> int:
        """Rounds between two looks at the host's time."""

    def rounds(self, operations: Sequence[Operation], count: int) -> list[list[float]]:
        """Run all operations `count` times, in turns; return their latencies in seconds, a list per round."""


@dataclass(frozen=True)
class WallClock:
    """The host's monotonic clock around the call, or another `now`.

    What takes turns does so fairly: before each turn there is a `pause` in seconds, in which the threads of the one
    before come to rest, and with `warm` runs that are not timed, until that many seconds are over, so that nobody meets
    what the one before has left in the caches, or a CPU that the pause has put to sleep.
    """

    pause: float = 0.0
    warm: float = 0.0
    now: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], object] = time.sleep
    name: ClassVar[str] = WALL
    at_once: ClassVar[int] = 1

    @property
    def cache(self) -> str:
        """What the caches hold when a run starts."""
        return WARM if self.warm else AS_LEFT

    def rounds(self, operations: Sequence[Operation], count: int) -> list[list[float]]:
        """Return the host time that each call took."""
        # Who is alone meets its own threads and caches only.
        turn = self._turn if len(operations) > 1 else self._seconds
        return [[turn(operation) for operation in operations] for _ in range(count)]

    def _turn(self, operation: Operation) -> float:
        self.sleep(self.pause)
        warm_at = self.now() + self.warm
        while self.now() < warm_at:
            operation()
        return self._seconds(operation)

    def _seconds(self, operation: Operation) -> float:
        begin = self.now()
        operation()
        return self.now() - begin


@dataclass(frozen=True)
class SyncClock:
    """The host's clock; the device is idle at both ends."""

    synchronize: Callable[[], object]
    name: ClassVar[str] = SYNC
    cache: ClassVar[str] = AS_LEFT
    at_once: ClassVar[int] = 1

    def rounds(self, operations: Sequence[Operation], count: int) -> list[list[float]]:
        """Return the host time from an idle device to an idle device."""
        return [[self._seconds(operation) for operation in operations] for _ in range(count)]

    def _seconds(self, operation: Operation) -> float:
        self.synchronize()
        begin = time.perf_counter()
        operation()
        self.synchronize()
        return time.perf_counter() - begin


@dataclass(frozen=True)
class EventClock:
    """Two device events on the current stream around each launch, and device work ahead of the first.

    While the device does that work, the host queues event, launch and event: they then run back to back, and the time
    between the events is the device's alone. The host waits once, when all rounds are queued.
    """

    new_event: Callable[[], Any]
    """Makes an event with record and elapsed_time (ms)."""

    flush: Callable[[], object]
    """Queues the work: it overwrites L2, and takes longer than queueing a launch does."""

    synchronize: Callable[[], object]
    cache: str = COLD
    """WARM: an untimed run between flush and start puts the operands back."""

    name: ClassVar[str] = EVENT
    at_once: ClassVar[int] = IN_FLIGHT

    def rounds(self, operations: Sequence[Operation], count: int) -> list[list[float]]:
        """Return the device time between the events of each run."""
        queued = [[self._queue(operation) for operation in operations] for _ in range(count)]
        self.synchronize()
        return [[float(start.elapsed_time(end)) / 1e3 for start, end in a_round] for a_round in queued]

    def _queue(self, operation: Operation) -> tuple[Any, Any]:
        start, end = self.new_event(), self.new_event()
        self.flush()
        if self.cache == WARM:
            operation()
        start.record()
        operation()
        end.record()
        return start, end


@dataclass(frozen=True)
class Rounds:
    """How often each operation runs: a cold run, `warmup` untimed rounds, then at most `iterations` timed ones.

    Rounds stop early when the next would end after `seconds` (of time.monotonic, counted from the start of the
    measurement), but never before one sample: with no time for more, the last warm-up run is it, else the cold one.
    """

    iterations: int
    warmup: int
    seconds: float = ENDLESS


def measure(operations: Mapping[Name, Operation], clock: Clock, rounds: Rounds) -> dict[Name, Timing]:
    """Time the operations in turns, so that all see the same drift of the machine; return a Timing by name."""
    start, todo = time.monotonic(), list(operations.values())
    # The cold run is also the first estimate of what a round takes.
    (first,) = clock.rounds(todo, 1)
    a_round = time.monotonic() - start
    found: list[list[float]] = []
    for planned in (rounds.warmup, rounds.iterations):
        while planned:
            began = time.monotonic()
            fitting = (rounds.seconds - (began - start)) / a_round if a_round else ENDLESS
            # Rounds that are queued together cannot be stopped: no more at once than there is time for.
            count = int(min(planned, clock.at_once, fitting))
            if count < 1:
                break
            found += clock.rounds(todo, count)
            a_round = (time.monotonic() - began) / count
            planned -= count
    columns = [[latencies[column] for latencies in found] for column in range(len(todo))]
    return {
        name: Timing(cold, _timed(samples, rounds.warmup) or (cold,))
        for name, cold, samples in zip(operations, first, columns, strict=True)
    }


def _timed(runs: list[float], warmup: int) -> tuple[float, ...]:
    """Drop the warm-up; if time was up before its end, its last run is still warmer than the cold one."""
    return tuple(runs[warmup:] or runs[-1:])
