"""The Hadamard transform of rows, as butterflies on whole tiles."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.cores import vector_core
from ptodsl.examples.example import Arguments, Array, Example, normal, unset

F32 = pto.PtrType(pto.float32)

WIDTH = 256
"""Length of a row, a power of two."""

STAGES = WIDTH.bit_length() - 1

ROWS = 16
"""Rows of a tile of 16 KiB: 64 repeats of the vector unit hide what it costs to start an instruction."""


def hadamard(x: F32, y: F32, m: pto.int32) -> None:
    """Compute y = x H / sqrt(WIDTH) for rows of x, [m, WIDTH]; H is Sylvester's matrix, m a multiple of ROWS.

    Every stage is the same: sums of neighbours go to the left half, differences to the right one. Butterflies of
    growing distance would need windows narrower than a block of 32 bytes, which the vector unit cannot address.
    """
    with pto.vector_section():
        rows = scalar.index_cast(m)
        source, target = (pto.as_tensor(ptr=p, shape=[rows, WIDTH], strides=[WIDTH, 1]) for p in (x, y))
        a = pto.alloc_tile(pto.TileBufType([ROWS, WIDTH], pto.float32))
        even, odd = (pto.alloc_tile(pto.TileBufType([ROWS, WIDTH // 2], pto.float32)) for _ in range(2))
        left, right = (tile.subview(a, [0, col], [ROWS, WIDTH // 2]) for col in (0, WIDTH // 2))
        core, cores = vector_core()
        for number in pto.range(core, rows // ROWS, cores):
            place: dict[str, Any] = {"offsets": [number * ROWS, 0], "sizes": [ROWS, WIDTH]}
            pto.load(pto.slice_view(source=source, **place), a)
            for _ in range(STAGES):
                tile.gather(a, even, mask_pattern="P0101")
                tile.gather(a, odd, mask_pattern="P1010")
                tile.add(even, odd, left)
                tile.sub(even, odd, right)
            tile.muls(a, WIDTH**-0.5, a)
            pto.store(a, pto.slice_view(source=target, **place))


def _arguments(rng: np.random.Generator, m: int) -> Arguments:
    shape = (m, WIDTH)
    return {"x": normal(rng, shape), "y": unset(shape), "m": m}


def _hadamard(arguments: Mapping[str, Any]) -> dict[str, Array]:
    matrix: Array = np.ones((1, 1))
    for _ in range(STAGES):
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return {"y": arguments["x"] @ matrix / np.sqrt(WIDTH)}


EXAMPLES = (Example.of(hadamard, _arguments, _hadamard, sizes=(Size("m", 5 * ROWS, ROWS),)),)
