"""Kernels along rows and columns: softmax, RMS norm, running reductions over column tiles, column statistics."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.elementwise import (
    COLS,
    F32,
    F32_TILE,
    ROWS,
    load_tile,
    matrix,
    row_sizes,
    store_tile,
    tiles_of_core,
)
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.values import Scalar, Tile, Value

ROW_STATE = pto.TileBufType(
    shape=[ROWS, 1], dtype=pto.float32, config=pto.TileBufConfig(blayout="ColMajor", slayout="NoneBox")
)
"""One value per row."""

FLAT_ROW_STATE = pto.TileBufType(shape=[1, ROWS], dtype=pto.float32)
"""The same bytes for element-wise operations."""

ONE_ROW = pto.TileBufType(shape=[1, COLS], dtype=pto.float32)
"""One value per column."""


def softmax(x: F32, y: F32, rows: pto.int64) -> None:
    """Compute y = softmax of each row of x, [rows, COLS]."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, y_view = matrix(x, count), matrix(y, count)
        a, scratch = pto.alloc_tile(F32_TILE), pto.alloc_tile(F32_TILE)
        state = pto.alloc_tile(ROW_STATE)
        for number in tiles_of_core(count):
            load_tile(x_view, number, a)
            tile.row_max(a, scratch, state)
            tile.row_expand_sub(a, state, a)
            tile.exp(a, a)
            tile.row_sum(a, scratch, state)
            tile.row_expand_div(a, state, a)
            store_tile(a, y_view, number)


def _softmax(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].astype(np.float64)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return {"y": p / p.sum(axis=1, keepdims=True)}


def _square_arguments(rng: np.random.Generator, rows: int) -> Arguments:
    shape = (rows, COLS)
    return {"x": normal(rng, shape) * np.float32(4), "y": unset(shape), "rows": rows}


EPSILON = 1e-5
"""Added to the mean square before its root is taken."""


def rms_norm(x: F32, gamma: F32, y: F32, rows: pto.int64) -> None:
    """Compute y = x / sqrt(mean of x squared over the row + epsilon) * gamma, with gamma [1, COLS] fp32."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, y_view = matrix(x, count), matrix(y, count)
        gamma_view = matrix(gamma, scalar.const(1))
        a, squares, scratch = (pto.alloc_tile(F32_TILE) for _ in range(3))
        weights, state = pto.alloc_tile(ONE_ROW), pto.alloc_tile(ROW_STATE)
        flat = tile.reshape(FLAT_ROW_STATE, state)
        pto.load(pto.slice_view(source=gamma_view, offsets=[0, 0], sizes=[1, COLS]), weights)
        for number in tiles_of_core(count):
            load_tile(x_view, number, a)
            tile.mul(a, a, squares)
            tile.row_sum(squares, scratch, state)
            tile.muls(flat, 1 / COLS, flat)
            tile.adds(flat, EPSILON, flat)
            tile.rsqrt(flat, flat)
            tile.row_expand_mul(a, state, a)
            tile.col_expand_mul(a, weights, a)
            store_tile(a, y_view, number)


def _rms_norm_arguments(rng: np.random.Generator, rows: int) -> Arguments:
    shape = (rows, COLS)
    return {"x": normal(rng, shape), "gamma": normal(rng, (1, COLS)), "y": unset(shape), "rows": rows}


def _rms_norm(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].astype(np.float64)
    return {"y": x / np.sqrt((x * x).mean(axis=1, keepdims=True) + EPSILON) * arguments["gamma"]}


def wide_row_stats(x: F32, top: F32, total: F32, cols: pto.int64) -> None:
    """Compute the maximum and sum of each row of x [ROWS, cols], over column tiles: state is carried through the loop.

    top and total are [ROWS, 1]; vector core 0 does the work.
    """
    with pto.vector_section():
        width = scalar.index_cast(cols)
        view = pto.as_tensor(ptr=x, shape=[ROWS, width], strides=[width, 1])
        a, scratch = pto.alloc_tile(F32_TILE), pto.alloc_tile(F32_TILE)
        tops, totals, part = (pto.alloc_tile(ROW_STATE) for _ in range(3))
        flat_top, flat_total, flat_part = (tile.reshape(FLAT_ROW_STATE, state) for state in (tops, totals, part))

        def load(number: Scalar) -> None:
            pto.load(pto.slice_view(source=view, offsets=[0, number * COLS], sizes=[ROWS, COLS]), a)

        with pto.if_context(pto.get_subblock_idx() == 0):
            load(scalar.const(0))
            tile.row_max(a, scratch, tops)
            tile.row_sum(a, scratch, totals)
            for number in pto.range(1, width // COLS):
                load(number)
                tile.row_max(a, scratch, part)
                tile.max(flat_top, flat_part, flat_top)
                tile.row_sum(a, scratch, part)
                tile.add(flat_total, flat_part, flat_total)
            _store_row_state(flat_top, top)
            _store_row_state(flat_total, total)


def _store_row_state(state: Tile, ptr: Value) -> None:
    view = pto.as_tensor(ptr=ptr, shape=[1, ROWS], strides=[ROWS, 1])
    pto.store(state, pto.slice_view(source=view, offsets=[0, 0], sizes=[1, ROWS]))


def _wide_arguments(rng: np.random.Generator, cols: int) -> Arguments:
    return {"x": normal(rng, (ROWS, cols)), "top": unset((ROWS,)), "total": unset((ROWS,)), "cols": cols}


def column_stats(x: F32, total: F32, top: F32, y: F32) -> None:
    """Compute sum and maximum of each column of x [ROWS, COLS], and x minus that maximum, on vector core 0."""
    with pto.vector_section():
        x_view, y_view = (matrix(ptr, scalar.const(ROWS)) for ptr in (x, y))
        a, totals, tops = pto.alloc_tile(F32_TILE), pto.alloc_tile(ONE_ROW), pto.alloc_tile(ONE_ROW)
        with pto.if_context(pto.get_subblock_idx() == 0):
            load_tile(x_view, scalar.const(0), a)
            tile.col_sum(a, totals)
            tile.col_max(a, tops)
            tile.col_expand_sub(a, tops, a)
            store_tile(a, y_view, scalar.const(0))
            for state, ptr in ((totals, total), (tops, top)):
                view = matrix(ptr, scalar.const(1))
                pto.store(state, pto.slice_view(source=view, offsets=[0, 0], sizes=[1, COLS]))


def _column_arguments(rng: np.random.Generator) -> Arguments:
    return {"x": normal(rng, (ROWS, COLS)), "total": unset((COLS,)), "top": unset((COLS,)), "y": unset((ROWS, COLS))}


def _column_stats(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"]
    return {"total": x.sum(axis=0), "top": x.max(axis=0), "y": x - x.max(axis=0)}


EXAMPLES = (
    Example.of(softmax, _square_arguments, _softmax, block_dim=2, sizes=row_sizes(6)),
    Example.of(rms_norm, _rms_norm_arguments, _rms_norm, sizes=row_sizes(5)),
    Example.of(
        wide_row_stats,
        _wide_arguments,
        lambda a: {"top": a["x"].max(axis=1), "total": a["x"].sum(axis=1)},
        sizes=(Size("cols", 9 * COLS, COLS),),
    ),
    Example.of(column_stats, _column_arguments, _column_stats),
)
