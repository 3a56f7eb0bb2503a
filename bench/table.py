"""Rows as a table to read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from rich.console import Console

from bench import text_table
from bench.baselines import FUSED, NUMPY_FP32, SDPA_FP16, SDPA_FP32
from bench.row import FAILED, KERNEL, SKIPPED, WRONG, Row, knob_cell
from bench.stats import Timing
from bench.text_table import Column, print_note
from bench.variant import HEADINGS
from kernels.library import HOST

MACHINE_OF_BACKEND = {HOST: "this computer's CPU, not an NPU", "npu": "the NPU"}
"""Backend -> where its latencies are measured."""

SHORT = {NUMPY_FP32: "NumPy fp32", SDPA_FP16: "SDPA fp16", SDPA_FP32: "SDPA fp32", FUSED: "fused op"}
"""Baseline -> its column's header."""

ABSENT = ""
"""What an empty cell holds."""

STYLES = {WRONG: "bold red", FAILED: "bold red", SKIPPED: "yellow"}
"""Status -> how its row looks on a terminal."""

KNOBS: Sequence[tuple[str, Callable[[Row], str]]] = (
    *((heading, knob_cell(name)) for name, (heading, _) in HEADINGS.items()),
    ("removed\nbarriers", lambda row: row.variant.barriers),
)
"""Columns that are shown where they tell rows of a case apart."""


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds with four significant digits."""
    return f"{seconds * 1e3:.4g}" if seconds < 10 else f"{seconds * 1e3:.0f}"


def _latency(row: Row, name: str) -> str:
    return milliseconds(row.timings[name].median) if name in row.timings else ABSENT


def spread(timing: Timing) -> str:
    """Return the 5th and 95th percentile in milliseconds; nothing for a single sample."""
    if len(timing.samples) < 2:
        return ABSENT
    return f"{milliseconds(timing.percentile(5))} .. {milliseconds(timing.percentile(95))}"


def _of_kernel(cell: Callable[[Row, Timing], str]) -> Callable[[Row], str]:
    return lambda row: cell(row, row.timings[KERNEL]) if KERNEL in row.timings else ABSENT


def _relative_error(row: Row) -> str:
    return f"{row.relative_errors[KERNEL]:.1e}" if KERNEL in row.relative_errors else ABSENT


def columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns that these rows fill; those with the highest `spare` go first."""
    baselines = list(dict.fromkeys(name for row in rows for name in row.timings if name != KERNEL))
    where = "host CPU" if all(row.backend == HOST for row in rows) else "NPU"
    caches = dict.fromkeys(f", L2 {row.cache}" for row in rows if row.cache)
    square = all(row.q_rows == row.s1 for row in rows)

    def column(header: str, cell: Callable[[Row], str], *, right: bool = True, spare: int = 0) -> Column:
        return Column(header, [cell(row) for row in rows], right, spare)

    knobs = [column(header, cell) for header, cell in KNOBS if _tells_apart(rows, cell)]
    speedup = [column("speed-up", lambda row: ABSENT if row.speedup is None else f"{row.speedup:.3g}x", spare=1)]
    return [
        column("case", lambda row: row.case, right=False, spare=3 if square else 0),
        column("q_rows", lambda row: str(row.q_rows), spare=8 if square else 0),
        column("s1", lambda row: str(row.s1)),
        *knobs,
        column("status", lambda row: f"{row.status}, busy" if row.busy else row.status, right=False),
        column(f"latency\nms ({where}{''.join(caches)})", lambda row: _latency(row, KERNEL)),
        column("p5 .. p95\nms", _of_kernel(lambda _, timing: spread(timing)), spare=6),
        column("first\nms", _of_kernel(lambda _, timing: milliseconds(timing.cold)), spare=7),
        column("TFLOP/s", _of_kernel(lambda row, _: f"{row.tflops(KERNEL):.4g}"), spare=2),
        *(
            column(f"{SHORT.get(name, name)}\nms", functools.partial(_latency, name=name), spare=5 if index else 2)
            for index, name in enumerate(baselines)
        ),
        *(speedup if baselines else []),
        column("relative\nerror", _relative_error),
        column("checked\nagainst", lambda row: row.reference, right=False, spare=4),
        column("library", lambda row: row.variant.library, right=False, spare=9),
    ]


def _tells_apart(rows: Sequence[Row], cell: Callable[[Row], str]) -> bool:
    """Whether two rows of one case differ in a cell."""
    return len({(row.case, cell(row)) for row in rows}) > len({row.case for row in rows})


def print_table(rows: Sequence[Row], title: str, console: Console) -> None:
    """Print the table with the rows' notes below; on a narrow terminal without some columns, and say which."""
    styles = [STYLES.get(row.status, "") for row in rows]
    text_table.print_table(columns(rows), console, title=title, styles=styles, hint="; --json has everything")
    for row in rows:
        if row.note:
            print_note(console, f"{row.case}: {row.note}")
