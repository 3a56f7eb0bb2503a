"""Tests of the fit: it finds numbers that are known, and refuses rows that do not determine them."""

from __future__ import annotations

import gzip
import re
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from sim.timeline.blocks import BlockTimes
from sim.timeline.calibrate import NotIdentified, Recordings, Row, fit, log_errors, percent, read_rows
from sim.timeline.calibrate_main import MEASURED
from sim.timeline.launch import Fitted, Hypothesis, Timing, microseconds
from sim.timeline.parameters import Fit, fits_json, load_fits
from sim.timeline.testing import block_times, pipeline
from tracing.file import write_trace

TRUE = {Hypothesis.CONTENTION: Fitted(25, 1.9, 1.5), Hypothesis.SLOWDOWN: Fitted(25, 1.4, 1.2)}
TIMES = {tiles: block_times(tiles) for tiles in (4, 8, 16, 32, 64)}


def blocks(row: Row) -> BlockTimes:
    return TIMES[min(64, row.s // 256)]


def rows(hypothesis: Hypothesis) -> list[Row]:
    """Return rows that the model itself would have measured."""
    result = []
    for timing in Timing:
        for s in (1024, 2048, 4096, 8192, 16384, 32768):
            row = Row("made", s, 24, timing, 1.0, "")
            time = microseconds(blocks(row), row.workload, TRUE[hypothesis], hypothesis)
            result.append(replace(row, microseconds=time))
    return result


@pytest.mark.parametrize("hypothesis", Hypothesis)
def test_the_fit_finds_the_numbers_that_made_the_rows(hypothesis: Hypothesis) -> None:
    result = fit(rows(hypothesis), blocks, hypothesis)
    assert astuple(result.fitted) == pytest.approx(astuple(TRUE[hypothesis]), rel=1e-3)
    assert result.mape < 0.01
    assert result.leave_one_out < 0.05


def test_errors_are_those_of_the_rows_that_are_given() -> None:
    hypothesis = Hypothesis.SLOWDOWN
    doubled = [replace(row, microseconds=2 * row.microseconds) for row in rows(hypothesis)]
    assert percent(log_errors(doubled, blocks, TRUE[hypothesis], hypothesis)) == pytest.approx(50)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(NotIdentified, match="4 rows cannot determine 3 numbers: give at least 6"):
        fit(rows(Hypothesis.SLOWDOWN)[:4], blocks, Hypothesis.SLOWDOWN)


def test_rows_without_a_synchronisation_do_not_determine_it() -> None:
    events = [row for row in rows(Hypothesis.SLOWDOWN) if row.timing is Timing.EVENT]
    with pytest.raises(NotIdentified, match="no row is timed with a synchronisation"):
        fit([*events, *events], blocks, Hypothesis.SLOWDOWN)


def test_short_launches_alone_do_not_determine_the_late_pace() -> None:
    short = [row for row in rows(Hypothesis.SLOWDOWN) if row.s <= 2048]
    with pytest.raises(NotIdentified, match=r"late|only combinations"):
        fit([*short, *short], blocks, Hypothesis.SLOWDOWN)


def test_the_published_table_is_read_and_names_its_kernels() -> None:
    table = read_rows(MEASURED)
    assert {(row.table, row.timing) for row in table} == {("dsl", Timing.SYNC), ("cpp", Timing.EVENT)}
    assert all(row.microseconds > 0 for row in table)


def test_the_shipped_numbers_come_from_the_published_rows_and_meet_their_goals() -> None:
    assert load_fits()
    for fitted in load_fits().values():
        assert fitted.rows == len(read_rows(MEASURED))
        assert fitted.mape <= 3.5
        assert fitted.leave_one_out <= 5


def test_a_garbled_table_is_a_sentence_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("# made\ntable\ts\tcores\ttiming\tmicroseconds\ttrace\ndsl\t1024\t24\tsometimes\t1\tx\n")
    with pytest.raises(ValueError, match=r"table.tsv, line 3: 'sometimes' is not a valid Timing; the columns are"):
        read_rows(path)
    path.write_text("s\tmicroseconds\n")
    with pytest.raises(ValueError, match="must name the columns table, s, cores"):
        read_rows(path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a\t1024\t24\tsync\tnan\tx", "microseconds = nan is no latency"),
        ("a\t1024\t24\tsync\t0\tx", "microseconds = 0.0 is no latency"),
        ("a\t1000\t24\tsync\t1\tx", "q_rows = 1000 is not possible"),
        ("a\t1024\t0\tsync\t1\tx", "cores = 0 is not possible"),
        ("a\t1024\t24\tsync\t1\tx{tile}", "may name {rows} and {s1} in braces, not 'tile'"),
        ("a\t1024\t24\tsync\t1\tx{", "line 2"),
        ("a\t1024\t24\tlater\t1\tx", "'later' is not a valid Timing"),
    ],
)
def test_a_row_that_cannot_be_is_a_sentence_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text(f"table\ts\tcores\ttiming\tmicroseconds\ttrace\n{row}\n")
    with pytest.raises(ValueError, match=re.escape(words)):
        read_rows(path)


def test_a_row_takes_the_longest_trace_that_is_not_longer(tmp_path: Path) -> None:
    write_trace(pipeline(8), tmp_path / "x")
    (tmp_path / "made_q128_s2048.trace.gz").write_bytes(gzip.compress((tmp_path / "x").read_bytes()))
    row = Row("made", 8192, 24, Timing.EVENT, 1.0, "made_q{rows}_s{s1}")
    assert Recordings(tmp_path).blocks(row).s1 == 2048
    with pytest.raises(ValueError, match=r"has no trace other_q128_s8192\.trace\.gz, nor one of a shorter S1"):
        Recordings(tmp_path).blocks(replace(row, trace="other_q{rows}_s{s1}"))


def test_numbers_survive_being_written(tmp_path: Path) -> None:
    fits = {h: Fit(TRUE[h], Fitted(1, 0.1, 0.1), 3.0, 4.0, 12) for h in Hypothesis}
    path = tmp_path / "fitted.json"
    path.write_text(fits_json(fits))
    assert load_fits(path) == fits
    path.write_text("{}")
    with pytest.raises(ValueError, match="does not hold fitted numbers"):
        load_fits(path)
