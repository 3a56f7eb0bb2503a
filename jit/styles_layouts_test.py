"""Kernels on tensors of many dimensions: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, no-untyped-def"
# ruff: noqa: ANN - as others write them

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import F32, normal, unset
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
