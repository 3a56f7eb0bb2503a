"""Timing of calls on the host."""

from __future__ import annotations

import time

import pytest

from jit.bench import do_bench


def test_calls_are_counted_and_units_agree() -> None:
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        time.sleep(0.002)

    microseconds = do_bench(call, warmup_iters=2, benchmark_iters=3, aggregation="min", flush_cache=False)
    assert len(calls) == 5
    assert microseconds >= 2000
    assert do_bench(call, 0, 1, "min", "ms", flush_cache=False) >= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aggregation": "mode"}, "aggregation is 'mode', but must be one of mean, median, min, max"),
        ({"unit": "h"}, "unit is 'h', but must be one of s, ms, us, ns"),
        ({"benchmark_iters": 0}, "at least 0 and 1 are needed"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        do_bench(lambda: None, **options)  # type: ignore[arg-type]
