"""Tests of the schedule that pictures show, and of the picture."""

from __future__ import annotations

from pathlib import Path

from cli.testing import run_program
from isa.pipes import Pipe
from sim.canned import build_canned
from sim.schedule import Bar, schedule
from tracing.builder import TraceBuilder, span
from tracing.format import Buffer, Trace

A, SLOT = span(Buffer.UB, 0, 128), span(Buffer.GM, 4096, 128)


def pipeline() -> Trace:
    """A vector core stores two slots, the cube loads them; the second vector core takes part."""
    build = TraceBuilder()
    fifo = build.fifo("v2c", slots=1)
    cube = build.core("cube")
    for subblock in range(2):
        vec = build.core("vec", subblock=subblock)
        for _ in range(2):
            vec.op("TEXP", Pipe.V, writes=[A])
            vec.barrier(Pipe.V)
            vec.op("TLOG", Pipe.V, reads=[A], writes=[A])
            vec.set_flag(Pipe.V, Pipe.MTE3, 0)
            vec.wait_flag(Pipe.V, Pipe.MTE3, 0)
            vec.talloc(fifo)
            vec.op("TSTORE", Pipe.MTE3, reads=[A], writes=[SLOT])
            vec.tpush(fifo, Pipe.MTE3)
    for _ in range(2):
        cube.tpop(fifo)
        cube.op("TLOAD", Pipe.MTE2, reads=[SLOT], writes=[span(Buffer.L1, 0, 128)])
        cube.tfree(fifo)
    return build.build()


def starts(bars: tuple[Bar, ...], core: int, pipe: Pipe) -> list[int]:
    return [bar.start for bar in bars if bar.lane == (core, pipe)]


def test_operations_start_as_soon_as_queues_and_signals_allow() -> None:
    plan = schedule(pipeline(), 0)
    assert starts(plan.bars, 1, Pipe.V) == [0, 1, 2, 3]
    assert starts(plan.bars, 0, Pipe.MTE2) == [3, 5]
    assert starts(plan.bars, 1, Pipe.MTE3) == [2, 4]  # the flag of V, and then also the only slot, are there


def test_signals_are_received_when_they_were_sent_or_later() -> None:
    plan = schedule(pipeline(), 0)
    assert {arrow.label for arrow in plan.arrows} == {"flag", "v2c"}
    assert all(arrow.received >= arrow.sent for arrow in plan.arrows)
    assert [time for lane, time in plan.barriers if lane == (1, Pipe.V)] == [1, 3]


def test_a_barrier_on_all_pipes_and_a_wait_of_the_scalar_unit_hold_back_the_core() -> None:
    build = TraceBuilder()
    vec = build.core("vec")
    vec.op("TLOAD", Pipe.MTE2, writes=[A])
    vec.op("TLOAD", Pipe.MTE2, writes=[A])
    vec.barrier(Pipe.ALL)
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.set_flag(Pipe.V, Pipe.S, 0)
    vec.wait_flag(Pipe.V, Pipe.S, 0)
    vec.op("TSTORE", Pipe.MTE3, reads=[A], writes=[SLOT])
    plan = schedule(build.build(), 0)
    assert starts(plan.bars, 0, Pipe.V) == [2]
    assert starts(plan.bars, 0, Pipe.MTE3) == [3]
    assert plan.barriers == (((0, Pipe.S), 2),)
    assert [(arrow.target, arrow.received) for arrow in plan.arrows] == [((0, Pipe.S), 3)]


def test_cores_can_be_left_out() -> None:
    plan = schedule(pipeline(), 0, lambda core: core.subblock == 0)
    assert {bar.lane[0] for bar in plan.bars} == {0, 1}
    assert {arrow.source[0] for arrow in plan.arrows} == {1}


def test_picture_has_the_lanes_and_is_the_same_every_time(tmp_path: Path) -> None:
    library = build_canned(tmp_path, pipeline())
    pictures = []
    for name in ("a.svg", "b.svg"):
        output = tmp_path / name
        done = run_program("sim.picture_main", f"--so={library}", f"--output={output}", "--first=0", "--last=10")
        assert done.returncode == 0, done.stderr
        pictures.append(output.read_text(encoding="utf-8"))
    assert pictures[0] == pictures[1]
    assert ">cube MTE2<" in pictures[0]
    assert ">vec0 V<" in pictures[0]


def test_picture_of_no_time_is_a_mistake(tmp_path: Path) -> None:
    done = run_program("sim.picture_main", "--first=9", "--last=9", f"--output={tmp_path / 'x.svg'}")
    assert done.returncode == 2
    assert "--last=9 must be greater than --first=9" in done.stderr
