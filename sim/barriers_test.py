"""Tests of the barriers that other ordering implies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isa.pipes import Kind, Pipe
from sim.barriers import UnorderedTraceError, redundant_barriers
from sim.hazards import judge
from sim.program import edited, prepare
from sim.replay import Replay
from tracing.builder import CoreBuilder, TraceBuilder, span
from tracing.format import Buffer, Trace

A, B, C = (span(Buffer.UB, 256 * i, 256) for i in range(3))


def one_vec() -> tuple[TraceBuilder, CoreBuilder]:
    build = TraceBuilder()
    return build, build.core("vec")


def test_needed_barrier_is_kept() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.barrier(Pipe.V)
    vec.op("TADD", Pipe.V, reads=[A], writes=[B])
    assert redundant_barriers([build.build()]) == set()


def test_barrier_between_independent_ops_is_redundant() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.barrier(Pipe.V, line=2)
    vec.op("TEXP", Pipe.V, writes=[B])
    assert redundant_barriers([build.build()]) == {2}


def test_one_of_two_barriers_in_a_row_is_redundant() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.barrier(Pipe.V, line=2)
    vec.barrier(Pipe.V, line=3)
    vec.op("TADD", Pipe.V, reads=[A], writes=[B])
    assert len(redundant_barriers([build.build()])) == 1


def test_barrier_implied_by_flags_is_redundant() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    for src, dst in ((Pipe.V, Pipe.MTE3), (Pipe.MTE3, Pipe.V)):
        vec.set_flag(src, dst, 0)
        vec.wait_flag(src, dst, 0)
    vec.barrier(Pipe.V, line=9)
    vec.op("TADD", Pipe.V, reads=[A], writes=[B])
    assert redundant_barriers([build.build()]) == {9}


def test_a_shape_that_needs_the_barrier_keeps_it() -> None:
    def trace(rounds: int) -> Trace:
        build, vec = one_vec()
        for _ in range(rounds):
            vec.op("TEXP", Pipe.V, writes=[A], line=1)
            vec.barrier(Pipe.V, line=2)
        return build.build()

    assert redundant_barriers([trace(1)]) == {2}
    assert redundant_barriers([trace(1), trace(2)]) == set()


def test_line_that_never_ran_is_not_proved() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    assert redundant_barriers([build.build()]) == set()


def test_barriers_of_other_pipes_are_not_concerned() -> None:
    build, vec = one_vec()
    vec.barrier(Pipe.MTE3)
    vec.barrier(Pipe.ALL)
    assert redundant_barriers([build.build()]) == set()


def test_trace_with_a_hazard_proves_nothing() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.op("TADD", Pipe.V, reads=[A], writes=[B])
    with pytest.raises(UnorderedTraceError, match="RAW between line 1 and line 2 of block 0 with 0 barriers removed"):
        redundant_barriers([build.build()])


TILES = st.sampled_from([A, B, C])
STEPS = st.one_of(
    st.tuples(st.just("op"), TILES, TILES),
    st.tuples(st.just("op"), TILES, TILES),
    st.tuples(st.just("flags"), st.just(None), st.just(None)),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=8), st.integers(1, 2))
def test_removal_is_safe_and_leaves_nothing_to_remove(steps: list[tuple], rounds: int) -> None:  # type: ignore[type-arg]
    build, vec = one_vec()
    for tile in (A, B, C):
        vec.op("TEXPANDS", Pipe.V, writes=[tile], line=900)
    for _ in range(rounds):
        for number, (what, source, destination) in enumerate(steps):
            vec.barrier(Pipe.V, line=10 + number)
            if what == "op":
                vec.op("TEXP", Pipe.V, reads=[source], writes=[destination], line=100 + number)
            else:
                for src, dst in ((Pipe.V, Pipe.MTE2), (Pipe.MTE2, Pipe.V)):
                    vec.set_flag(src, dst, 0, line=200 + number)
                    vec.wait_flag(src, dst, 0, line=300 + number)
        vec.barrier(Pipe.V, line=50)
    trace = build.build()
    assert judge(trace).ok
    redundant = redundant_barriers([trace])
    assert clean_without(trace, redundant)
    lines = {10 + number for number in range(len(steps))} | {50}
    for line in lines - redundant:
        assert not clean_without(trace, redundant | {line})


def clean_without(trace: Trace, lines: set[int]) -> bool:
    (program,) = prepare(trace)
    barriers = program.cores[0].events["kind"] == Kind.BARRIER
    kept = ~(barriers & np.isin(program.cores[0].events["line"], list(lines)))
    return not Replay(edited(program, lambda events: (events, kept))).run()
