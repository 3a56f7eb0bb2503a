"""The results file: a JSON document of runs, each with its environment and rows, that runs append to.

    {"format": "ascend_fa.bench.1", "runs": [{"started": ISO time, "environment": {...}, "rows": [Row, ...]}, ...]}

A run replaces its own entry whenever it has a new row, under a lock and by renaming a complete file, so neither Ctrl-C
nor a second benchmark that writes to the same file loses rows.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.row import Row
from flash_atten.launch_files import write_file

Key = tuple[str, str, str]
"""Case, backend and clock (with its cache) of a row: rows with the same key measure the same thing."""

FORMAT = "ascend_fa.bench.1"


@dataclass(frozen=True)
class Run:
    """One invocation of the benchmark. `started` (ISO time with microseconds) and `environment["pid"]` tell runs
    apart.
    """

    started: str
    environment: dict[str, Any]
    rows: tuple[Row, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the run as JSON values."""
        return {"started": self.started, "environment": self.environment, "rows": [row.to_json() for row in self.rows]}

    def is_same_run(self, fields: dict[str, Any]) -> bool:
        """Whether `fields` is an earlier state of this run."""
        key = (fields["started"], fields["environment"].get("pid"))
        return key == (self.started, self.environment.get("pid"))


def read_runs(path: Path) -> list[Run]:
    """Read a results file. Raises ValueError, naming the file, if it is not one."""
    try:
        return [
            Run(run["started"], run["environment"], tuple(Row.from_json(row) for row in run["rows"]))
            for run in _read_document(path)["runs"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is a results file, but one of its runs cannot be read ({error!r}); was it edited?"
        ) from error


def write_run(path: Path, run: Run) -> None:
    """Add `run` to the file, or replace its earlier state there; make the file if there is none.

    Raises ValueError if the file holds something else: it is never overwritten. Raises OSError.
    """
    with locked(path.parent):
        document = dict[str, Any](format=FORMAT, runs=[]) if is_new(path) else _read_document(path)
        others = [entry for entry in document["runs"] if not run.is_same_run(entry)]
        document["runs"] = [*others, run.to_json()]
        write_file(path, json.dumps(document, indent=1) + "\n")


def is_new(path: Path) -> bool:
    """Whether there is no such file, or nothing in it: the first run makes it a results file."""
    return not path.exists() or path.stat().st_size == 0


def latest_rows(runs: Sequence[Run]) -> dict[Key, Row]:
    """Return the last row of each case, backend and clock."""
    return {key_of(row): row for run in runs for row in run.rows}


def key_of(row: Row) -> Key:
    """Return what a row measures."""
    return row.case, row.backend, row.clock


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read: {error.strerror}; //bench:fa writes results files, with --json=FILE"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path} is not a results file of this benchmark: not JSON ({error})") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path} is not a results file of this benchmark: its format is {found!r}, not {FORMAT!r}")
    return dict(document)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold an advisory lock on `directory` (no lock file is left behind)."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
