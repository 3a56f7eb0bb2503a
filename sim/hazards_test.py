"""Tests of the judge on small synthetic programs: each name is a claim about the model."""

from __future__ import annotations

import pytest

from sim.hazards import Verdict, judge, spaced_pairs
from sim.replay import FindingKind
from sim.report import verdict_text
from sim.trace import Buffer, Pipe
from sim.trace_builder import CoreBuilder, Span, TraceBuilder, span

UB0 = span(Buffer.UB, 0, 256)
UB1 = span(Buffer.UB, 256, 256)
UB2 = span(Buffer.UB, 512, 256)


def gm(offset: int, size: int = 256) -> Span:
    return span(Buffer.GM, 1 << 40 | offset, size)


def kinds(verdict: Verdict) -> list[FindingKind]:
    return [finding.kind for finding in verdict.findings]


def load(core: CoreBuilder, to: Span = UB0) -> None:
    core.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[to])


def order(core: CoreBuilder, src: Pipe, dst: Pipe, event_id: int = 0) -> None:
    core.set_flag(src, dst, event_id)
    core.wait_flag(src, dst, event_id)


def one_vec() -> tuple[TraceBuilder, CoreBuilder]:
    build = TraceBuilder()
    return build, build.core("vec")


# Across pipes.


def test_finds_raw_across_pipes_without_flag() -> None:
    build, vec = one_vec()
    load(vec)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    (finding,) = judge(build.build()).findings
    assert finding.kind == FindingKind.RAW
    assert finding.first is not None
    assert (finding.first.line, finding.first.op, finding.second.line, finding.second.op) == (1, "TLOAD", 2, "TEXP")
    assert (finding.buffer, finding.lo, finding.hi) == (Buffer.UB, 0, 256)
    assert finding.advice == (
        "put set_flag(PIPE_MTE2, PIPE_V, id) after line 1 and wait_flag(PIPE_MTE2, PIPE_V, id) before line 2"
    )


def test_finds_war_across_pipes_without_flag() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    load(vec)
    assert kinds(judge(build.build())) == [FindingKind.WAR]


def test_finds_waw_across_pipes_without_flag() -> None:
    build, vec = one_vec()
    load(vec)
    vec.op("TEXP", Pipe.V, writes=[UB0])
    assert kinds(judge(build.build())) == [FindingKind.WAW]


def test_no_hazard_when_flag_orders() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    assert judge(build.build()).ok


def test_flag_set_before_the_producer_does_not_order() -> None:
    build, vec = one_vec()
    vec.set_flag(Pipe.MTE2, Pipe.V, 0)
    load(vec)
    vec.wait_flag(Pipe.MTE2, Pipe.V, 0)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_wait_after_the_consumer_does_not_order() -> None:
    build, vec = one_vec()
    load(vec)
    vec.set_flag(Pipe.MTE2, Pipe.V, 0)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    vec.wait_flag(Pipe.MTE2, Pipe.V, 0)
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_wait_holds_back_only_its_destination() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[gm(512)])
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_flag_carries_what_its_source_waited_for() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    order(vec, Pipe.V, Pipe.MTE3)
    vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[gm(512)])
    assert judge(build.build()).ok


def test_wait_of_the_scalar_unit_holds_back_all_pipes() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.S)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[gm(512)])
    assert judge(build.build()).ok


def test_scalar_op_is_complete_before_anything_later_is_issued() -> None:
    build, vec = one_vec()
    vec.op("TSETVAL", Pipe.S, writes=[UB0])
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    assert judge(build.build()).ok


def test_barrier_all_orders_every_pipe_of_the_core() -> None:
    build, vec = one_vec()
    load(vec)
    vec.barrier(Pipe.ALL)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    vec.barrier(Pipe.ALL)
    vec.op("TSTORE", Pipe.MTE3, reads=[UB1], writes=[gm(512)])
    assert judge(build.build()).ok


def test_reads_do_not_conflict() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    order(vec, Pipe.MTE2, Pipe.MTE3, 1)
    vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[gm(512)])
    assert judge(build.build()).ok


def test_only_overlapping_bytes_conflict() -> None:
    build, vec = one_vec()
    vec.op("TLOAD", Pipe.MTE2, writes=[span(Buffer.UB, 0, 16, rows=4, row_stride=32)])
    vec.op("TEXP", Pipe.V, writes=[span(Buffer.UB, 16, 16, rows=4, row_stride=32)])
    assert judge(build.build()).ok
    vec.op("TLOG", Pipe.V, writes=[span(Buffer.UB, 96, 17)])
    verdict = judge(build.build())
    assert kinds(verdict) == [FindingKind.WAW, FindingKind.WAW]
    assert {finding.first.op for finding in verdict.findings if finding.first} == {"TLOAD", "TEXP"}


def test_in_order_pipe_needs_nothing() -> None:
    build = TraceBuilder()
    cube = build.core("cube")
    acc, left = span(Buffer.L0C, 0, 1024), span(Buffer.L0A, 0, 512)
    cube.op("TMOV", Pipe.MTE1, writes=[left])
    order(cube, Pipe.MTE1, Pipe.M)
    cube.op("TMATMUL", Pipe.M, reads=[left], writes=[acc])
    cube.op("TMATMUL_ACC", Pipe.M, reads=[left, acc], writes=[acc])
    assert judge(build.build()).ok


# Within V.


@pytest.mark.parametrize(
    ("reads", "writes", "kind"),
    [([UB1], [UB2], FindingKind.RAW), ([], [UB0], FindingKind.WAR), ([], [UB1], FindingKind.WAW)],
)
def test_dependent_vector_ops_need_a_barrier(reads: list[Span], writes: list[Span], kind: FindingKind) -> None:
    for with_barrier in (False, True):
        build, vec = one_vec()
        load(vec)
        order(vec, Pipe.MTE2, Pipe.V)
        vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
        if with_barrier:
            vec.barrier(Pipe.V)
        vec.op("TADD", Pipe.V, reads=reads, writes=writes)
        assert kinds(judge(build.build())) == ([] if with_barrier else [kind])


def test_independent_vector_ops_need_no_barrier() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    vec.op("TLOG", Pipe.V, writes=[UB1])
    assert judge(build.build()).ok


def test_barrier_anywhere_between_orders() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    vec.barrier(Pipe.V)
    vec.op("TLOG", Pipe.V, writes=[UB1])
    vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB2])
    assert judge(build.build()).ok


def test_barrier_of_another_pipe_does_not_order_vector_ops() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    vec.barrier(Pipe.MTE3)
    vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB2])
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_wait_from_another_pipe_does_not_order_vector_ops() -> None:
    build, vec = one_vec()
    vec.op("TROWEXPANDMUL", Pipe.V, writes=[UB0])
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB0])
    assert kinds(judge(build.build())) == [FindingKind.RAW, FindingKind.WAW]


def test_round_trip_of_flags_orders_vector_ops() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    order(vec, Pipe.V, Pipe.MTE3)
    order(vec, Pipe.MTE3, Pipe.V)
    vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB2])
    assert judge(build.build()).ok


@pytest.mark.parametrize("spaced", [True, False])
def test_gu_pair_is_reported_as_raw_war_and_waw(spaced: bool) -> None:
    build, vec = one_vec()
    vec.op("TMULS", Pipe.V, writes=[UB0])
    vec.barrier(Pipe.V)
    vec.op("TROWEXPANDMUL", Pipe.V, reads=[UB0], writes=[UB0])
    if spaced:
        order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB0])
    trace = build.build()
    verdict = judge(trace)
    assert set(kinds(verdict)) == {FindingKind.RAW, FindingKind.WAR, FindingKind.WAW}
    assert len(verdict.findings) == 3
    assert verdict.without(spaced_pairs(trace, verdict, "TROWEXPANDMUL", "TADD")).ok == spaced
    assert spaced_pairs(trace, verdict, "TADD", "TROWEXPANDMUL") == ()


def test_conflicts_that_ordering_others_would_order_are_listed_apart() -> None:
    build, vec = one_vec()
    for line in (1, 2, 3):
        vec.op("TEXP", Pipe.V, writes=[UB0], line=line)
    verdict = judge(build.build())
    assert [(f.first and f.first.line, f.second.line) for f in verdict.findings] == [(1, 2), (2, 3)]
    assert [(f.first and f.first.line, f.second.line) for f in verdict.chained] == [(1, 3)]
    assert "  Unordered too, until these are in order, are 1 pair of lines: 1-3 (WAW)." in verdict_text("x", verdict)


def test_scratch_operand_counts_as_written() -> None:
    build, vec = one_vec()
    vec.op("TEXP", Pipe.V, writes=[UB0])
    vec.barrier(Pipe.V)
    vec.op("TROWMAX", Pipe.V, reads=[UB0], writes=[UB1, UB2])
    vec.op("TROWSUM", Pipe.V, reads=[UB0], writes=[span(Buffer.UB, 1024, 32), UB2])
    assert kinds(judge(build.build())) == [FindingKind.WAW]


# Flags.


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


def test_occurrences_of_one_pair_of_lines_are_one_finding() -> None:
    build, vec = one_vec()
    for _ in range(5):
        vec.op("TEXP", Pipe.V, writes=[UB0], line=10)
    (finding,) = judge(build.build()).findings
    assert (finding.count, finding.first and finding.first.line, finding.second.line) == (4, 10, 10)


# Bytes nobody wrote.


def test_finds_read_of_unwritten_bytes_on_chip() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[span(Buffer.UB, 0, 300)], writes=[UB2])
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.second.line) == (FindingKind.UNWRITTEN, 4)


def test_gm_is_written_before_the_launch_except_scratch() -> None:
    build, vec = one_vec()
    load(vec)
    assert judge(build.build()).ok
    lo = gm(0).start
    assert judge(build.build(), scratch=[(lo - 64, lo)]).ok
    assert kinds(judge(build.build(), scratch=[(lo + 255, lo + 4096)])) == [FindingKind.UNWRITTEN]


# Cores and FIFOs.


def ring(
    rounds: int, *, slots: int = 8, push_by: tuple[int, ...] = (0, 1), free_by: tuple[int, ...] = (0, 1)
) -> TraceBuilder:
    """Both vector cores produce slots for the cube, which reads them into L1; slot n is at GM n mod `slots`."""
    build = TraceBuilder()
    fifo = build.fifo("v2c", slots=slots)
    cube = build.core("cube")
    vecs = [build.core("vec", subblock=i) for i in (0, 1)]
    for n in range(rounds):
        for i, vec in enumerate(vecs):
            half = gm((n % slots) * 512 + i * 256)
            if n == 0:
                vec.op("TEXP", Pipe.V, writes=[UB0])
                order(vec, Pipe.V, Pipe.MTE3)
            vec.talloc(fifo, line=100 + i)
            vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[half], line=110 + i)
            if i in push_by:
                vec.tpush(fifo, Pipe.MTE3, line=120 + i)
        cube.tpop(fifo, line=200)
        cube.op("TLOAD", Pipe.MTE2, reads=[gm((n % slots) * 512, 512)], writes=[span(Buffer.L1, 0, 512)], line=210)
        if free_by:
            cube.tfree(fifo, line=220)
    return build


def test_fifo_orders_store_and_load() -> None:
    assert judge(ring(3).build()).ok


def test_fifo_reuses_at_the_ninth_slot() -> None:
    assert judge(ring(20).build()).ok


def test_slot_reused_without_free_deadlocks_at_the_ninth() -> None:
    verdict = judge(ring(9, free_by=()).build())
    stuck = [finding for finding in verdict.findings if finding.kind == FindingKind.DEADLOCK]
    assert [(finding.second.line, finding.second.op) for finding in stuck] == [
        (100, "TALLOC"),
        (101, "TALLOC"),
        (200, "TPOP"),
    ]
    assert stuck[0].detail == "TFREE number 0 of FIFO 0 never comes from cube subblock 0"


def test_eight_slots_without_free_are_reported_as_misuse_only() -> None:
    (finding,) = judge(ring(8, free_by=()).build()).findings
    assert (finding.kind, finding.detail) == (FindingKind.FIFO, "popped and never freed")


def test_both_subblocks_must_push() -> None:
    verdict = judge(ring(1, push_by=(0,)).build())
    (finding,) = verdict.findings
    assert (finding.kind, finding.second.op) == (FindingKind.DEADLOCK, "TPOP")
    assert finding.detail == "TPUSH number 0 of FIFO 0 never comes from vec subblock 1"


def c2v(*, free_by: tuple[int, ...] = (0, 1), free_early: bool = False) -> TraceBuilder:
    """The cube sends two tiles through one slot to both vector cores."""
    build = TraceBuilder()
    fifo = build.fifo("c2v", slots=1)
    cube = build.core("cube")
    vecs = [build.core("vec", subblock=i) for i in (0, 1)]
    cube.op("TMATMUL", Pipe.M, writes=[span(Buffer.L0C, 0, 512)], line=1)
    order(cube, Pipe.M, Pipe.FIX)
    for _ in range(2):
        cube.talloc(fifo, line=10)
        cube.op("TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 512)], writes=[gm(0, 512)], line=11)
        cube.tpush(fifo, Pipe.FIX, line=12)
        for i, vec in enumerate(vecs):
            vec.tpop(fifo, line=20)
            if free_early and i in free_by:
                vec.tfree(fifo, line=23)
            vec.op("TLOAD", Pipe.MTE2, reads=[gm(i * 256)], writes=[UB0], line=21)
            if not free_early and i in free_by:
                vec.tfree(fifo, line=23)
    return build


def test_both_subblocks_must_free() -> None:
    assert judge(c2v().build()).ok
    stuck = [f for f in judge(c2v(free_by=(1,)).build()).findings if f.kind == FindingKind.DEADLOCK]
    assert stuck[0].detail == "TFREE number 0 of FIFO 0 never comes from vec subblock 0"


def test_free_before_the_load_lets_the_producer_overwrite() -> None:
    verdict = judge(c2v(free_early=True).build())
    (finding,) = verdict.findings
    assert finding.kind == FindingKind.WAR
    assert finding.first is not None
    assert (finding.first.line, finding.second.line) == (21, 11)
    assert "order them through a FIFO: TPUSH or TFREE after line 21 on block 0 vec0" in finding.advice


def test_push_before_the_store_is_found() -> None:
    build = TraceBuilder()
    fifo = build.fifo("c2v")
    cube, vec = build.core("cube"), build.core("vec")
    cube.talloc(fifo)
    cube.tpush(fifo, Pipe.FIX)
    cube.op("TSTORE", Pipe.FIX, writes=[gm(0, 512)])
    vec.tpop(fifo)
    vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[UB0])
    vec.tfree(fifo)
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_push_signals_only_its_own_pipe() -> None:
    build = TraceBuilder()
    fifo = build.fifo("c2v")
    cube, vec = build.core("cube"), build.core("vec")
    cube.talloc(fifo)
    cube.op("TSTORE", Pipe.FIX, writes=[gm(0, 512)])
    cube.tpush(fifo, Pipe.MTE3)
    vec.tpop(fifo)
    vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[UB0])
    vec.tfree(fifo)
    assert kinds(judge(build.build())) == [FindingKind.RAW]


def test_pop_holds_back_every_pipe() -> None:
    build = TraceBuilder()
    fifo = build.fifo("v2c")
    cube, vec = build.core("cube"), build.core("vec")
    vec.talloc(fifo)
    vec.op("TSTORE", Pipe.MTE3, writes=[gm(0)])
    vec.tpush(fifo, Pipe.MTE3)
    cube.tpop(fifo)
    cube.op("TSTORE", Pipe.FIX, writes=[gm(0)])
    cube.tfree(fifo)
    assert judge(build.build()).ok


def test_fifo_misuse_is_named() -> None:
    build = TraceBuilder()
    fifo = build.fifo("c2v")
    cube, vec = build.core("cube"), build.core("vec")
    cube.tpush(fifo, Pipe.FIX)
    vec.tpop(fifo)
    vec.tfree(fifo)
    vec.tfree(fifo)
    vec.talloc(fifo)
    assert [finding.detail for finding in judge(build.build()).findings] == [
        "pushed without a TALLOC of the slot",
        "freed without a TPOP of the slot",
        "this core is not on the producer side of the FIFO",
    ]


def test_push_that_nobody_pops_is_found() -> None:
    build = TraceBuilder()
    fifo = build.fifo("c2v")
    cube = build.core("cube")
    build.core("vec")
    cube.talloc(fifo)
    cube.tpush(fifo, Pipe.FIX)
    cube.talloc(fifo)
    assert [finding.detail for finding in judge(build.build()).findings] == [
        "pushed and never popped by vec subblock 0",
        "allocated and never pushed",
    ]


def test_gm_of_different_cores_of_a_block_is_shared() -> None:
    build = TraceBuilder()
    for subblock in (0, 1):
        build.core("vec", subblock=subblock).op("TSTORE", Pipe.MTE3, writes=[gm(0)], line=5 + subblock)
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.buffer, finding.lo) == (FindingKind.WAW, Buffer.GM, gm(0).start)


def test_on_chip_bytes_of_different_cores_are_different() -> None:
    build = TraceBuilder()
    for subblock in (0, 1):
        build.core("vec", subblock=subblock).op("TEXP", Pipe.V, writes=[UB0])
    assert judge(build.build()).ok


# Blocks.


def test_blocks_may_share_what_they_read_and_own_what_they_write() -> None:
    build = TraceBuilder()
    for block in range(3):
        vec = build.core("vec", block=block)
        vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[UB0], line=1)
        vec.set_flag(Pipe.MTE2, Pipe.MTE3, 0, line=2)
        vec.wait_flag(Pipe.MTE2, Pipe.MTE3, 0, line=3)
        vec.op("TSTORE", Pipe.MTE3, reads=[UB0], writes=[gm(4096 + 256 * block)], line=4)
    verdict = judge(build.build())
    assert verdict.ok
    assert (verdict.counts.blocks, verdict.counts.distinct_blocks, verdict.counts.accesses) == (3, 1, 12)


def test_finds_bytes_that_two_blocks_write() -> None:
    build = TraceBuilder()
    for block in range(2):
        build.core("vec", block=block).op("TSTORE", Pipe.MTE3, writes=[gm(200 * block)], line=7)
    (finding,) = judge(build.build()).findings
    assert finding.first is not None
    assert (finding.kind, finding.first.core, finding.second.core) == (FindingKind.WAW, "block 0 vec0", "block 1 vec0")
    assert (finding.lo, finding.hi) == (gm(200).start, gm(256).start)


def test_finds_bytes_that_one_block_writes_and_another_reads() -> None:
    build = TraceBuilder()
    build.core("vec", block=0).op("TSTORE", Pipe.MTE3, writes=[gm(0, 64)], line=7)
    build.core("vec", block=1).op("TLOAD", Pipe.MTE2, reads=[gm(32)], writes=[UB0], line=8)
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.second.line, finding.advice[:20]) == (FindingKind.RAW, 8, "nothing orders block")


def test_blocks_that_differ_are_judged_each() -> None:
    build = TraceBuilder()
    for block in range(3):
        vec = build.core("vec", block=block)
        vec.op("TEXP", Pipe.V, writes=[UB0], line=1)
        if block != 2:
            vec.barrier(Pipe.V, line=2)
        vec.op("TADD", Pipe.V, reads=[UB0], writes=[UB1], line=3)
    verdict = judge(build.build())
    assert [(finding.kind, finding.second.core) for finding in verdict.findings] == [(FindingKind.RAW, "block 2 vec0")]
    assert verdict.counts.distinct_blocks == 2


def test_stop_at_first_finds_something() -> None:
    build, vec = one_vec()
    for _ in range(5):
        vec.op("TEXP", Pipe.V, writes=[UB0])
    assert len(judge(build.build()).findings) == 4
    assert len(judge(build.build(), stop_at_first=True).findings) >= 1
