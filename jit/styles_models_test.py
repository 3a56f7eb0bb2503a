"""Kernels out of models, in the styles in which others write them: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, name-defined, no-untyped-def"

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import COLS, F16, F32, FFTS, I8, I32, ROWS, K, M, N, alloc, normal, on_first_core, tiles, unset, whole
from jit.wrapper import jit
from ptodsl import pto, scalar, tile

COLUMN = pto.TileBufConfig(blayout="ColMajor")


def test_rotary_embedding(tmp_path: Path) -> None:
    """Halves of a tile are windows; what is half and what is single precision is converted on the way."""
    rng, half = np.random.default_rng(0), COLS // 2

    @jit(output_dir=tmp_path, detect_races=True)
    def rope(x: F16, cos: F32, sin: F32, y: F16):
        with pto.vector_section(), on_first_core():
            (narrow,) = tiles(1, pto.float16)
            wide, out = tiles(2, pto.float32)
            c, s, t = tiles(3, pto.float32, ROWS, half)
            pto.load(whole(x), narrow)
            pto.load(whole(cos, ROWS, half), c)
            pto.load(whole(sin, ROWS, half), s)
            tile.cvt(narrow, wide)
            low, high = (tile.subview(wide, [0, at], [ROWS, half]) for at in (0, half))
            new_low, new_high = (tile.subview(out, [0, at], [ROWS, half]) for at in (0, half))
            tile.mul(low, c, new_low)
            tile.mul(high, s, t)
            tile.sub(new_low, t, new_low)
            tile.mul(high, c, new_high)
            tile.mul(low, s, t)
            tile.add(new_high, t, new_high)
            tile.cvt(out, narrow)
            pto.store(narrow, whole(y))

    x, y = normal(rng, ROWS, COLS, dtype=np.float16), unset(ROWS, COLS, dtype=np.float16)
    angle = rng.uniform(0, 6, (ROWS, half))
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    rope(x, cos, sin, y)
    low, high = np.split(x.astype(np.float32), 2, axis=1)
    np.testing.assert_allclose(y, np.hstack([low * cos - high * sin, high * cos + low * sin]), rtol=2e-3, atol=2e-3)


def test_a_step_of_adam(tmp_path: Path) -> None:
    """Six arrays, three of them updated in place, and scalars of the launch."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def adam(p: F32, g: F32, m: F32, v: F32, beta1: pto.float32, beta2: pto.float32, rate: pto.float32):
        with pto.vector_section():
            core = scalar.index_cast(pto.get_subblock_idx())
            parts = []
            for ptr in (p, g, m, v):
                view = pto.as_tensor(ptr=ptr, shape=[2 * ROWS, COLS], strides=[COLS, 1])
                parts.append(pto.slice_view(source=view, offsets=[core * ROWS, 0], sizes=[ROWS, COLS]))
            tp, tg, tm, tv, t = tiles(5, pto.float32)
            for part, buffer in zip(parts, (tp, tg, tm, tv), strict=True):
                pto.load(part, buffer)
            tile.muls(tm, beta1, tm)
            tile.muls(tg, 1.0 - beta1, t)
            tile.add(tm, t, tm)
            tile.mul(tg, tg, t)
            tile.muls(t, 1.0 - beta2, t)
            tile.muls(tv, beta2, tv)
            tile.add(tv, t, tv)
            tile.sqrt(tv, t)
            tile.adds(t, 1e-8, t)
            tile.div(tm, t, t)
            tile.muls(t, rate, t)
            tile.sub(tp, t, tp)
            for part, buffer in ((parts[0], tp), (parts[2], tm), (parts[3], tv)):
                pto.store(buffer, part)

    p, g, m = (normal(rng, 2 * ROWS, COLS) for _ in range(3))
    v = np.abs(normal(rng, 2 * ROWS, COLS))
    new_m, new_v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
    wanted = p - 0.01 * new_m / (np.sqrt(new_v) + 1e-8)
    adam(p, g, m, v, 0.9, 0.99, 0.01)
    for got, want in ((p, wanted), (m, new_m), (v, new_v)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_rows_of_a_table_by_index(tmp_path: Path) -> None:
    rng, count = np.random.default_rng(0), 7

    @jit(output_dir=tmp_path, detect_races=True, block_dim=2)
    def embedding(table: F16, ids: I32, y: F16, vocabulary: pto.int32, n: pto.int32):
        with pto.vector_section():
            rows, length = scalar.index_cast(vocabulary), scalar.index_cast(n)
            source = pto.as_tensor(ptr=table, shape=[rows, COLS], strides=[COLS, 1])
            target = pto.as_tensor(ptr=y, shape=[length, COLS], strides=[COLS, 1])
            (row,) = tiles(1, pto.float16, 1)
            worker = scalar.index_cast(pto.get_block_idx()) * 2 + scalar.index_cast(pto.get_subblock_idx())
            for i in pto.range(worker, length, scalar.index_cast(pto.get_block_num()) * 2):
                at = scalar.index_cast(pto.load_scalar(pto.int32, ids, i))
                pto.load(pto.slice_view(source=source, offsets=[at, 0], sizes=[1, COLS]), row)
                pto.store(row, pto.slice_view(source=target, offsets=[i, 0], sizes=[1, COLS]))

    table, ids = normal(rng, 30, COLS, dtype=np.float16), rng.integers(0, 30, count).astype(np.int32)
    y = unset(count, COLS, dtype=np.float16)
    embedding(table, ids, y, 30, count)
    np.testing.assert_array_equal(y, table[ids])


def test_values_of_rows_go_through_memory_as_columns(tmp_path: Path) -> None:
    """[rows, 1] is loaded and stored as what it is: a column, which is dense in memory."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, scale: F32, y: F32, lse: F32):
        with pto.vector_section(), on_first_core():
            a, tmp = tiles(2, pto.float32)
            factor, top, total = (alloc("VEC", ROWS, 1, pto.float32, config=COLUMN) for _ in range(3))
            columns = [pto.as_tensor(ptr=p, shape=[ROWS, 1], strides=[1, 1], layout="DN") for p in (scale, lse)]
            pto.load(whole(x), a)
            pto.load(pto.slice_view(source=columns[0], offsets=[0, 0], sizes=[ROWS, 1]), factor)
            tile.row_expand_mul(a, factor, a)
            tile.row_max(a, tmp, top)
            tile.row_expand_sub(a, top, a)
            tile.exp(a, a)
            tile.row_sum(a, tmp, total)
            tile.row_expand_div(a, total, a)
            flat = pto.TileBufType(shape=[1, ROWS], dtype=pto.float32)
            flat_top, flat_total = tile.reshape(flat, top), tile.reshape(flat, total)
            tile.log(flat_total, flat_total)
            tile.add(flat_total, flat_top, flat_total)
            pto.store(a, whole(y))
            pto.store(total, pto.slice_view(source=columns[1], offsets=[0, 0], sizes=[ROWS, 1]))

    x, scale, y, lse = normal(rng, ROWS, COLS), normal(rng, ROWS), unset(ROWS, COLS), unset(ROWS)
    kernel(x, scale, y, lse)
    scaled = (x * scale[:, None]).astype(np.float64)
    wanted = np.log(np.exp(scaled).sum(axis=1))
    np.testing.assert_allclose(lse, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(y, np.exp(scaled - wanted[:, None]), rtol=1e-5, atol=1e-6)


def test_views_with_room_between_rows(tmp_path: Path) -> None:
    """A head of an interleaved tensor: rows are as far apart as all heads are wide."""
    rng, heads, rows = np.random.default_rng(0), 3, 2 * ROWS

    @jit(output_dir=tmp_path, detect_races=True, block_dim=3)
    def swiglu(x: F16, y: F32):
        with pto.vector_section():
            head = scalar.index_cast(pto.get_block_idx())
            core = scalar.index_cast(pto.get_subblock_idx())
            source = pto.as_tensor(
                ptr=pto.add_ptr(x, head * (2 * COLS)), shape=[rows, 2 * COLS], strides=[heads * 2 * COLS, 1]
            )
            target = pto.as_tensor(ptr=pto.add_ptr(y, head * COLS), shape=[rows, COLS], strides=[heads * COLS, 1])
            halves = tiles(2, pto.float16)
            gate, up, t = tiles(3, pto.float32)
            for at, (narrow, wide) in enumerate(zip(halves, (gate, up), strict=True)):
                pto.load(pto.slice_view(source=source, offsets=[core * ROWS, at * COLS], sizes=[ROWS, COLS]), narrow)
                tile.cvt(narrow, wide)
            tile.muls(gate, -1.0, t)
            tile.exp(t, t)
            tile.adds(t, 1.0, t)
            tile.div(gate, t, gate)
            tile.mul(gate, up, gate)
            pto.store(gate, pto.slice_view(source=target, offsets=[core * ROWS, 0], sizes=[ROWS, COLS]))

    x, y = normal(rng, rows, heads, 2, COLS, dtype=np.float16), unset(rows, heads, COLS)
    swiglu(x, y)
    gate, up = x[:, :, 0].astype(np.float64), x[:, :, 1].astype(np.float64)
    np.testing.assert_allclose(y, gate / (1 + np.exp(-gate)) * up, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("blocks", [1, 5])
def test_tiles_of_a_product_in_a_swizzled_order(blocks: int, tmp_path: Path) -> None:
    """Blocks walk down columns of two tiles, so that neighbours share operands in L2."""
    rng, group = np.random.default_rng(0), 2

    @jit(output_dir=tmp_path, detect_races=True, block_dim=blocks)
    def matmul(a: F16, b: F16, c: F32, m_tiles: pto.int32, n_tiles: pto.int32):
        with pto.cube_section():
            down, across = scalar.index_cast(m_tiles), scalar.index_cast(n_tiles)
            a_view = pto.as_tensor(ptr=a, shape=[down * M, K], strides=[K, 1])
            b_view = pto.as_tensor(ptr=b, shape=[K, across * N], strides=[across * N, 1])
            c_view = pto.as_tensor(ptr=c, shape=[down * M, across * N], strides=[across * N, 1])
            a_mat, b_mat = alloc("MAT", M, K), alloc("MAT", K, N)
            left, right, acc = alloc("LEFT", M, K), alloc("RIGHT", K, N), alloc("ACC", M, N, pto.float32)
            block, step = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
            for number in pto.range(block, down * across, step):
                per_group = down * group
                first = number // per_group * group
                width = scalar.min_u(across - first, scalar.const(group))
                rest = scalar.rem_s(number, per_group)
                row, col = scalar.div_s(rest, width), first + scalar.rem_s(rest, width)
                pto.load(pto.slice_view(source=a_view, offsets=[row * M, 0], sizes=[M, K]), a_mat)
                pto.load(pto.slice_view(source=b_view, offsets=[0, col * N], sizes=[K, N]), b_mat)
                tile.mov(a_mat, left)
                tile.mov(b_mat, right)
                tile.matmul(left, right, acc)
                pto.store(acc, pto.slice_view(source=c_view, offsets=[row * M, col * N], sizes=[M, N]))

    a, b, c = normal(rng, 3 * M, K, dtype=np.float16), normal(rng, K, 5 * N, dtype=np.float16), unset(3 * M, 5 * N)
    matmul(a, b, c, 3, 5)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)


def test_a_quantised_product_is_scaled_on_the_vector_cores(tmp_path: Path) -> None:
    """The FIFO's entries are int32, the slots of a launch on two blocks lie one behind the other."""
    rng, slots, half = np.random.default_rng(0), 4, M // 2

    @jit(module=True, output_dir=tmp_path, detect_races=True, block_dim=2)
    def module():
        def fifo(buffer: Any, rows: int) -> Any:
            block = scalar.index_cast(pto.get_block_idx())
            mine = pto.add_ptr(buffer, block * (slots * M * N))
            entry = pto.declare_global(pto.TensorType(shape=[rows, N], dtype=pto.int32))
            return entry, pto.initialize_l2g2l_pipe(dir_mask=1, slot_size=M * N * 4, slot_num=slots, gm_addr=mine)

        def mine(count: Any) -> Any:
            block, blocks = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
            return pto.range(block, scalar.index_cast(count), blocks)

        @pto.func(kernel="cube")
        def cube(buffer: I32, a: I8, b: I8, scale: F32, c: F16, count: pto.int32):
            entry, pipe = fifo(buffer, M)
            a_mat, b_mat = alloc("MAT", M, K, pto.int8), alloc("MAT", K, N, pto.int8)
            left, right = alloc("LEFT", M, K, pto.int8), alloc("RIGHT", K, N, pto.int8)
            acc = alloc("ACC", M, N, pto.int32)
            view = pto.as_tensor(ptr=a, shape=[scalar.index_cast(count) * M, K], strides=[K, 1])
            pto.load(whole(b, K, N), b_mat)
            tile.mov(b_mat, right)
            for i in mine(count):
                pto.load(pto.slice_view(source=view, offsets=[i * M, 0], sizes=[M, K]), a_mat)
                tile.mov(a_mat, left)
                tile.matmul(left, right, acc)
                pto.talloc(entry, pipe, 1)
                pto.store(acc, pto.slice_view(source=entry, offsets=[0, 0], sizes=[M, N]))
                pto.tpush(entry, pipe, 1)

        @pto.func(kernel="vector")
        def vector(buffer: I32, a: I8, b: I8, scale: F32, c: F16, count: pto.int32):
            entry, pipe = fifo(buffer, half)
            whole_numbers, x = alloc("VEC", half, N, pto.int32), alloc("VEC", half, N, pto.float32)
            y, factors = alloc("VEC", half, N), alloc("VEC", 1, N, pto.float32)
            view = pto.as_tensor(ptr=c, shape=[scalar.index_cast(count) * M, N], strides=[N, 1])
            row = scalar.index_cast(pto.get_subblock_idx()) * half
            pto.load(whole(scale, 1, N), factors)
            for i in mine(count):
                pto.tpop_into(entry, pipe, 1)
                pto.load(pto.slice_view(source=entry, offsets=[0, 0], sizes=[half, N]), whole_numbers)
                pto.tfree(pipe, 1, entry=entry)
                tile.cvt(whole_numbers, x)
                tile.col_expand_mul(x, factors, x)
                tile.cvt(x, y, rmode="cast_rint")
                pto.store(y, pto.slice_view(source=view, offsets=[i * M + row, 0], sizes=[half, N]))

        @pto.func
        def entry(ffts: FFTS, buffer: I32, a: I8, b: I8, scale: F32, c: F16, count: pto.int32):
            pto.set_ffts(ffts)
            pto.call(cube, buffer, a, b, scale, c, count)
            pto.call(vector, buffer, a, b, scale, c, count)

    count = 11
    a, b = rng.integers(-128, 128, (count * M, K), np.int8), rng.integers(-128, 128, (K, N), np.int8)
    scale, c = rng.uniform(1e-4, 1e-3, N).astype(np.float32), unset(count * M, N, dtype=np.float16)
    module(unset(2 * slots * M * N, dtype=np.int32), a, b, scale, c, count)
    wanted = ((a.astype(np.int32) @ b.astype(np.int32)).astype(np.float32) * scale).astype(np.float16)
    np.testing.assert_array_equal(c, wanted)


@pytest.mark.parametrize("size", [(50, 30, 20), (64, 64, 64), (1, 1, 1)])
def test_a_product_of_any_size(size: tuple[int, int, int], tmp_path: Path) -> None:
    """What is no multiple of a tile is valid in part, in all three directions."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def matmul(a: F16, b: F16, c: F32, m: pto.int32, n: pto.int32, k: pto.int32):
        with pto.cube_section():
            rows, cols, inner = (scalar.index_cast(size) for size in (m, n, k))

            def part(ptr: Any, height: Any, width: Any) -> Any:
                view = pto.as_tensor(ptr=ptr, shape=[height, width], strides=[width, 1])
                return pto.slice_view(source=view, offsets=[0, 0], sizes=[height, width])

            def buffer(space: str, dtype: Any, height: Any, width: Any) -> Any:
                ty = pto.TileBufType(shape=[64, 64], dtype=dtype, memory_space=space, valid_shape=[-1, -1])
                return pto.alloc_tile(ty, valid_row=height, valid_col=width)

            a_mat, left = (buffer(space, pto.float16, rows, inner) for space in ("MAT", "LEFT"))
            b_mat, right = (buffer(space, pto.float16, inner, cols) for space in ("MAT", "RIGHT"))
            acc = buffer("ACC", pto.float32, rows, cols)
            pto.load(part(a, rows, inner), a_mat)
            pto.load(part(b, inner, cols), b_mat)
            tile.mov(a_mat, left)
            tile.mov(b_mat, right)
            tile.matmul(left, right, acc)
            pto.store(acc, part(c, rows, cols))

    m, n, k = size
    a, b, c = normal(rng, m, k, dtype=np.float16), normal(rng, k, n, dtype=np.float16), unset(m, n)
    matmul(a, b, c, m, n, k)
    np.testing.assert_allclose(c, a.astype(np.float32) @ b.astype(np.float32), atol=1e-4)
