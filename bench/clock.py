"""Which clock times a run: the choice of --timing and --cache, for the backend that there is."""

from __future__ import annotations

from typing import Any

from bench.timing import COLD, EVENT, FLUSH_BYTES, PAUSE_S, SYNC, WALL, WARM, Clock, EventClock, SyncClock, WallClock
from kernels.backend import AUTO, Backend
from kernels.library import HOST

TIMINGS = (AUTO, EVENT, SYNC, WALL)
"""Values of --timing."""

CACHES = (COLD, WARM)
"""Values of --cache."""


def check_clock(timing: str, cache: str | None) -> None:
    """Raise ValueError if `cache` is given and has no effect."""
    if cache is not None and timing not in (AUTO, EVENT):
        raise ValueError(
            f"--cache={cache} needs device events; with --timing={timing} each run meets the caches as the run "
            "before it left them: leave out --cache, or use --timing=event"
        )


def make_clock(timing: str, cache: str | None, backend: Backend) -> Clock:
    """Return the clock for `timing` (auto: events on the device, wall on the host). Raises ValueError."""
    if backend.name == HOST:
        if timing not in (AUTO, WALL):
            raise ValueError(
                f"--timing={timing} needs the device; on the host backend a launch is timed with --timing=wall"
            )
        check_clock(WALL, cache)
        return WallClock(PAUSE_S)
    check_clock(timing, cache)
    if timing == WALL:
        return WallClock()
    if timing == SYNC:
        return SyncClock(backend.synchronize)
    torch: Any = backend.torch  # type: ignore[attr-defined]
    buffer = torch.empty(FLUSH_BYTES, dtype=torch.uint8, device=backend.name)
    return EventClock(
        lambda: torch.npu.Event(enable_timing=True), buffer.zero_, backend.synchronize, cache=cache or COLD
    )
