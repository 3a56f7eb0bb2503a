"""Tests of the binaries //sim:hazards, //sim:mutation and //sim:prove_barriers on canned traces."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.testing import run_program
from isa.pipes import Pipe
from sim.canned import build_canned
from tracing.builder import TraceBuilder, span
from tracing.file import write_trace
from tracing.format import Buffer, Trace

A, B = span(Buffer.UB, 0, 8192), span(Buffer.UB, 8192, 8192)
TILE = (16, 128)


def kernel(*, barriers: int = 1, operation: str = "TADD", first: str = "TROWEXPANDMUL") -> Trace:
    """Return a trace with `barriers` barriers on lines 4, 5, ... between two dependent ops on V."""
    build = TraceBuilder("canned.cpp")
    vec = build.core("vec")
    vec.op("TLOAD", Pipe.MTE2, writes=[A], line=1)
    vec.set_flag(Pipe.MTE2, Pipe.V, 0, line=2)
    vec.wait_flag(Pipe.MTE2, Pipe.V, 0, line=2)
    vec.op(first, Pipe.V, reads=[A], writes=[A], shape=TILE, dtype="f32", line=3)
    for number in range(barriers):
        vec.barrier(Pipe.V, line=4 + number)
    vec.op(operation, Pipe.V, reads=[A], writes=[B], shape=TILE, dtype="f32", line=9)
    vec.barrier(Pipe.ALL, line=10)
    return build.build()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library whose trace has one barrier and no hazard."""
    return build_canned(tmp_path_factory.mktemp("clean"), kernel())


@pytest.fixture(scope="module")
def superfluous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library whose trace has two barriers where one is enough."""
    return build_canned(tmp_path_factory.mktemp("superfluous"), kernel(barriers=2))


def test_a_kernel_in_order_prints_what_was_checked(clean: Path, tmp_path: Path) -> None:
    done = run_program("sim.hazards_main", f"--so={clean}", "--json=out.json", directory=tmp_path)
    assert done.returncode == 0
    assert done.stdout == (
        "fa_s1tile256 call_both: no hazards\n"
        "  checked 3 operations, 1 set_flag, 1 wait_flag, 2 barriers, 0 FIFO events "
        "and 5 accesses on 1 core of 1 block\n"
    )
    (report,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (report["name"], report["ok"], report["counts"]["ops"]) == ("fa_s1tile256", True, 3)


def test_a_hazard_is_a_paragraph_and_exit_code_1(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel(barriers=0))
    done = run_program("sim.hazards_main", f"--so={library}", f"--json={tmp_path / 'out.json'}")
    assert done.returncode == 1
    assert "fa_s1tile256 call_both: 1 finding (1 RAW)" in done.stdout
    assert " ".join(done.stdout.split()).endswith(
        "RAW: line 3 TROWEXPANDMUL 16x128 f32 (V, block 0 vec0) writes and line 9 TADD 16x128 f32 (V, block 0 vec0) "
        "reads UB bytes 0x0 to 0x1fff, and nothing orders the two. By the repeat rule they are in time: the second "
        "comes 17 repeats later. To correct it: put pipe_barrier(PIPE_V) between line 3 and line 9."
    )
    (report,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (finding,) = report["findings"]
    assert (finding["kind"], finding["first"]["line"], finding["second"]["line"]) == ("RAW", 3, 9)
    assert (finding["buffer"], finding["lo"], finding["hi"], finding["size"]) == ("UB", 0, 8192, 8192)


def test_pairs_of_the_gu_pattern_are_accepted_if_the_library_was_patched_so(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel(barriers=0), remove_barriers=["gu"])
    done = run_program("sim.hazards_main", f"--so={library}")
    assert done.returncode == 0
    assert (
        "left by a barrier pattern: in time by the repeat rule (17 repeats or more): 1 pair TROWEXPANDMUL-TADD, "
        "at lines 3-9"
    ) in done.stdout


def test_by_the_repeat_rule_what_is_in_time_is_no_hazard(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel(barriers=0, operation="TSUB"))
    done = run_program("sim.hazards_main", f"--so={library}", "--v_rule=repeats", "--json=out.json", directory=tmp_path)
    assert done.returncode == 0
    assert "in time by the repeat rule (17 repeats or more): 1 pair TROWEXPANDMUL-TSUB, at lines 3-9" in done.stdout
    (report,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (report["v_rule"], report["ok"]) == ("repeats", True)
    assert [(finding["kind"], finding["repeats"]) for finding in report["in_time"]] == [("RAW", 17)]


def test_other_pairs_are_hazards_in_a_patched_library_too(tmp_path: Path) -> None:
    for trace in (kernel(barriers=0, operation="TSUB"), kernel(barriers=0, first="TMOV")):
        library = build_canned(tmp_path, trace, remove_barriers=["gu"])
        assert run_program("sim.hazards_main", f"--so={library}").returncode == 1


def test_traces_of_any_kernel_can_be_judged(tmp_path: Path) -> None:
    write_trace(kernel(), tmp_path / "good.trace")
    write_trace(kernel(barriers=0), tmp_path / "bad.trace")
    write_trace(replace(kernel(), error="deadlock"), tmp_path / "failed.trace")
    done = run_program("sim.hazards_main", "--trace=good.trace", directory=tmp_path)
    assert (done.returncode, done.stdout.startswith("good.trace: no hazards\n")) == (0, True)
    assert run_program("sim.hazards_main", "--trace=good.trace,bad.trace", directory=tmp_path).returncode == 1
    done = run_program("sim.hazards_main", "--trace=failed.trace", directory=tmp_path)
    assert (done.returncode, "failed:\ndeadlock" in done.stderr) == (1, True)


def test_a_failing_kernel_is_exit_code_1_with_its_report(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel(), fails=True)
    done = run_program("sim.hazards_main", f"--so={library}")
    assert done.returncode == 1
    assert done.stderr.endswith("error: the kernel fa_s1tile256 failed:\nvec0 waits in TPOP\n")


def test_a_shape_beside_a_trace_is_refused(tmp_path: Path) -> None:
    done = run_program("sim.hazards_main", "--trace=x.trace", "--s1=2048", directory=tmp_path)
    assert done.returncode == 2
    assert "a trace is of a launch with its own shape: leave out --s1, or --trace" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--q_rows=100",), "q_rows = 100 is not supported: it must be a multiple of 128"),
        (("--s1=1000",), "s1 = 1000 is not supported with s1_tile = 256"),
        (
            ("--block_dim=3",),
            "--block_dim=3 is not possible with q_rows = 256, s1 = 4096: fa_s1tile256 has work for 1 to 2 cores",
        ),
        (("--shape=rows=640",), "fa_s1tile256 has no size rows: its sizes are q_rows, s1"),
        (("--shape=s1",), "--shape=s1 is no size: give a name and a whole number"),
        (("--shape=s1=2048", "--s1=4096"), "--shape=s1=2048: s1 is given twice"),
        (("--so=missing.so",), "missing.so does not load as a kernel library"),
        (("--s1=x",), "not a whole number"),
        (("--json=no/such/x.json",), "--json=no/such/x.json cannot be written: there is no folder"),
    ],
)
def test_mistakes_are_one_paragraph_and_exit_code_2(clean: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run_program("sim.hazards_main", f"--so={clean}", *arguments, directory=clean.parent)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_truncated_trace_is_named(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel())
    canned = tmp_path / "canned.trace"
    canned.write_bytes(canned.read_bytes()[:-1])
    done = run_program("sim.hazards_main", f"--so={library}")
    assert done.returncode == 2
    assert "fa_s1tile256.trace: truncated" in " ".join(done.stderr.split())


def test_mutation_reports_score_and_redundant_instructions(superfluous: Path, tmp_path: Path) -> None:
    done = run_program("sim.mutation_main", f"--so={superfluous}", f"--json={tmp_path / 'out.json'}")
    assert done.returncode == 0
    assert "redundant: delete line 4 pipe_barrier(PIPE_V) (in order without it)" in done.stdout
    (report,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report["score"] == 1.0
    assert [item["lines"] for item in report["redundant"]] == [[4], [5]]


def test_mutation_refuses_a_kernel_with_hazards(tmp_path: Path) -> None:
    library = build_canned(tmp_path, kernel(barriers=0))
    done = run_program("sim.mutation_main", f"--so={library}")
    assert done.returncode == 1
    assert "the kernel has findings before it is mutated, such as RAW at line 9" in " ".join(done.stderr.split())


def test_the_proof_names_the_barriers_that_may_go_and_the_text_it_is_about(superfluous: Path, tmp_path: Path) -> None:
    cpp = tmp_path / "canned.cpp"
    cpp.write_text("\n\n\n pipe_barrier( PIPE_V );\n pipe_barrier(PIPE_V);\n", encoding="utf-8")
    output = tmp_path / "proof.json"
    done = run_program("sim.prove_main", f"--so={superfluous}", f"--cpp={cpp}", f"--output={output}")
    assert done.returncode == 0
    proof = json.loads(output.read_text(encoding="utf-8"))
    assert proof["source_sha256"] == hashlib.sha256(cpp.read_bytes()).hexdigest()
    assert proof["redundant_barriers"] in ([4], [5])
    assert {"q_rows": 256, "s1": 4096, "block_dim": 1} in proof["shapes"]
    assert proof["v_rule"] == "strict"


def test_no_proof_about_another_file(superfluous: Path, tmp_path: Path) -> None:
    cpp = tmp_path / "canned.cpp"
    cpp.write_text("int main() {}\n", encoding="utf-8")
    done = run_program("sim.prove_main", f"--so={superfluous}", f"--cpp={cpp}", f"--output={tmp_path / 'proof.json'}")
    assert done.returncode == 2
    assert "is no pipe_barrier(PIPE_V): the library is of another file" in " ".join(done.stderr.split())
    assert not (tmp_path / "proof.json").exists()
