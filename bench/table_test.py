"""The table shows every row in one line, whatever the terminal."""

import io

from rich.console import Console

from bench.row import FAILED, SKIPPED
from bench.sample_rows import row
from bench.table import milliseconds, print_table

FAILED_ROW = row(4096, status=FAILED, timings={}, speedups={}, errors={}, reference="", note="deadlock:\n  vec0 waits")


def _printed(rows: list, width: int | None = None) -> str:  # type: ignore[type-arg]
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=width is not None, color_system=None)
    print_table(rows, "title", console)
    return out.getvalue()


def test_one_line_per_row_at_any_width() -> None:
    lines = _printed([row(), row(131072)]).splitlines()
    (line,) = (line for line in lines if "131072" in line)
    for text in ("131072x131072", "ok", "11", "22", "5.5", "2x", "2.1e-04", "fp32", "fa_s1tile256"):
        assert text in line
    assert "…" not in line


def test_latencies_are_labelled_as_the_hosts() -> None:
    assert "ms (host CPU)" in _printed([row()])
    assert "ms (NPU)" in _printed([row(backend="npu", timing="sync")])
    assert "ms (NPU, L2 cold)" in _printed([row(backend="npu", timing="event", cache="cold")])


def test_a_narrow_terminal_loses_columns_and_says_which() -> None:
    text = _printed([row()], width=100)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "left out for want of width: first ms, p5 .. p95 ms" in " ".join(text.split())
    assert "fa_s1tile256" in text


def test_failures_are_rows_with_their_reason_below() -> None:
    text = _printed([row(), FAILED_ROW, row(8192, status=SKIPPED, note="skipped: needs about 90 s")])
    assert "failed" in text
    assert "4096x4096: deadlock:" in text
    assert "8192x8192: skipped: needs about 90 s" in text


def test_milliseconds_have_four_digits() -> None:
    assert [milliseconds(s) for s in (0.0000438, 0.011, 1.23456, 48.38)] == ["0.0438", "11", "1235", "48380"]
