"""Rows of a sweep: what was examined, at which shape, with which outcome. One JSON file per action, one table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flash_atten.config import KernelConfig, LaunchShape
from kernels.library import BuildInfo

OK = "ok"
WRONG = "wrong"
FAILED = "failed"
SKIPPED = "skipped"
"""The kernel does not support the shape, and says so before it is launched."""


@dataclass(frozen=True, order=True)
class SweepRow:
    """One outcome. Nothing in it depends on the machine or the time: rows are shared through the build cache."""

    library: str
    s1_tile: int
    qk_preload: int
    kv_split: int
    q_rows: int
    s1: int
    what: str
    """`check` or `hazards`."""
    subject: str
    """Kind of the inputs, or the launch that was traced."""
    status: str
    """OK, WRONG (the numbers or the order are), FAILED (the kernel could not run) or SKIPPED."""
    note: str
    """One line."""


COLUMNS = tuple(field.name for field in dataclasses.fields(SweepRow))


def row_for(info: BuildInfo, q_rows: int, s1: int, what: str, subject: str, status: str, note: str) -> SweepRow:
    """The row of one outcome of the library that `info` describes."""
    config = KernelConfig.of(info.knobs)
    knobs = (config.s1_tile, config.qk_preload, config.kv_split)
    return SweepRow(info.name, *knobs, q_rows, s1, what, subject, status, " ".join(note.split()))


def unsupported(info: BuildInfo, q_rows: int, s1: int, what: str) -> SweepRow | None:
    """The row of a shape that the library is not for; None if it is."""
    try:
        LaunchShape(q_rows, s1).check(KernelConfig.of(info.knobs))
    except ValueError as error:
        return row_for(info, q_rows, s1, what, "shape", SKIPPED, str(error))
    return None


def write_rows(path: Path, rows: Iterable[SweepRow]) -> None:
    """Writes rows as JSON."""
    path.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def read_rows(path: Path) -> list[SweepRow]:
    """Reads what `write_rows` wrote. Raises ValueError naming a file that is something else."""
    try:
        return [SweepRow(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} has no rows of a sweep: {error}") from error


def table(rows: Sequence[SweepRow]) -> str:
    """All rows as tab-separated text with a header, in one order whatever the order of `rows`."""
    lines = ["\t".join(str(getattr(row, column)) for column in COLUMNS) for row in sorted(rows)]
    return "\n".join(["\t".join(COLUMNS), *lines]) + "\n"


def problems(rows: Iterable[SweepRow]) -> list[str]:
    """A line for every row that is WRONG or FAILED."""
    return [
        f"{row.library} q_rows {row.q_rows} s1 {row.s1} {row.what} {row.subject}: {row.status}: {row.note}"
        for row in sorted(rows)
        if row.status in (WRONG, FAILED)
    ]
