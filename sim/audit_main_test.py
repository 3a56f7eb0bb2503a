"""Tests of the audit that every build of a patched kernel waits for, on canned traces."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.testing import run_program
from isa.pipes import Pipe
from sim.canned import build_canned
from tracing.builder import Span, TraceBuilder, span
from tracing.format import Buffer

A, TILE = span(Buffer.UB, 0, 8192), (16, 128)
PAIR: dict[str, Any] = {
    "line": 4,
    "pattern": "gu",
    "ops": [{"line": 3, "op": "TROWEXPANDMUL"}, {"line": 9, "op": "TADD"}],
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library whose trace has two operations on V in time by the repeat rule only, on lines 3 and 9."""
    return canned(tmp_path_factory.mktemp("canned"), A)


def canned(directory: Path, *written: Span) -> Path:
    build = TraceBuilder("canned.cpp")
    vec = build.core("vec")
    vec.op("TROWEXPANDMUL", Pipe.V, writes=written, shape=TILE, dtype="f32", line=3)
    vec.op("TADD", Pipe.V, reads=[A], shape=TILE, dtype="f32", line=9)
    return build_canned(directory, build.build())


def audit(
    library: Path, directory: Path, *removed: dict[str, Any], v_rule: str = "strict", **other: Any
) -> subprocess.CompletedProcess[str]:
    """Run the program on a report with these removals."""
    report = {"output": {"sha256": "abc"}, "patterns": ["gu"], "removed": removed, "already_removed": [], **other}
    (directory / "x.barriers.json").write_text(json.dumps(report), encoding="utf-8")
    arguments = (f"--so={library}", "--report=x.barriers.json", "--output=x.audit.json", f"--v_rule={v_rule}")
    return run_program("sim.audit_main", *arguments, directory=directory)


def test_the_pairs_of_removed_barriers_are_all_that_may_be_unordered(library: Path, tmp_path: Path) -> None:
    done = audit(library, tmp_path, PAIR)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads((tmp_path / "x.audit.json").read_text(encoding="utf-8"))
    assert found["in_time_by_the_repeat_rule"] == [[3, 9]]
    assert found["ordered_all_the_same"] == []
    assert found["source_sha256"] == "abc"
    assert found["v_rule"] == "strict"
    assert {"q_rows": 896, "s1": 1280, "block_dim": 2} in found["shapes"]


@pytest.mark.parametrize(
    "removed",
    [[], [PAIR | {"pattern": "softmax-exp-sum"}], [PAIR | {"ops": PAIR["ops"][::-1]}]],
    ids=["nothing removed", "pattern that leaves nothing", "other pair"],
)
def test_any_other_finding_fails_and_is_named(library: Path, tmp_path: Path, removed: list[dict[str, Any]]) -> None:
    done = audit(library, tmp_path, *removed)
    assert done.returncode == 1
    assert "the audit of fa_s1tile256 failed; lines are those of fa_s1tile256.cpp" in done.stderr
    assert "RAW line 3 TROWEXPANDMUL -> line 9 TADD on block 0 vec0: put pipe_barrier(PIPE_V) between" in done.stderr
    assert not (tmp_path / "x.audit.json").exists()


def test_a_pair_that_is_not_in_time_fails_though_its_barrier_was_removed(tmp_path: Path) -> None:
    """The rescaling writes the tile as two halves, in an order that is not known."""
    halves = span(Buffer.UB, 0, 4096), span(Buffer.UB, 4096, 4096)
    done = audit(canned(tmp_path, *halves), tmp_path, PAIR)
    assert done.returncode == 1
    assert "RAW line 3 TROWEXPANDMUL -> line 9 TADD" in done.stderr


def test_by_the_repeat_rule_a_pair_in_time_needs_no_pattern(library: Path, tmp_path: Path) -> None:
    assert audit(library, tmp_path).returncode == 1
    assert audit(library, tmp_path, v_rule="repeats").returncode == 0
    found = json.loads((tmp_path / "x.audit.json").read_text(encoding="utf-8"))
    assert (found["v_rule"], found["in_time_by_the_repeat_rule"]) == ("repeats", [])


def test_a_removal_that_no_trace_shows_fails(library: Path, tmp_path: Path) -> None:
    elsewhere = {"line": 12, "ops": [{"line": 11, "op": "TADD"}, {"line": 13, "op": "TADD"}]}
    done = audit(library, tmp_path, PAIR, PAIR | elsewhere)
    assert done.returncode == 1
    assert "no traced shape goes, so nothing is known about them: lines 12." in " ".join(done.stderr.split())


def test_what_is_no_report_or_no_library_is_a_paragraph(library: Path, tmp_path: Path) -> None:
    done = audit(library, tmp_path, removed=None)
    assert (done.returncode, "is not a report of vec_barriers" in done.stderr) == (2, True)
    done = audit(tmp_path / "missing.so", tmp_path)
    assert (done.returncode, "missing.so does not load as a kernel library" in " ".join(done.stderr.split())) == (
        2,
        True,
    )


def test_no_output_is_an_input(library: Path, tmp_path: Path) -> None:
    report = tmp_path / "x.barriers.json"
    report.write_text("mine")
    done = run_program(
        "sim.audit_main", f"--so={library}", f"--report={report}", f"--output={report}", directory=tmp_path
    )
    assert done.returncode == 2
    assert "it is an input of this program" in done.stderr
    assert report.read_text() == "mine"
