"""The verdict on one shape: never more than the samples and the control say."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.compare_judge import (
    BROKEN,
    CANNOT_TELL,
    FASTER,
    FEWEST_SAMPLES,
    GONE,
    LARGE_RATIO,
    MENDED,
    NEW,
    SAME,
    SLOWER,
    UNSURE,
    WITHOUT_MEANING,
    change,
    changes,
    judge,
    moved,
    widened,
)
from bench.row import FAILED, KERNEL, SKIPPED, WRONG, Row
from bench.sample_rows import row
from bench.stats import Ratio, Timing

THRESHOLD = 0.03
FEW = FEWEST_SAMPLES - 1
STEADY = (1.00, 1.01, 0.99, 1.00, 1.01, 0.99, 1.00, 1.005)

above_zero = st.floats(0.01, 100)


def steady(s1: int = 1024, factor: float = 1.0, **changes: Any) -> Row:
    """Return a row timed as often as is needed; its baselines are as fast whatever the `factor`."""
    return row(s1, samples=[factor * sample for sample in STEADY], control=STEADY, **changes)


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (Ratio(1.00, 0.98, 1.02), SAME),
        (Ratio(1.00, 0.97, 1.03), SAME),
        (Ratio(1.00, 0.95, 1.02), UNSURE),
        (Ratio(1.04, 1.031, 1.05), SLOWER),
        (Ratio(1.04, 1.02, 1.05), UNSURE),
        (Ratio(0.96, 0.95, 0.969), FASTER),
        (Ratio(0.96, 0.95, 0.98), UNSURE),
        (Ratio(LARGE_RATIO + 0.01, 0.5, 9.0), SLOWER),
    ],
)
def test_a_verdict_needs_the_whole_interval_beyond_the_threshold(ratio: Ratio, verdict: str) -> None:
    assert judge(ratio, THRESHOLD, FEWEST_SAMPLES) == verdict


@given(value=above_zero, width=st.floats(1.0, 2.0), samples=st.integers(1, FEW))
def test_few_samples_tell_nothing_but_a_large_slow_down(value: float, width: float, samples: int) -> None:
    expected = SLOWER if value > LARGE_RATIO else CANNOT_TELL
    assert judge(Ratio(value, value / width, value * width), THRESHOLD, samples) == expected


@given(value=above_zero, width=st.floats(1.0, 2.0), control=above_zero)
def test_a_control_that_moved_widens_the_interval_alike_whichever_way_it_moved(
    value: float, width: float, control: float
) -> None:
    ratio = Ratio(value, value / width, value * width)
    wide = widened(ratio, control)
    assert wide.value == value
    assert wide.low <= ratio.low * (1 + 1e-12)
    assert wide.high >= ratio.high * (1 - 1e-12)
    assert wide.low == pytest.approx(widened(ratio, 1 / control).low)
    assert wide.high / ratio.high == pytest.approx(ratio.low / wide.low)


def test_a_large_ratio_is_judged_beside_what_the_control_moved() -> None:
    assert judge(Ratio(1.9, 0.9, 2.0), THRESHOLD, FEW, control=1.4) == CANNOT_TELL
    assert judge(Ratio(1.9, 0.9, 2.0), THRESHOLD, FEW, control=1 / 1.4) == CANNOT_TELL
    assert judge(Ratio(2.2, 0.9, 3.0), THRESHOLD, FEW, control=1.4) == SLOWER


def test_the_control_is_the_baseline_that_moved_most_and_never_the_kernel() -> None:
    before = replace(row(), timings={name: Timing(1, (1.0,)) for name in (KERNEL, "one", "two", "old")})
    after = replace(
        row(),
        timings={name: Timing(1, (time,)) for name, time in {KERNEL: 9.0, "one": 1.1, "two": 0.5, "new": 7.0}.items()},
    )
    assert moved(before, after, KERNEL) == 0.5
    assert moved(before, after, "two") == 1.1
    assert moved(before, replace(after, timings={KERNEL: Timing(1, (9.0,))}), KERNEL) is None


UNTIMED: dict[str, Any] = {"timings": {}, "speedups": {}, "errors": {}}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (steady(), None, GONE),
        (None, steady(), NEW),
        (row(status=SKIPPED, **UNTIMED), steady(), NEW),
        (steady(), row(status=SKIPPED, **UNTIMED), CANNOT_TELL),
        (steady(), row(status=FAILED, **UNTIMED), BROKEN),
        (steady(), row(status=WRONG), BROKEN),
        (row(status=WRONG), steady(), MENDED),
        (row(status=FAILED, **UNTIMED), row(status=FAILED, **UNTIMED), BROKEN),
        (steady(), steady(barriers="none"), WITHOUT_MEANING),
        (steady(), steady(factor=1.2), SLOWER),
        (steady(), steady(factor=0.8), FASTER),
        (steady(), steady(), SAME),
    ],
)
def test_what_two_rows_say(before: Row | None, after: Row | None, verdict: str) -> None:
    one = after or before
    assert one is not None
    assert change(one.key, before, after, KERNEL, THRESHOLD).verdict == verdict


def test_an_operation_of_one_side_only_is_gone_or_new() -> None:
    without = replace(steady(), timings={KERNEL: steady().timings[KERNEL]})
    name = next(name for name in steady().timings if name != KERNEL)
    assert change(without.key, steady(), without, name, THRESHOLD).verdict == GONE
    assert change(without.key, without, steady(), name, THRESHOLD).verdict == NEW


@pytest.mark.parametrize(("count", "told"), [(1, "cannot tell (1 sample)"), (FEW, f"cannot tell ({FEW} samples)")])
def test_a_verdict_says_how_few_samples_it_is_from(count: int, told: str) -> None:
    few = row(samples=STEADY[:count], control=STEADY)
    assert change(few.key, steady(), few, KERNEL, THRESHOLD).told == told
    assert change(few.key, few, steady(), KERNEL, THRESHOLD).told == told
    assert change(few.key, steady(), steady(), KERNEL, THRESHOLD).told == SAME


def test_a_kernel_with_other_knobs_than_before_says_both() -> None:
    wide = steady(knobs={"s1_tile": 512}, library="fa_s1tile512")
    assert change(wide.key, steady(), wide, KERNEL, THRESHOLD).kernel == "tile 512, was tile 256"


def test_shapes_come_in_the_order_of_before_and_then_what_is_new() -> None:
    before: dict[Hashable, Row] = {1: steady(4096), 2: steady(1024)}
    after: dict[Hashable, Row] = {3: steady(512), 2: steady(1024), 1: steady(4096)}
    found = changes(before, after, KERNEL, THRESHOLD)
    assert [(one.key.case, one.verdict) for one in found] == [
        ("4096x4096", SAME),
        ("1024x1024", SAME),
        ("512x512", NEW),
    ]
