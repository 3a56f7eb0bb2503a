"""What two results files have to compare: the latest rows with the runs that they are from, and how those runs
differ.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from bench.results import Run
from bench.row import Row

Latest = Mapping[Hashable, tuple[Row, Run]]
"""Key of a row -> the row, and the run that it is from."""

MACHINE = "machine"
COMPILERS = ("compiler", "cpu", "threads", "memories_filled")
"""Facts about a library that make latencies of the host incomparable."""

ROOF_MOVED = 0.1
"""A change of the measured matrix product by more than this fraction is worth a note."""


def latest(runs: Sequence[Run]) -> Latest:
    """Return the last row of each key, with its run."""
    return {row.key: (row, run) for run in runs for row in run.rows}


def across(found: Latest) -> Latest:
    """Return the rows by case, backend and clock only. Raises ValueError if several kernels share one."""
    keyed: dict[Hashable, tuple[Row, Run]] = {}
    for row, run in found.values():
        key = (row.case, row.backend, row.clock)
        if key in keyed:
            labels = [keyed[key][0].variant.label([row.variant]), row.variant.label([keyed[key][0].variant])]
            raise ValueError(
                f"{row.case} has several kernels ({' and '.join(labels)}); --across needs one kernel per shape in each "
                "file"
            )
        keyed[key] = (row, run)
    return keyed


def _runs(side: Latest) -> list[Run]:
    return list({id(run): run for _, run in side.values()}.values())


def _facts(run: Run, name: str) -> Mapping[str, Any]:
    return run.environment.get(name) or {}


def _compilers(run: Run) -> dict[str, Any]:
    libraries = _facts(run, "libraries").values()
    return {
        fact: ", ".join(sorted({str(info[fact]) for info in libraries if fact in info})) or None for fact in COMPILERS
    }


def _changed(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    keys = sorted({*before, *after})
    pairs = [(key, before.get(key), after.get(key)) for key in keys]
    return [f"{name}{key} was {_told(old)}, is {_told(new)}" for key, old, new in pairs if old != new]


def _told(value: object) -> str:
    return "unknown" if value is None else str(value)


def _compared(before: Latest, after: Latest) -> list[tuple[Run, Run]]:
    """Return each pair of runs that rows are compared between, once."""
    pairs = [(before[key][1], after[key][1]) for key in before if key in after]
    return list({(id(one), id(other)): (one, other) for one, other in pairs}.values())


def other_machine(before: Latest, after: Latest) -> list[str]:
    """Return how machines and compilers of the compared runs differ; latencies may differ for that alone."""
    lines = []
    for one, other in _compared(before, after):
        lines += _changed("", _facts(one, MACHINE), _facts(other, MACHINE))
        lines += _changed("", _compilers(one), _compilers(other))
    return list(dict.fromkeys(lines))


def differences(before: Latest, after: Latest) -> list[str]:
    """Return what else differs between the compared runs, a line each, and which rows were timed on a busy computer."""
    lines = []
    for one, other in _compared(before, after):
        lines += _changed("version of ", _facts(one, "versions"), _facts(other, "versions"))
        lines += _changed("", _commit(one), _commit(other))
        lines += _roof(one, other)
    for name, side in (("before", before), ("after", after)):
        for row, _ in side.values():
            if row.busy:
                lines.append(f"{row.case}, {name}: other programs used {row.load['others']:.1f} CPUs meanwhile")
    return list(dict.fromkeys(lines))


def _commit(run: Run) -> dict[str, str]:
    git = _facts(run, "git")
    return {"commit": f"{git.get('commit')}{' with changes' if git.get('modified') else ''}"} if git else {}


def _roof(one: Run, other: Run) -> list[str]:
    old, new = (run.environment.get("matmul_tflops") for run in (one, other))
    if not old or not new or abs(new / old - 1) <= ROOF_MOVED:
        return []
    return [f"an FP32 matrix product ran at {old:.3g} TFLOP/s, now at {new:.3g}: the machine is not as fast as it was"]
