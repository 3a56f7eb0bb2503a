"""The verdict on a shape in two runs: slower, faster, the same, or what is not known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from bench.jobs import comparable
from bench.row import KERNEL, OK, SKIPPED, Key, Row
from bench.stats import Ratio, ratio_of_medians

SAME = "same"
FASTER = "faster"
SLOWER = "REGRESSION"
BROKEN = "BROKEN"
MENDED = "mended"
UNSURE = "unsure"
CANNOT_TELL = "cannot tell"
GONE = "not in after"
NEW = "not in before"
WITHOUT_MEANING = "says nothing on the host"

REGRESSIONS = (SLOWER, BROKEN)
"""Verdicts that make the exit code 1."""

INCOMPARABLE = (GONE, NEW, WITHOUT_MEANING)
"""Verdicts that are none."""

FEWEST_SAMPLES = 5
"""With fewer, the interval of a resampled median says nothing of the spread: no verdict from it."""

LARGE_RATIO = 1.5
"""Slower by more than this is a regression however few the samples: no noise explains it."""


@dataclass(frozen=True)
class Change:
    """One shape and kernel in both files. `ratio` is None unless both rows have been timed and are right."""

    key: Key
    before: Row | None
    after: Row | None
    verdict: str
    ratio: Ratio | None = None
    """With its interval, wider by what the control moved."""

    control: float | None = None
    """Latency after / before of the baseline that moved most; None if the runs have none in common."""

    samples: int = 0
    """Of the side that has fewer."""

    @property
    def few(self) -> bool:
        """Whether there are too few samples for an interval."""
        return self.samples < FEWEST_SAMPLES

    @property
    def told(self) -> str:
        """The verdict, and why it is none."""
        if self.ratio is None or not self.few:
            return self.verdict
        return f"{self.verdict} ({self.samples} sample{'' if self.samples == 1 else 's'})"

    @property
    def kernel(self) -> str:
        """The kernel's knobs, after; and before, if they were others."""
        one, other = self.after or self.before, self.before or self.after
        assert one is not None, "a change has a row"
        assert other is not None, "a change has a row"
        if one.variant == other.variant:
            return one.variant.label()
        return f"{one.variant.label([other.variant])}, was {other.variant.label([one.variant])}"


def widened(ratio: Ratio, control: float) -> Ratio:
    """Return the ratio with its interval widened, on both sides, by what the control moved."""
    # Whether the control became slower or faster: the machine moves by so much without any change of the kernel.
    factor = max(control, 1 / control)
    return replace(ratio, low=ratio.low / factor, high=ratio.high * factor)


def judge(ratio: Ratio, threshold: float, samples: int, control: float = 1.0) -> str:
    """Return the verdict on a ratio after / before; its interval is already widened by the control."""
    # First, since it holds for few samples too.
    if ratio.value > LARGE_RATIO * max(control, 1 / control):
        return SLOWER
    if samples < FEWEST_SAMPLES:
        return CANNOT_TELL
    if ratio.low > 1 + threshold:
        return SLOWER
    if ratio.high < 1 - threshold:
        return FASTER
    if ratio.low >= 1 - threshold and ratio.high <= 1 + threshold:
        return SAME
    return UNSURE


def moved(before: Row, after: Row, operation: str) -> float | None:
    """Return after / before of the baseline, other than `operation`, that moved most; None if there is none in both."""
    controls = [name for name in before.timings if name in after.timings and name not in (operation, KERNEL)]
    ratios = [after.timings[name].median / before.timings[name].median for name in controls]
    # Half as long and twice as long are equally far.
    return max(ratios, key=lambda ratio: max(ratio, 1 / ratio), default=None)


def change(key: Key, before: Row | None, after: Row | None, operation: str, threshold: float) -> Change:
    """Compare the rows of one shape and kernel."""
    if after is None:
        return Change(key, before, after, GONE)
    # A row that was skipped before has nothing to compare with, as if it were not there.
    if before is None or before.status == SKIPPED:
        return Change(key, before, after, NEW)
    if after.status == SKIPPED:
        return Change(key, before, after, CANNOT_TELL)  # perhaps because it was too slow for --max_seconds
    if after.status != OK:
        return Change(key, before, after, BROKEN)
    if before.status != OK:
        return Change(key, before, after, MENDED)
    if operation not in before.timings or operation not in after.timings:
        return Change(key, before, after, GONE if operation in before.timings else NEW)
    if operation == KERNEL and not comparable(after.backend, before.variant, after.variant):
        return Change(key, before, after, WITHOUT_MEANING)
    samples = [row.timings[operation].samples for row in (after, before)]
    control = moved(before, after, operation)
    ratio = widened(ratio_of_medians(*samples), control or 1.0)
    fewest = min(map(len, samples))
    return Change(key, before, after, judge(ratio, threshold, fewest, control or 1.0), ratio, control, fewest)


def changes(
    before: Mapping[Hashable, Row], after: Mapping[Hashable, Row], operation: str, threshold: float
) -> list[Change]:
    """Compare all shapes and kernels, those of `before` first."""
    keys = [*before, *(key for key in after if key not in before)]
    pairs = [(before.get(key), after.get(key)) for key in keys]
    return [change(_key(*pair), *pair, operation, threshold) for pair in pairs]


def _key(before: Row | None, after: Row | None) -> Key:
    row = after or before
    assert row is not None, "a key comes from a row"
    return row.key
