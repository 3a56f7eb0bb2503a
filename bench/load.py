"""What else the computer did while something was timed: programs that share its CPUs double each other's latencies."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")

IDLE_FIELDS = (3, 4)
"""Fields of the cpu line of /proc/stat that are no work: idle and iowait."""

GUEST_FIELDS = 8
"""Fields before those of guests, which are counted in user time already."""


@dataclass(frozen=True)
class Snapshot:
    """A moment: wall clock, CPU seconds that all programs and this one have used, and the load average."""

    seconds: float
    everyone: float | None
    """None where the system does not say."""

    ours: float
    load: float

    @classmethod
    def take(cls) -> Snapshot:
        """Look at the clocks."""
        times = os.times()
        ours = times.user + times.system + times.children_user + times.children_system
        return cls(time.monotonic(), _busy_seconds(STAT), ours, os.getloadavg()[0])


def load_between(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Return `before` and `after`, the load averages, and `others`: the CPUs that other programs used in between."""
    found = {"before": before.load, "after": after.load}
    seconds = after.seconds - before.seconds
    if before.everyone is None or after.everyone is None or seconds <= 0:
        return found
    others = (after.everyone - before.everyone) - (after.ours - before.ours)
    return {**found, "others": round(max(0.0, others / seconds), 3)}


def _busy_seconds(stat: Path) -> float | None:
    """Return the CPU seconds that all programs have used since the system started; None where it does not say."""
    try:
        first = stat.read_text(encoding="ascii").splitlines()[0].split()
        ticks = [int(value) for value in first[1:]][:GUEST_FIELDS]
    except (OSError, IndexError, ValueError):
        return None
    working = sum(value for index, value in enumerate(ticks) if index not in IDLE_FIELDS)
    return working / os.sysconf("SC_CLK_TCK")
