"""Element-wise kernels on arrays of any size: the last tile is smaller than the others, and says so."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.cores import vector_core
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.values import Tile

F32 = pto.PtrType(pto.float32)

LENGTH = 4096
"""Elements of a tile of a vector: 16 KiB, long enough that a transfer's start-up hardly counts."""

VECTOR = pto.TensorType(rank=1, dtype=pto.float32)
PART = pto.SubTensorType(shape=[1, LENGTH], dtype=pto.float32)
LINE = pto.TileBufType(shape=[1, LENGTH], dtype=pto.float32, valid_shape=[1, -1])
"""A tile whose valid columns are known when it is allocated. Storage is always for LENGTH."""


def add_any_length(x: F32, y: F32, z: F32, n: pto.int32) -> None:
    """Compute z = x + y for `n` elements, whatever `n` is: 0, fewer than there are cores, or no multiple of a tile."""
    with pto.vector_section():
        length = scalar.index_cast(n)
        xs, ys, zs = (pto.as_tensor(VECTOR, ptr=p, shape=[length], strides=[1]) for p in (x, y, z))
        core, cores = vector_core()
        for number in pto.range(core, scalar.ceil_div(length, LENGTH), cores):
            start = number * LENGTH
            count = scalar.min_u(length - start, LENGTH)
            # Allocated here, since the valid size belongs to the tile. Each pass has the same bytes of UB.
            a, b = (pto.alloc_tile(LINE, valid_col=count) for _ in range(2))
            x_part, y_part, z_part = (
                pto.slice_view(PART, source=v, offsets=[start], sizes=[count]) for v in (xs, ys, zs)
            )
            pto.load(x_part, a)
            pto.load(y_part, b)
            tile.add(a, b, a)
            pto.store(a, z_part)


def _add_arguments(rng: np.random.Generator, n: int) -> Arguments:
    return {"x": normal(rng, (n,)), "y": normal(rng, (n,)), "z": unset((n,)), "n": n}


ROWS, COLS = 16, 256
"""A tile of a matrix: 16 KiB. GEGLU has three of them, and rows of 1 KiB keep the transfers long."""

MATRIX_TILE = pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32, valid_shape=[-1, -1])

CUBIC = 0.044715
SLOPE = 2 * np.sqrt(2 / np.pi)
"""Of GELU's approximation x sigmoid(SLOPE (x + CUBIC x^3)), which is the one by tanh, written without tanh."""


def gelu(x: Tile, scratch: Tile) -> None:
    """Replace x by GELU of x."""
    tile.mul(x, x, scratch)
    tile.muls(scratch, CUBIC, scratch)
    tile.adds(scratch, 1.0, scratch)
    tile.mul(scratch, x, scratch)
    tile.muls(scratch, -SLOPE, scratch)
    tile.exp(scratch, scratch)  # infinite for x below about -9, where the quotient is then 0 as it must be
    tile.adds(scratch, 1.0, scratch)
    tile.div(x, scratch, x)


def geglu(x: F32, y: F32, m: pto.int32, n: pto.int32) -> None:
    """Compute y = gelu(left half of x) * right half of x: x [m, 2 n], y [m, n], any m and n."""
    with pto.vector_section():
        rows, cols = scalar.index_cast(m), scalar.index_cast(n)
        source = pto.as_tensor(ptr=x, shape=[rows, cols * 2], strides=[cols * 2, 1])
        target = pto.as_tensor(ptr=y, shape=[rows, cols], strides=[cols, 1])
        tiles_across = scalar.ceil_div(cols, COLS)
        core, cores = vector_core()
        # One loop over all tiles, not one over rows and one over columns: so a few long rows keep all cores busy, too.
        for number in pto.range(core, scalar.ceil_div(rows, ROWS) * tiles_across, cores):
            row, col = number // tiles_across * ROWS, number % tiles_across * COLS
            size = [scalar.min_u(rows - row, ROWS), scalar.min_u(cols - col, COLS)]
            gate, up, scratch = (pto.alloc_tile(MATRIX_TILE, valid_row=size[0], valid_col=size[1]) for _ in range(3))
            pto.load(pto.slice_view(source=source, offsets=[row, col], sizes=size), gate)
            pto.load(pto.slice_view(source=source, offsets=[row, col + cols], sizes=size), up)
            gelu(gate, scratch)
            tile.mul(gate, up, gate)
            pto.store(gate, pto.slice_view(source=target, offsets=[row, col], sizes=size))


def _geglu_arguments(rng: np.random.Generator, m: int, n: int) -> Arguments:
    return {"x": normal(rng, (m, 2 * n)) * np.float32(3), "y": unset((m, n)), "m": m, "n": n}


def _geglu(arguments: Mapping[str, Any]) -> dict[str, Array]:
    gate, up = np.split(arguments["x"].astype(np.float64), 2, axis=1)
    return {"y": 0.5 * gate * (1 + np.tanh(SLOPE / 2 * (gate + CUBIC * gate**3))) * up}


EXAMPLES = (
    Example.of(
        add_any_length,
        _add_arguments,
        lambda a: {"z": a["x"] + a["y"]},
        block_dim=2,
        sizes=(Size("n", 5 * LENGTH + 77),),
    ),
    Example.of(geglu, _geglu_arguments, _geglu, sizes=(Size("m", 2 * ROWS + 3), Size("n", COLS + 50))),
)
