"""Tests of the repeat rule in the judge: what is in time is no finding, and all else is as before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from isa.pipes import Pipe
from sim.barriers import redundant_barriers
from sim.findings import CONFLICTS, Finding
from sim.hazards import judge
from sim.reference_judge import ReferenceJudge
from sim.replay import FindingKind
from sim.report import finding_text
from sim.testing import kinds, one_vec
from sim.vector_repeats import VRule
from tracing.builder import Span, TraceBuilder, span
from tracing.format import Buffer, Trace

Tile = tuple[int, int]
Step = Pipe | tuple[str, tuple[int, int], int, int]
GU, SHORT = (32, 128), (15, 64)
STEPS = st.one_of(
    st.tuples(
        st.sampled_from(["TEXP", "TADD", "TROWEXPANDMUL", "TMOV"]),
        st.sampled_from([(8, 64), (16, 64), (17, 64), (8, 128), (4, 192), (32, 8), (3, 48)]),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    st.sampled_from([Pipe.V, Pipe.ALL]),
)


def at(place: int, tile: Tile) -> Span:
    """Return the tile at a multiple of 1 KiB."""
    return span(Buffer.UB, 1024 * place, tile[0] * tile[1] * 4)


def pair(first: str, second: str, tile: Tile, barrier: bool = False) -> Trace:
    """Return two operations in place on one tile."""
    build, vec = one_vec()
    for name in (first, second):
        vec.op(name, Pipe.V, writes=[at(0, tile)], shape=tile, dtype="f32")
        if barrier:
            vec.barrier(Pipe.V)
    return build.build()


def test_a_pair_in_time_is_a_finding_by_the_strict_rule_only() -> None:
    trace = pair("TROWEXPANDMUL", "TADD", GU)
    (finding,) = judge(trace).findings
    assert (finding.kind, finding.repeats, finding.in_time) == (FindingKind.WAW, 33, True)
    verdict = judge(trace, v_rule=VRule.REPEATS)
    assert verdict.ok
    assert verdict.in_time == (finding,)


def test_a_pair_that_is_not_in_time_is_a_finding_by_both() -> None:
    for rule in VRule:
        verdict = judge(pair("TEXP", "TADD", SHORT), v_rule=rule)
        assert [finding.repeats for finding in verdict.findings] == [15]
        assert verdict.in_time == ()


def test_a_barrier_orders_by_both() -> None:
    for rule in VRule:
        assert judge(pair("TEXP", "TADD", SHORT, barrier=True), v_rule=rule).ok


def test_the_rule_is_about_one_core_and_v_alone() -> None:
    build = TraceBuilder()
    vec = build.core("vec")
    vec.op("TLOAD", Pipe.MTE2, writes=[at(0, GU)], shape=GU, dtype="f32")
    vec.op("TADD", Pipe.V, writes=[at(0, GU)], shape=GU, dtype="f32")
    assert kinds(judge(build.build(), v_rule=VRule.REPEATS)) == [FindingKind.WAW]


def test_the_closest_occurrence_is_described() -> None:
    build, vec = one_vec()
    for padding in (40, 1, 20):
        vec.op("TEXP", Pipe.V, writes=[at(0, SHORT)], shape=SHORT, dtype="f32", line=1)
        other = padding, 64
        vec.op("TMULS", Pipe.V, writes=[at(16, other)], shape=other, dtype="f32", line=padding)
        vec.op("TADD", Pipe.V, writes=[at(0, SHORT)], shape=SHORT, dtype="f32", line=2)
        vec.barrier(Pipe.V)
    (finding,) = [f for f in judge(build.build()).findings if f.second.line == 2]
    assert (finding.repeats, finding.count, finding.first and finding.first.event) == (16, 3, 4)


def test_a_barrier_between_what_is_in_time_is_redundant_by_the_repeat_rule_only() -> None:
    build, vec = one_vec()
    vec.op("TROWEXPANDMUL", Pipe.V, writes=[at(0, GU)], shape=GU, dtype="f32")
    vec.barrier(Pipe.V, line=7)
    vec.op("TADD", Pipe.V, writes=[at(0, GU)], shape=GU, dtype="f32")
    assert redundant_barriers([build.build()]) == set()
    assert redundant_barriers([build.build()], VRule.REPEATS) == {7}


def test_the_scratch_of_the_library_is_named_and_not_in_time() -> None:
    """Two broadcasts of other tiles work in the same 8 KiB, which here is as much as the tiles have."""
    build, vec = one_vec()
    scratch, tile = span(Buffer.UB, 188416, 8192), (32, 64)
    for place in (0, 32):
        written = [at(place, tile), scratch]
        vec.op("TROWEXPANDMUL", Pipe.V, reads=[at(64, tile)], writes=written, shape=tile, dtype="f32")
    for rule in VRule:
        trace = build.build()
        (finding,) = [f for f in judge(trace, v_rule=rule).findings if f.kind in CONFLICTS]
        assert (finding.kind, finding.lo, finding.size, finding.repeats) == (FindingKind.WAW, 188416, 8192, 1)
        text = " ".join(finding_text(finding).split())
        assert "writes UB bytes 0x2e000 to 0x2ffff (scratch of the device library, which no operand names)" in text
        assert "By the repeat rule, too: the second may come 1 repeat later, and 16 are needed." in text


def pairs(findings: tuple[Finding, ...]) -> set[tuple[int, int]]:
    return {(f.first.event, f.second.event) for f in findings if f.kind in CONFLICTS and f.first}


@settings(max_examples=20, deadline=None)
@given(st.lists(STEPS, min_size=2, max_size=10))
def test_judge_agrees_with_the_rule_applied_element_by_element(steps: list[Step]) -> None:
    build, vec = one_vec()
    for step in steps:
        if isinstance(step, Pipe):
            vec.barrier(step)
        else:
            name, tile, source, destination = step
            vec.op(name, Pipe.V, reads=[at(source, tile)], writes=[at(destination, tile)], shape=tile, dtype="f32")
    trace = build.build()
    slow = ReferenceJudge(trace)
    verdict = judge(trace, v_rule=VRule.REPEATS)
    assert pairs(verdict.findings) | pairs(verdict.chained) == slow.conflicts - slow.in_time
    assert pairs(verdict.in_time) <= slow.in_time
    strict = judge(trace)
    assert pairs(strict.findings) | pairs(strict.chained) == slow.conflicts
    assert {(f.first.event, f.second.event) for f in strict.findings if f.in_time and f.first} <= slow.in_time
