"""Kernels that look at each row twice: layer norm, and softmax of rows too long for a tile."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.cores import vector_core
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.values import Scalar, Tile

F32 = pto.PtrType(pto.float32)

ROWS = 16
"""Rows of a tile. Each row has one value of state, and 16 of them fill whole 32-byte blocks."""

STATE = pto.TileBufType(shape=[ROWS, 1], dtype=pto.float32, config=pto.TileBufConfig(blayout="ColMajor"))
"""One value per row, as reductions make them and broadcasts take them."""

FLAT = pto.TileBufType(shape=[1, ROWS], dtype=pto.float32)
"""The same bytes, as element-wise operations take them."""

WIDTH = 512
"""Columns of a layer norm: a tile of 32 KiB, and three of them take half of UB."""

EPSILON = 1e-5
"""Added to the variance before its root is taken."""


def layer_norm(x: F32, gamma: F32, beta: F32, y: F32, m: pto.int32) -> None:
    """Compute y = (x - mean) / sqrt(variance + EPSILON) * gamma + beta along rows.

    x and y are [m, WIDTH], gamma and beta [WIDTH]; m is a multiple of ROWS. The variance is the mean of
    (x - mean)^2: the mean of x^2 minus mean^2 would lose all digits of rows far from 0.
    """
    with pto.vector_section():
        rows = scalar.index_cast(m)
        source, target = (pto.as_tensor(ptr=p, shape=[rows, WIDTH], strides=[WIDTH, 1]) for p in (x, y))
        weights = [pto.alloc_tile(pto.TileBufType(shape=[1, WIDTH], dtype=pto.float32)) for _ in range(2)]
        for ptr, weight in zip((gamma, beta), weights, strict=True):
            vector = pto.as_tensor(ptr=ptr, shape=[1, WIDTH], strides=[WIDTH, 1])
            pto.load(pto.slice_view(source=vector, offsets=[0, 0], sizes=[1, WIDTH]), weight)
        a, squares, scratch = (pto.alloc_tile(pto.TileBufType([ROWS, WIDTH], pto.float32)) for _ in range(3))
        state = pto.alloc_tile(STATE)
        flat = tile.reshape(FLAT, state)
        core, cores = vector_core()
        for number in pto.range(core, rows // ROWS, cores):
            place: dict[str, Any] = {"offsets": [number * ROWS, 0], "sizes": [ROWS, WIDTH]}
            pto.load(pto.slice_view(source=source, **place), a)
            tile.row_sum(a, scratch, state)
            tile.muls(flat, 1 / WIDTH, flat)
            tile.row_expand_sub(a, state, a)
            tile.mul(a, a, squares)
            tile.row_sum(squares, scratch, state)
            tile.muls(flat, 1 / WIDTH, flat)
            tile.adds(flat, EPSILON, flat)
            tile.rsqrt(flat, flat)
            tile.row_expand_mul(a, state, a)
            tile.col_expand_mul(a, weights[0], a)
            tile.col_expand_add(a, weights[1], a)
            pto.store(a, pto.slice_view(source=target, **place))


def _layer_norm_arguments(rng: np.random.Generator, m: int) -> Arguments:
    shape = (m, WIDTH)
    weights = {name: normal(rng, (WIDTH,)) for name in ("gamma", "beta")}
    return {"x": normal(rng, shape) + np.float32(100), **weights, "y": unset(shape), "m": m}


def _layer_norm(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].astype(np.float64)
    normed = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + EPSILON)
    return {"y": normed * arguments["gamma"] + arguments["beta"]}


COLS = 512
"""Columns of a tile of a long row."""

SLAB = pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32, valid_shape=[ROWS, -1])


def _raise_maximum(number: Scalar, part: Tile, top: Tile, total: Tile, scale: Tile) -> None:
    """Let `top` be the maximum of itself and `part`, that of tile `number`, and rescale the sum to it."""
    with pto.if_context(number == 0, has_else=True) as first:
        tile.muls(part, 1.0, top)
        tile.muls(part, 0.0, total)
    with first.else_context():
        tile.max(top, part, part)
        tile.sub(top, part, scale)
        tile.exp(scale, scale)
        tile.mul(total, scale, total)
        tile.muls(part, 1.0, top)


def softmax_long_rows(x: F32, y: F32, m: pto.int32, n: pto.int32) -> None:
    """Compute y = softmax of each row of x, [m, n], with any n > 0; m is a multiple of ROWS.

    One pass finds maximum and sum together: the sum is rescaled when a tile raises the maximum, as in Flash Attention.
    A second one computes y. So each element is loaded twice, not three times.
    """
    with pto.vector_section():
        rows, cols = scalar.index_cast(m), scalar.index_cast(n)
        source, target = (pto.as_tensor(ptr=p, shape=[rows, cols], strides=[cols, 1]) for p in (x, y))
        top, total, part, scale = (pto.alloc_tile(STATE) for _ in range(4))
        flat_top, flat_total, flat_part, flat_scale = (tile.reshape(FLAT, s) for s in (top, total, part, scale))

        def place(row: Scalar, number: Scalar) -> tuple[Scalar, dict[str, Any]]:
            """Return how many columns tile `number` has, and where it lies in a matrix."""
            count = scalar.min_u(cols - number * COLS, COLS)
            return count, {"offsets": [row, number * COLS], "sizes": [ROWS, count]}

        core, cores = vector_core()
        for row_block in pto.range(core, rows // ROWS, cores):
            row = row_block * ROWS
            for number in pto.range(0, scalar.ceil_div(cols, COLS), 1):
                count, where = place(row, number)
                a, scratch = (pto.alloc_tile(SLAB, valid_col=count) for _ in range(2))
                pto.load(pto.slice_view(source=source, **where), a)
                tile.row_max(a, scratch, part)
                _raise_maximum(number, flat_part, flat_top, flat_total, flat_scale)
                tile.row_expand_sub(a, top, a)
                tile.exp(a, a)
                tile.row_sum(a, scratch, part)
                tile.add(flat_total, flat_part, flat_total)
            for number in pto.range(0, scalar.ceil_div(cols, COLS), 1):
                count, where = place(row, number)
                a = pto.alloc_tile(SLAB, valid_col=count)
                pto.load(pto.slice_view(source=source, **where), a)
                tile.row_expand_sub(a, top, a)
                tile.exp(a, a)
                tile.row_expand_div(a, total, a)
                pto.store(a, pto.slice_view(source=target, **where))


def _softmax_arguments(rng: np.random.Generator, m: int, n: int) -> Arguments:
    # Rows that fall and rows that rise: the maximum is found at once, or anew in every tile.
    slope = np.where(np.arange(m) % 2, 0.05, -0.05)[:, None] * np.arange(n)
    return {"x": (normal(rng, (m, n)) + slope).astype(np.float32), "y": unset((m, n)), "m": m, "n": n}


def _softmax(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].astype(np.float64)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return {"y": p / p.sum(axis=1, keepdims=True)}


EXAMPLES = (
    Example.of(layer_norm, _layer_norm_arguments, _layer_norm, atol=1e-4, sizes=(Size("m", 3 * ROWS, ROWS),)),
    Example.of(
        softmax_long_rows,
        _softmax_arguments,
        _softmax,
        block_dim=2,
        sizes=(Size("m", 3 * ROWS, ROWS), Size("n", 2 * COLS + 100)),
    ),
)
