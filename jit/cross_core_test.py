"""Kernels whose cores meet by flags that they set and wait for themselves."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jit.styles import F16, F32, FFTS, K, M, N, alloc, normal, operands, unset, whole
from jit.wrapper import JitWrapper, jit
from ptodsl import pto, scalar, tile

DONE = 5
"""The flag behind the cube core's store."""


def product_and_relu(directory: Path, *, flag: int = DONE) -> JitWrapper:
    """C = relu(a b): the cube core stores the product, the vector cores wait for it, each takes one half."""

    @jit(module=True, output_dir=directory)
    def product_and_relu() -> None:
        @pto.func(kernel="cube")
        def cube(ffts: FFTS, a: F16, b: F16, product: F32, c: F32) -> None:
            pto.set_ffts(ffts)
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            for pointer, rows, cols, mat, operand in ((a, M, K, a_mat, left), (b, K, N, b_mat, right)):
                pto.load(whole(pointer, rows, cols), mat)
                tile.mov(mat, operand)
            tile.matmul(left, right, acc)
            pto.store(acc, whole(product, M, N))
            pto.sync_set(pto.PIPE_FIX, flag)

        @pto.func(kernel="vector")
        def vector(ffts: FFTS, a: F16, b: F16, product: F32, c: F32) -> None:
            pto.set_ffts(ffts)
            x = alloc("VEC", M // 2, N, pto.float32)
            row = scalar.index_cast(pto.get_subblock_idx()) * (M // 2)
            pto.sync_wait(pto.PIPE_MTE2, DONE)
            source, target = (pto.as_tensor(ptr=p, shape=[M, N], strides=[N, 1]) for p in (product, c))
            pto.load(pto.slice_view(source=source, offsets=[row, 0], sizes=[M // 2, N]), x)
            tile.relu(x, x)
            pto.store(x, pto.slice_view(source=target, offsets=[row, 0], sizes=[M // 2, N]))

        @pto.func
        def product_and_relu(ffts: FFTS, a: F16, b: F16, product: F32, c: F32) -> None:
            pto.call(cube, ffts, a, b, product, c)
            pto.call(vector, ffts, a, b, product, c)

    return product_and_relu


def launch(kernel: JitWrapper) -> None:
    """Launch it on random matrices and compare."""
    rng = np.random.default_rng(0)
    a, b = normal(rng, M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16)
    product, c = unset(M, N), unset(M, N)
    kernel(a, b, product, c)
    np.testing.assert_allclose(c, np.maximum(a.astype(np.float32) @ b.astype(np.float32), 0), atol=1e-3)


def test_the_vector_cores_find_what_the_cube_core_has_stored(tmp_path: Path) -> None:
    launch(product_and_relu(tmp_path))


def test_a_flag_that_nobody_sets_is_a_deadlock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"waits at .* for flag 5 while cube has set it 0 times and finished"):
        launch(product_and_relu(tmp_path, flag=DONE + 1))
