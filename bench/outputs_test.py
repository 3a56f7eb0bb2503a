"""No program writes onto one of its inputs, or onto a file that it has not made. It says so before it works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.results import write_run
from bench.sample_rows import row, run
from cli.testing import run_program
from tracing.builder import TraceBuilder
from tracing.file import write_trace

CPP = '#include "pto/pto-inst.hpp"\n'

OUTPUTS = (
    ("bench.explain", "--html=x.html"),
    ("bench.fa", "--json=x.json"),
    ("bench.fa", "--tsv=x.tsv"),
    ("bench.host_speed", "--json=x.json"),
    ("bench.report", "runs.json --html=x.html"),
    ("bench.timeline", "--json=x.json"),
    ("bench.timeline", "--plot=x.svg"),
    ("bench.timeline", "--plot=x.png"),
    ("bench.timeline", "--trace_json=x.json"),
    ("bench.timeline", "--trace_pb=x.perfetto-trace"),
    ("bench.timeline", "--suite --json=x.json"),
    ("bench.tune", "--json=x.json"),
    ("flash_atten.generate", "-o x.mlir"),
    ("flash_atten.launch", "--out=x.npy"),
    ("patchers.vec_barriers", "in.cpp x.cpp"),
    ("patchers.vec_barriers", "--input=in.cpp --output=new.cpp --report=x.json"),
    ("sim.audit_main", "--so=a.trace.so --report=r.json --output=x.json"),
    ("sim.hazards_main", "--json=x.json"),
    ("sim.mutation_main", "--json=x.json"),
    ("sim.picture_main", "--output=x.svg"),
    ("sim.prove_main", "--so=a.trace.so --cpp=in.cpp --output=x.json"),
    ("sim.sync_report_main", "--output=x.md"),
    ("sim.timeline.calibrate_main", "--traces=. --output=x.json"),
    ("sim.timeline.predict_main", "--trace=a.trace --q_rows=128 --s1=256 --json=x.json"),
    ("tools.ptoas", "in.mlir -o x.cpp"),
    ("tools.ptoas", "in.mlir -o new.cpp --origins x.json"),
)
"""Program and arguments; the output's name begins with x."""

ONTO_INPUTS = (
    ("bench.report", "runs.json --html=runs.json"),
    ("bench.timeline", "--library=x.json --json=x.json"),
    ("bench.timeline", "--library=x.json --trace_json=x.json"),
    ("patchers.vec_barriers", "in.cpp in.cpp"),
    ("patchers.vec_barriers", "in.cpp ./link.cpp"),
    ("patchers.vec_barriers", "in.cpp new.cpp --report=in.cpp"),
    ("patchers.vec_barriers", "--patterns=proved --proved_lines=x.json in.cpp new.cpp --report=x.json"),
    ("sim.audit_main", "--so=in.cpp --report=x.json --output=x.json"),
    ("sim.hazards_main", "--trace=x.json --json=x.json"),
    ("sim.mutation_main", "--so=x.json --json=x.json"),
    ("sim.picture_main", "--so=x.svg --output=x.svg"),
    ("sim.prove_main", "--so=x.json --cpp=in.cpp --output=x.json"),
    ("sim.timeline.calibrate_main", "--traces=. --tables=rows.json --output=rows.json"),
    ("sim.timeline.predict_main", "--trace=x.json --q_rows=128 --s1=256 --json=x.json"),
    ("tools.ptoas", "in.mlir -o in.mlir"),
    ("tools.ptoas", "in.mlir --origins in.mlir"),
)

SAME_TWICE = (
    ("bench.fa", "--json=new.json --tsv=new.json"),
    ("bench.timeline", "--json=new.json --trace_json=new.json"),
    ("patchers.vec_barriers", "in.cpp new.cpp --report=new.cpp"),
    ("tools.ptoas", "in.mlir -o new.json --origins new.json"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with inputs, and with files of somebody else where outputs would go."""
    write_run(tmp_path / "runs.json", run(row()))
    build = TraceBuilder("a.cpp")
    build.core("cube")
    write_trace(build.build(), tmp_path / "a.trace")
    (tmp_path / "in.cpp").write_text(CPP)
    os.link(tmp_path / "in.cpp", tmp_path / "link.cpp")
    (tmp_path / "in.mlir").write_text("builtin.module {}\n")
    (tmp_path / "rows.json").write_text("table\ts\tcores\ttiming\tmicroseconds\ttrace\n")
    for suffix in ("cpp", "html", "json", "md", "mlir", "npy", "perfetto-trace", "png", "svg", "tsv"):
        (tmp_path / f"x.{suffix}").write_text("mine, and nobody else's\n")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(module: str, arguments: str, folder: Path) -> str:
    """Run a program that must refuse, and leave everything as it was; return what it says."""
    before = contents(folder)
    done = run_program(module, *arguments.split(), directory=folder)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert contents(folder) == before
    return " ".join(done.stderr.split())


@pytest.mark.parametrize(("module", "arguments"), OUTPUTS)
def test_a_file_of_somebody_else_is_left_as_it_is(module: str, arguments: str, folder: Path) -> None:
    words = refused(module, arguments, folder)
    assert any(
        text in words for text in ("has not made, and it is left as it is", "is not a results file", "is left as it is")
    )


@pytest.mark.parametrize(("module", "arguments"), ONTO_INPUTS)
def test_an_input_is_no_output(module: str, arguments: str, folder: Path) -> None:
    assert "it is an input of this program" in refused(module, arguments, folder)


@pytest.mark.parametrize(("module", "arguments"), SAME_TWICE)
def test_two_outputs_are_two_files(module: str, arguments: str, folder: Path) -> None:
    assert "give each a file of its own" in refused(module, arguments, folder)


def test_own_outputs_may_be_overwritten(tmp_path: Path) -> None:
    """Or nobody could run a command twice."""
    chain = (
        ("flash_atten.generate", "-o a.mlir"),
        ("tools.ptoas", "a.mlir --enable-insert-sync -o a.cpp --origins o.json"),
        ("patchers.vec_barriers", "a.cpp b.cpp --report=r.json"),
    )
    for _ in range(2):
        for module, arguments in chain:
            done = run_program(module, *arguments.split(), directory=tmp_path)
            assert done.returncode == 0, done.stderr
