"""Refits the timeline's numbers: `tools/bazel run //sim:calibrate -- --traces=FOLDER [--tables=FILE]
[--output=fitted.json]`.

Prints them with standard errors, the error per table, what is left of every row, and each row predicted from the
others. Exit code 0: fitted; 1: the rows do not determine the numbers; 2: wrong usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from absl import flags
from numpy.typing import NDArray

from cli.files import marked, output_file, user_path, write_file
from cli.program import run
from sim.timeline.calibrate import NotIdentified, Recordings, Row, fit, log_errors, percent, read_rows, relative
from sim.timeline.launch import Hypothesis
from sim.timeline.parameters import Fit, fits_json

_TRACES = flags.DEFINE_string("traces", None, "Folder with the recordings that the table names.", required=True)
_TABLES = flags.DEFINE_list(
    "tables", [], "Tables of measurements; default: the published ones, sim/timeline/measured.tsv."
)
_JUDGE = flags.DEFINE_list("judge", [], "Tables that are predicted and not fitted.")
_OUTPUT = flags.DEFINE_string("output", None, "File for the fitted numbers, such as sim/timeline/fitted.json.")

MEASURED = Path(__file__).with_name("measured.tsv")


@dataclass(frozen=True)
class Options:
    """The command line."""

    traces: Path
    rows: tuple[Row, ...]
    judged: tuple[Row, ...]
    output: Path | None


def options() -> Options:
    """Read the flags and the tables. Raises ValueError or OSError."""
    traces = user_path(_TRACES.value)
    if not traces.is_dir():
        raise ValueError(f"--traces={_TRACES.value} is not a folder")
    tables = [user_path(text) for text in _TABLES.value] or [MEASURED]
    return Options(
        traces,
        tuple(row for table in tables for row in read_rows(table)),
        tuple(row for text in _JUDGE.value for row in read_rows(user_path(text))),
        output_file(
            "output",
            _OUTPUT.value,
            ".json",
            inputs=[*tables, *map(user_path, _JUDGE.value)],
            ours=marked('"fitted": {'),
        ),
    )


def work(chosen: Options) -> int:
    """Fit every hypothesis and say what came out. Return the exit code."""
    recordings = Recordings(chosen.traces)
    fits = {}
    for hypothesis in Hypothesis:
        result = fit(chosen.rows, recordings.blocks, hypothesis)
        fits[hypothesis] = result
        errors = log_errors(chosen.rows, recordings.blocks, result.fitted, hypothesis)
        print(fit_text(hypothesis, result))
        print(rows_text("fitted", chosen.rows, errors))
        if chosen.judged:
            judged = log_errors(chosen.judged, recordings.blocks, result.fitted, hypothesis)
            print(rows_text("not fitted", chosen.judged, judged))
    if chosen.output:
        write_file(chosen.output, fits_json(fits))
    return 0


def fit_text(hypothesis: Hypothesis, result: Fit) -> str:
    """Return the numbers of a fit with their standard errors."""
    values, errors = asdict(result.fitted), asdict(result.errors)
    units = {"sync": " us"}
    numbers = [f"{name} {values[name]:.3f} +- {errors[name]:.3f}{units.get(name, '')}" for name in values]
    return (
        f"{hypothesis.value}: {', '.join(numbers)}\n"
        f"  mean absolute error {result.mape:.2f} % of {result.rows} rows; "
        f"each predicted from the others {result.leave_one_out:.2f} %"
    )


def rows_text(title: str, rows: Sequence[Row], errors: NDArray[np.float64]) -> str:
    """Return the error of every row and of every table, in percent of what was measured."""
    lines = []
    for table in dict.fromkeys(row.table for row in rows):
        chosen = [i for i, row in enumerate(rows) if row.table == table]
        each = "  ".join(f"{rows[i].s}: {relative(float(errors[i])):+.1f}" for i in chosen)
        lines.append(f"  {title}, {table}, {percent(errors[chosen]):.2f} %:  {each}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(options, work, failed=(NotIdentified,), usage=(ValueError,))
