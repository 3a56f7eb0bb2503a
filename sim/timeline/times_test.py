"""Tests of the timeline on small programs whose cycles can be added up by hand."""

from __future__ import annotations

import pytest

from isa.costs import ISSUE_CYCLES, SIGNAL_CYCLES, vector_cost
from isa.pipes import Pipe
from sim.timeline.program import timed_program
from sim.timeline.times import Deadlock, Scale, Stall, Timeline, timeline
from tracing.builder import CoreBuilder, Span, TraceBuilder, span
from tracing.format import Buffer, TraceError

TILE = span(Buffer.UB, 0, 32768)
GM_TILE = span(Buffer.GM, 1 << 40, 32768)
LOAD_CYCLES = 32768 / (100.9 * 2**30 / 1.85e9)
(EXP,) = vector_cost("TEXP", 32, 256, 4)


def exp(core: CoreBuilder) -> None:
    core.op("TEXP", Pipe.V, reads=[TILE], writes=[TILE], shape=(32, 256), dtype="f32")


def load(core: CoreBuilder, to: Span = TILE) -> None:
    core.op("TLOAD", Pipe.MTE2, reads=[GM_TILE], writes=[to], shape=(32, 256), dtype="f32")


def one_core(*steps: object, scale: Scale | None = None) -> Timeline:
    """Return the timeline of a vector core that does `steps`: functions of the core, or flags and barriers as
    tuples.
    """
    build = TraceBuilder()
    core = build.core("vec")
    for step in steps:
        step(core)  # type: ignore[operator]
    return timeline(timed_program(build.build()), scale)


def barrier(core: CoreBuilder) -> None:
    core.barrier(Pipe.V)


def order(core: CoreBuilder) -> None:
    core.set_flag(Pipe.MTE2, Pipe.V, 0)
    core.wait_flag(Pipe.MTE2, Pipe.V, 0)


def test_tails_overlap_until_a_barrier_drains_them() -> None:
    together = one_core(exp, exp)
    apart = one_core(exp, barrier, exp)
    assert together.cycles == 2 * EXP.occupancy + EXP.tail
    assert apart.cycles == 2 * (EXP.occupancy + EXP.tail) + ISSUE_CYCLES
    assert apart.drained[Pipe.V] == EXP.tail + ISSUE_CYCLES
    assert together.drained[Pipe.V] == 0


def test_operations_of_the_library_drain_inside() -> None:
    def rowmax(core: CoreBuilder) -> None:
        core.op("TROWMAX", Pipe.V, reads=[TILE], writes=[TILE], shape=(32, 256), dtype="f32")

    assert one_core(rowmax).cycles == pytest.approx(270, abs=2)
    assert one_core(rowmax, exp).cycles - one_core(exp).cycles == pytest.approx(270, abs=2)


def test_queues_run_side_by_side_and_flags_order_them() -> None:
    assert one_core(load, exp).cycles == pytest.approx(LOAD_CYCLES)
    ordered = one_core(load, order, exp)
    assert ordered.cycles == pytest.approx(LOAD_CYCLES + EXP.occupancy + EXP.tail)
    assert ordered.bars[1].stall is Stall.FLAG
    assert ordered.bars[1].cause == 0


def test_a_pop_blocks_what_is_issued_after_it_until_the_signal_has_come() -> None:
    build = TraceBuilder()
    fifo = build.fifo("v2c", slots=8)
    cube, vec = build.core("cube"), build.core("vec")
    exp(vec)
    vec.set_flag(Pipe.V, Pipe.MTE3, 0)
    vec.wait_flag(Pipe.V, Pipe.MTE3, 0)
    vec.talloc(fifo)
    vec.op("TSTORE", Pipe.MTE3, reads=[TILE], writes=[GM_TILE], shape=(32, 256), dtype="f32")
    vec.tpush(fifo, Pipe.MTE3)
    cube.tpop(fifo)
    load(cube, span(Buffer.L1, 0, 32768))
    cube.tfree(fifo)
    run = timeline(timed_program(build.build()))
    store = next(bar for bar in run.bars if bar.pipe == Pipe.MTE3)
    taken = next(bar for bar in run.bars if bar.pipe == Pipe.MTE2)
    assert taken.start == pytest.approx(store.done + SIGNAL_CYCLES)
    assert taken.stall is Stall.DATA


def ring(tiles: int, free_batch: int | None) -> Timeline:
    """A cube that stores `tiles` tiles at once, and a vector core that takes long for each."""
    build = TraceBuilder()
    fifo = build.fifo("c2v", slots=8, slot_bytes=32768)
    cube, vec = build.core("cube"), build.core("vec")
    for _ in range(tiles):
        cube.talloc(fifo)
        cube.op("TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 32768)], writes=[GM_TILE], shape=(32, 256), dtype="f32")
        cube.tpush(fifo, Pipe.FIX)
        vec.tpop(fifo)
        load(vec)
        order(vec)
        for _ in range(8):
            exp(vec)
        vec.set_flag(Pipe.V, Pipe.MTE2, 0)
        vec.wait_flag(Pipe.V, Pipe.MTE2, 0)
        vec.tfree(fifo)
    return timeline(timed_program(build.build(), free_batch))


def test_slots_are_waited_for_and_handed_back_in_batches() -> None:
    assert all(bar.stall is not Stall.SLOT for bar in ring(8, None).bars)
    stores = [bar for bar in ring(16, None).bars if bar.pipe == Pipe.FIX]
    assert [number for number, bar in enumerate(stores) if bar.stall is Stall.SLOT] == [8, 12]
    # Handed back one by one, slot 8 is there after one free instead of four.
    single = [bar for bar in ring(16, 1).bars if bar.pipe == Pipe.FIX]
    assert single[8].start < stores[8].start


def test_contention_slows_the_cubes_traffic_only_and_a_slowdown_everything() -> None:
    plain = one_core(load, order, exp)
    assert one_core(load, order, exp, scale=Scale(contention=2)).cycles == plain.cycles
    assert one_core(load, order, exp, scale=Scale(slowdown=2)).cycles == pytest.approx(2 * plain.cycles)

    def store(core: CoreBuilder) -> None:
        core.op("TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 32768)], writes=[GM_TILE], shape=(32, 256), dtype="f32")

    assert one_core(store, scale=Scale(contention=2)).cycles == pytest.approx(2 * one_core(store).cycles)


def test_a_store_of_fp32_is_charged_two_bytes_an_element() -> None:
    def store(core: CoreBuilder) -> None:
        core.op("TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 65536)], writes=[GM_TILE], shape=(128, 128), dtype="f32")

    assert one_core(store).cycles == pytest.approx(128 * 128 * 2 / (70.0 * 2**30 / 1.85e9))


def test_a_barrier_on_all_pipes_waits_for_all() -> None:
    run = one_core(load, lambda core: core.barrier(Pipe.ALL), exp)
    assert run.cycles == pytest.approx(LOAD_CYCLES + EXP.occupancy + EXP.tail, abs=2 * ISSUE_CYCLES)
    assert run.bars[1].stall is Stall.DRAIN


def test_a_block_that_never_ends_says_who_waits() -> None:
    build = TraceBuilder()
    fifo = build.fifo("c2v", slots=8)
    build.core("cube")
    build.core("vec").tpop(fifo)
    with pytest.raises(Deadlock, match="block 0 vec0 waits for ever: signal 0 of FIFO 0 never comes from block 0 cube"):
        timeline(timed_program(build.build()))


def test_a_trace_of_several_blocks_is_refused() -> None:
    build = TraceBuilder()
    build.core("vec", block=0)
    build.core("vec", block=1)
    with pytest.raises(TraceError, match="needs a trace of one block, this one has 2"):
        timed_program(build.build())
