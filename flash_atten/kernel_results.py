"""What a vector core leaves in the scratch of a launch: partial results of a unit, log-sum-exps of rows.

With m and l the maximum (unscaled) and the sum of a row of scores x, and o its output before the division by l, the
partial result of a part of S1 is (o, m, l), and the log-sum-exp of the row is m / sqrt(HEAD) + ln l: the natural
logarithm of the sum of exp(x / sqrt(HEAD)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flash_atten.config import HEAD, S0, SCALE, KernelConfig
from flash_atten.kernel_parts import Launch, RowState
from flash_atten.plan import SLOT_ARGUMENTS
from flash_atten.scratch import lay_out
from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments
from ptodsl.values import PartitionView, Scalar, TensorView, Tile


@dataclass(frozen=True)
class ResultViews:
    """Views of the scratch behind the FIFOs; None for what a kernel does not have."""

    output: TensorView | None
    """[units * S0, HEAD]."""

    row_max: TensorView | None
    """[1, units * S0]."""

    row_sum: TensorView | None
    """[1, units * S0]."""

    lse: TensorView | None
    """[1, heads * q_rows]."""

    @classmethod
    def open(cls, config: KernelConfig, arguments: Arguments, launch: Launch) -> ResultViews | None:
        """Open the views of a kernel, or return None if it leaves nothing there."""
        if config.kv_split == 1 and not config.heads:
            return None
        cores = scalar.index_cast(pto.get_block_num())
        units = launch.q_rows // S0 * launch.parts
        places = lay_out(config, cores=cores, units=units, rows=launch.rows)
        start = arguments[SLOT_ARGUMENTS["f32"]]

        def line(place: Scalar, length: Scalar) -> TensorView:
            # There is but one row. A stride of its length may be more bytes than a transfer can have between rows.
            return pto.as_tensor(ptr=pto.add_ptr(start, place), shape=[1, length], strides=[S0, 1])

        lse = line(places.lse, launch.rows) if config.heads else None
        if config.kv_split == 1:
            return cls(None, None, None, lse)
        rows = units * S0
        output = pto.as_tensor(ptr=pto.add_ptr(start, places.output), shape=[rows, HEAD], strides=[HEAD, 1])
        return cls(output, line(places.row_max, rows), line(places.row_sum, rows), lse)


def row_slice_of(view: TensorView | None, row: Scalar, rows: int) -> PartitionView:
    """Return `rows` values from `row` on of a [1, n] view."""
    __tracebackhide__ = True
    assert view is not None
    return pto.slice_view(source=view, offsets=[0, row], sizes=[1, rows])


def output_slice_of(view: TensorView | None, row: Scalar, rows: int) -> PartitionView:
    """Return `rows` rows from `row` on of a [n, HEAD] view."""
    __tracebackhide__ = True
    assert view is not None
    return pto.slice_view(source=view, offsets=[row, 0], sizes=[rows, HEAD])


def store_partial(
    results: ResultViews,
    row: Scalar,
    output: Sequence[Tile],
    row_max: Sequence[RowState],
    row_sum: Sequence[RowState],
) -> None:
    """Store a unit's partial results from `row` on; the sequences run over row slices."""
    rows = row_max[0].rows
    for number, (part, top, total) in enumerate(zip(output, row_max, row_sum, strict=True)):
        at = row + number * rows
        pto.store(part, output_slice_of(results.output, at, rows))
        pto.store(top.flat, row_slice_of(results.row_max, at, rows))
        pto.store(total.flat, row_slice_of(results.row_sum, at, rows))


def store_lse(
    results: ResultViews,
    row: Scalar,
    row_max: Sequence[RowState],
    row_sum: Sequence[RowState],
    logarithm: Sequence[RowState],
) -> None:
    """Store the log-sum-exps of rows from `row` on. `row_max` is overwritten with them, `logarithm` is scratch."""
    slices = list(zip(row_max, row_sum, logarithm, strict=True))
    for top, total, log in slices:
        tile.log(total.flat, log.flat)
        tile.muls(top.flat, SCALE, top.flat)
    for number, (top, _, log) in enumerate(slices):
        tile.add(top.flat, log.flat, top.flat)
        pto.store(top.flat, row_slice_of(results.lse, row + number * top.rows, top.rows))
