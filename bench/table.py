"""Rows as a table to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.baselines import FUSED, NUMPY_FP32, SDPA_FP16, SDPA_FP32
from bench.row import FAILED, KERNEL, SKIPPED, WRONG, Row
from bench.stats import Timing
from flash_atten.launch_library import HOST

MACHINE_OF_BACKEND = {HOST: "this computer's CPU, not an NPU", "npu": "the NPU"}
"""Backend -> where its latencies are measured."""

SHORT = {NUMPY_FP32: "NumPy fp32", SDPA_FP16: "SDPA fp16", SDPA_FP32: "SDPA fp32", FUSED: "fused op"}
"""Baseline -> its column's header."""

UNLIMITED = 1000
"""Columns of a console on which any table fits."""

ABSENT = ""
"""What an empty cell holds."""

STYLES = {WRONG: "bold red", FAILED: "bold red", SKIPPED: "yellow"}
"""Status -> how its row looks on a terminal."""


@dataclass(frozen=True)
class Column:
    """A header and how a row fills it. On a narrow terminal the columns with the highest `spare` go first; 0 stay."""

    header: str
    cell: Callable[[Row], str]
    right: bool = True
    spare: int = 0


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds with four significant digits."""
    return f"{seconds * 1e3:.4g}" if seconds < 10 else f"{seconds * 1e3:.0f}"


def _latency(row: Row, name: str) -> str:
    return milliseconds(row.timings[name].median) if name in row.timings else ABSENT


def _first(row: Row) -> str:
    return milliseconds(row.timings[KERNEL].cold) if KERNEL in row.timings else ABSENT


def _relative_error(row: Row) -> str:
    return f"{row.relative_errors[KERNEL]:.1e}" if KERNEL in row.relative_errors else ABSENT


def spread(timing: Timing) -> str:
    """Return the 5th and 95th percentile in milliseconds; nothing for a single sample."""
    if len(timing.samples) < 2:
        return ABSENT
    return f"{milliseconds(timing.percentile(5))} .. {milliseconds(timing.percentile(95))}"


def _baseline_column(name: str, spare: int) -> Column:
    return Column(f"{SHORT.get(name, name)}\nms", lambda row: _latency(row, name), spare=spare)


def columns(rows: Sequence[Row]) -> list[Column]:
    """Return the columns that these rows fill."""
    baselines = list(dict.fromkeys(name for row in rows for name in row.timings if name != KERNEL))
    where = "host CPU" if all(row.backend == HOST for row in rows) else "NPU"
    caches = dict.fromkeys(f", L2 {row.cache}" for row in rows if row.cache)
    shown = [
        Column("case", lambda row: row.case, right=False, spare=1),
        Column("q_rows", lambda row: str(row.q_rows)),
        Column("s1", lambda row: str(row.s1)),
        Column("status", lambda row: row.status, right=False),
        Column(f"latency\nms ({where}{''.join(caches)})", lambda row: _latency(row, KERNEL)),
        Column("p5 .. p95\nms", lambda row: spread(row.timings[KERNEL]) if KERNEL in row.timings else ABSENT, spare=4),
        Column("first\nms", _first, spare=5),
        Column("TFLOP/s", lambda row: f"{row.tflops(KERNEL):.4g}" if KERNEL in row.timings else ABSENT),
        *(_baseline_column(name, spare=3 if index else 0) for index, name in enumerate(baselines)),
    ]
    if baselines:
        shown.append(Column("speed-up", lambda row: ABSENT if row.speedup is None else f"{row.speedup:.3g}x"))
    return [
        *shown,
        Column("relative\nerror", _relative_error),
        Column("checked\nagainst", lambda row: row.reference, right=False, spare=2),
        Column("library", lambda row: row.library, right=False),
    ]


def table(rows: Sequence[Row], title: str, shown: Sequence[Column]) -> Table:
    """Return the rows as a rich table, with their notes below."""
    notes = "\n".join(f"{row.case}: {row.note}" for row in rows if row.note)
    out = Table(
        title=title,
        title_justify="left",
        caption=notes or None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in shown:
        out.add_column(column.header, justify="right" if column.right else "left", no_wrap=True)
    for row in rows:
        out.add_row(*(column.cell(row) for column in shown), style=STYLES.get(row.status, ""))
    return out


def _width(rows: Sequence[Row], shown: Sequence[Column]) -> int:
    return Console(width=UNLIMITED).measure(table(rows, "", shown)).maximum


def print_table(rows: Sequence[Row], title: str, console: Console) -> None:
    """Print the table; on a terminal that is too narrow, without some columns, and say which."""
    shown, hidden = columns(rows), list[str]()
    while console.is_terminal and _width(rows, shown) > console.width and any(column.spare for column in shown):
        widest = max(shown, key=lambda column: column.spare)
        shown.remove(widest)
        hidden.append(widest.header.replace("\n", " "))
    if not console.is_terminal:
        console = Console(file=console.file, width=_width(rows, shown))
    console.print(table(rows, title, shown))
    if hidden:
        console.print(f"(left out for want of width: {', '.join(hidden)}; --json has everything)", style="dim")
