"""Tests of the judge on programs of several cores and blocks: each name is a claim about the model."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.hazards import judge
from sim.replay import FindingKind
from sim.testing import UB0, UB1, gm, kinds, order
from tracing.builder import TraceBuilder, span
from tracing.format import Buffer

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
