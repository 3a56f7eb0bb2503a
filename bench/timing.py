"""How long an operation takes: three clocks, and rounds in which the compared operations take turns.

`wall` is the host's clock around the call. `sync` is the same with a device synchronisation on both ends. `event` asks
the device: two events on the stream around the launch. On the host backend only `wall` means anything: a launch returns
when it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bench.stats import Timing

WALL = "wall"
SYNC = "sync"
EVENT = "event"

Operation = Callable[[], object]


class Clock(Protocol):
    """Runs an operation once and says how long it took."""

    def seconds(self, operation: Operation) -> float:
        """Return the latency of one run in seconds."""
        ...


@dataclass(frozen=True)
class WallClock:
    """The host's monotonic clock around the call."""

    def seconds(self, operation: Operation) -> float:
        """Return the host time that the call took."""
        start = time.perf_counter()
        operation()
        return time.perf_counter() - start


@dataclass(frozen=True)
class SyncClock:
    """The host's clock; the device is idle at both ends."""

    synchronize: Callable[[], object]

    def seconds(self, operation: Operation) -> float:
        """Return the host time from an idle device to an idle device."""
        self.synchronize()
        start = time.perf_counter()
        operation()
        self.synchronize()
        return time.perf_counter() - start


@dataclass(frozen=True)
class EventClock:
    """Two device events on the current stream. `new_event()` gives an event with record, synchronize and elapsed_time
    (ms).
    """

    new_event: Callable[[], Any]

    def seconds(self, operation: Operation) -> float:
        """Return the device time between the events."""
        start, end = self.new_event(), self.new_event()
        start.record()
        operation()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) / 1e3


@dataclass(frozen=True)
class Rounds:
    """How often each operation runs: a cold run, `warmup` untimed rounds, then at most `iterations` timed ones.

    Rounds stop early when the next would end after `seconds` (of time.monotonic, counted from the start of the
    measurement), but never before one sample: with no time for more, the last warm-up run is it, else the cold one.
    """

    iterations: int
    warmup: int
    seconds: float = float("inf")


def measure(operations: Mapping[str, Operation], clock: Clock, rounds: Rounds) -> dict[str, Timing]:
    """Time the operations in turns, so that all see the same drift of the machine; return a Timing by name."""
    start = time.monotonic()
    cold = {name: clock.seconds(operation) for name, operation in operations.items()}
    a_round = time.monotonic() - start
    samples: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(rounds.warmup + rounds.iterations):
        if time.monotonic() - start + a_round > rounds.seconds:
            break
        round_start = time.monotonic()
        for name, operation in operations.items():
            samples[name].append(clock.seconds(operation))
        a_round = time.monotonic() - round_start
    return {name: Timing(cold[name], _timed(samples[name], rounds.warmup) or (cold[name],)) for name in operations}


def _timed(runs: list[float], warmup: int) -> tuple[float, ...]:
    """Drop the warm-up; if time was up before its end, its last run is still warmer than the cold one."""
    return tuple(runs[warmup:] or runs[-1:])
