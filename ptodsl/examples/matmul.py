"""Kernels on the cube core: tiled matrix products that accumulate over K, with B as it is or transposed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.module import ModuleBuilder
from ptodsl.values import Scalar

M, N, K = 64, 128, 32
"""Rows and columns of an output tile, and the slice of the inner dimension that one product covers."""

BUFFERS = 2
"""L1 tiles per operand: the loads of a slice overlap the product of the one before it."""


HALF, SINGLE = pto.PtrType(pto.float16), pto.PtrType(pto.float32)
PARAMETERS = {"a": HALF, "b": HALF, "c": SINGLE, **dict.fromkeys("mnk", pto.int64)}


def build_matmul(*, transposed: bool = False) -> ModuleOp:
    """Build c = a b: a [m, k] fp16, b [k, n] fp16 (stored as [n, k] if `transposed`), c [m, n] fp32.

    Core i of j computes the output row blocks i, i + j, ...; k is a multiple of K * BUFFERS.
    """
    module = ModuleBuilder()
    name = "matmul_transposed" if transposed else "matmul"
    with module.function(name, PARAMETERS) as args, pto.cube_section():
        m, n, k = (scalar.index_cast(args.scalar(size)) for size in "mnk")
        a = pto.as_tensor(ptr=args["a"], shape=[m, k], strides=[k, 1])
        strides: list[Scalar | int] = [1, k] if transposed else [n, 1]
        b = pto.as_tensor(ptr=args["b"], shape=[k, n], strides=strides, layout="dn" if transposed else None)
        c = pto.as_tensor(ptr=args["c"], shape=[m, n], strides=[n, 1])
        order = pto.TileBufConfig("RowMajor", "ColMajor") if transposed else None
        a_mat = [pto.alloc_tile(pto.TileBufType([M, K], pto.float16, "MAT")) for _ in range(BUFFERS)]
        b_mat = [pto.alloc_tile(pto.TileBufType([K, N], pto.float16, "MAT", config=order)) for _ in range(BUFFERS)]
        left = pto.alloc_tile(pto.TileBufType([M, K], pto.float16, "LEFT"))
        right = pto.alloc_tile(pto.TileBufType([K, N], pto.float16, "RIGHT"))
        acc = pto.alloc_tile(pto.TileBufType([M, N], pto.float32, "ACC"))

        def multiply(row: Scalar, col: Scalar, inner: Scalar) -> None:
            for parity in range(BUFFERS):
                start = inner * (K * BUFFERS) + parity * K
                pto.load(pto.slice_view(source=a, offsets=[row, start], sizes=[M, K]), a_mat[parity])
                pto.load(pto.slice_view(source=b, offsets=[start, col], sizes=[K, N]), b_mat[parity])
                tile.mov(a_mat[parity], left)
                tile.mov(b_mat[parity], right)
                with pto.if_context(start == 0, has_else=True) as first:
                    tile.matmul(left, right, acc)
                with first.else_context():
                    tile.matmul_acc(acc, left, right, acc)

        core, cores = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
        for row_block in pto.range(core, m // M, cores):
            for col_block in pto.range(0, n // N):
                row, col = row_block * M, col_block * N
                for inner in pto.range(0, k // (K * BUFFERS)):
                    multiply(row, col, inner)
                pto.store(acc, pto.slice_view(source=c, offsets=[row, col], sizes=[M, N]))
    return module.finish()


SIZES = (Size("m", 3 * M, M), Size("n", 2 * N, N), Size("k", 8 * K, K * BUFFERS))


def _arguments(rng: np.random.Generator, m: int, n: int, k: int, *, transposed: bool) -> Arguments:
    b_shape = (n, k) if transposed else (k, n)
    a, b = normal(rng, (m, k), np.float16), normal(rng, b_shape, np.float16)
    return {"a": a, "b": b, "c": unset((m, n)), "m": m, "n": n, "k": k}


def _product(arguments: Mapping[str, Any], *, transposed: bool) -> dict[str, Array]:
    a, b = (arguments[name].astype(np.float32) for name in "ab")
    return {"c": a @ (b.T if transposed else b)}


def _example(name: str, *, transposed: bool, block_dim: int) -> Example:
    return Example(
        name,
        partial(build_matmul, transposed=transposed),
        partial(_arguments, transposed=transposed),
        partial(_product, transposed=transposed),
        block_dim,
        atol=1e-4,
        sizes=SIZES,
    )


EXAMPLES = (
    _example("matmul", transposed=False, block_dim=2),
    _example("matmul_transposed", transposed=True, block_dim=1),
)
