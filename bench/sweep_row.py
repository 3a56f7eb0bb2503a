"""Rows of a sweep: what was examined, at which shape, with which outcome. One JSON file per action, one table."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.program import EXIT_USAGE, fail
from kernels.kernel import Kernel, Shape
from kernels.library import BuildInfo, LibraryError
from kernels.shape_flags import sizes_of

OK = "ok"
WRONG = "wrong"
FAILED = "failed"
SKIPPED = "skipped"
"""The kernel does not support the shape, and says so before it is launched."""


@dataclass(frozen=True, order=True)
class SweepRow:
    """One outcome. Nothing in it depends on the machine or the time: rows are shared through the build cache."""

    library: str
    knobs: str
    """What the library is built with, as `NAME=VALUE` with blanks between."""
    shape: str
    """Likewise."""
    what: str
    """`check` or `hazards`."""
    subject: str
    """Kind of the inputs, or the launch that was traced."""
    status: str
    """OK, WRONG (the numbers or the order are), FAILED (the kernel could not run) or SKIPPED."""
    note: str
    """One line."""


COLUMNS = tuple(field.name for field in dataclasses.fields(SweepRow))


@dataclass(frozen=True)
class Point:
    """A library and a shape of its kernel that are examined in one way."""

    info: BuildInfo
    shape: Shape
    what: str

    def row(self, subject: str, status: str, note: str) -> SweepRow:
        """Return the row of one outcome."""
        knobs, shape = _words(self.info.knobs), _words(self.shape)
        return SweepRow(self.info.name, knobs, shape, self.what, subject, status, " ".join(note.split()))

    def unsupported(self, kernel: Kernel) -> SweepRow | None:
        """Return the row of a shape that the kernel is not for; None if it is."""
        try:
            kernel.case(self.shape, 0, 1, kernel.traced_kind)
        except ValueError as error:
            return self.row("shape", SKIPPED, str(error))
        return None


def _words(values: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


def write_rows(path: Path, rows: Iterable[SweepRow]) -> None:
    """Write rows as JSON."""
    text = json.dumps([dataclasses.asdict(row) for row in rows], indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read_rows(path: Path) -> list[SweepRow]:
    """Read what `write_rows` wrote. Raises ValueError naming a file that is something else."""
    try:
        return [SweepRow(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} has no rows of a sweep: {error}") from error


def table(rows: Iterable[SweepRow]) -> str:
    """Return all rows as tab-separated text with a header, in one order whatever the order of `rows`."""
    lines = ["\t".join(dataclasses.astuple(row)) for row in sorted(rows)]
    return "\n".join(["\t".join(COLUMNS), *lines]) + "\n"


def problems(rows: Iterable[SweepRow]) -> list[str]:
    """Return a line for every row that is WRONG or FAILED."""
    return [
        f"{row.library} {row.shape} {row.what} {row.subject}: {row.status}: {row.note}"
        for row in sorted(rows)
        if row.status in (WRONG, FAILED)
    ]


def run_action(
    what: str, examine: Callable[[Path, Shape, Sequence[str]], Iterable[SweepRow]], description: str
) -> None:
    """Run one action of a sweep, from its command line: `examine` a library at a shape, in several ways."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--shape", required=True, help="sizes as NAME=VALUE,NAME=VALUE")
    parser.add_argument("--subject", action="append", required=True, help=what)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        rows = examine(options.library.absolute(), sizes_of(options.shape.split(",")), options.subject)
        write_rows(options.output, rows)
    except (ValueError, LibraryError, OSError) as error:
        sys.exit(fail(error, EXIT_USAGE))
