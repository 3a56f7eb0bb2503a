"""Element-wise kernels on the vector cores: loops over a number of tiles known at run time, branches, chains,
conversion.
"""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.cores import vector_core
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.values import Scalar, TensorView, Tile, Value

ROWS, COLS = 32, 64
"""Shape of the tiles."""


def row_sizes(tiles: int, multiple_of: int = ROWS) -> tuple[Size, ...]:
    """Return the one size of a kernel over tiles of rows: rows of x, by default of `tiles` tiles."""
    return (Size("rows", tiles * ROWS, multiple_of),)


F32_TILE = pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32)
F16_TILE = pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float16)


def matrix(ptr: Value, rows: Scalar) -> TensorView:
    """Return the row-major matrix [rows, COLS] at `ptr`."""
    return pto.as_tensor(ptr=ptr, shape=[rows, COLS], strides=[COLS, 1])


def load_tile(view: TensorView, number: Scalar, into: Tile) -> None:
    """Load the tile that starts at row number * ROWS."""
    pto.load(pto.slice_view(source=view, offsets=[number * ROWS, 0], sizes=[ROWS, COLS]), into)


def store_tile(source: Tile, view: TensorView, number: Scalar) -> None:
    """Store into the tile that starts at row number * ROWS."""
    pto.store(source, pto.slice_view(source=view, offsets=[number * ROWS, 0], sizes=[ROWS, COLS]))


def tiles_of_core(rows: Scalar) -> Iterator[Scalar]:
    """Iterate over the tiles of this vector core: tiles are dealt to all vector cores of the launch in turn."""
    first, step = vector_core()
    return pto.range(first, rows // ROWS, step)


F32, F16, I32 = pto.PtrType(pto.float32), pto.PtrType(pto.float16), pto.PtrType(pto.int32)


def add(x: F32, y: F32, z: F32, rows: pto.int64) -> None:
    """Compute z = x + y, [rows, COLS], on all vector cores."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, y_view, z_view = (matrix(ptr, count) for ptr in (x, y, z))
        a, b = pto.alloc_tile(F32_TILE), pto.alloc_tile(F32_TILE)
        for number in tiles_of_core(count):
            load_tile(x_view, number, a)
            load_tile(y_view, number, b)
            tile.add(a, b, a)
            store_tile(a, z_view, number)


def add_double_buffered(x: F32, y: F32, z: F32, rows: pto.int64) -> None:
    """Compute z = x + y with two sets of tiles, so that the loads of a tile overlap the work on the one before it."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, y_view, z_view = (matrix(ptr, count) for ptr in (x, y, z))
        buffers = [(pto.alloc_tile(F32_TILE), pto.alloc_tile(F32_TILE)) for _ in range(2)]
        for pair in tiles_of_core(count // 2):
            for parity, (a, b) in enumerate(buffers):
                number = pair * 2 + parity
                load_tile(x_view, number, a)
                load_tile(y_view, number, b)
                tile.add(a, b, a)
                store_tile(a, z_view, number)


def _add_arguments(rng: np.random.Generator, rows: int) -> Arguments:
    shape = (rows, COLS)
    return {"x": normal(rng, shape), "y": normal(rng, shape), "z": unset(shape), "rows": rows}


def _tile_by_tile(x: Value, y: Value, rows: Scalar, body: Callable[[Tile, Tile, Scalar], None]) -> None:
    """Load each tile of x, run `body(x, scratch, number)` and store x into y."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, y_view = matrix(x, count), matrix(y, count)
        a, scratch = pto.alloc_tile(F32_TILE), pto.alloc_tile(F32_TILE)
        for number in tiles_of_core(count):
            load_tile(x_view, number, a)
            body(a, scratch, number)
            store_tile(a, y_view, number)


def _unary_arguments(rng: np.random.Generator, rows: int) -> Arguments:
    shape = (rows, COLS)
    return {"x": normal(rng, shape), "y": unset(shape), "rows": rows}


GELU_SLOPE = 1.702
"""Of the sigmoid approximation of GELU: x sigmoid(1.702 x)."""


def gelu(x: F32, y: F32, rows: pto.int64) -> None:
    """Compute y = x / (1 + exp(-1.702 x)): a chain in which each operation depends on the one before it."""

    def body(x: Tile, scratch: Tile, _: Scalar) -> None:
        tile.muls(x, -GELU_SLOPE, scratch)
        tile.exp(scratch, scratch)
        tile.adds(scratch, 1.0, scratch)
        tile.div(x, scratch, x)

    _tile_by_tile(x, y, rows, body)


def _gelu(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].astype(np.float64)
    return {"y": x / (1 + np.exp(-GELU_SLOPE * x))}


def branches(x: F32, y: F32, rows: pto.int64) -> None:
    """Compute with nested branches in a loop: on tile t relu if t mod 3 is 0, |x| + 1 if it is 1, else sqrt(exp(x))."""

    def body(x: Tile, scratch: Tile, number: Scalar) -> None:
        remainder = number % 3
        with pto.if_context(remainder == 0, has_else=True) as outer:
            tile.relu(x, x)
        with outer.else_context():
            with pto.if_context(remainder == 1, has_else=True) as inner:
                tile.abs(x, scratch)
                tile.adds(scratch, 1.0, x)
            with inner.else_context():
                tile.exp(x, scratch)
                tile.sqrt(scratch, x)

    _tile_by_tile(x, y, rows, body)


def _branches(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["x"].reshape(-1, ROWS, COLS).astype(np.float64)
    remainder = np.arange(len(x)) % 3
    y = np.select(
        [remainder[:, None, None] == 0, remainder[:, None, None] == 1],
        [np.maximum(x, 0), np.abs(x) + 1],
        np.sqrt(np.exp(x)),
    )
    return {"y": y.reshape(-1, COLS)}


def convert(x: F32, half: F16, floor: I32, rows: pto.int64) -> None:
    """Compute half = fp16 of x, rounded to nearest even; floor = x rounded down to i32."""
    with pto.vector_section():
        count = scalar.index_cast(rows)
        x_view, half_view, floor_view = (matrix(ptr, count) for ptr in (x, half, floor))
        a, b = pto.alloc_tile(F32_TILE), pto.alloc_tile(F16_TILE)
        c = pto.alloc_tile(pto.TileBufType(shape=[ROWS, COLS], dtype=pto.int32))
        for number in tiles_of_core(count):
            load_tile(x_view, number, a)
            tile.cvt(a, b)
            tile.cvt(a, c, "floor")
            store_tile(b, half_view, number)
            store_tile(c, floor_view, number)


def _convert_arguments(rng: np.random.Generator, rows: int) -> Arguments:
    shape = (rows, COLS)
    return {
        "x": normal(rng, shape) * np.float32(100),
        "half": unset(shape, np.float16),
        "floor": np.full(shape, -1, np.int32),
        "rows": rows,
    }


def _convert(arguments: Mapping[str, Any]) -> dict[str, Array]:
    return {"half": arguments["x"].astype(np.float16), "floor": np.floor(arguments["x"]).astype(np.int32)}


EXAMPLES = (
    Example.of(add, _add_arguments, lambda a: {"z": a["x"] + a["y"]}, block_dim=2, sizes=row_sizes(10)),
    Example.of(add_double_buffered, _add_arguments, lambda a: {"z": a["x"] + a["y"]}, sizes=row_sizes(10, 2 * ROWS)),
    Example.of(gelu, _unary_arguments, _gelu, sizes=row_sizes(7)),
    Example.of(branches, _unary_arguments, _branches, block_dim=2, sizes=row_sizes(7)),
    Example.of(convert, _convert_arguments, _convert, sizes=row_sizes(3)),
)
