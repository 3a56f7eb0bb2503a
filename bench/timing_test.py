"""Order of runs, warm-up, early stop, and what each clock counts."""

import time
from dataclasses import dataclass, field

import pytest

from bench.timing import EventClock, Rounds, SyncClock, WallClock, measure


@dataclass
class FakeClock:
    """Says that the n-th run took n seconds."""

    order: list[str] = field(default_factory=list)

    def seconds(self, operation: object) -> float:
        operation()  # type: ignore[operator]
        return float(len(self.order))


def test_operations_take_turns_and_warmup_is_not_a_sample() -> None:
    clock = FakeClock()
    operations = {name: (lambda name=name: clock.order.append(name)) for name in ("ours", "theirs")}
    found = measure(operations, clock, Rounds(iterations=2, warmup=1))
    assert clock.order[-4:] == ["ours", "theirs", "ours", "theirs"]
    assert found["ours"].cold == 1
    assert list(found["ours"].samples) == [5, 7]
    assert list(found["theirs"].samples) == [6, 8]


def test_without_time_the_cold_run_is_the_sample() -> None:
    found = measure({"ours": lambda: time.sleep(0.01)}, WallClock(), Rounds(iterations=5, warmup=5, seconds=0.001))
    assert found["ours"].samples == (found["ours"].cold,)


def test_rounds_stop_in_time() -> None:
    start = time.monotonic()
    found = measure({"ours": lambda: time.sleep(0.02)}, WallClock(), Rounds(iterations=1000, warmup=0, seconds=0.2))
    assert time.monotonic() - start < 0.25
    assert len(found["ours"].samples) >= 3


def test_sync_clock_synchronises_on_both_ends() -> None:
    calls: list[str] = []
    seconds = SyncClock(lambda: calls.append("sync")).seconds(lambda: calls.append("run"))
    assert calls == ["sync", "run", "sync"]
    assert seconds > 0


@dataclass
class FakeEvent:
    """An event that logs and says 1.5 ms."""

    log: list[str]

    def record(self) -> None:
        self.log.append("record")

    def synchronize(self) -> None:
        self.log.append("synchronize")

    def elapsed_time(self, end: "FakeEvent") -> float:
        self.log.append("elapsed")
        return 1.5


def test_event_clock_brackets_the_launch_and_waits_for_the_end() -> None:
    log: list[str] = []
    seconds = EventClock(lambda: FakeEvent(log)).seconds(lambda: log.append("run"))
    assert log == ["record", "run", "record", "synchronize", "elapsed"]
    assert seconds == pytest.approx(1.5e-3)
