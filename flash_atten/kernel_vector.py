"""The vector kernel: compute_p, online softmax of a tile's scores, and compute_gu, rescaled accumulation of the output.

Each vector core takes half of a Q block's rows, in `tile_factor` row slices. With x the scores of a row slice and
m, l, o its running maximum, sum and output, per tile:

    m' = max(m, rowmax x);  p = exp((x - m') / sqrt(HEAD));  e = exp((m - m') / sqrt(HEAD));  l = l e + rowsum p
    o = o e + p v                                              (compute_gu, qk_preload tiles later)

The maximum is kept unscaled and every exponent is at most 0. e waits for compute_gu in a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flash_atten.config import HEAD, S0, SCALE, KernelConfig
from flash_atten.kernel_parts import FifoEnds, Launch, allocate, allocate_one
from flash_atten.memory import SCORE_BUFFERS, TileDecl, VectorTiles
from flash_atten.pipeline import Pipeline, Slot, Stages, dispatch_ring, run
from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView, Tile

SLICE_SKEW = {2: 2, 4: 4}
"""Softmax steps that a row slice starts after the one before it, by tile factor.

Steps of several row slices that fall together share one pipe barrier, so a small skew saves barriers: with 7 steps, t
row slices need 6 + skew (t - 1) of them instead of 6 t. But a slice must not be due before its scores have been
loaded into the buffer of the slice SCORE_BUFFERS before it. The load takes about 560 cycles, as long as two steps on
scores, so 4 row slices per tile need a skew of 4. With 2, the next load is for the next tile and compute_gu is between.
"""


@dataclass(frozen=True)
class RowState:
    """One value per row of a row slice, under both of its shapes: the same bytes."""

    column: Tile
    """[rows, 1], for row reductions and row broadcasts."""

    flat: Tile
    """[1, rows], for element-wise operations."""

    @classmethod
    def allocate(cls, decl: TileDecl) -> tuple[RowState, ...]:
        """Allocate what `decl` declares."""
        __tracebackhide__ = True
        flat = pto.TileBufType(shape=[1, decl.rows], dtype=pto.float32)
        return tuple(cls(column, tile.reshape(flat, column)) for column in allocate(decl))


@dataclass(frozen=True)
class VectorBuffers:
    """A vector core's tiles. Tuples run over buffers or row slices, rescale over ring slots and then row slices."""

    scores: tuple[Tile, ...]
    reduce_scratch: Tile
    probabilities: Tile
    pv: tuple[Tile, ...]
    output: tuple[Tile, ...]
    row_max: tuple[RowState, ...]
    new_max: tuple[RowState, ...]
    exponent: tuple[RowState, ...]
    rescale: tuple[tuple[RowState, ...], ...]
    row_sum: tuple[RowState, ...]
    tile_max: RowState
    tile_sum: RowState

    @classmethod
    def allocate(cls, config: KernelConfig) -> VectorBuffers:
        """Allocate what is declared for `config`."""
        tiles, slices = VectorTiles.of(config), config.tile_factor
        rescale = RowState.allocate(tiles.rescale)
        return cls(
            scores=allocate(tiles.scores),
            reduce_scratch=allocate_one(tiles.reduce_scratch),
            probabilities=allocate_one(tiles.probabilities),
            pv=allocate(tiles.pv),
            output=allocate(tiles.output),
            row_max=RowState.allocate(tiles.row_max),
            new_max=RowState.allocate(tiles.new_max),
            exponent=RowState.allocate(tiles.exponent),
            rescale=tuple(rescale[slot * slices : (slot + 1) * slices] for slot in range(config.exp_ring)),
            row_sum=RowState.allocate(tiles.row_sum),
            tile_max=RowState.allocate(tiles.tile_max)[0],
            tile_sum=RowState.allocate(tiles.tile_sum)[0],
        )


@dataclass(frozen=True)
class Vector:
    """All that the stages of the vector kernel work on."""

    config: KernelConfig
    o: TensorView
    """[q_rows, HEAD]."""

    subblock: Scalar
    """Which half of a Q block's rows this vector core has."""

    fifos: FifoEnds
    buffers: VectorBuffers


def build_vector_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the vector kernel."""
    launch = Launch.of(config, arguments)
    vector = Vector(
        config=config,
        o=pto.as_tensor(ptr=arguments["o"], shape=[launch.q_rows, HEAD], strides=[HEAD, 1]),
        subblock=scalar.index_cast(pto.get_subblock_idx()),
        fifos=FifoEnds.open(config, arguments, config.vec_rows),
        buffers=VectorBuffers.allocate(config),
    )
    stages = Stages(
        lead=lambda _, slot: compute_p(vector, slot),
        lead_first=lambda _, __: compute_first_p(vector),
        trail=lambda _, slot: compute_gu(vector, slot),
        trail_alone=lambda _, slot: compute_gu_alone(vector, slot),
        trail_first=lambda _, __: load_first_output(vector),
        ring_slots=config.exp_ring,
    )
    for block in launch.blocks():
        run(Pipeline(stages, launch.tiles, config.qk_preload))
        store_output(vector, block)


Step = Callable[[], None]
"""Operations of a row slice that do not depend on each other."""


def compute_p(vector: Vector, slot: Slot) -> None:
    """Softmax of the next tile of scores: probabilities into the P FIFO, rescale factors into ring slot `slot`."""
    emit_softmax(vector, [softmax_steps(vector, slot, i) for i in range(vector.config.tile_factor)])


def compute_first_p(vector: Vector) -> None:
    """Softmax of a Q block's first tile: there is no maximum and no sum to go on from, and nothing to rescale."""
    emit_softmax(vector, [first_softmax_steps(vector, i) for i in range(vector.config.tile_factor)])


def emit_softmax(vector: Vector, steps: Sequence[Sequence[Step]]) -> None:
    """Take a tile of scores from its FIFO, run the steps of all row slices, hand its probabilities over."""
    vector.fifos.qk.pop()
    for row_slice in range(SCORE_BUFFERS):
        load_scores(vector, row_slice)
    emit_skewed(steps, SLICE_SKEW[vector.config.tile_factor])
    vector.fifos.p.push()


def emit_skewed(slices: Sequence[Sequence[Step]], skew: int) -> None:
    """Emit the steps of all row slices, each slice `skew` steps behind the one before it."""
    length = max(len(steps) for steps in slices) + skew * (len(slices) - 1)
    for time in range(length):
        for number, steps in enumerate(slices):
            step = time - skew * number
            if 0 <= step < len(steps):
                steps[step]()


def softmax_steps(vector: Vector, slot: Slot, row_slice: int) -> list[Step]:
    """Return the steps of a row slice; each depends on the one before it."""
    buffers = vector.buffers
    scores, scratch = buffers.scores[row_slice % SCORE_BUFFERS], buffers.reduce_scratch
    row_max, new_max = buffers.row_max[row_slice].flat, buffers.new_max[row_slice]
    exponent, row_sum = buffers.exponent[row_slice].flat, buffers.row_sum[row_slice].flat

    def reduce_max() -> None:
        tile.row_max(scores, scratch, buffers.tile_max.column)

    def update_max() -> None:
        tile.max(row_max, buffers.tile_max.flat, new_max.flat)

    def subtract() -> None:
        tile.row_expand_sub(scores, new_max.column, scores)
        tile.sub(row_max, new_max.flat, exponent)

    def scale() -> None:
        tile.muls(scores, SCALE, scores)
        tile.muls(exponent, SCALE, exponent)
        tile.mov(new_max.flat, row_max)

    def exponentiate() -> None:
        tile.exp(scores, scores)
        with_rescale(vector, slot, row_slice, lambda rescale: tile.exp(exponent, rescale.flat))

    def deliver() -> None:
        store_probabilities(vector, row_slice)
        with_rescale(vector, slot, row_slice, lambda rescale: tile.mul(row_sum, rescale.flat, row_sum))
        tile.row_sum(scores, scratch, buffers.tile_sum.column)
        load_following_scores(vector, row_slice)

    def update_sum() -> None:
        tile.add(row_sum, buffers.tile_sum.flat, row_sum)

    return [reduce_max, update_max, subtract, scale, exponentiate, deliver, update_sum]


def first_softmax_steps(vector: Vector, row_slice: int) -> list[Step]:
    """Return the steps of a row slice of a Q block's first tile, which starts maximum and sum."""
    buffers = vector.buffers
    scores, scratch = buffers.scores[row_slice % SCORE_BUFFERS], buffers.reduce_scratch
    row_max, row_sum = buffers.row_max[row_slice].column, buffers.row_sum[row_slice].column

    def reduce_max() -> None:
        tile.row_max(scores, scratch, row_max)

    def subtract() -> None:
        tile.row_expand_sub(scores, row_max, scores)

    def scale() -> None:
        tile.muls(scores, SCALE, scores)

    def exponentiate() -> None:
        tile.exp(scores, scores)

    def deliver() -> None:
        store_probabilities(vector, row_slice)
        tile.row_sum(scores, scratch, row_sum)
        load_following_scores(vector, row_slice)

    return [reduce_max, subtract, scale, exponentiate, deliver]


def with_rescale(vector: Vector, slot: Slot, row_slice: int, body: Callable[[RowState], None]) -> None:
    """Emit `body` on the rescale factors of a row slice in a ring slot.

    Only what touches the ring is in a branch. The rest of the softmax is straight-line code, so that the assembler can
    let the next tile's loads start as soon as a score buffer is free, in the middle of this tile's work.
    """
    rescale = vector.buffers.rescale
    dispatch_ring(slot, vector.config.exp_ring, lambda known: body(rescale[known][row_slice]))


def load_scores(vector: Vector, row_slice: int) -> None:
    """Load the scores of a row slice; after the last one the QK slot is free."""
    config, qk = vector.config, vector.fifos.qk
    rows = config.slice_rows
    pto.load(qk.part(row_slice * rows, rows, 0, config.s1_tile), vector.buffers.scores[row_slice % SCORE_BUFFERS])
    if row_slice == config.tile_factor - 1:
        qk.free()


def load_following_scores(vector: Vector, row_slice: int) -> None:
    """Load the row slice that takes over the score buffer of `row_slice`, if the tile has one."""
    following = row_slice + SCORE_BUFFERS
    if following < vector.config.tile_factor:
        load_scores(vector, following)


def store_probabilities(vector: Vector, row_slice: int) -> None:
    """Round a row slice of probabilities to fp16 and store it into the P slot, taken before the first one."""
    config, buffers, p = vector.config, vector.buffers, vector.fifos.p
    rows = config.slice_rows
    tile.cvt(buffers.scores[row_slice % SCORE_BUFFERS], buffers.probabilities)
    if row_slice == 0:
        p.alloc()
    pto.store(buffers.probabilities, p.part(row_slice * rows, rows, 0, config.s1_tile))


def load_pv(vector: Vector, destinations: Sequence[Tile]) -> None:
    """Load the next PV, row slice by row slice, and free its slot."""
    pv, rows = vector.fifos.pv, vector.config.slice_rows
    pv.pop()
    for row_slice, destination in enumerate(destinations):
        pto.load(pv.part(row_slice * rows, rows, 0, HEAD), destination)
    pv.free()


def load_first_output(vector: Vector) -> None:
    """Start the output of a Q block with the PV of its first tile."""
    load_pv(vector, vector.buffers.output)


def compute_gu(vector: Vector, slot: Slot) -> None:
    """Rescale the output by ring slot `slot` and add the next PV."""
    dispatch_ring(slot, vector.config.exp_ring, lambda known: accumulate(vector, known))


def compute_gu_alone(vector: Vector, slot: Slot) -> None:
    """Do the same in the epilogue."""
    dispatch_ring(slot, vector.config.exp_ring, lambda known: accumulate_alone(vector, known))


def accumulate(vector: Vector, slot: int) -> None:
    """Rescale and add with the tiles of one ring slot.

    Per row slice the two operations are adjacent, with nothing but synchronisation between them, and the wait for PV
    is part of that: the `gu` pattern of the barrier patcher. That is why PV is loaded here, in the same branch.
    """
    buffers = vector.buffers
    load_pv(vector, buffers.pv)
    for output, rescale, pv in zip(buffers.output, buffers.rescale[slot], buffers.pv, strict=True):
        tile.row_expand_mul(output, rescale.column, output)
        tile.add(output, pv, output)


def accumulate_alone(vector: Vector, slot: int) -> None:
    """Rescale all row slices, then add: not the `gu` pattern, on purpose.

    In the steady state the barriers of the softmax separate an accumulation from the next one, so those of `gu` can go.
    Here one accumulation follows the other, and all its additions have to be complete before the next rescaling. The
    row slices are taken from the last one on: that is the one added last before, so the first rescaling waits for all.
    """
    buffers = vector.buffers
    load_pv(vector, buffers.pv)
    slices = list(reversed(range(vector.config.tile_factor)))
    for i in slices:
        tile.row_expand_mul(buffers.output[i], buffers.rescale[slot][i].column, buffers.output[i])
    for i in slices:
        tile.add(buffers.output[i], buffers.pv[i], buffers.output[i])


def store_output(vector: Vector, block: Scalar) -> None:
    """Divide the output of a Q block by the row sums and store it to O."""
    config, buffers = vector.config, vector.buffers
    rows = config.slice_rows
    for row_slice, (output, row_sum) in enumerate(zip(buffers.output, buffers.row_sum, strict=True)):
        tile.row_expand_div(output, row_sum.column, output)
        row = block * S0 + vector.subblock * config.vec_rows + row_slice * rows
        pto.store(output, pto.slice_view(source=vector.o, offsets=[row, 0], sizes=[rows, HEAD]))
