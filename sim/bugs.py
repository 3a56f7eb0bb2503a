"""Measures the checks on faulty kernels and their mended twins: `tools/bazel run //sim:bugs`.

Prints a table: which check must catch each fault, what was said of the faulty kernel, and whether the mended one
passes. Exit code 0: every fault is caught and every mended kernel passes; 1: not so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from cli.program import EXIT_FAILED, run
from sim.bugs_case import Case
from sim.bugs_cube import CUBE
from sim.bugs_memory import FIFOS, MEMORY, SCALARS
from sim.bugs_modules import PASSES, VERIFIED
from sim.bugs_ordered import NUMBERS, UNORDERED
from sim.bugs_pipes import FLAGS, VECTOR
from sim.bugs_run import Row, run_all

CASES = (*FLAGS, *VECTOR, *CUBE, *SCALARS, *MEMORY, *FIFOS, *VERIFIED, *PASSES, *UNORDERED, *NUMBERS)
"""All pairs of kernels."""


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table, and a line with the counts."""
    lines = ["| fault | caught by | mended |", "| --- | --- | --- |"]
    for row in rows:
        caught = row.case.check.value if row.caught else f"MISSED by {row.case.check.value}: {row.faulty or 'nothing'}"
        lines.append(f"| {row.case.name} | {caught} | {row.mended or 'passes'} |")
    missed, alarms = sum(not row.caught for row in rows), sum(bool(row.mended) for row in rows)
    return "\n".join([*lines, "", f"{len(rows)} pairs: {missed} faults missed, {alarms} false alarms."])


def work(cases: Sequence[Case]) -> int:
    """Run the suite and print the table. Return the exit code."""
    with tempfile.TemporaryDirectory(prefix="bugs_") as directory:
        rows = list(run_all(cases, Path(directory)))
    print(table(rows))
    return 0 if all(row.ok for row in rows) else EXIT_FAILED


if __name__ == "__main__":
    run(lambda: CASES, work)
