"""How long a call takes: `do_bench` of pto-dsl, on the host's clock or the NPU's events."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from statistics import fmean, median
from typing import Any

import numpy as np

FLUSH_BYTES = 256 << 20
"""Written between two timings so that nothing of the one before is in a cache: more than any last-level cache."""

AGGREGATIONS: dict[str, Callable[[Sequence[float]], float]] = {"mean": fmean, "median": median, "min": min, "max": max}

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def do_bench(
    fn: Callable[[], object],
    warmup_iters: int = 5,
    benchmark_iters: int = 15,
    aggregation: str = "mean",
    unit: str = "us",
    flush_cache: bool = True,
) -> float:
    """Return how long a call of `fn` takes.

    With torch_npu it is the time between two events of the current stream, else the wall time of this process: of a
    kernel on the host it says nothing about the device.

    Args:
        fn: what to time.
        warmup_iters: calls before that are not timed.
        benchmark_iters: calls that are.
        aggregation: mean, median, min or max of them.
        unit: s, ms, us or ns.
        flush_cache: whether other memory is written between the calls.

    Raises:
        ValueError: an argument is none of these.
    """
    for what, value, allowed in (("aggregation", aggregation, AGGREGATIONS), ("unit", unit, UNITS)):
        if value not in allowed:
            raise ValueError(f"{what} is {value!r}, but must be one of {', '.join(allowed)}")
    if warmup_iters < 0 or benchmark_iters < 1:
        raise ValueError(f"{warmup_iters} calls to warm up and {benchmark_iters} to time: at least 0 and 1 are needed")
    timed = _host_seconds if importlib.util.find_spec("torch_npu") is None else _npu_seconds
    # The first call of a kernel of `jit` compiles it.
    for _ in range(warmup_iters):
        fn()
    seconds = timed(fn, benchmark_iters, flush_cache)
    return AGGREGATIONS[aggregation](seconds) * UNITS[unit]


def _host_seconds(fn: Callable[[], object], count: int, flush_cache: bool) -> list[float]:
    # Without flush_cache it has no bytes, so that filling it costs nothing.
    other = np.empty(FLUSH_BYTES if flush_cache else 0, np.uint8)
    seconds = []
    for number in range(count):
        other.fill(number % 256)
        start = time.perf_counter()
        fn()
        seconds.append(time.perf_counter() - start)
    return seconds


def _npu_seconds(fn: Callable[[], object], count: int, flush_cache: bool) -> list[float]:
    torch: Any = import_module("torch")
    npu = torch.npu
    other = torch.empty(FLUSH_BYTES if flush_cache else 0, dtype=torch.uint8, device="npu")
    events = []
    for _ in range(count):
        other.zero_()
        pair = npu.Event(enable_timing=True), npu.Event(enable_timing=True)
        pair[0].record()
        fn()
        pair[1].record()
        events.append(pair)
    # Once, after all launches: waiting after each would leave the queue empty, and the host's launch in the time.
    npu.synchronize()
    # elapsed_time is in milliseconds.
    return [start.elapsed_time(end) * 1e-3 for start, end in events]
