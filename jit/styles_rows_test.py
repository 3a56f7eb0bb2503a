"""Vector kernels with rows, scalars and windows, in other people's styles: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, name-defined, no-untyped-def"
# ruff: noqa: F821, UP037 - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import COLS, F16, F32, I32, ROWS, alloc, normal, on_first_core, tiles, unset, whole
from jit.wrapper import JitWrapper, jit
from ptodsl import pto, scalar, tile


def test_softmax_in_float16(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def softmax(x: F16, y: F16):
        with pto.vector_section(), on_first_core():
            a, tmp = tiles(2, pto.float16)
            state = pto.alloc_tile(
                pto.TileBufType(shape=[ROWS, 1], dtype=pto.float16, config=pto.TileBufConfig("ColMajor", "NoneBox"))
            )
            pto.load(whole(x), a)
            tile.row_max(a, tmp, state)
            tile.row_expand_sub(a, state, a)
            tile.exp(a, a)
            tile.row_sum(a, tmp, state)
            tile.row_expand_div(a, state, a)
            pto.store(a, whole(y))

    x, y = normal(rng, ROWS, COLS, dtype=np.float16), unset(ROWS, COLS, dtype=np.float16)
    softmax(x, y)
    e = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    np.testing.assert_allclose(y, e / e.sum(axis=1, keepdims=True), rtol=2e-2, atol=1e-4)


def test_reductions_of_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32):
        with pto.vector_section(), on_first_core():
            a, tmp = tiles(2, pto.float32)
            rows = tiles(4, pto.float32, 1)
            pto.load(whole(x), a)
            tile.col_min(a, rows[0])
            tile.col_max(a, rows[1])
            tile.col_prod(a, tmp, rows[2])
            tile.col_sum(a, tmp, rows[3], True)
            view = pto.as_tensor(ptr=y, shape=[4, COLS], strides=[COLS, 1])
            for i, row in enumerate(rows):
                pto.store(row, pto.slice_view(source=view, offsets=[i, 0], sizes=[1, COLS]))

    x, y = normal(rng, ROWS, COLS), unset(4, COLS)
    kernel(x, y)
    np.testing.assert_allclose(y, [x.min(0), x.max(0), x.prod(0), x.sum(0)], rtol=1e-4, atol=1e-5)


def test_reductions_of_rows_and_their_broadcasts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32, z: F32):
        with pto.vector_section(), on_first_core():
            a, b, tmp = tiles(3, pto.float32)
            config = pto.TileBufConfig(blayout="ColMajor")
            low, high = (
                pto.alloc_tile(pto.TileBufType(shape=[ROWS, 1], dtype=pto.float32, config=config)) for _ in range(2)
            )
            pto.load(whole(x), a)
            tile.row_min(a, tmp, low)
            tile.row_max(a, tmp, high)
            tile.row_expand_sub(a, low, a)
            flat = [tile.reshape(pto.TileBufType(shape=[1, ROWS], dtype=pto.float32), t) for t in (low, high)]
            tile.sub(flat[1], flat[0], flat[1])
            tile.row_expand_div(a, high, a)
            tile.row_expand(low, b)
            pto.store(a, whole(y))
            pto.store(b, whole(z))

    x, y, z = normal(rng, ROWS, COLS), unset(ROWS, COLS), unset(ROWS, COLS)
    kernel(x, y, z)
    low, high = x.min(1, keepdims=True), x.max(1, keepdims=True)
    np.testing.assert_allclose(y, (x - low) / (high - low), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(z, np.broadcast_to(low, x.shape))


@pytest.mark.parametrize(("pointer", "lanes"), [(F32, 8), (F16, 16)])
def test_values_of_rows_fill_blocks(pointer: Any, lanes: int, tmp_path: Path) -> None:
    """A row-major operand has a block of 32 bytes for each row; a row-major result has one valid column."""
    rng, dtype = np.random.default_rng(0), np.float32 if lanes == 8 else np.float16

    @jit(meta_data=lambda: {"given": pointer}, output_dir=tmp_path, detect_races=True)
    def kernel(x: "given", scale: "given", y: "given", total: "given"):
        with pto.vector_section(), on_first_core():
            a, tmp = tiles(2, pointer.dtype)
            (blocks,) = tiles(1, pointer.dtype, ROWS, lanes)
            sums = alloc("VEC", ROWS, lanes, pointer.dtype, valid_shape=[ROWS, 1])
            pto.load(whole(x), a)
            pto.load(whole(scale, ROWS, lanes), blocks)
            tile.row_expand_mul(a, blocks, a)
            tile.row_max(a, tmp, sums)
            pto.store(a, whole(y))
            pto.store(sums, whole(total, ROWS, 1))

    x, y, total = normal(rng, ROWS, COLS, dtype=dtype), unset(ROWS, COLS, dtype=dtype), unset(ROWS, dtype=dtype)
    scale = normal(rng, ROWS, lanes, dtype=dtype)  # lane i is for columns i, i + lanes, ...
    kernel(x, scale, y, total)
    wanted = x * np.tile(scale, (1, COLS // lanes))
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(total, wanted.max(axis=1))


def test_numbers_come_from_memory(tmp_path: Path) -> None:
    """Lengths and factors of ragged rows are read by the scalar unit."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, lengths: I32, factors: F32, y: F32, rows: pto.int32):
        with pto.vector_section():
            n = scalar.index_cast(rows)
            source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
            core = scalar.index_cast(pto.get_subblock_idx())
            for r in pto.range(core, n, 2):
                length = scalar.index_cast(pto.load_scalar(pto.int32, lengths, r))
                with pto.if_context(length > 0):
                    a = pto.alloc_tile(
                        pto.TileBufType(shape=[1, COLS], dtype=pto.float32, valid_shape=[1, -1]), valid_col=length
                    )
                    pto.load(pto.slice_view(source=source, offsets=[r, 0], sizes=[1, length]), a)
                    tile.muls(a, pto.load_scalar(pto.float32, factors, r), a)
                    pto.store(a, pto.slice_view(source=target, offsets=[r, 0], sizes=[1, length]))

    lengths = np.array([3, 0, 64, 17, 1], np.int32)
    x, factors, y = normal(rng, 5, COLS), normal(rng, 5), np.zeros((5, COLS), np.float32)
    kernel(x, lengths, factors, y, 5)
    wanted = np.where(np.arange(COLS) < lengths[:, None], x * factors[:, None], 0)
    np.testing.assert_array_equal(y, wanted)


def test_windows_of_a_tile(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32):
        with pto.vector_section(), on_first_core():
            a, b = tiles(2, pto.float32)
            pto.load(whole(x), a)
            left, right = (tile.subview(a, [0, c], [ROWS, COLS // 2]) for c in (0, COLS // 2))
            tile.add(left, right, tile.subview(b, [0, 0], [ROWS, COLS // 2]))
            tile.sub(left, right, tile.subview(b, [0, COLS // 2], [ROWS, COLS // 2]))
            pto.store(b, whole(y))

    x, y = normal(rng, ROWS, COLS), unset(ROWS, COLS)
    kernel(x, y)
    left, right = np.split(x, 2, axis=1)
    np.testing.assert_array_equal(y, np.hstack([left + right, left - right]))


def test_scalars_choose(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F32, y: F32, rows: pto.int32):
        with pto.vector_section(), on_first_core():
            n = scalar.index_cast(rows)
            source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
            (a,) = tiles(1, pto.float32, 1)
            for r in pto.range(scalar.const(0), n, scalar.const(1)):
                odd = scalar.eq(scalar.rem_s(r, scalar.const(2)), scalar.const(1))
                back = n - 1 - r
                from_row = scalar.select(odd, back, r)
                factor = scalar.select(
                    scalar.gt(r, scalar.div_s(n, scalar.const(2))), scalar.const(2.0, pto.float32), 1.0
                )
                pto.load(pto.slice_view(source=source, offsets=[from_row, 0], sizes=[1, COLS]), a)
                tile.muls(a, factor, a)
                pto.store(a, pto.slice_view(source=target, offsets=[r, 0], sizes=[1, COLS]))

    x, y = normal(rng, 9, COLS), unset(9, COLS)
    kernel(x, y, 9)
    rows = np.arange(9)
    np.testing.assert_array_equal(y, x[np.where(rows % 2, 8 - rows, rows)] * np.where(rows > 4, 2, 1)[:, None])


def test_one_function_calls_helpers_of_python(tmp_path: Path, capfd: Any) -> None:
    """Printing from the device goes to standard output."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=False)
    def kernel(x: F32, y: F32):
        with pto.vector_section(), on_first_core():
            (a,) = tiles(1, pto.float32)
            pto.load(whole(x), a)
            tile.log(a, a)
            pto.print("block %d\n", pto.get_block_idx())
            pto.store(a, whole(y))

    x, y = np.abs(normal(rng, ROWS, COLS)) + np.float32(0.1), unset(ROWS, COLS)
    kernel(x, y)
    np.testing.assert_allclose(y, np.log(x), rtol=1e-5, atol=1e-6)
    assert "block 0" in capfd.readouterr().out


def test_a_wrapper_is_set_up_later(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def neg(x: F32, y: F32, rows: pto.int64):
        with pto.vector_section():
            n = scalar.index_cast(rows)
            source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
            core = scalar.index_cast(pto.get_block_idx() * pto.get_subblock_num() + pto.get_subblock_idx())
            (a,) = tiles(1, pto.float32, 8)
            place: Any = {"offsets": [core * 8, 0], "sizes": [8, COLS]}
            pto.load(pto.slice_view(source=source, **place), a)
            tile.muls(a, -1.0, a)
            pto.store(a, pto.slice_view(source=target, **place))

    kernel: JitWrapper = jit(output_dir=str(tmp_path), npu_arch="dav-2201", detect_races=True)(neg)
    kernel.set_block_dim(4)
    x, y = normal(rng, 64, COLS), unset(64, COLS)
    kernel(x, y, 64, stream_ptr=None)
    np.testing.assert_array_equal(y, -x)
