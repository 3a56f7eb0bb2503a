"""Which clock and which cache a backend gets, and what is refused."""

from types import SimpleNamespace
from typing import Any

import pytest

from bench.clock import make_clock
from bench.timing import PAUSE_S, EventClock, SyncClock, WallClock
from kernels.fake_npu import FakeTorch


def test_the_host_has_the_wall_clock_with_a_pause_before_each_turn() -> None:
    assert make_clock("auto", None, SimpleNamespace(name="host")) == WallClock(PAUSE_S)
    assert make_clock("wall", None, _device()) == WallClock()


def _device() -> Any:
    return SimpleNamespace(name="npu", torch=FakeTorch(), synchronize=lambda: None)


@pytest.mark.parametrize(("timing", "kind"), [("auto", EventClock), ("sync", SyncClock), ("wall", WallClock)])
def test_clocks_of_the_device(timing: str, kind: type) -> None:
    assert isinstance(make_clock(timing, None, _device()), kind)


def test_events_are_timed_with_a_cold_cache_unless_asked_otherwise() -> None:
    device = _device()
    assert make_clock("auto", None, device).cache == "cold"
    assert make_clock("event", "warm", device).cache == "warm"
    assert "empty 268435456 uint8 on npu" in device.torch.log


@pytest.mark.parametrize("timing", ["sync", "wall"])
def test_a_cache_that_a_clock_does_not_control_is_refused(timing: str) -> None:
    with pytest.raises(ValueError, match=f"--cache=cold needs device events; with --timing={timing} each run meets"):
        make_clock(timing, "cold", _device())
