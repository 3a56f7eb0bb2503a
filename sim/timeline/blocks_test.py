"""Tests of what a Q block costs: recorded, extrapolated, interpolated between degrees of contention."""

from __future__ import annotations

import pytest

from sim.timeline.blocks import BlockTimes, TooShort
from sim.timeline.testing import TILE_COLUMNS, block_times, program
from sim.timeline.times import Scale, timeline


def test_a_further_block_costs_what_two_cost_more_than_one() -> None:
    blocks = block_times(8)
    first, further = blocks.cycles(8 * TILE_COLUMNS, Scale())
    assert first == timeline(program(8)).cycles
    assert first + further == timeline(program(8, 2)).cycles


def test_traces_that_do_not_belong_together_are_refused() -> None:
    for second in (program(8), program(4, 2), program(16, 2)):
        with pytest.raises(ValueError, match="the second must be two Q blocks in turn of the same kernel and S1"):
            BlockTimes(program(8), second)


@pytest.mark.parametrize("contention", [1.0, 1.6])
def test_extrapolation_is_within_a_thousandth_of_the_whole_run(contention: float) -> None:
    whole, short = block_times(192), block_times(64)
    expected = whole.cycles(192 * TILE_COLUMNS, Scale(contention))
    assert short.cycles(192 * TILE_COLUMNS, Scale(contention)) == pytest.approx(expected, rel=1e-3)


def test_contention_between_two_steps_is_interpolated() -> None:
    blocks = block_times(16)
    low, middle, high = (blocks.cycles(16 * TILE_COLUMNS, Scale(c))[0] for c in (1.5, 1.525, 1.55))
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2)
    assert middle == pytest.approx(timeline(program(16), Scale(1.525)).cycles, rel=1e-3)


def test_a_slowdown_multiplies() -> None:
    blocks = block_times(8)
    assert blocks.cycles(2048, Scale(slowdown=1.5))[0] == pytest.approx(1.5 * blocks.cycles(2048, Scale())[0])


def test_a_trace_too_short_to_extrapolate_from_says_how_much_it_takes() -> None:
    with pytest.raises(
        TooShort, match="s1 = 131072 cannot be extrapolated from a trace of s1 = 2048: record 131072, or at least"
    ):
        block_times(8).cycles(131072, Scale())
