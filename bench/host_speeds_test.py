"""Speeds are medians of what was measured in turns; ratios are against the better of torch's and against FMA."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench.host_speeds import OURS, PEAK, Speeds, Work, medians, print_speeds
from bench.timing import WallClock

ROW = Speeds(1024, 2, {OURS: 3e11, PEAK: 4e11, "sdpa_fp16": 1e11, "sdpa_fp32": 2e11, "sdpa_bf16": 9e11})


def test_speeds_are_operations_over_the_median_of_the_turns_behind_the_first() -> None:
    now = 0.0

    def work(seconds: list[float]) -> None:
        nonlocal now
        now += seconds.pop(0)

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    # Each turn is a run that is not timed, and one that is.
    slow, fast = [9.0, 7.0, 9.0, 2.0, 9.0, 5.0, 9.0, 4.0], [9.0, 7.0, 9.0, 1.0, 9.0, 2.0, 9.0, 1.0]
    works = {"slow": Work(lambda: work(slow), 10.0), "fast": Work(lambda: work(fast), 20.0)}
    found = medians(works, 3, WallClock(1.0, warm=1.0, now=lambda: now, sleep=sleep))
    assert found == {"slow": 10 / 4, "fast": 20.0}


def test_ratios_are_against_the_better_of_torch_in_fp16_and_fp32() -> None:
    assert ROW.over_torch == pytest.approx(1.5)
    assert ROW.of_peak == pytest.approx(0.75)
    assert Speeds(1024, 1, {OURS: 1.0, PEAK: 2.0}).over_torch is None


def test_the_table_has_all_speeds() -> None:
    out = io.StringIO()
    print_speeds([ROW], "x86-64-v3", Console(file=out, width=200))
    (line,) = [line for line in out.getvalue().splitlines() if line.split()[:2] == ["1024", "2"]]
    assert line.split()[2:] == ["0.300", "0.400", "0.100", "0.200", "0.900", "75%", "1.50x"]


def test_rows_of_several_threads_are_compared_with_one_thread_of_the_same_run() -> None:
    out = io.StringIO()
    alone = replace(ROW, threads=1, speeds={**ROW.speeds, OURS: 2e11}, alone=2e11)
    assert alone.over_alone is None
    assert ROW.over_alone is None
    print_speeds([alone, replace(ROW, alone=2e11)], "x86-64-v3", Console(file=out, width=200))
    assert "over one" in out.getvalue()
    assert [line.split()[-1] for line in out.getvalue().splitlines() if line.startswith("1024")] == ["1.00x", "1.50x"]
