"""The table shows every row in one line, whatever the terminal."""

import io

import pytest
from rich.console import Console

from bench.row import FAILED, SKIPPED, Row
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


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("rows", [[row(131072)], [row(), row(131072, q_rows=128, library="fa_s1tile512_preload4")]])
def test_a_narrow_terminal_loses_columns_never_digits(width: int, rows: list[Row]) -> None:
    text = _printed(rows, width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    for words in ("131072", "ok", "2.1e-04", "11"):
        assert words in text


def test_columns_go_in_the_order_of_what_they_say() -> None:
    text = " ".join(_printed([row()], width=100).split())
    assert "left out for want of width: library, q_rows, first ms, p5 .. p95 ms" in text
    text = " ".join(_printed([row()], width=80).split())
    assert "first ms, p5 .. p95 ms, SDPA fp32 ms, checked against" in text
    assert "--json has everything" in text


def test_q_rows_stay_where_they_say_something() -> None:
    assert "q_rows" not in _printed([row()], width=80).split("(left out")[0]
    assert "q_rows" in _printed([row(q_rows=128)], width=80).split("(left out")[0]


def test_knobs_are_shown_where_they_tell_rows_apart() -> None:
    one, two = row(), row(knobs={"s1_tile": 512}, library="fa_s1tile512")
    header = _printed([one, two]).split("─")[0]
    assert "tile" in header
    assert "preload" not in header
    assert "tile" not in _printed([one, row(65536, knobs={"s1_tile": 512})]).split("─")[0]
    barriers = _printed([one, row(barriers="none", library="fa_s1tile256_unpatched")])
    assert "removed" in barriers.split("─")[0]


def test_a_row_of_a_busy_computer_is_marked() -> None:
    assert "ok, busy" in _printed([row(load={"others": 1.0})])
    assert "ok, busy" not in _printed([row(backend="npu", load={"others": 1.0})])


def test_piped_lines_end_in_no_blanks() -> None:
    lines = _printed([row(), FAILED_ROW]).splitlines()
    assert lines == [line.rstrip() for line in lines]


def test_failures_are_rows_with_their_reason_below() -> None:
    text = _printed([row(), FAILED_ROW, row(8192, status=SKIPPED, note="skipped: needs about 90 s")])
    assert "failed" in text
    assert "4096x4096: deadlock:" in text
    assert "8192x8192: skipped: needs about 90 s" in text


def test_milliseconds_have_four_digits() -> None:
    assert [milliseconds(s) for s in (0.0000438, 0.011, 1.23456, 48.38)] == ["0.0438", "11", "1235", "48380"]
