"""Order of runs, warm-up, early stop, and what each clock counts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bench.timing import COLD, WARM, EventClock, Operation, Rounds, SyncClock, WallClock, measure


@dataclass
class FakeClock:
    """Says that the n-th run took n seconds. `batches` are the numbers of rounds that it was asked for."""

    order: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    name: str = "fake"
    cache: str = ""
    at_once: int = 1

    def rounds(self, operations: Sequence[Operation], count: int) -> list[list[float]]:
        self.batches.append(count)
        return [[self._seconds(operation) for operation in operations] for _ in range(count)]

    def _seconds(self, operation: Operation) -> float:
        operation()
        return float(len(self.order))


@pytest.mark.parametrize(("at_once", "batches"), [(1, [1, 1, 1, 1]), (5, [1, 1, 2])])
def test_operations_take_turns_and_warmup_is_not_a_sample(at_once: int, batches: list[int]) -> None:
    clock = FakeClock(at_once=at_once)
    operations = {name: (lambda name=name: clock.order.append(name)) for name in ("ours", "theirs")}
    found = measure(operations, clock, Rounds(iterations=2, warmup=1))
    assert clock.order[-4:] == ["ours", "theirs", "ours", "theirs"]
    assert clock.batches == batches
    assert found["ours"].cold == 1
    assert list(found["ours"].samples) == [5, 7]
    assert list(found["theirs"].samples) == [6, 8]


def test_without_time_the_first_run_is_the_sample() -> None:
    found = measure({"ours": lambda: time.sleep(0.01)}, WallClock(), Rounds(iterations=5, warmup=5, seconds=0.001))
    assert found["ours"].samples == (found["ours"].cold,)


@pytest.mark.parametrize("at_once", [1, 1000])
def test_rounds_stop_in_time(at_once: int) -> None:
    start, clock = time.monotonic(), FakeClock(at_once=at_once)
    found = measure({"ours": lambda: time.sleep(0.02)}, clock, Rounds(iterations=1000, warmup=0, seconds=0.2))
    assert time.monotonic() - start < 0.25
    assert len(found["ours"].samples) >= 3


@pytest.mark.parametrize(
    ("warm", "turns"),
    [
        (0.0, ["pause", "ours", "pause", "theirs"]),
        (1.0, ["pause", *2 * ["ours"], "pause", *2 * ["theirs"]]),
        (5.0, ["pause", *3 * ["ours"], "pause", *2 * ["theirs"]]),  # runs of 4 and of 6 seconds
    ],
)
def test_turns_on_the_host_begin_with_a_pause_and_runs_that_are_not_timed(warm: float, turns: list[str]) -> None:
    now, log = 0.0, list[str]()

    def spend(name: str, seconds: float) -> None:
        nonlocal now
        log.append(name)
        now += seconds

    clock = WallClock(100.0, warm, now=lambda: now, sleep=lambda seconds: spend("pause", seconds))
    operations = [lambda name=name: spend(name, len(name)) for name in ("ours", "theirs")]
    assert clock.rounds(operations, 2) == [[4, 6]] * 2
    assert log == turns * 2
    log.clear()
    assert clock.rounds(operations[:1], 2) == [[4]] * 2
    assert log == ["ours"] * 2, "who is alone waits for nobody"


def test_sync_clock_synchronises_on_both_ends() -> None:
    calls: list[str] = []
    ((seconds,),) = SyncClock(lambda: calls.append("sync")).rounds([lambda: calls.append("run")], 1)
    assert calls == ["sync", "run", "sync"]
    assert seconds > 0


@dataclass
class FakeDevice:
    """A device that does what the host queued, in order. Times in microseconds."""

    host: float = 0
    """When the host is ready for its next call."""
    done: float = 0
    """When the device will have done everything that is queued."""
    log: list[str] = field(default_factory=list)

    def queue(self, name: str, work: float, call: float) -> None:
        """Queue something that the device works on for `work`; the call itself takes the host `call`."""
        self.log.append(name)
        self.host += call
        self.done = max(self.done, self.host) + work

    def flush(self) -> None:
        self.queue("flush", work=200, call=5)

    def kernel(self) -> None:
        self.queue("kernel", work=20, call=60)

    def synchronize(self) -> None:
        self.log.append("synchronize")
        self.host = max(self.host, self.done)


@dataclass
class FakeEvent:
    """An event of the device."""

    device: FakeDevice
    time: float = -1

    def record(self) -> None:
        self.device.queue("event", work=0, call=2)
        self.time = self.device.done

    def elapsed_time(self, end: "FakeEvent") -> float:
        assert self.device.host >= end.time, "the device has not come so far: this would be an error"
        return (end.time - self.time) / 1e3


def _event_clock(device: FakeDevice, cache: str) -> EventClock:
    return EventClock(lambda: FakeEvent(device), device.flush, device.synchronize, cache=cache)


@pytest.mark.parametrize("cache", [COLD, WARM])
def test_event_clock_counts_no_host_time(cache: str) -> None:
    device = FakeDevice()
    found = _event_clock(device, cache).rounds([device.kernel, device.kernel], 3)
    assert found == [[pytest.approx(20e-6)] * 2] * 3
    assert device.log.count("synchronize") == 1
    assert device.log[-1] == "synchronize"


@pytest.mark.parametrize(("cache", "before"), [(COLD, ["flush"]), (WARM, ["flush", "kernel"])])
def test_event_clock_prepares_the_cache_before_each_start(cache: str, before: list[str]) -> None:
    device = FakeDevice()
    _event_clock(device, cache).rounds([device.kernel], 2)
    assert device.log == [*before, "event", "kernel", "event"] * 2 + ["synchronize"]
