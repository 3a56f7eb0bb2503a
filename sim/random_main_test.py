"""The job of random programs: it passes what the pass orders, and a failure says how to replay it."""

from __future__ import annotations

import pytest

from isa.pipes import Pipe
from sim import random_main
from sim.random_main import Options, work
from sim.testing import UB0, one_vec


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
    assert work(Options(count=2, seed=8)) == 1
    printed = capsys.readouterr().out
    assert "RAW: line 1 TEXP (V, block 0 vec0) and line 2 TABS (V, block 0 vec0)" in printed
    assert "replay: tools/bazel run //sim:random_programs -- --count=1 --seed=9\n" in printed
    assert printed.endswith("2 programs from seed 8 on: 2 wrong\n")
