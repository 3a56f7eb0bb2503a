"""Medians, percentiles and intervals on samples whose answer is known."""

import numpy as np
import pytest

from bench.stats import Timing, paired_speedup, ratio_of_medians


def test_timing_leaves_the_cold_run_out() -> None:
    timing = Timing(cold=9.0, samples=(1.0, 2.0, 3.0))
    assert timing.median == 2.0
    assert timing.percentile(0) == 1.0
    assert timing.percentile(95) == pytest.approx(2.9)


def test_pairing_cancels_a_common_drift() -> None:
    drift = np.linspace(1, 3, 9).tolist()
    assert paired_speedup(drift, [2 * x for x in drift]) == pytest.approx(2.0)


def test_pairs_beyond_the_shorter_are_left_out() -> None:
    assert paired_speedup([1.0, 1.0], [3.0, 3.0, 100.0]) == pytest.approx(3.0)


def test_a_clear_slowdown_is_certain_and_inside_its_interval() -> None:
    rng = np.random.default_rng(1)
    before, after = (1 + 0.02 * rng.random(20)).tolist(), (1.2 + 0.02 * rng.random(20)).tolist()
    ratio = ratio_of_medians(after, before)
    assert ratio.low < ratio.value < ratio.high
    assert ratio.certain
    assert ratio.value == pytest.approx(1.2, abs=0.02)


def test_noise_is_not_certain() -> None:
    rng = np.random.default_rng(2)
    noise = (1 + rng.random(40)).tolist()
    assert not ratio_of_medians(noise[:20], noise[20:]).certain


def test_a_single_sample_is_never_certain() -> None:
    ratio = ratio_of_medians([2.0], [1.0, 1.0])
    assert ratio.value == 2.0
    assert not ratio.certain
