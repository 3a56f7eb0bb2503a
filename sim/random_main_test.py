"""The job of random programs: it passes what the pass orders, and a failure says how to replay it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from isa.pipes import Pipe
from ptodsl.examples.host_run import host_kernels
from runtime.host_kernel import HostKernel
from sim import random_deletions, random_kernels_run, random_main
from sim.random_main import Kind, Options, work
from sim.testing import UB0, one_vec
from tools.ptoas.assemble import Options as AssemblerOptions
from tools.ptoas.assemble import Sync
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.random_kernels import Compute, Interpretation, Kernel, Scope, Store
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.syncs import Barrier

REPLAY = "replay: tools/bazel run //sim:random_programs -- --kind={kind} --count=1 --seed={seed}\n"


def test_ordered_programs_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert work(Options(count=6, seed=8)) == 0
    assert capsys.readouterr().out == "6 programs from seed 8 on: 0 wrong\n"


def test_a_failure_prints_the_command_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    vec.op("TABS", Pipe.V, reads=[UB0])
    trace = build.build()
    monkeypatch.setattr(random_main, "execute", lambda program, rng: trace)
    monkeypatch.setattr(random_main, "BATCH", 1)
    assert work(Options(count=2, seed=8, jobs=2)) == 1
    printed = capsys.readouterr().out
    assert "RAW: line 1 TEXP (V, block 0 vec0) and line 2 TABS (V, block 0 vec0)" in printed
    assert printed.index(REPLAY.format(kind="pass", seed=8)) < printed.index(REPLAY.format(kind="pass", seed=9))
    assert printed.endswith("2 programs from seed 8 on: 2 wrong\n")


def test_every_sync_that_is_deleted_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert work(Options(count=6, seed=3, kind=Kind.DELETIONS)) == 0
    assert capsys.readouterr().out == "6 programs from seed 3 on: 0 wrong\n"


def test_a_sync_that_nobody_misses_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def solve_twice(program: Program) -> None:
        solve(program)
        program.add(Barrier(Pipe.V, program.code, 0))

    monkeypatch.setattr(random_deletions, "solve", solve_twice)
    monkeypatch.setattr(random_deletions, "EXECUTIONS", 5)
    assert work(Options(count=1, seed=3, kind=Kind.DELETIONS)) == 1
    printed = capsys.readouterr().out
    assert "a barrier of V is not missed: the pass printed too much" in printed
    assert REPLAY.format(kind="deletions", seed=3) in printed


TINY = Kernel((Scope(2, (Compute("abs", (0,), 1), Store(1, 0, moving=False))),), has_fifo=False)


def without_sync(
    module: ModuleOp, entry: str, directory: Path, options: AssemblerOptions, modes: Sequence[str]
) -> list[HostKernel]:
    return host_kernels(module, entry, directory, AssemblerOptions(Sync.NONE), modes)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("host_kernels", "trips = 0: RAW: line "),
        ("reference", "trips = 0: 8192 elements of y of vec0 are not those of NumPy"),
    ],
)
def test_kernels_of_the_dsl_fail_for_hazards_and_for_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str, problem: str
) -> None:
    """Without synchronisation there is a hazard; where the reference has other inputs, the numbers differ."""
    monkeypatch.setattr(random_kernels_run, "random_kernel", lambda rng: TINY)
    if fault == "host_kernels":
        monkeypatch.setattr(random_kernels_run, "host_kernels", without_sync)
    else:
        run = Interpretation.run
        monkeypatch.setattr(Interpretation, "run", lambda self: run(replace(self, x=self.x + 1)))
    assert work(Options(count=1, seed=5, kind=Kind.DSL)) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(problem)
    assert REPLAY.format(kind="dsl", seed=5) in printed
    assert printed.endswith("1 programs from seed 5 on: 1 wrong\n")
