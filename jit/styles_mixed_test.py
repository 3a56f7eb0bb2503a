"""Kernels of both cores in the styles in which others write them: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, name-defined, no-untyped-def"
# ruff: noqa: F821, UP037, ANN - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jit.styles import F16, F32, FFTS, K, M, N, alloc, normal, operands, unset, whole
from jit.wrapper import jit
from ptodsl import pto, scalar, tile


def test_sections_of_both_cores_stand_in_one_function(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(a: F16, b: F16, c: F32, x: F32):
        with pto.cube_section():
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            pto.load(whole(a, M, K), a_mat)
            pto.load(whole(b, K, N), b_mat)
            tile.mov(a_mat, left)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, whole(c, M, N))
        with pto.vector_section():
            half = scalar.index_cast(pto.get_subblock_idx()) * (M // 2)
            y = alloc("VEC", M // 2, N, pto.float32)
            view = pto.as_tensor(ptr=x, shape=[M, N], strides=[N, 1])
            part = pto.slice_view(source=view, offsets=[half, 0], sizes=[M // 2, N])
            pto.load(part, y)
            tile.adds(y, 1.0, y)
            pto.store(y, part)

    a, b, c = normal(rng, M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(M, N)
    x = normal(rng, M, N)
    before = x.copy()
    kernel(a, b, c, x)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)
    np.testing.assert_array_equal(x, before + 1)


def test_a_fifo_of_gm_entries_with_types_from_meta_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    slots, half = 4, M // 2

    def meta() -> dict[str, Any]:
        return {
            "ffts_ty": pto.ffts_type,
            "f16_ptr": pto.PtrType(pto.float16),
            "f32_ptr": pto.PtrType(pto.float32),
            "i64": pto.int64,
            "slot": pto.TensorType(shape=[M, N], dtype=pto.float32),
            "slot_part": pto.SubTensorType(shape=[M, N], dtype=pto.float32),
            "half_slot": pto.TensorType(shape=[half, N], dtype=pto.float32),
            "half_part": pto.SubTensorType(shape=[half, N], dtype=pto.float32),
        }

    @jit(meta_data=meta, module=True, block_dim=2, output_dir=tmp_path, detect_races=True)
    def module():
        def fifo(buffer: Any, rows: int, slot_type: Any) -> Any:
            block = scalar.index_cast(pto.get_block_idx())
            mine = pto.add_ptr(buffer, block * (slots * M * N))
            view = pto.as_tensor(slot_type, ptr=mine, shape=[rows, N], strides=[N, 1])
            return pto.initialize_l2g2l_pipe(dir_mask=1, slot_size=M * N * 4, slot_num=slots, gm_addr=view, flag_base=0)

        def mine(count: Any) -> Any:
            return pto.range(
                scalar.index_cast(pto.get_block_idx()), scalar.index_cast(count), scalar.index_cast(pto.get_block_num())
            )

        @pto.func(kernel="cube")
        def cube(buffer: "f32_ptr", a: "f16_ptr", b: "f16_ptr", c: "f32_ptr", count: "i64"):
            pipe, entry = fifo(buffer, M, slot), pto.declare_global(slot)
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            view = pto.as_tensor(ptr=a, shape=[scalar.index_cast(count) * M, K], strides=[K, 1])
            pto.load(whole(b, K, N), b_mat)
            tile.mov(b_mat, right)
            for i in mine(count):
                pto.load(pto.slice_view(source=view, offsets=[i * M, 0], sizes=[M, K]), a_mat)
                tile.mov(a_mat, left)
                tile.matmul(left, right, acc)
                pto.talloc(entry, pipe, 1)
                pto.store(acc, pto.slice_view(slot_part, source=entry, offsets=[0, 0], sizes=[M, N]))
                pto.tpush(entry, pipe, 1)

        @pto.func(kernel="vector")
        def vector(buffer: "f32_ptr", a: "f16_ptr", b: "f16_ptr", c: "f32_ptr", count: "i64"):
            pipe = fifo(buffer, half, half_slot)
            x, tmp = (alloc("VEC", half, N, pto.float32) for _ in range(2))
            state = alloc("VEC", half, 1, pto.float32, config=pto.TileBufConfig(blayout="ColMajor"))
            view = pto.as_tensor(ptr=c, shape=[scalar.index_cast(count) * M, N], strides=[N, 1])
            row = scalar.index_cast(pto.get_subblock_idx()) * half
            for i in mine(count):
                entry = pto.tpop(half_slot, pipe, 1)
                pto.load(pto.slice_view(half_part, source=entry, offsets=[0, 0], sizes=[half, N]), x)
                pto.tfree(pipe, 1, entry=entry)
                tile.row_max(x, tmp, state)
                tile.row_expand_sub(x, state, x)
                pto.store(x, pto.slice_view(half_part, source=view, offsets=[i * M + row, 0], sizes=[half, N]))

        @pto.func
        def call_both(ffts: "ffts_ty", buffer: "f32_ptr", a: "f16_ptr", b: "f16_ptr", c: "f32_ptr", count: "i64"):
            pto.set_ffts(ffts)
            pto.call(cube, buffer, a, b, c, count)
            pto.call(vector, buffer, a, b, c, count)

    count = 21
    a, b, c = normal(rng, count * M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(count * M, N)
    module(unset(2 * slots * M * N), a, b, c, count)
    product = a.astype(np.float32) @ b.astype(np.float32)
    np.testing.assert_allclose(c, product - product.max(axis=1, keepdims=True), atol=1e-4)


def test_tiles_go_to_the_cube_and_back(tmp_path: Path) -> None:
    """C = exp(A) B + 1, with the exponential on the vector cores: one FIFO each way."""
    rng = np.random.default_rng(0)
    half = M // 2

    @jit(module=True, output_dir=tmp_path, detect_races=True, interleave=3)
    def module():
        @pto.func(kernel="vector")
        def vector(down: F16, up: F32, a: F16, b: F16, c: F32, count: pto.int32):
            to_cube = pto.import_reserved_buffer(name="operands", peer_func="@cube")
            from_cube = pto.reserve_buffer(name="products", size=8 * M * N * 4, location="VEC")
            pto.aiv_initialize_pipe(
                id=0, dir_mask=2, slot_size=M * K * 2, gm_slot_buffer=down, c2v_consumer_buf=0, v2c_consumer_buf=to_cube
            )
            pto.aiv_initialize_pipe(
                id=1, dir_mask=1, slot_size=M * N * 4, gm_slot_buffer=up, c2v_consumer_buf=from_cube, v2c_consumer_buf=0
            )
            n = scalar.index_cast(count)
            a_view = pto.as_tensor(ptr=a, shape=[n * M, K], strides=[K, 1])
            c_view = pto.as_tensor(ptr=c, shape=[n * M, N], strides=[N, 1])
            row = scalar.index_cast(pto.get_subblock_idx()) * half
            x, y = alloc("VEC", half, K), alloc("VEC", half, N, pto.float32)
            for i in pto.range(0, n, 1):
                pto.load(pto.slice_view(source=a_view, offsets=[i * M + row, 0], sizes=[half, K]), x)
                tile.exp(x, x)
                pto.tpush_to_aic(x, 1, id=0)
                product = pto.tpop_from_aic(pto.TileBufType(shape=[half, N], dtype=pto.float32), 1, id=1)
                tile.adds(product, 1.0, y)
                pto.tfree_from_aic(1, id=1)
                pto.store(y, pto.slice_view(source=c_view, offsets=[i * M + row, 0], sizes=[half, N]))

        @pto.func(kernel="cube")
        def cube(down: F16, up: F32, a: F16, b: F16, c: F32, count: pto.int32):
            from_vector = pto.reserve_buffer(name="operands", size=8 * M * K * 2, location="MAT")
            to_vector = pto.import_reserved_buffer(name="products", peer_func="@vector")
            pto.aic_initialize_pipe(
                id=0,
                dir_mask=2,
                slot_size=M * K * 2,
                gm_slot_buffer=down,
                c2v_consumer_buf=0,
                v2c_consumer_buf=from_vector,
            )
            pto.aic_initialize_pipe(
                id=1, dir_mask=1, slot_size=M * N * 4, gm_slot_buffer=up, c2v_consumer_buf=to_vector, v2c_consumer_buf=0
            )
            _, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            pto.load(whole(b, K, N), b_mat)
            tile.mov(b_mat, right)
            for _ in pto.range(0, scalar.index_cast(count), 1):
                x = pto.tpop_from_aiv(pto.TileBufType(shape=[M, K], dtype=pto.float16, memory_space="MAT"), 1, id=0)
                tile.mov(x, left)
                pto.tfree_from_aiv(1, id=0)
                tile.matmul(left, right, acc)
                pto.tpush_to_aiv(acc, 1, id=1)

        @pto.func(name="entry")
        def start(ffts: FFTS, down: F16, up: F32, a: F16, b: F16, c: F32, count: pto.int32):
            pto.set_ffts(ffts)
            pto.call(cube, down, up, a, b, c, count)
            pto.call(vector, down, up, a, b, c, count)

    count = 11
    a, b, c = normal(rng, count * M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(count * M, N)
    module(unset(8 * M * K, dtype=np.float16), unset(8 * M * N), a, b, c, count)
    lhs = np.exp(a.astype(np.float32)).astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(c, lhs @ b.astype(np.float32) + 1, rtol=2e-3, atol=2e-2)


def test_an_unsplit_fifo_gives_each_vector_core_the_whole(tmp_path: Path) -> None:
    """One core takes the sum of rows, the other their maximum."""
    rng = np.random.default_rng(0)

    @jit(module=True, output_dir=tmp_path, detect_races=True)
    def module():
        @pto.func(kernel="cube")
        def cube(slots: F32, a: F16, b: F16, c: F32, count: pto.int32):
            ring = pto.import_reserved_buffer(name="products", peer_func="vector")
            pto.aic_initialize_pipe(
                dir_mask=1,
                slot_size=M * N * 4,
                gm_slot_buffer=slots,
                c2v_consumer_buf=ring,
                v2c_consumer_buf=0,
                nosplit=True,
            )
            a_mat, b_mat, left, right, acc = operands(pto.float16, pto.float32)
            view = pto.as_tensor(ptr=a, shape=[scalar.index_cast(count) * M, K], strides=[K, 1])
            pto.load(whole(b, K, N), b_mat)
            tile.mov(b_mat, right)
            for i in pto.range(0, scalar.index_cast(count), 1):
                pto.load(pto.slice_view(source=view, offsets=[i * M, 0], sizes=[M, K]), a_mat)
                tile.mov(a_mat, left)
                tile.matmul(left, right, acc)
                pto.tpush_to_aiv(acc, 0)

        @pto.func(kernel="vector")
        def vector(slots: F32, a: F16, b: F16, c: F32, count: pto.int32):
            ring = pto.reserve_buffer(name="products", size=8 * M * N * 4, location="VEC")
            pto.aiv_initialize_pipe(
                dir_mask=1,
                slot_size=M * N * 4,
                gm_slot_buffer=slots,
                c2v_consumer_buf=ring,
                v2c_consumer_buf=0,
                nosplit=True,
            )
            tmp = alloc("VEC", M, N, pto.float32)
            state = alloc("VEC", M, 1, pto.float32, config=pto.TileBufConfig(blayout="ColMajor"))
            n, core = scalar.index_cast(count), scalar.index_cast(pto.get_subblock_idx())
            view = pto.as_tensor(ptr=c, shape=[n * 2, M], strides=[M, 1])
            for i in pto.range(0, n, 1):
                x = pto.tpop_from_aic(pto.TileBufType(shape=[M, N], dtype=pto.float32), 0)
                with pto.if_context(core == 0, has_else=True) as branch:
                    tile.row_sum(x, tmp, state)
                with branch.else_context():
                    tile.row_max(x, tmp, state)
                pto.tfree_from_aic(0)
                flat = tile.reshape(pto.TileBufType(shape=[1, M], dtype=pto.float32), state)
                pto.store(flat, pto.slice_view(source=view, offsets=[i * 2 + core, 0], sizes=[1, M]))

        @pto.func
        def entry(ffts: FFTS, slots: F32, a: F16, b: F16, c: F32, count: pto.int32):
            pto.set_ffts(ffts)
            pto.call(cube, slots, a, b, c, count)
            pto.call(vector, slots, a, b, c, count)

    count = 10
    a, b, c = normal(rng, count * M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16), unset(count, 2, M)
    module(unset(8 * M * N), a, b, c, count)
    product = (a.astype(np.float32) @ b.astype(np.float32)).reshape(count, M, N)
    np.testing.assert_allclose(c[:, 0], product.sum(axis=2), atol=1e-3)
    np.testing.assert_allclose(c[:, 1], product.max(axis=2), atol=1e-4)
