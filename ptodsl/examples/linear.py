"""A linear layer on the cube core: tiled product with bias, double-buffered on both levels of memory."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.example import Arguments, Array, Example, normal, unset

F16, F32 = pto.PtrType(pto.float16), pto.PtrType(pto.float32)

M, N = 128, 128
"""A tile of the result: 64 KiB of fp32, half of L0C. Each element that is loaded takes part in 128 products."""

PANEL = 256
"""Inner dimension of what is loaded at a time: 64 KiB of fp16 for each operand. Two of each take half of L1."""

K = 128
"""Inner dimension of one product: 32 KiB for each operand, so L0A and L0B hold two of them."""

BUFFERS = 2
"""Of each operand on each level: one is filled while the other is read."""


def _multiply(panels: tuple[Any, Any], operands: tuple[Any, Any], acc: Any, bias: Any, start: Any) -> None:
    """Add the product of two panels to `acc`, slice by slice; the first product of all, with `bias`, begins it.

    `operands` are the tiles of both in L0A and L0B; `bias` is None if the product cannot be the first.
    """
    (a_l1, b_l1), (left, right) = panels, operands
    for part in range(PANEL // K):
        lhs, rhs = left[part % BUFFERS], right[part % BUFFERS]
        tile.extract(a_l1, 0, part * K, lhs)
        tile.extract(b_l1, part * K, 0, rhs)
        if bias is not None and part == 0:
            with pto.if_context(start == 0, has_else=True) as first:
                tile.matmul_bias(lhs, rhs, bias, acc)
            with first.else_context():
                tile.matmul_acc(acc, lhs, rhs, acc)
        else:
            tile.matmul_acc(acc, lhs, rhs, acc)


def linear(a: F16, b: F16, bias: F32, c: F32, m: pto.int32, n: pto.int32, k: pto.int32) -> None:
    """Compute c = a b + bias: a [m, k], b [k, n], bias [n], c [m, n]; m, n, k multiples of M, N, PANEL * BUFFERS."""
    with pto.cube_section():
        rows, cols, inner = (scalar.index_cast(size) for size in (m, n, k))
        a_view = pto.as_tensor(ptr=a, shape=[rows, inner], strides=[inner, 1])
        b_view = pto.as_tensor(ptr=b, shape=[inner, cols], strides=[cols, 1])
        bias_view = pto.as_tensor(ptr=bias, shape=[1, cols], strides=[cols, 1])
        c_view = pto.as_tensor(ptr=c, shape=[rows, cols], strides=[cols, 1])

        def tiles(shape: list[int], space: str) -> list[Any]:
            return [pto.alloc_tile(pto.TileBufType(shape, pto.float16, space)) for _ in range(BUFFERS)]

        a_l1, b_l1 = tiles([M, PANEL], "MAT"), tiles([PANEL, N], "MAT")
        left, right = tiles([M, K], "LEFT"), tiles([K, N], "RIGHT")
        acc = pto.alloc_tile(pto.TileBufType([M, N], pto.float32, "ACC"))
        # The bias goes through L1 into a small table of its own, from which the cube adds it for free.
        bias_l1 = pto.alloc_tile(pto.TileBufType([1, N], pto.float32, "MAT"))
        bias_row = pto.alloc_tile(pto.TileBufType([1, N], pto.float32, "BIAS"))

        def multiply(row: Any, col: Any, start: Any, buffer: int) -> None:
            """Load a panel of both operands, and multiply it."""
            pto.load(pto.slice_view(source=a_view, offsets=[row, start], sizes=[M, PANEL]), a_l1[buffer])
            pto.load(pto.slice_view(source=b_view, offsets=[start, col], sizes=[PANEL, N]), b_l1[buffer])
            # Only the first product of a pair of panels can be the first of all.
            begins = bias_row if buffer == 0 else None
            _multiply((a_l1[buffer], b_l1[buffer]), (left, right), acc, begins, start)

        block, blocks = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
        across = cols // N
        for number in pto.range(block, rows // M * across, blocks):
            row, col = number // across * M, number % across * N
            pto.load(pto.slice_view(source=bias_view, offsets=[0, col], sizes=[1, N]), bias_l1)
            tile.mov(bias_l1, bias_row)
            for pair in pto.range(0, inner // (PANEL * BUFFERS), 1):
                for buffer in range(BUFFERS):
                    multiply(row, col, pair * (PANEL * BUFFERS) + buffer * PANEL, buffer)
            pto.store(acc, pto.slice_view(source=c_view, offsets=[row, col], sizes=[M, N]))


def _arguments(rng: np.random.Generator, m: int, n: int, k: int) -> Arguments:
    a, b = normal(rng, (m, k), np.float16), normal(rng, (k, n), np.float16)
    return {"a": a, "b": b, "bias": normal(rng, (n,)), "c": unset((m, n)), "m": m, "n": n, "k": k}


def _linear(arguments: Mapping[str, Any]) -> dict[str, Array]:
    a, b = (arguments[name].astype(np.float32) for name in "ab")
    return {"c": a @ b + arguments["bias"]}


EXAMPLES = (
    Example.of(
        linear,
        _arguments,
        _linear,
        block_dim=2,
        atol=1e-3,
        sizes=(Size("m", M, M), Size("n", 3 * N, N), Size("k", PANEL * BUFFERS, PANEL * BUFFERS)),
    ),
)
