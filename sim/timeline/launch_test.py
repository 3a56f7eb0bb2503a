"""Tests of the way from cycles to microseconds."""

from __future__ import annotations

import pytest

from flash_atten.config import LARGEST_SIZE
from isa.costs import CLOCK_GHZ, LAUNCH_US
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import CHANGE_US, Fitted, Hypothesis, Timing, Workload, microseconds
from sim.timeline.testing import block_times
from sim.timeline.times import Scale

S1 = 8 * 256
ALONE = Fitted(sync=20, early=1, late=1)


@pytest.fixture(scope="module")
def blocks() -> BlockTimes:
    return block_times(8)


def test_waves_are_full_but_the_last() -> None:
    assert Workload(128 * 50, S1).waves == ((2, 24), (1, 2))
    assert Workload(128 * 48, S1).waves == ((2, 24),)
    assert Workload(128 * 3, S1).waves == ((1, 3),)


def test_the_largest_launch_is_as_quick_to_predict_as_a_small_one_and_larger_ones_are_refused(
    blocks: BlockTimes,
) -> None:
    work = Workload(LARGEST_SIZE, S1, cores=1)
    further = blocks.cycles(S1, Scale())[1] / CLOCK_GHZ / 1e3
    assert microseconds(blocks, work, ALONE, Hypothesis.SLOWDOWN) == pytest.approx(
        LARGEST_SIZE / 128 * further, rel=1e-4
    )
    with pytest.raises(ValueError, match="positive multiple of 128, at most"):
        Workload(LARGEST_SIZE * 128, S1)
    with pytest.raises(ValueError, match="positive number of rows, at most"):
        Workload(128, LARGEST_SIZE + 1)


@pytest.mark.parametrize("hypothesis", Hypothesis)
def test_a_launch_is_its_waves_and_the_launch_itself(blocks: BlockTimes, hypothesis: Hypothesis) -> None:
    first, further = (cycles / CLOCK_GHZ / 1e3 for cycles in blocks.cycles(S1, Scale()))
    assert microseconds(blocks, Workload(128, S1), ALONE, hypothesis) == pytest.approx(first + LAUNCH_US)
    three = microseconds(blocks, Workload(128 * 50, S1), ALONE, hypothesis)
    assert three == pytest.approx(first + 2 * further + LAUNCH_US)
    synced = microseconds(blocks, Workload(128, S1, timing=Timing.SYNC), ALONE, hypothesis)
    assert synced == pytest.approx(first + LAUNCH_US + 20)


def test_more_active_cores_are_slower_until_they_saturate(blocks: BlockTimes) -> None:
    fitted = Fitted(sync=0, early=2, late=2)
    times = [microseconds(blocks, Workload(128 * n, S1, cores=n), fitted, Hypothesis.SLOWDOWN) for n in (1, 8, 16, 24)]
    assert times[0] < times[1] < times[2] == times[3]


def test_cores_without_a_block_do_not_slow_the_others(blocks: BlockTimes) -> None:
    fitted = Fitted(sync=0, early=2, late=2)
    assert microseconds(blocks, Workload(128, S1), fitted, Hypothesis.SLOWDOWN) == microseconds(
        blocks, Workload(128, S1, cores=1), fitted, Hypothesis.SLOWDOWN
    )


def test_a_long_launch_goes_on_at_the_late_pace(blocks: BlockTimes) -> None:
    early, late = Fitted(sync=0, early=2, late=2), Fitted(sync=0, early=1, late=1)
    work = Workload(128 * 24 * 100, S1)
    slow, fast = (microseconds(blocks, work, fitted, Hypothesis.SLOWDOWN) - LAUNCH_US for fitted in (early, late))
    mixed = microseconds(blocks, work, Fitted(sync=0, early=2, late=1), Hypothesis.SLOWDOWN) - LAUNCH_US
    assert mixed == pytest.approx(CHANGE_US + (1 - CHANGE_US / slow) * fast)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((100, S1, 24), "q_rows = 100 is not possible"), ((128, 0, 24), "s1 = 0"), ((128, S1, 0), "cores = 0 is not")],
)
def test_a_launch_that_cannot_be_is_refused(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Workload(*arguments)
