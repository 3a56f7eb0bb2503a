"""For tests: a pipeline of a cube and a vector core whose cost is known, in place of a kernel's trace."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.timeline.blocks import BlockTimes
from sim.timeline.program import TimedProgram, timed_program
from tracing.builder import TraceBuilder, span
from tracing.format import Buffer, Trace

SCORES = span(Buffer.UB, 0, 32768)
TILE_COLUMNS = 256
"""Rows of K and V per tile."""


def pipeline(tiles: int, blocks: int = 1) -> Trace:
    """Return a trace of `blocks` Q blocks: scores from cube to vector, and back, with an exp per tile."""
    build = TraceBuilder("pipeline.cpp")
    scores = build.fifo("c2v", slots=8, slot_bytes=128 * TILE_COLUMNS * 4)
    weights = build.fifo("v2c", slots=8, slot_bytes=128 * TILE_COLUMNS * 2)
    cube, vec = build.core("cube"), build.core("vec")
    gm = span(Buffer.GM, 1 << 40, 32768)
    for _ in range(tiles * blocks):
        cube.talloc(scores, line=1)
        cube.op(
            "TLOAD", Pipe.MTE2, reads=[gm], writes=[span(Buffer.L1, 0, 32768)], shape=(128, 128), dtype="f16", line=2
        )
        cube.set_flag(Pipe.MTE2, Pipe.FIX, 0, line=3)
        cube.wait_flag(Pipe.MTE2, Pipe.FIX, 0, line=3)
        cube.op(
            "TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 65536)], writes=[gm], shape=(128, 128), dtype="f32", line=4
        )
        cube.tpush(scores, Pipe.FIX, line=5)
        vec.tpop(scores, line=6)
        vec.op("TLOAD", Pipe.MTE2, reads=[gm], writes=[SCORES], shape=(32, 256), dtype="f32", line=7)
        vec.set_flag(Pipe.MTE2, Pipe.V, 0, line=8)
        vec.wait_flag(Pipe.MTE2, Pipe.V, 0, line=8)
        vec.tfree(scores, line=9)
        vec.op("TEXP", Pipe.V, reads=[SCORES], writes=[SCORES], shape=(32, 256), dtype="f32", line=10)
        vec.barrier(Pipe.V, line=11)
        vec.set_flag(Pipe.V, Pipe.MTE3, 0, line=12)
        vec.wait_flag(Pipe.V, Pipe.MTE3, 0, line=12)
        vec.talloc(weights, line=13)
        vec.op("TSTORE", Pipe.MTE3, reads=[SCORES], writes=[gm], shape=(32, 256), dtype="f32", line=14)
        vec.tpush(weights, Pipe.MTE3, line=15)
        cube.tpop(weights, line=16)
        cube.op(
            "TLOAD", Pipe.MTE2, reads=[gm], writes=[span(Buffer.L1, 0, 32768)], shape=(128, 128), dtype="f16", line=17
        )
        cube.tfree(weights, line=18)
    return build.build()


def program(tiles: int, blocks: int = 1) -> TimedProgram:
    """Return the same with costs."""
    return timed_program(pipeline(tiles, blocks))


def block_times(tiles: int) -> BlockTimes:
    """Return the traces of one and of two Q blocks."""
    return BlockTimes(program(tiles), program(tiles, 2))
