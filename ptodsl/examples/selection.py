"""The largest values of each row, and where they are: by sorting."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.cores import vector_core
from ptodsl.examples.example import Arguments, Array, Example, normal, unset

F32, U32, I32 = pto.PtrType(pto.float32), pto.PtrType(pto.uint32), pto.PtrType(pto.int32)

WIDTH = 512
"""Length of a row: 32 numbers that are sorted at once, times a power of four, since four runs are merged at a time."""

SORTED = 32
"""Numbers that `sort32` sorts."""

K = 64
"""How many of the largest are wanted."""


def top_k(x: F32, positions: U32, values: F32, indices: I32, m: pto.int32) -> None:
    """Find the K largest of each row of x, [m, WIDTH], in descending order, and their columns.

    positions holds 0 to WIDTH - 1; values and indices are [m, K]. Sorting carries positions along: it works on pairs,
    a number and the bits of its position, so everything is twice as wide.
    """
    with pto.vector_section():
        rows = scalar.index_cast(m)
        x_view = pto.as_tensor(ptr=x, shape=[rows, WIDTH], strides=[WIDTH, 1])
        position_view = pto.as_tensor(ptr=positions, shape=[1, WIDTH], strides=[WIDTH, 1])
        value_view, index_view = (pto.as_tensor(ptr=p, shape=[rows, K], strides=[K, 1]) for p in (values, indices))
        row = pto.alloc_tile(pto.TileBufType([1, WIDTH], pto.float32))
        position = pto.alloc_tile(pto.TileBufType([1, WIDTH], pto.uint32))
        pairs, merged = (pto.alloc_tile(pto.TileBufType([1, 2 * WIDTH], pto.float32)) for _ in range(2))
        value = pto.alloc_tile(pto.TileBufType([1, K], pto.float32))
        index = pto.alloc_tile(pto.TileBufType([1, K], pto.int32))
        pto.load(pto.slice_view(source=position_view, offsets=[0, 0], sizes=[1, WIDTH]), position)
        core, cores = vector_core()
        for number in pto.range(core, rows, cores):
            pto.load(pto.slice_view(source=x_view, offsets=[number, 0], sizes=[1, WIDTH]), row)
            tile.sort32(row, pairs, position)
            runs, other = pairs, merged
            length = 2 * SORTED
            while length < 2 * WIDTH:
                tile.mrgsort(runs, other, length)
                runs, other, length = other, runs, 4 * length
            first = tile.subview(runs, [0, 0], [1, 2 * K])
            tile.gather(first, value, mask_pattern="P0101")
            tile.gather(first, index, mask_pattern="P1010")  # copies bits, and these are whole numbers already
            pto.store(value, pto.slice_view(source=value_view, offsets=[number, 0], sizes=[1, K]))
            pto.store(index, pto.slice_view(source=index_view, offsets=[number, 0], sizes=[1, K]))


def _arguments(rng: np.random.Generator, m: int) -> Arguments:
    # No two numbers of a row are equal: which of these comes first is not said.
    x = np.stack([rng.permutation(WIDTH) for _ in range(m)]).astype(np.float32) - normal(rng, (m, 1))
    positions = np.arange(WIDTH, dtype=np.uint32)
    return {"x": x, "positions": positions, "values": unset((m, K)), "indices": np.full((m, K), -1, np.int32), "m": m}


def _top_k(arguments: Mapping[str, Any]) -> dict[str, Array]:
    indices = np.argsort(-arguments["x"], axis=1)[:, :K]
    return {"values": np.take_along_axis(arguments["x"], indices, axis=1), "indices": indices.astype(np.int32)}


EXAMPLES = (Example.of(top_k, _arguments, _top_k, sizes=(Size("m", 7),)),)
