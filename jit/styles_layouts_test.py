"""Kernels on tensors of many dimensions, and on values of rows in other layouts: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, no-untyped-def"

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import COLS, F16, F32, ROWS, alloc, normal, on_first_core, tiles, unset, whole
from jit.wrapper import jit
from ptodsl import pto, scalar, tile

SHAPE = (2, 3, 4, 8, 32)
"""A tensor of five dimensions: one for each vector core, then what a core loops over, then a tile in three."""


@pytest.mark.parametrize("kept", [2, 3])
def test_the_rows_of_all_leading_dimensions_are_those_of_a_tile(kept: int, tmp_path: Path) -> None:
    """`kept` dimensions of the tile's slice are longer than one; the others are looped over."""
    strides = [int(np.prod(SHAPE[axis + 1 :])) for axis in range(5)]
    sizes = [1] * (5 - kept) + list(SHAPE[5 - kept :])
    rows = int(np.prod(sizes[:-1]))

    @jit(output_dir=tmp_path, detect_races=True)
    def double(x: F32, y: F32):
        tensor, part = pto.TensorType(rank=5, dtype=pto.float32), pto.SubTensorType(shape=sizes, dtype=pto.float32)
        with pto.vector_section():
            core = scalar.index_cast(pto.get_subblock_idx())
            source, target = (pto.as_tensor(tensor, ptr=p, shape=list(SHAPE), strides=strides) for p in (x, y))
            buffer = pto.alloc_tile(pto.TileBufType(shape=[rows, SHAPE[-1]], dtype=pto.float32))
            for i in pto.range(0, SHAPE[1], 1):
                for j in range(1 if kept == 3 else SHAPE[2]):
                    place: dict[str, Any] = {"offsets": [core, i, j, 0, 0], "sizes": sizes}
                    pto.load(pto.slice_view(part, source=source, **place), buffer)
                    tile.add(buffer, buffer, buffer)
                    pto.store(buffer, pto.slice_view(part, source=target, **place))

    x, y = normal(np.random.default_rng(0), *SHAPE), unset(*SHAPE)
    double(x, y)
    np.testing.assert_array_equal(y, 2 * x)


COLUMN = pto.TileBufConfig(blayout="ColMajor")


def test_a_column_is_worked_on_as_it_is(tmp_path: Path) -> None:
    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32, z: F16):
        with pto.vector_section(), on_first_core():
            a, tmp = tiles(2, pto.float32)
            column = alloc("VEC", ROWS, 1, pto.float32, config=COLUMN)
            narrow = alloc("VEC", ROWS, 1, pto.float16, config=COLUMN)
            pto.load(whole(x), a)
            tile.row_sum(a, tmp, column)
            tile.muls(column, 0.5, column)
            tile.adds(column, 1.0, column)
            tile.neg(column, column)
            tile.maxs(column, -3.0, column)
            tile.cvt(column, narrow)
            for target, values in ((y, column), (z, narrow)):
                view = pto.as_tensor(ptr=target, shape=[ROWS, 1], strides=[1, 1], layout="DN")
                pto.store(values, pto.slice_view(source=view, offsets=[0, 0], sizes=[ROWS, 1]))

    x, y, z = normal(np.random.default_rng(0), ROWS, COLS), unset(ROWS), unset(ROWS, dtype=np.float16)
    kernel(x, y, z)
    wanted = np.maximum(-(x.sum(1) * 0.5 + 1), -3)
    np.testing.assert_allclose(y, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(z, wanted, rtol=1e-3, atol=1e-3)


def test_values_of_rows_may_stand_in_rows(tmp_path: Path) -> None:
    """A reduction leaves one in each row of a row-major tile; what is combined with a row has it in 32 bytes."""

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32, z: F32):
        with pto.vector_section(), on_first_core():
            a, tmp, b = tiles(3, pto.float32)
            sums = alloc("VEC", ROWS, 8, pto.float32, valid_shape=[ROWS, 1])
            largest = alloc("VEC", ROWS, 1, pto.float32, config=COLUMN)
            wide = alloc("VEC", ROWS, 8, pto.float32)
            pto.load(whole(x), a)
            tile.row_sum(a, tmp, sums)
            tile.row_max(a, tmp, largest)
            tile.row_expand(largest, wide)
            tile.row_expand_sub(a, wide, b)
            pto.store(sums, whole(y, ROWS, 1))
            pto.store(b, whole(z))

    x, y, z = normal(np.random.default_rng(0), ROWS, COLS), unset(ROWS, 1), unset(ROWS, COLS)
    kernel(x, y, z)
    np.testing.assert_allclose(y[:, 0], x.sum(1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(z, x - x.max(1, keepdims=True))
