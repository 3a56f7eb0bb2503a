"""A bar belongs to the tile whose slot its stage pushes, or has popped; when a slot is freed does not matter."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.timeline.origins import Origin
from sim.timeline.program import timed_program
from sim.timeline.stages import labels
from sim.timeline.testing import SCORES
from sim.timeline.times import timeline
from tracing.builder import TraceBuilder, span
from tracing.format import Buffer

POP, LOAD, FREE, WORK = 1, 2, 3, 4
TILES = 3


def stage_of(file: str, line: int) -> str | None:
    return "consume" if line in (POP, LOAD, FREE, WORK) else "produce"


def test_a_stage_that_frees_a_slot_before_it_works_on_the_tile_keeps_its_number() -> None:
    build = TraceBuilder("early.cpp")
    fifo = build.fifo("c2v", slots=8, slot_bytes=128 * 256 * 4)
    cube, vec = build.core("cube"), build.core("vec")
    gm = span(Buffer.GM, 1 << 40, 32768)
    for _ in range(TILES):
        cube.talloc(fifo, line=11)
        cube.op(
            "TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 65536)], writes=[gm], line=12, shape=(32, 256), dtype="f32"
        )
        cube.tpush(fifo, Pipe.FIX, line=13)
        vec.tpop(fifo, line=POP)
        vec.op("TLOAD", Pipe.MTE2, reads=[gm], writes=[SCORES], line=LOAD, shape=(32, 256), dtype="f32")
        vec.set_flag(Pipe.MTE2, Pipe.V, 0, line=LOAD)
        vec.tfree(fifo, line=FREE)
        vec.wait_flag(Pipe.MTE2, Pipe.V, 0, line=WORK)
        vec.op("TEXP", Pipe.V, reads=[SCORES], writes=[SCORES], line=WORK, shape=(32, 256), dtype="f32")
        vec.barrier(Pipe.ALL, line=WORK)
    run = timeline(timed_program(build.build()))
    origins = {line: Origin(1, "", "a.py", line) for line in (POP, LOAD, FREE, WORK, 11, 12, 13)}
    named = labels(run, origins, stage_of)
    for pipe in (Pipe.FIX, Pipe.MTE2, Pipe.V):
        assert [label.tile for bar, label in zip(run.bars, named, strict=True) if label and bar.pipe == pipe] == list(
            range(TILES)
        )
