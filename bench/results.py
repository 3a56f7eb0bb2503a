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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import fields
from bench.row import Row
from cli.files import write_file

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

    @classmethod
    def from_json(cls, value: object, where: str) -> Run:
        """Read what `to_json` wrote. Raises ValueError naming the field, below `where`, that is not as written."""
        readers = {"started": fields.text, "environment": _environment, "rows": fields.list_of(Row.from_json)}
        found = fields.read_object(value, where, readers, {})
        return cls(found["started"], found["environment"], tuple(found["rows"]))

    def is_same_run(self, other: Run) -> bool:
        """Whether `other` is an earlier state of this run."""
        return (self.started, self.environment.get("pid")) == (other.started, other.environment.get("pid"))


def read_runs(path: Path) -> list[Run]:
    """Read a results file. Raises ValueError, naming the file and the field, if it is not as it was written."""
    return _runs(path, _read_document(path))


def write_run(path: Path, run: Run) -> None:
    """Add `run` to the file, or replace its earlier state there; make the file if there is none.

    Raises ValueError if the file holds something else: it is never overwritten. Raises OSError.
    """
    with locked(path.parent):
        # Read and written under one lock: another benchmark may add its run in between.
        document = dict[str, Any](format=FORMAT, runs=[]) if is_new(path) else _read_document(path)
        others = [entry for entry in _runs(path, document) if not run.is_same_run(entry)]
        document["runs"] = [entry.to_json() for entry in (*others, run)]
        write_file(path, json.dumps(document, indent=1) + "\n")


def is_new(path: Path) -> bool:
    """Whether there is no such file, or nothing in it: the first run makes it a results file."""
    return not path.exists() or path.stat().st_size == 0


ENVIRONMENT: Mapping[str, fields.Reader[Any]] = {
    "machine": fields.optional(fields.mapping),
    "versions": fields.optional(fields.mapping),
    "git": fields.optional(fields.mapping),
    "libraries": fields.optional(fields.mapping_of(fields.mapping)),
    "matmul_tflops": fields.optional(fields.number),
}
"""How the facts about a run that programs use are read; there may be others."""


def _environment(value: object, where: str) -> dict[str, Any]:
    found = dict(fields.mapping(value, where))
    return {
        name: ENVIRONMENT[name](fact, f"{where}.{name}") if name in ENVIRONMENT else fact
        for name, fact in found.items()
    }


def _runs(path: Path, document: dict[str, Any]) -> list[Run]:
    try:
        return fields.list_of(Run.from_json)(document.get("runs"), "runs")
    except ValueError as error:
        raise ValueError(f"{path} is a results file of this benchmark, but damaged: {error}") from error


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read: {error.strerror}; //bench:fa writes results files, with --json=FILE"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a results file of this benchmark: not JSON ({error})") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path} is not a results file of this benchmark: its format is {found!r}, not {FORMAT!r}")
    return dict(document)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold an advisory lock on `directory` (no lock file is left behind)."""
    # Not on the file: it is replaced by each write, and the lock would be one on what was there before.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
