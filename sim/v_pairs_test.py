"""The table of pairs on V: what makes a row, and what the rule says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.testing import run_program
from isa.pipes import Pipe
from sim.hazards import judge
from sim.testing import one_vec
from sim.v_pairs import rows, table, with_table
from tracing.builder import span
from tracing.file import write_trace
from tracing.format import Buffer, Trace


def trace(rows_of_tile: int) -> Trace:
    """Return two accumulations of the kind that `gu` is about, and one of a row state."""
    build, vec = one_vec()
    tile = span(Buffer.UB, 0, rows_of_tile * 512)
    shape = rows_of_tile, 128
    for line in (10, 20):
        vec.op("TROWEXPANDMUL", Pipe.V, writes=[tile], shape=shape, dtype="f32", line=line)
        vec.op("TADD", Pipe.V, writes=[tile], shape=shape, dtype="f32", line=line + 1)
        vec.barrier(Pipe.V)
    return build.build()


@pytest.mark.parametrize(("height", "distance", "verdict"), [(32, 33, "in time"), (8, 9, "unordered")])
def test_pairs_of_the_same_operations_and_tiles_are_a_row(height: int, distance: int, verdict: str) -> None:
    (row,) = rows("k", judge(trace(height)).findings)
    assert row.cells() == ("k", "TROWEXPANDMUL, TADD", f"{height}x128 f32", "2", "", "", str(distance), verdict)


def test_conflicts_of_other_pipes_are_no_rows() -> None:
    build, vec = one_vec()
    vec.op("TLOAD", Pipe.MTE2, writes=[span(Buffer.UB, 0, 256)])
    vec.op("TEXP", Pipe.V, reads=[span(Buffer.UB, 0, 256)])
    assert rows("k", judge(build.build()).findings) == []
    assert table([]).splitlines()[0] == (
        "| kernel | operations | tile | pairs | RAW | WAR | WAW | by the repeat rule |"
    )


def test_the_program_prints_the_table_of_a_trace(tmp_path: Path) -> None:
    write_trace(trace(16), tmp_path / "k.trace")
    done = run_program("sim.v_pairs", "--trace=k.trace", directory=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[2:] == ["| k | TROWEXPANDMUL, TADD | 16x128 f32 | 2 |  |  | 17 | in time |"]


def test_a_mistake_is_a_paragraph(tmp_path: Path) -> None:
    done = run_program("sim.v_pairs", "--trace=missing.trace", directory=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "missing.trace" in done.stderr


def test_the_table_of_a_document_is_replaced_and_nothing_else() -> None:
    old, new = table([]), table(rows("k", judge(trace(16)).findings))
    assert new != old
    before, behind = "# Pairs\n\n| other |\n| --- |\n\n", "\nAnd so on.\n| another |\n"
    assert with_table(before + old + behind, new) == before + new + behind
    assert with_table(before + new, old) == before + old
    for text in (before, old + "\n" + old):
        with pytest.raises(ValueError, match="tables begin with"):
            with_table(text, new)
