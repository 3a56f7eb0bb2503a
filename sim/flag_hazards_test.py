"""Tests of the judge on flags of one core: each name is a claim about the model."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.hazards import judge
from sim.replay import FindingKind
from sim.testing import UB0, UB1, gm, kinds, one_vec, order
from tracing.builder import TraceBuilder


def test_finds_flag_set_twice() -> None:
    build, vec = one_vec()
    vec.set_flag(Pipe.MTE2, Pipe.V, 3)
    vec.set_flag(Pipe.MTE2, Pipe.V, 3)
    vec.wait_flag(Pipe.MTE2, Pipe.V, 3)
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.first and finding.first.line, finding.second.line) == (FindingKind.SET_TWICE, 1, 2)


def test_warns_of_a_flag_that_may_be_set_before_its_last_wait() -> None:
    build, vec = one_vec()
    order(vec, Pipe.MTE2, Pipe.V)
    order(vec, Pipe.MTE2, Pipe.V)
    verdict = judge(build.build())
    assert verdict.ok
    assert [(w.kind, w.first and w.first.line, w.second.line) for w in verdict.warnings] == [(FindingKind.REUSE, 2, 3)]


def test_does_not_warn_of_a_flag_that_is_known_to_be_free() -> None:
    build, vec = one_vec()
    for _ in range(2):
        order(vec, Pipe.MTE2, Pipe.V)
        order(vec, Pipe.V, Pipe.MTE2)
        order(vec, Pipe.MTE2, Pipe.S)
    vec.barrier(Pipe.ALL)
    order(vec, Pipe.V, Pipe.MTE2)
    assert [w.second.line for w in judge(build.build()).warnings] == []


def test_finds_wait_without_set() -> None:
    build, vec = one_vec()
    vec.wait_flag(Pipe.MTE2, Pipe.V, 0)
    assert kinds(judge(build.build())) == [FindingKind.WAIT_WITHOUT_SET]


def test_finds_flag_left_set() -> None:
    build, vec = one_vec()
    vec.set_flag(Pipe.MTE2, Pipe.V, 0)
    (finding,) = judge(build.build()).findings
    assert finding.kind == FindingKind.LEFT_SET
    assert finding.advice == "drain it: wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0) after the last use"


def test_flags_differ_by_pipes_and_id() -> None:
    build, vec = one_vec()
    vec.set_flag(Pipe.MTE2, Pipe.V, 0)
    vec.wait_flag(Pipe.V, Pipe.MTE2, 0)
    assert set(kinds(judge(build.build()))) == {FindingKind.WAIT_WITHOUT_SET, FindingKind.LEFT_SET}


def test_finds_event_id_out_of_range() -> None:
    build, vec = one_vec()
    order(vec, Pipe.MTE2, Pipe.V, event_id=8)
    assert kinds(judge(build.build())) == [FindingKind.EVENT_ID, FindingKind.EVENT_ID]


def test_finds_flag_from_a_pipe_to_itself() -> None:
    build, vec = one_vec()
    order(vec, Pipe.V, Pipe.V)
    assert kinds(judge(build.build())) == [FindingKind.FLAG_PIPES, FindingKind.FLAG_PIPES]


def test_flags_of_different_cores_are_different() -> None:
    build = TraceBuilder()
    build.core("vec", subblock=0).set_flag(Pipe.MTE2, Pipe.V, 0)
    build.core("vec", subblock=1).wait_flag(Pipe.MTE2, Pipe.V, 0)
    assert set(kinds(judge(build.build()))) == {FindingKind.WAIT_WITHOUT_SET, FindingKind.LEFT_SET}


def test_primed_carried_and_drained_flag_is_clean() -> None:
    build, vec = one_vec()
    vec.set_flag(Pipe.V, Pipe.MTE2, 0, line=1)
    for _ in range(3):
        vec.wait_flag(Pipe.V, Pipe.MTE2, 0, line=2)
        vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[UB0], line=3)
        vec.set_flag(Pipe.MTE2, Pipe.V, 0, line=4)
        vec.wait_flag(Pipe.MTE2, Pipe.V, 0, line=5)
        vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1], line=6)
        vec.barrier(Pipe.V, line=7)
        vec.set_flag(Pipe.V, Pipe.MTE2, 0, line=8)
    vec.wait_flag(Pipe.V, Pipe.MTE2, 0, line=9)
    assert judge(build.build()).ok
