"""Rows as tab-separated values with the columns of the vendor's harness, in a file that runs append to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.results import locked
from bench.row import KERNEL, Row, knob_cell
from bench.variant import HEADINGS
from cli.files import write_file

COLUMNS: Sequence[tuple[str, Callable[[Row], str]]] = (
    ("case_id", lambda row: row.case),
    ("q_rows", lambda row: str(row.q_rows)),
    ("seq_len", lambda row: str(row.s1)),
    ("tiles", lambda row: str(row.tiles)),
    ("status", lambda row: row.status),
    ("fa_us", lambda row: _microseconds(row, KERNEL)),
    ("fa_tflops", lambda row: _rate(row, KERNEL)),
    ("fused_us", lambda row: _microseconds(row, row.primary_baseline)),
    ("fused_tflops", lambda row: _rate(row, row.primary_baseline)),
    ("speedup", lambda row: "" if row.speedup is None else f"{row.speedup:.4f}"),
    ("err_kernel", lambda row: _error(row, KERNEL)),
    ("err_fused", lambda row: _error(row, row.primary_baseline)),
    ("ref", lambda row: row.reference),
    ("note", lambda row: _note(row)),
    *((name, knob_cell(name)) for name in HEADINGS),
    ("removed_barriers", lambda row: row.variant.barriers),
    ("library", lambda row: row.variant.library),
    ("turns", lambda row: "" if row.turns is None else f"{row.turns.ratio.value:.4f} of {row.turns.first}"),
)
"""The columns of the vendor's harness, then those that tell our kernels apart. "fused" is the first baseline: the fused
operator on the device, SDPA on the host."""


HEADER = "\t".join(name for name, _ in COLUMNS)


def check_tsv(path: Path) -> None:
    """Raise ValueError, naming the file, if there is one with something else than these columns."""
    _read(path)


def append_tsv(path: Path, rows: Sequence[Row]) -> None:
    """Add the rows to the file, with the header if it is new. Raises ValueError as `check_tsv` does, and OSError."""
    with locked(path.parent):
        # Written as a whole: an append that is cut off would leave half a line.
        before = _read(path) or HEADER.encode()
        write_file(path, b"\n".join([before, *(line.encode() for line in _lines(rows))]) + b"\n")


def tsv_text(rows: Sequence[Row]) -> str:
    """Return the rows with the header, as the file would hold them."""
    return "\n".join([HEADER, *_lines(rows)]) + "\n"


def _lines(rows: Sequence[Row]) -> list[str]:
    # A tab or an end of line within a cell would shift the columns.
    return ["\t".join(" ".join(cell(row).split()) for _, cell in COLUMNS) for row in rows]


def _read(path: Path) -> bytes:
    """Return the file without the last line's end; empty if there is no file, or nothing in it."""
    content = path.read_bytes().rstrip(b"\n") if path.exists() else b""
    if content and content.split(b"\n", 1)[0] != HEADER.encode():
        raise ValueError(
            f"{path} has other columns than this benchmark writes, and is left as it is; give another file, or move it "
            "away"
        )
    return content


def _microseconds(row: Row, name: str | None) -> str:
    return f"{row.timings[name].median * 1e6:.2f}" if name is not None and name in row.timings else ""


def _rate(row: Row, name: str | None) -> str:
    return f"{row.tflops(name):.4f}" if name is not None and name in row.timings else ""


def _error(row: Row, name: str | None) -> str:
    return f"{row.errors[name]:.3e}" if name is not None and name in row.errors else ""


def _note(row: Row) -> str:
    where = f"{row.backend} {row.clock}"
    baseline = f"fused = {row.primary_baseline}" if row.primary_baseline else ""
    return "; ".join(part for part in (where, baseline, row.note) if part)
