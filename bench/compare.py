"""Compare two results files of //bench:fa: what became slower, faster or wrong, and how sure that is.

    bazel run //bench:compare -- before.json after.json

For each shape the latest row of either file. The ratio is median latency after / before with its 95 % interval from the
samples. A regression is a ratio whose whole interval is above 1 + threshold, or a result that is not right any more;
exit code 1 if there is any, or if nothing could be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import flags
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.results import Key, Run, latest_rows, read_runs
from bench.row import KERNEL, OK, SKIPPED, Row
from bench.stats import Ratio, ratio_of_medians
from bench.table import milliseconds
from flash_atten.launch_cli import EXIT_FAILED, fail, run, user_path

SAME = "same"
FASTER = "faster"
UNSURE = "unsure"
SLOWER = "REGRESSION"
BROKEN = "BROKEN"
MENDED = "mended"
GONE = "not in after"
NEW = "not in before"

REGRESSIONS = (SLOWER, BROKEN)
"""Verdicts that make the exit code 1."""

INCOMPARABLE = (GONE, NEW)
"""Verdicts that are none."""

STYLES = {SLOWER: "bold red", BROKEN: "bold red", FASTER: "green", MENDED: "green", UNSURE: "dim"}

THRESHOLD = flags.DEFINE_float("threshold", 0.03, "Slower by more than this fraction is a regression.", lower_bound=0)
OPERATION = flags.DEFINE_string("operation", KERNEL, "What to compare: fa, or a baseline such as sdpa_fp16.")


@dataclass(frozen=True)
class Options:
    """A checked request."""

    before: Sequence[Run]
    after: Sequence[Run]
    operation: str
    threshold: float


@dataclass(frozen=True)
class Change:
    """One shape in both files. `ratio` is None unless both rows have been timed and are right."""

    key: Key
    before: Row | None
    after: Row | None
    ratio: Ratio | None
    verdict: str


def judge(ratio: Ratio, threshold: float) -> str:
    """Return the verdict on a ratio after / before."""
    if ratio.low > 1 + threshold:
        return SLOWER
    if ratio.high < 1 - threshold:
        return FASTER
    if ratio.low >= 1 - threshold and ratio.high <= 1 + threshold:
        return SAME
    return UNSURE


def change(key: Key, before: Row | None, after: Row | None, operation: str, threshold: float) -> Change:
    """Compare the rows of one shape."""
    if after is None or after.status == SKIPPED:
        return Change(key, before, after, None, GONE)
    if before is None or before.status == SKIPPED:
        return Change(key, before, after, None, NEW)
    if after.status != OK:
        return Change(key, before, after, None, BROKEN)
    if before.status != OK:
        return Change(key, before, after, None, MENDED)
    if operation not in before.timings or operation not in after.timings:
        return Change(key, before, after, None, GONE if operation in before.timings else NEW)
    ratio = ratio_of_medians(after.timings[operation].samples, before.timings[operation].samples)
    return Change(key, before, after, ratio, judge(ratio, threshold))


def changes(before: Mapping[Key, Row], after: Mapping[Key, Row], operation: str, threshold: float) -> list[Change]:
    """Compare all shapes, those of `before` first."""
    keys = [*before, *(key for key in after if key not in before)]
    return [change(key, before.get(key), after.get(key), operation, threshold) for key in keys]


def differences(before: Run, after: Run) -> list[str]:
    """Return what differs between the environments of two runs, a line each; latencies may differ for that reason."""
    pairs = {
        "machine": [run.environment.get("machine") for run in (before, after)],
        "versions": [run.environment.get("versions") for run in (before, after)],
    }
    lines = []
    for name, (old, new) in pairs.items():
        for key in sorted({*(old or {}), *(new or {})}):
            values = [(side or {}).get(key) for side in (old, new)]
            if values[0] != values[1]:
                lines.append(f"{name}: {key} was {values[0]}, is {values[1]}")
    return lines


def _median(row: Row | None, operation: str) -> str:
    return milliseconds(row.timings[operation].median) if row and operation in row.timings else ""


def table(found: Sequence[Change], operation: str) -> Table:
    """Return the comparison as a table."""
    out = Table(
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=f"{operation}: latency after / before", title_justify="left"
    )
    for header in ("case", "measured on", "before, ms", "after, ms", "ratio", "95 % interval", "verdict"):
        out.add_column(
            header, no_wrap=True, justify="left" if header in ("case", "measured on", "verdict") else "right"
        )
    for item in found:
        case, backend, clock = item.key
        ratio = "" if item.ratio is None else f"{item.ratio.value:.3f}"
        interval = "" if item.ratio is None else f"{item.ratio.low:.3f} .. {item.ratio.high:.3f}"
        medians = (_median(item.before, operation), _median(item.after, operation))
        where = f"{backend}, {clock} clock"
        out.add_row(case, where, *medians, ratio, interval, item.verdict, style=STYLES.get(item.verdict, ""))
    return out


def options(before: str, after: str) -> Options:
    """Read the two files. Raises ValueError or OSError naming the one that cannot be read."""
    files = [read_runs(user_path(name)) for name in (before, after)]
    for name, runs in zip((before, after), files, strict=True):
        if not any(row for run in runs for row in run.rows):
            raise ValueError(f"{Path(name).name} has no rows; run //bench:fa with --json={name} first")
    rows = [row for runs in files for found in runs for row in found.rows]
    operations = dict.fromkeys(name for row in rows for name in (KERNEL, *row.timings))
    if OPERATION.value not in operations:
        raise ValueError(f"--operation={OPERATION.value} is in neither file; choose from {', '.join(operations)}")
    return Options(files[0], files[1], OPERATION.value, THRESHOLD.value)


def work(chosen: Options) -> int:
    """Print the comparison; return 1 if anything became worse."""
    found = changes(latest_rows(chosen.before), latest_rows(chosen.after), chosen.operation, chosen.threshold)
    console = Console()
    drawn = table(found, chosen.operation)
    if not console.is_terminal:
        console = Console(width=Console(width=1000).measure(drawn).maximum)
    console.print(drawn)
    for line in differences(chosen.before[-1], chosen.after[-1]):
        console.print(f"note: {line}", markup=False, highlight=False)
    if all(item.verdict in INCOMPARABLE for item in found):
        return fail(
            f"no shape could be compared: none has {chosen.operation} in both files; run //bench:fa with the same "
            "--case or --s1 for both",
            EXIT_FAILED,
        )
    worse = [item for item in found if item.verdict in REGRESSIONS]
    print(f"{len(worse)} of {len(found)} shapes became worse (threshold {chosen.threshold:.0%})")
    return EXIT_FAILED if worse else 0


if __name__ == "__main__":
    run(options, work, operands=("BEFORE.json", "AFTER.json"))
