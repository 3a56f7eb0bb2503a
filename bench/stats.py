"""What samples of a latency say: their middle, their spread, and how sure a ratio of two of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BOOTSTRAP_DRAWS = 2000
"""Resamples behind a confidence interval: its ends then move by about 1 % of its width from one seed to another."""

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Timing:
    """Latencies of one operation in seconds: the first (cold) run and those after the warm-up."""

    cold: float
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the samples in seconds."""
        return float(np.median(self.samples))

    def percentile(self, percent: float) -> float:
        """Return a percentile (0 to 100) of the samples in seconds."""
        return float(np.percentile(self.samples, percent))


@dataclass(frozen=True)
class Ratio:
    """A ratio of two latencies with the ends of its confidence interval."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval excludes 1."""
        return self.low > 1 or self.high < 1


def paired_speedup(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of theirs / ours over pairs that were timed one after the other (above 1: ours is faster).

    Pairing cancels what both saw, such as a slow clock; the two sequences may differ in length, the rest is left out.
    """
    pairs = min(len(ours), len(theirs))
    # In logarithms: with an even number of pairs the middle of two ratios is then the same whichever side is `ours`.
    logs = np.log(np.asarray(theirs[:pairs])) - np.log(np.asarray(ours[:pairs]))
    return float(np.exp(np.median(logs)))


def ratio_of_medians(after: Sequence[float], before: Sequence[float]) -> Ratio:
    """Return median(after) / median(before) with its 95 % bootstrap interval; the samples are independent.

    Either side with a single sample has no spread to resample: the interval is then (0, infinity), never certain.
    """
    value = float(np.median(after) / np.median(before))
    if min(len(after), len(before)) < 2:
        return Ratio(value, 0.0, float("inf"))
    # A fixed seed: the same samples give the same interval, hence the same verdict.
    rng = np.random.default_rng(0)
    ratios = _resampled_medians(after, rng) / _resampled_medians(before, rng)
    return Ratio(value, *_interval(ratios))


def paired_ratio(ours: Sequence[float], first: Sequence[float]) -> Ratio:
    """Return the median of ours / first over pairs timed one after the other, with its 95 % bootstrap interval.

    A single pair has no spread to resample: the interval is then (0, infinity), never certain.
    """
    pairs = min(len(ours), len(first))
    ratios = np.asarray(ours[:pairs], np.float64) / np.asarray(first[:pairs], np.float64)
    value = float(np.median(ratios))
    if pairs < 2:
        return Ratio(value, 0.0, float("inf"))
    return Ratio(value, *_interval(_resampled_medians(ratios.tolist(), np.random.default_rng(0))))


def _interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    tail = 100 * (1 - CONFIDENCE) / 2
    return float(np.percentile(values, tail)), float(np.percentile(values, 100 - tail))


def _resampled_medians(samples: Sequence[float], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    values = np.asarray(samples, dtype=np.float64)
    drawn = rng.integers(0, values.size, (BOOTSTRAP_DRAWS, values.size))
    medians: npt.NDArray[np.float64] = np.median(values[drawn], axis=1)
    return medians
