"""The second kernel of a split S1: combine the partial results of a Q block's parts. Vector cores only.

With (o_p, m_p, l_p) the partial result of part p (see kernel_results.py), for each row:

    m = max m_p;  e_p = exp((m_p - m) / sqrt(HEAD));  l = sum l_p e_p;  o = sum o_p (e_p / l)

Every exponent is at most 0, and the factor of the part that has the maximum is 1 / l, so nothing overflows. What is
divided is the factors, not the output: that is half a repeat instead of a broadcast and 64 repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flash_atten.config import HEAD, S0, SCALE, KernelConfig
from flash_atten.kernel_parts import Launch, RowState, allocate
from flash_atten.kernel_results import ResultViews, output_slice_of, row_slice_of, store_lse
from flash_atten.memory import REDUCE_ROWS, ReduceTiles
from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView, Tile


@dataclass(frozen=True)
class SliceBuffers:
    """The tiles of one row slice; tuples run over the parts of S1."""

    output: tuple[Tile, ...]
    row_max: tuple[RowState, ...]
    row_sum: tuple[RowState, ...]
    factor: tuple[RowState, ...]
    new_max: RowState

    @classmethod
    def allocate(cls, config: KernelConfig) -> list[SliceBuffers]:
        """Allocate what is declared for `config`, row slice by row slice."""
        tiles, parts = ReduceTiles.of(config), config.kv_split
        output, new_max = allocate(tiles.output), RowState.allocate(tiles.new_max)
        row_max, row_sum, factor = map(RowState.allocate, (tiles.row_max, tiles.row_sum, tiles.factor))
        of_slices = [slice(number * parts, (number + 1) * parts) for number in range(len(new_max))]
        return [
            cls(output[of], row_max[of], row_sum[of], factor[of], top)
            for of, top in zip(of_slices, new_max, strict=True)
        ]


@dataclass(frozen=True)
class Reduction:
    """All that the kernel works on."""

    o: TensorView
    """[q_rows, HEAD], of all heads."""

    results: ResultViews
    subblock: Scalar
    """Which half of a Q block's rows this vector core has."""


def build_reduce_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the kernel: Q block after Q block, each vector core its half in row slices."""
    launch = Launch.of(config, arguments)
    results = ResultViews.open(config, arguments, launch)
    assert results is not None
    reduction = Reduction(
        o=pto.as_tensor(ptr=arguments["o"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
        results=results,
        subblock=scalar.index_cast(pto.get_subblock_idx()),
    )
    slices = SliceBuffers.allocate(config)
    for block in launch.blocks():
        units = launch.units_of(block)
        for number, buffers in enumerate(slices):
            row = reduction.subblock * config.vec_rows + number * REDUCE_ROWS
            load_partials(results, [unit * S0 + row for unit in units], buffers)
            combine(buffers)
            store_combined(reduction, block * S0 + row, buffers)


def load_partials(results: ResultViews, starts: Sequence[Scalar], buffers: SliceBuffers) -> None:
    """Load the partial results of a row slice, which begin at `starts`.

    Part by part: in the order of their use the loads would need an event id each, more than there are for 4 parts.
    """
    for at, top, total, output in zip(starts, buffers.row_max, buffers.row_sum, buffers.output, strict=True):
        pto.load(row_slice_of(results.row_max, at, REDUCE_ROWS), top.flat)
        pto.load(row_slice_of(results.row_sum, at, REDUCE_ROWS), total.flat)
        pto.load(output_slice_of(results.output, at, REDUCE_ROWS), output)


def combine(buffers: SliceBuffers) -> None:
    """Combine a row slice: the output in its first part's tile, the row sum in the first part's row state."""
    new_max, factors = buffers.new_max.flat, [state.flat for state in buffers.factor]
    row_max, row_sum = ([state.flat for state in states] for states in (buffers.row_max, buffers.row_sum))
    tile.max(row_max[0], row_max[1], new_max)
    for top in row_max[2:]:
        tile.max(new_max, top, new_max)
    for top, factor in zip(row_max, factors, strict=True):
        tile.sub(top, new_max, factor)
    for factor in factors:
        tile.muls(factor, SCALE, factor)
    for factor in factors:
        tile.exp(factor, factor)
    for total, factor in zip(row_sum, factors, strict=True):
        tile.mul(total, factor, total)
    add_to_first(row_sum)
    for factor in factors:
        tile.div(factor, row_sum[0], factor)
    for output, state in zip(buffers.output, buffers.factor, strict=True):
        tile.row_expand_mul(output, state.column, output)
    add_to_first(buffers.output)


def add_to_first(tiles: Sequence[Tile]) -> None:
    """Add all others to the first tile."""
    for other in tiles[1:]:
        tile.add(tiles[0], other, tiles[0])


def store_combined(reduction: Reduction, row: Scalar, buffers: SliceBuffers) -> None:
    """Store a row slice of the output from `row` on, counted over all heads, and its log-sum-exps."""
    pto.store(buffers.output[0], output_slice_of(reduction.o, row, REDUCE_ROWS))
    if reduction.results.lse is not None:
        store_lse(reduction.results, row, [buffers.new_max], [buffers.row_sum[0]], [buffers.row_max[0]])
