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
from functools import partial

from flash_atten.config import HEAD, S0, SCALE, KernelConfig
from flash_atten.kernel_parts import FifoEnds, Launch, RowState, Unit, allocate, allocate_one
from flash_atten.kernel_results import ResultViews, store_lse, store_partial
from flash_atten.memory import SCORE_BUFFERS, VectorTiles
from flash_atten.pipeline import Pipeline, Slot, Stages, dispatch_ring, run
from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView, Tile

FACTORS_COPIED_AT = 1
"""The time in a tile's softmax at which the rescale factors for compute_gu are copied out of the ring.

At time 0 nothing orders the copy after its last use: the barrier behind that may be removed (the `gu` pattern).
"""

SLICE_SKEW = {2: 2, 4: 4}
"""Softmax steps that a row slice starts after the one before it, by tile factor.

Steps of several row slices that fall together share one pipe barrier, so a small skew saves barriers: with 7 steps, t
row slices need 6 + skew (t - 1) of them instead of 6 t. But a slice must not be due before its scores have been
loaded into the buffer of the slice SCORE_BUFFERS before it. The load takes about 560 cycles, as long as two steps on
scores, so 4 row slices per tile need a skew of 4. With 2, the next load is for the next tile and compute_gu is between.
"""


@dataclass(frozen=True)
class ScoreBuffers:
    """The tiles of a vector core that are alike in all schedules; scores per buffer, pv per part of the output."""

    scores: tuple[Tile, ...]
    reduce_scratch: Tile
    probabilities: Tile
    pv: tuple[Tile, ...]


@dataclass(frozen=True)
class VectorCore:
    """What scores are taken from and probabilities handed over with, whatever the schedule."""

    config: KernelConfig
    fifos: FifoEnds
    buffers: ScoreBuffers


@dataclass(frozen=True)
class VectorBuffers(ScoreBuffers):
    """A vector core's tiles. Tuples run over buffers or row slices, rescale over ring slots and then row slices."""

    output: tuple[Tile, ...]
    row_max: tuple[RowState, ...]
    new_max: tuple[RowState, ...]
    exponent: tuple[RowState, ...]
    rescale: tuple[tuple[RowState, ...], ...]
    factor: tuple[RowState, ...]
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
            factor=RowState.allocate(tiles.factor),
            row_sum=RowState.allocate(tiles.row_sum),
            tile_max=RowState.allocate(tiles.tile_max)[0],
            tile_sum=RowState.allocate(tiles.tile_sum)[0],
        )


@dataclass(frozen=True)
class Vector(VectorCore):
    """All that the stages of the vector kernel work on."""

    buffers: VectorBuffers
    o: TensorView
    """[q_rows, HEAD], of all heads."""

    results: ResultViews | None
    """Where partial results and log-sum-exps go, if the kernel has any."""

    subblock: Scalar
    """Which half of a Q block's rows this vector core has."""


def build_vector_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the vector kernel."""
    launch = Launch.of(config, arguments)
    vector = Vector(
        config=config,
        o=pto.as_tensor(ptr=arguments["o"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
        results=ResultViews.open(config, arguments, launch),
        subblock=scalar.index_cast(pto.get_subblock_idx()),
        fifos=FifoEnds.open(config, arguments, config.vec_rows),
        buffers=VectorBuffers.allocate(config),
    )
    stages = Stages(
        lead=lambda _, slot: compute_p(vector, slot),
        lead_first=lambda _, __: compute_first_p(vector),
        trail=lambda _, slot: compute_gu(vector, slot),
        trail_first=lambda _, __: load_first_output(vector),
        interleaved=lambda _, trail_slot, lead_slot: compute_p_and_gu(vector, lead_slot, trail_slot),
        ring_slots=config.exp_ring,
    )
    for unit in launch.units():
        run(Pipeline(stages, launch.tiles, config.qk_preload))
        store_results(vector, unit)


Step = Callable[[], None]
"""Operations of a row slice that do not depend on each other."""


Track = tuple[int, Sequence[Step]]
"""Steps one after the other, and the time of the first."""


def compute_p(vector: Vector, slot: Slot) -> None:
    """Softmax of the next tile of scores: probabilities into the P FIFO, rescale factors into ring slot `slot`."""
    emit_softmax(vector, skewed(vector, [softmax_steps(vector, slot, i) for i in range(vector.config.tile_factor)]))


def compute_first_p(vector: Vector) -> None:
    """Softmax of a Q block's first tile: there is no maximum and no sum to go on from, and nothing to rescale."""
    emit_softmax(vector, skewed(vector, [first_softmax_steps(vector, i) for i in range(vector.config.tile_factor)]))


def compute_p_and_gu(vector: Vector, lead_slot: Slot, trail_slot: Slot) -> None:
    """Softmax of the next tile of scores, and in its last steps compute_gu with the factors in ring slot `trail_slot`.

    A row slice is accumulated per step, so that the barrier inside compute_gu is also the one between two steps of the
    softmax. It also keeps apart the two TROWEXPANDMUL around it, which both work in the library's scratch.
    """
    factors = vector.buffers.factor
    softmax = skewed(vector, [softmax_steps(vector, lead_slot, i) for i in range(vector.config.tile_factor)])
    accumulation = accumulate_steps(vector, factors)
    copy: Track = (FACTORS_COPIED_AT, [lambda: copy_factors(vector, trail_slot, factors)])
    emit_softmax(vector, [*softmax, copy, (end_of(softmax) - len(accumulation), accumulation)])


def skewed(vector: Vector, slices: Sequence[Sequence[Step]]) -> list[Track]:
    """Give each row slice its time: SLICE_SKEW steps behind the one before it."""
    skew = SLICE_SKEW[vector.config.tile_factor]
    return [(skew * number, steps) for number, steps in enumerate(slices)]


def end_of(tracks: Sequence[Track]) -> int:
    """Return the time after the last step."""
    return max(start + len(steps) for start, steps in tracks)


def emit_softmax(vector: Vector, tracks: Sequence[Track]) -> None:
    """Take a tile of scores from its FIFO and emit all steps in order of time; tracks of one time in their order."""
    vector.fifos.qk.pop()
    for row_slice in range(SCORE_BUFFERS):
        load_scores(vector, row_slice)
    for time in range(end_of(tracks)):
        for start, steps in tracks:
            if 0 <= time - start < len(steps):
                steps[time - start]()


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


def load_scores(core: VectorCore, row_slice: int) -> None:
    """Load the scores of a row slice; after the last one the QK slot is free."""
    config, qk = core.config, core.fifos.qk
    rows = config.slice_rows
    pto.load(qk.part(row_slice * rows, rows, 0, config.s1_tile), core.buffers.scores[row_slice % SCORE_BUFFERS])
    if row_slice == config.tile_factor - 1:
        qk.free()


def load_following_scores(core: VectorCore, row_slice: int) -> None:
    """Load the row slice that takes over the score buffer of `row_slice`, if the tile has one."""
    following = row_slice + SCORE_BUFFERS
    if following < core.config.tile_factor:
        load_scores(core, following)


def store_probabilities(core: VectorCore, row_slice: int) -> None:
    """Round a row slice of probabilities to fp16 and store it into the P slot.

    The slot is taken before the first row slice and handed over after the last.
    """
    config, buffers, p = core.config, core.buffers, core.fifos.p
    rows = config.slice_rows
    tile.cvt(buffers.scores[row_slice % SCORE_BUFFERS], buffers.probabilities)
    if row_slice == 0:
        p.alloc()
    pto.store(buffers.probabilities, p.part(row_slice * rows, rows, 0, config.s1_tile))
    if row_slice == config.tile_factor - 1:
        p.push()


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
    """Rescale the output by ring slot `slot` and add the next PV: in the epilogue, where there is no softmax.

    The factors are copied to tiles that no accumulation of the steady state has read.
    """
    factors = vector.buffers.exponent
    copy_factors(vector, slot, factors)
    for step in accumulate_steps(vector, factors):
        step()


def copy_factors(vector: Vector, slot: Slot, factors: Sequence[RowState]) -> None:
    """Copy the rescale factors of a ring slot to tiles with known addresses, so that what uses them needs no branch."""

    def copy(known: int) -> None:
        for factor, rescale in zip(factors, vector.buffers.rescale[known], strict=True):
            tile.mov(rescale.flat, factor.flat)

    dispatch_ring(slot, vector.config.exp_ring, copy)


def accumulate_steps(vector: Vector, factors: Sequence[RowState]) -> list[Step]:
    """Return a step per row slice: rescale its output and add the next PV, which the first step loads.

    The two operations of a step are adjacent, with nothing but synchronisation between them, and the wait for PV is
    part of that: the `gu` pattern of the barrier patcher.
    """
    buffers = vector.buffers

    def accumulate(i: int) -> None:
        if i == 0:
            load_pv(vector, buffers.pv)
        tile.row_expand_mul(buffers.output[i], factors[i].column, buffers.output[i])
        tile.add(buffers.output[i], buffers.pv[i], buffers.output[i])

    return [partial(accumulate, i) for i in range(vector.config.tile_factor)]


def store_results(vector: Vector, unit: Unit) -> None:
    """Store what a unit leaves: a part of S1 its partial results, all of S1 the output."""
    config, buffers, results = vector.config, vector.buffers, vector.results
    if results is not None and config.kv_split > 1:
        row = unit.number * S0 + vector.subblock * config.vec_rows
        store_partial(results, row, buffers.output, buffers.row_max, buffers.row_sum)
        return
    store_output(vector, unit.block)
    if results is not None:
        row = unit.block * S0 + vector.subblock * config.vec_rows
        store_lse(results, row, buffers.row_max, buffers.row_sum, buffers.exponent)


def store_output(vector: Vector, block: Scalar) -> None:
    """Divide the output of a Q block by the row sums and store it to O.

    The row slices are taken from the last one on: that one was added last, so the first division waits for all that
    the accumulation did, and nothing here needs the barrier between its last two operations (the `gu` pattern).
    """
    config, buffers = vector.config, vector.buffers
    rows = config.slice_rows
    for row_slice in reversed(range(config.tile_factor)):
        output = buffers.output[row_slice]
        tile.row_expand_div(output, buffers.row_sum[row_slice].column, output)
        row = block * S0 + vector.subblock * config.vec_rows + row_slice * rows
        pto.store(output, pto.slice_view(source=vector.o, offsets=[row, 0], sizes=[rows, HEAD]))
