"""Compare two results files of //bench:fa: what became slower, faster or wrong, and how sure that is.

    tools/bazel run //bench:compare -- before.json after.json
    tools/bazel run //bench:compare -- before.json after.json --across      also kernels with other knobs

For each shape and kernel the latest row of either file. The ratio is median latency after / before with its 95 %
interval from the samples. A baseline that both files have is the control: it is the same program, so what it moved is
the machine, and the interval is made wider by that. Exit code 1: something is slower by more than the threshold, or by
a large factor, or not right any more, or nothing could be compared. Exit code 3: nothing is known to be worse, but not
all is known: too few samples, or an interval that reaches beyond the threshold. Else 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import flags
from rich.console import Console

from bench.compare_judge import (
    BROKEN,
    CANNOT_TELL,
    FASTER,
    INCOMPARABLE,
    MENDED,
    REGRESSIONS,
    SLOWER,
    UNSURE,
    WITHOUT_MEANING,
    Change,
    changes,
)
from bench.compare_runs import Latest, across, differences, latest, other_machine
from bench.jobs import ONLY_ON_THE_DEVICE
from bench.results import Run, read_runs
from bench.row import KERNEL, Row
from bench.table import milliseconds
from bench.text_table import Column, print_note, print_table
from cli.files import user_path
from cli.program import EXIT_FAILED, fail, run

EXIT_UNSURE = 3
"""Exit code when nothing is known to be worse, but not all is known."""

STYLES = {
    SLOWER: "bold red",
    BROKEN: "bold red",
    FASTER: "green",
    MENDED: "green",
    UNSURE: "yellow",
    CANNOT_TELL: "yellow",
}

THRESHOLD = flags.DEFINE_float("threshold", 0.03, "Slower by more than this fraction is a regression.", lower_bound=0)
OPERATION = flags.DEFINE_string("operation", KERNEL, "What to compare: fa, or a baseline such as sdpa_fp16.")
ACROSS = flags.DEFINE_bool(
    "across", False, "Compare kernels with other knobs, barriers or library, too; one kernel per shape in each file."
)


@dataclass(frozen=True)
class Options:
    """A checked request."""

    before: Latest
    after: Latest
    operation: str
    threshold: float


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
    sides = [_side(name, runs) for name, runs in zip((before, after), files, strict=True)]
    return Options(sides[0], sides[1], OPERATION.value, THRESHOLD.value)


def _side(name: str, runs: Sequence[Run]) -> Latest:
    found = latest(runs)
    try:
        return across(found) if ACROSS.value else found
    except ValueError as error:
        raise ValueError(f"{Path(name).name}: {error}") from error


def _median(row: Row | None, operation: str) -> str:
    return milliseconds(row.timings[operation].median) if row and operation in row.timings else ""


def columns(found: Sequence[Change], operation: str) -> list[Column]:
    """Return the comparison as columns."""
    rows = [item.after or item.before for item in found]
    variants = [row.variant for row in rows if row is not None]
    ratios = [item.ratio for item in found]
    return [
        Column("case", [item.key.case for item in found], right=False),
        *_kernel_columns(found, variants),
        Column("measured on", [f"{item.key.backend}, {item.key.clock} clock" for item in found], right=False, spare=3),
        Column("before, ms", [_median(item.before, operation) for item in found], spare=1),
        Column("after, ms", [_median(item.after, operation) for item in found], spare=1),
        Column("ratio", ["" if ratio is None else f"{ratio.value:.3f}" for ratio in ratios]),
        Column("95 % interval", [_interval(item) for item in found], spare=2),
        Column("control", ["" if item.control is None else f"{item.control:.3f}" for item in found], spare=2),
        Column("verdict", [item.told for item in found], right=False),
    ]


def _kernel_columns(found: Sequence[Change], variants: Sequence[object]) -> list[Column]:
    """Return a column with the kernels' knobs where rows of a case differ in them, or before and after do."""
    changed = any(item.before and item.after and item.before.variant != item.after.variant for item in found)
    if len({item.key.case for item in found}) == len(found) and not changed:
        return []
    return [Column("kernel", [item.kernel for item in found], right=False, spare=1)]


def _interval(item: Change) -> str:
    if item.ratio is None or item.few:
        return ""
    return f"{item.ratio.low:.3f} .. {item.ratio.high:.3f}"


def summary(found: Sequence[Change], threshold: float) -> str:
    """Return the verdicts in a sentence."""
    worse = sum(item.verdict in REGRESSIONS for item in found)
    unknown = sum(item.verdict in (UNSURE, CANNOT_TELL) for item in found)
    known = f"{worse} of {len(found)} became worse (threshold {threshold:.0%})"
    if not unknown:
        return known
    return f"{known}; of {unknown} that is not known: time them again, longer, with //bench:fa --iters=20"


def exit_code(found: Sequence[Change]) -> int:
    """Return 1 if anything became worse, 3 if something may have."""
    if any(item.verdict in REGRESSIONS for item in found):
        return EXIT_FAILED
    return EXIT_UNSURE if any(item.verdict in (UNSURE, CANNOT_TELL) for item in found) else 0


def _rows(side: Latest) -> Mapping[object, Row]:
    return {key: row for key, (row, _) in side.items()}


def work(chosen: Options) -> int:
    """Print the comparison; return its exit code."""
    console = Console()
    if elsewhere := other_machine(chosen.before, chosen.after):
        print_note(console, f"These runs are not of one machine and compiler: {'; '.join(elsewhere)}.")
    found = changes(_rows(chosen.before), _rows(chosen.after), chosen.operation, chosen.threshold)
    title = f"{chosen.operation}: latency after / before"
    print_table(
        columns(found, chosen.operation), console, title=title, styles=[STYLES.get(i.verdict, "") for i in found]
    )
    for line in differences(chosen.before, chosen.after):
        print_note(console, f"note: {line}")
    if any(item.verdict == WITHOUT_MEANING for item in found):
        print_note(console, f"note: {ONLY_ON_THE_DEVICE}")
    if all(item.verdict in INCOMPARABLE for item in found):
        return fail(
            f"no shape could be compared: none has {chosen.operation} of the same kernel in both files; run //bench:fa "
            "with the same --case or --s1 and the same knobs for both, or compare other kernels with --across",
            EXIT_FAILED,
        )
    print(summary(found, chosen.threshold))
    return exit_code(found)


if __name__ == "__main__":
    run(options, work, operands=("BEFORE.json", "AFTER.json"))
