"""The vector kernel of the fast schedule: passes over a core's Q blocks, with the stages of `fast_softmax`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flash_atten.config import HEAD, S0, KernelConfig
from flash_atten.fast_passes import Pass, Phases, all_passes
from flash_atten.fast_softmax import (
    NO_MAXIMUM,
    FastVectorBuffers,
    Turn,
    accumulate,
    emit,
    finish,
    inverse_steps,
    restart_operations,
)
from flash_atten.kernel_parts import FifoEnds, Launch
from flash_atten.memory import output_parts
from flash_atten.pipeline import Stages, epilogue, hand_over, prologue, steady
from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView


@dataclass(frozen=True)
class FastVector:
    """All that the vector kernel works on."""

    config: KernelConfig
    o: TensorView
    """[q_rows, HEAD]."""

    subblock: Scalar
    """Which half of a Q block's rows this vector core has."""

    fifos: FifoEnds
    buffers: FastVectorBuffers

    def turn(self, one: Pass, lane: int, s1_tile: Scalar | int) -> Turn:
        """Return a tile of a lane."""
        slot = (one.tiles_before + s1_tile) % one.ring_slots
        return Turn(self.config, self.fifos, self.buffers, lane, self.buffers.rescale[lane :: one.lanes], slot)


def build_fast_vector_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the vector kernel."""
    launch = Launch.of(config, arguments)
    vector = FastVector(
        config=config,
        o=pto.as_tensor(ptr=arguments["o"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
        subblock=scalar.index_cast(pto.get_subblock_idx()),
        fifos=FifoEnds.open(config, arguments, config.vec_rows),
        buffers=FastVectorBuffers.allocate(config),
    )
    for passes in all_passes(config, launch):
        passes.emit(phases_of(vector))


def phases_of(vector: FastVector) -> Phases:
    """Return what a vector core does in each phase of a pass."""

    def begin(one: Pass) -> None:
        one.each(lambda lane: start(vector, lane))
        prologue(one.pipeline(stages_of(vector, one)))

    def go_on(one: Pass, following: Pass) -> None:
        def join(trail: Scalar, lead: Scalar, *, restart: bool = False) -> None:
            turns = [vector.turn(following, lane, lead) for lane in range(one.lanes)]
            last = vector.turn(one, one.lanes - 1, one.tiles + lead - 1)
            for lane, (turn, before) in enumerate(zip(turns, [last, *turns], strict=False)):
                more = restart_operations(turn) if restart else []
                emit(turn, vector.turn(one, lane, trail), before, more)

        hand_over(one.pipeline(stages_of(vector, one)), partial(join, restart=True), join)
        store_outputs(vector, one)
        one.each(lambda lane: clear_output(vector, lane))

    def end(one: Pass) -> None:
        finish(vector.turn(one, one.lanes - 1, one.tiles - 1))
        for step in zip(*(inverse_steps(vector.buffers, lane) for lane in range(one.lanes)), strict=True):
            for operation in step:
                operation()
        epilogue(one.pipeline(stages_of(vector, one)))
        store_outputs(vector, one)

    return Phases(begin, lambda one: steady(one.pipeline(stages_of(vector, one))), go_on, end)


def stages_of(vector: FastVector, one: Pass) -> Stages:
    """Return what a vector core does in a pass."""

    def softmax(lead: Scalar, trail: Scalar | None, *, first: bool = False) -> None:
        turns = [vector.turn(one, lane, lead) for lane in range(one.lanes)]
        last = None if first else vector.turn(one, one.lanes - 1, lead - 1)
        for lane, (turn, before) in enumerate(zip(turns, [last, *turns], strict=False)):
            emit(turn, None if trail is None else vector.turn(one, lane, trail), before)

    return Stages(
        lead_first=lambda s1_tile, _: softmax(s1_tile, None, first=True),
        lead=lambda s1_tile, _: softmax(s1_tile, None),
        trail=lambda s1_tile, _: one.each(lambda lane: accumulate(vector.turn(one, lane, s1_tile))),
        interleaved=lambda s1_tile, *_: softmax(s1_tile + one.ring_slots, s1_tile),
    )


def start(vector: FastVector, lane: int) -> None:
    """Set a lane to the state before its first tile. Nothing of the block before it is left, a NaN neither."""
    buffers = vector.buffers
    tile.expands(NO_MAXIMUM, buffers.row_max[lane].flat)
    tile.expands(NO_MAXIMUM, buffers.tile_max.flat)
    tile.expands(0.0, buffers.row_sum[lane].flat)
    clear_output(vector, lane)


def clear_output(vector: FastVector, lane: int) -> None:
    """Set the output of a lane to 0."""
    for output in vector.buffers.output[lane]:
        tile.expands(0.0, output)


def store_outputs(vector: FastVector, one: Pass) -> None:
    """Divide the outputs of a pass by the row sums and store them to O.

    From the last part of the last lane on: that one was added to last, so the barrier in front of the first operation
    has a purpose.
    """
    for lane, block in reversed(list(enumerate(one.blocks))):
        store_output(vector, lane, block)


def store_output(vector: FastVector, lane: int, block: Scalar) -> None:
    """Divide the output of a Q block by the row sums and store it to O, its last part first."""
    config, buffers = vector.config, vector.buffers
    rows = config.vec_rows // output_parts(config)
    for part, output in reversed(list(enumerate(buffers.output[lane]))):
        tile.row_expand_mul(output, buffers.inverse_sum[lane].parts[part], output)
        row = block * S0 + vector.subblock * config.vec_rows + part * rows
        pto.store(output, pto.slice_view(source=vector.o, offsets=[row, 0], sizes=[rows, HEAD]))
