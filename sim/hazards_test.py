"""Tests of the judge on programs of one core: each name is a claim about the model."""

from __future__ import annotations

import pytest

from isa.pipes import Pipe
from isa.repeats import VRule
from sim.hazards import judge
from sim.replay import FindingKind
from sim.report import verdict_text
from sim.testing import UB0, UB1, UB2, gm, kinds, load, one_vec, order
from tracing.builder import Span, TraceBuilder, span
from tracing.format import Buffer

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


@pytest.mark.parametrize("ordered", [True, False])
def test_a_scalar_op_is_complete_only_for_pipes_that_wait_for_it(ordered: bool) -> None:
    build, vec = one_vec()
    vec.op("TSETVAL", Pipe.S, writes=[UB0])
    if ordered:
        order(vec, Pipe.S, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[UB0], writes=[UB1])
    assert kinds(judge(build.build())) == ([] if ordered else [FindingKind.RAW])


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


def test_bytes_of_a_finding_are_those_in_conflict() -> None:
    """Two rows of the store overlap two of the load; what both only read is no part of it."""
    build, vec = one_vec()
    vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[span(Buffer.UB, 0, 64, rows=4, row_stride=256)])
    vec.op("TEXP", Pipe.V, reads=[span(Buffer.UB, 256, 64, rows=2, row_stride=256)], writes=[UB2])
    raw, waw = judge(build.build()).findings
    assert (raw.kind, raw.lo, raw.hi, raw.size) == (FindingKind.RAW, 256, 576, 128)
    assert (waw.kind, waw.lo, waw.hi, waw.size) == (FindingKind.WAW, 512, 576, 64)
    assert "reads 128 of the UB bytes 0x100 to 0x23f, and nothing" in " ".join(
        verdict_text("x", judge(build.build())).split()
    )


def test_bytes_that_nobody_wrote_are_told_from_those_around_them() -> None:
    build, vec = one_vec()
    vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[span(Buffer.UB, 0, 96, rows=4, row_stride=128)])
    order(vec, Pipe.MTE2, Pipe.V)
    vec.op("TEXP", Pipe.V, reads=[span(Buffer.UB, 0, 512)], writes=[UB2])
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.lo, finding.hi, finding.size) == (FindingKind.UNWRITTEN, 96, 512, 128)


def test_scratch_holds_nothing_until_it_is_written_again() -> None:
    build, vec = one_vec()
    load(vec)
    order(vec, Pipe.MTE2, Pipe.V)
    scratch = span(Buffer.UB, 512, 256, spoils=True)
    for writes, reads in (([scratch, UB1], UB2), ([UB2], UB2)):
        vec.op("TROWMAX", Pipe.V, reads=[UB0], writes=writes)
        vec.barrier(Pipe.V)
        vec.op("TEXP", Pipe.V, reads=[reads], writes=[UB1])
        vec.barrier(Pipe.V)
    (finding,) = judge(build.build()).findings
    assert finding.first is not None
    assert (finding.kind, finding.lo, finding.hi) == (FindingKind.SPOILT, 512, 768)
    assert (finding.first.op, finding.second.op) == ("TROWMAX", "TEXP")


@pytest.mark.parametrize(
    ("source", "result", "rule", "found"),
    [
        (0, 0, VRule.STRICT, False),
        (0, 8192, VRule.STRICT, False),
        (0, 256, VRule.STRICT, True),
        (256, 0, VRule.STRICT, False),
        (0, 15 * 256, VRule.REPEATS, True),
        (0, 16 * 256, VRule.REPEATS, False),
        (0, 16 * 256, VRule.STRICT, True),
    ],
)
def test_a_result_over_what_later_repeats_read_is_found(source: int, result: int, rule: VRule, found: bool) -> None:
    """32 repeats of 256 bytes, one after the other: each may overwrite what it, or an earlier one, has read."""
    build, vec = one_vec()
    vec.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[span(Buffer.UB, 0, 16384)])
    order(vec, Pipe.MTE2, Pipe.V)
    spans = [span(Buffer.UB, start, 8192) for start in (source, result)]
    vec.op("TEXP", Pipe.V, reads=spans[:1], writes=spans[1:], shape=(32, 64), dtype="f32")
    verdict = judge(build.build(), v_rule=rule)
    assert kinds(verdict) == [FindingKind.OVERLAP] * found
    assert len(verdict.in_time) == (rule is VRule.REPEATS and not found)


def test_gm_is_written_before_the_launch_except_scratch() -> None:
    build, vec = one_vec()
    load(vec)
    assert judge(build.build()).ok
    lo = gm(0).start
    assert judge(build.build(), scratch=[(lo - 64, lo)]).ok
    assert kinds(judge(build.build(), scratch=[(lo + 255, lo + 4096)])) == [FindingKind.UNWRITTEN]
