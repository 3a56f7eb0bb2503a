"""Speeds are medians of what was measured in turns; ratios are against the better of torch's and against FMA."""

import io

import pytest
from rich.console import Console

from bench.host_speeds import OURS, PEAK, Speeds, medians, print_speeds, whole_numbers

ROW = Speeds(1024, 2, {OURS: 3e11, PEAK: 4e11, "sdpa_fp16": 1e11, "sdpa_fp32": 2e11, "sdpa_bf16": 9e11})


def test_operations_take_turns_that_begin_with_a_pause_and_a_run_that_is_not_timed() -> None:
    now, calls = 0.0, list[str]()

    def operation(name: str, seconds: list[float]) -> float:
        nonlocal now
        calls.append(name)
        now += seconds.pop(0)
        return 10.0

    def sleep(seconds: float) -> None:
        nonlocal now
        calls.append("pause")
        now += seconds

    slow, fast = [9.0, 2.0, 9.0, 5.0, 9.0, 4.0], [9.0, 1.0, 9.0, 2.0, 9.0, 1.0]
    operations = {"slow": lambda: operation("slow", slow), "fast": lambda: operation("fast", fast)}
    found = medians(operations, 3, lambda: now, sleep)
    assert calls == ["pause", "slow", "slow", "pause", "fast", "fast"] * 3
    assert found == {"slow": 10 / 4, "fast": 10.0}


def test_ratios_are_against_the_better_of_torch_in_fp16_and_fp32() -> None:
    assert ROW.over_torch == pytest.approx(1.5)
    assert ROW.of_peak == pytest.approx(0.75)
    assert Speeds(1024, 1, {OURS: 1.0, PEAK: 2.0}).over_torch is None


def test_the_table_has_all_speeds() -> None:
    out = io.StringIO()
    print_speeds([ROW], "x86-64-v3", Console(file=out, width=200))
    (line,) = [line for line in out.getvalue().splitlines() if line.split()[:2] == ["1024", "2"]]
    assert line.split()[2:] == ["0.300", "0.400", "0.100", "0.200", "0.900", "75%", "1.50x"]


@pytest.mark.parametrize("words", [[], ["0"], ["1", "x"], ["-3"]])
def test_numbers_that_are_none_are_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"--threads=.* must be positive numbers, separated by commas"):
        whole_numbers("threads", words)
