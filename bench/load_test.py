"""Whose CPU time it was: ours, or that of other programs."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.load import Snapshot, _busy_seconds, load_between


def test_others_are_what_is_not_ours() -> None:
    before, after = Snapshot(10.0, 100.0, 3.0, 0.5), Snapshot(14.0, 110.0, 5.0, 1.5)
    assert load_between(before, after) == {"before": 0.5, "after": 1.5, "others": 2.0}


def test_nothing_is_said_where_the_system_does_not_say() -> None:
    before, after = Snapshot(10.0, None, 3.0, 0.5), Snapshot(14.0, None, 5.0, 1.5)
    assert "others" not in load_between(before, after)


def test_idle_time_and_guests_are_no_work(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 20 30 9000 800 1 2 3 50 60\ncpu0 1 2 3\n")
    assert _busy_seconds(stat) == pytest.approx((100 + 20 + 30 + 1 + 2 + 3) / 100)
    assert _busy_seconds(tmp_path / "none") is None


def test_another_program_that_computes_is_seen() -> None:
    if Snapshot.take().everyone is None:
        pytest.skip("this system has no /proc/stat")
    command = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        before = Snapshot.take()
        time.sleep(0.5)
        found = load_between(before, Snapshot.take())
        other.kill()
    assert found["others"] > 0.1
