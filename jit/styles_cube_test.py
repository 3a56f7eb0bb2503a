"""Cube kernels in the styles in which others write them: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, name-defined, no-untyped-def"
# ruff: noqa: UP037, ANN - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import BF16, F16, F32, I8, I32, K, M, N, alloc, bf16_bits, bf16_value, normal, operands, unset, whole
from jit.wrapper import jit
from ptodsl import pto, scalar, tile


def transposed(ptr: Any, rows: int, cols: int) -> Any:
    """The matrix [rows, cols] whose transpose is at `ptr`, as one slice."""
    view = pto.as_tensor(ptr=ptr, shape=[rows, cols], strides=[1, rows], layout="DN")
    return pto.slice_view(source=view, offsets=[0, 0], sizes=[rows, cols])


@pytest.mark.parametrize("kind", ["f16", "f32", "bf16", "i8", "f16 to f16"])
def test_products_of_each_type(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pointers = {"f16": (F16, F32), "f32": (F32, F32), "bf16": (BF16, F32), "i8": (I8, I32), "f16 to f16": (F16, F16)}
    given, result = pointers[kind]

    @jit(meta_data=lambda: {"given": given, "result": result}, output_dir=tmp_path, detect_races=True)
    def matmul(a: "given", b: "given", c: "result"):
        with pto.cube_section():
            a_mat, b_mat, left, right, acc = operands(given.dtype, pto.int32 if kind == "i8" else pto.float32)
            pto.load(whole(a, M, K), a_mat)
            pto.load(whole(b, K, N), b_mat)
            tile.mov(a_mat, left)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, whole(c, M, N))

    if kind == "i8":
        a, b = (rng.integers(-128, 128, (M, K), np.int8) for _ in range(2))
        c = unset(M, N, dtype=np.int32)
        matmul(a, b, c)
        np.testing.assert_array_equal(c, a.astype(np.int32) @ b.astype(np.int32))
        return
    a, b = normal(rng, M, K), normal(rng, K, N)
    if kind == "bf16":
        a, b = bf16_bits(a), bf16_bits(b)
    elif kind != "f32":
        a, b = a.astype(np.float16), b.astype(np.float16)
    c = unset(M, N, dtype=np.float16 if result is F16 else np.float32)
    matmul(a, b, c)
    x, y = (bf16_value(v) if kind == "bf16" else v.astype(np.float32) for v in (a, b))
    np.testing.assert_allclose(c, x @ y, rtol=1e-3 if result is F16 else 1e-5, atol=1e-2 if result is F16 else 1e-4)


@pytest.mark.parametrize(("of_a", "of_b"), [(True, False), (False, True), (True, True)])
def test_transposed_operands_are_views(of_a: bool, of_b: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    order = pto.TileBufConfig("RowMajor", "ColMajor")

    @jit(output_dir=tmp_path, detect_races=True)
    def matmul(a: F16, b: F16, c: F32):
        with pto.cube_section():
            a_mat = alloc("MAT", M, K, **({"config": order} if of_a else {}))
            b_mat = alloc("MAT", K, N, **({"config": order} if of_b else {}))
            left, right, acc = operands(pto.float16, pto.float32)[2:]
            pto.load((transposed if of_a else whole)(a, M, K), a_mat)
            pto.load((transposed if of_b else whole)(b, K, N), b_mat)
            tile.mov(a_mat, left)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, whole(c, M, N))

    a, b, c = normal(rng, M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(M, N)
    matmul(a.T.copy() if of_a else a, b.T.copy() if of_b else b, c)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)


def test_batches_are_dealt_to_blocks_and_k_is_sliced(tmp_path: Path) -> None:
    """A batch in three dimensions, as a view of two."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True, block_dim=3)
    def bmm(a: F16, b: F16, c: F32, batch: pto.int32, inner: pto.int32):
        with pto.cube_section():
            count, k = scalar.index_cast(batch), scalar.index_cast(inner)
            a_view = pto.as_tensor(
                pto.TensorType(rank=3, dtype=pto.float16), ptr=a, shape=[count, M, k], strides=[k * M, k, 1]
            )
            b_view = pto.as_tensor(
                pto.TensorType(rank=3, dtype=pto.float16), ptr=b, shape=[count, k, N], strides=[k * N, N, 1]
            )
            c_view = pto.as_tensor(
                pto.TensorType(rank=3, dtype=pto.float32), ptr=c, shape=[count, M, N], strides=[M * N, N, 1]
            )
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            a_part = pto.SubTensorType(shape=[1, M, K], dtype=pto.float16)
            b_part = pto.SubTensorType(shape=[1, K, N], dtype=pto.float16)
            c_part = pto.SubTensorType(shape=[1, M, N], dtype=pto.float32)
            bid, num = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
            for i in pto.range(bid, count, num):
                for j in pto.range(0, k, K):
                    pto.load(pto.slice_view(a_part, source=a_view, offsets=[i, 0, j], sizes=[1, M, K]), a_mat)
                    pto.load(pto.slice_view(b_part, source=b_view, offsets=[i, j, 0], sizes=[1, K, N]), b_mat)
                    tile.mov(a_mat, left)
                    tile.mov(b_mat, right)
                    pto.cond(
                        scalar.eq(j, scalar.const(0)),
                        lambda: tile.matmul(left, right, acc),
                        lambda: tile.matmul_acc(acc, left, right, acc),
                    )
                pto.store(acc, pto.slice_view(c_part, source=c_view, offsets=[i, 0, 0], sizes=[1, M, N]))

    a, b = normal(rng, 4, M, 3 * K, dtype=np.float16), normal(rng, 4, 3 * K, N, dtype=np.float16)
    c = unset(4, M, N)
    bmm(a, b, c, 4, 3 * K)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)


def test_a_product_of_fewer_rows_than_a_tile(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    valid: Any = {"valid_shape": [-1, K]}

    @jit(output_dir=tmp_path, detect_races=True)
    def matmul(a: F16, b: F16, c: F32, m: pto.int32):
        with pto.cube_section():
            rows = scalar.index_cast(m)
            a_view = pto.as_tensor(ptr=a, shape=[rows, K], strides=[K, 1])
            c_view = pto.as_tensor(ptr=c, shape=[rows, N], strides=[N, 1])
            a_mat, left = (
                pto.alloc_tile(pto.TileBufType([M, K], pto.float16, space, **valid), valid_row=rows)
                for space in ("MAT", "LEFT")
            )
            acc = pto.alloc_tile(pto.TileBufType([M, N], pto.float32, "ACC", valid_shape=[-1, N]), valid_row=rows)
            b_mat, right = alloc("MAT", K, N), alloc("RIGHT", K, N)
            pto.load(pto.slice_view(source=a_view, offsets=[0, 0], sizes=[rows, K]), a_mat)
            pto.load(whole(b, K, N), b_mat)
            tile.mov(a_mat, left)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, pto.slice_view(source=c_view, offsets=[0, 0], sizes=[rows, N]))

    for m in (1, 17, M):
        a, b, c = normal(rng, m, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(m, N)
        matmul(a, b, c, m)
        np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)


def test_a_panel_in_l1_is_taken_in_slices_with_flags_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True, enable_insert_sync=False)
    def matmul(a: F16, b: F16, c: F32):
        with pto.cube_section():
            a_mat, b_mat = alloc("MAT", M, 4 * K), alloc("MAT", 4 * K, N)
            left, right = [alloc("LEFT", M, K) for _ in range(2)], [alloc("RIGHT", K, N) for _ in range(2)]
            acc = alloc("ACC", M, N, pto.float32)
            pto.load(whole(a, M, 4 * K), a_mat)
            pto.load(whole(b, 4 * K, N), b_mat)
            pto.record_wait_pair("LOAD", "MOV_M2L", 0)
            for event in range(2):
                pto.record_event("MATMUL", "MOV_M2L", event)
            for i in range(4):
                event = i % 2
                pto.wait_event("MATMUL", "MOV_M2L", event)
                tile.extract(a_mat, scalar.const(0), scalar.const(i * K), left[event])
                tile.extract(b_mat, scalar.const(i * K), scalar.const(0), right[event])
                pto.record_wait_pair("MOV_M2L", "MATMUL", event)
                if i == 0:
                    tile.matmul(left[event], right[event], acc)
                else:
                    tile.matmul_acc(acc, left[event], right[event], acc)
                pto.record_event("MATMUL", "MOV_M2L", event)
            pto.wait_event("MATMUL", "MOV_M2L", [0, 1])
            pto.record_wait_pair("MATMUL", "STORE_ACC", 0)
            pto.store(acc, whole(c, M, N))

    a, b, c = normal(rng, M, 4 * K, dtype=np.float16), normal(rng, 4 * K, N, dtype=np.float16), unset(M, N)
    matmul(a, b, c)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)


def test_a_result_is_an_operand_again_without_leaving_the_chip(tmp_path: Path) -> None:
    """L0C to L1 rounds to fp16."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def square(a: F16, c: F32):
        with pto.cube_section():
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            pto.load(whole(a, M, K), a_mat)
            tile.mov(a_mat, left)
            tile.mov(a_mat, right)
            tile.matmul(left, right, acc)
            tile.mov(acc, b_mat)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, whole(c, M, N))

    a, c = normal(rng, M, K, dtype=np.float16), unset(M, N)
    square(a, c)
    x = a.astype(np.float32)
    np.testing.assert_allclose(c, x @ (x @ x).astype(np.float16).astype(np.float32), rtol=1e-4, atol=3e-2)
