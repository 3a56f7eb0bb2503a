"""Vector kernels in the styles in which others write them: numbers and order, through `jit`."""

# mypy: disable-error-code="valid-type, name-defined, no-untyped-def"
# ruff: noqa: F821, UP037, ANN - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import (
    BF16,
    COLS,
    F16,
    F32,
    I8,
    I16,
    I32,
    ROWS,
    U8,
    bf16_bits,
    bf16_value,
    normal,
    on_first_core,
    tiles,
    unset,
    whole,
)
from jit.wrapper import jit
from ptodsl import pto, scalar, tile

# Names that meta_data provides.
vector_type: Any = None
part_type: Any = None
tile_type: Any = None


def test_a_vector_is_cut_into_ranges_of_tiles_for_each_core(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    length = 1024

    def meta() -> dict[str, Any]:
        return {
            "ptr_type": pto.PtrType(pto.float32),
            "count": pto.int32,
            "vector_type": pto.TensorType(rank=1, dtype=pto.float32),
            "part_type": pto.SubTensorType(shape=[1, length], dtype=pto.float32),
            "tile_type": pto.TileBufType(
                shape=[1, length],
                valid_shape=[1, -1],
                dtype=pto.float32,
                memory_space="VEC",
                config=pto.TileBufConfig(),
            ),
        }

    @jit(meta_data=meta, block_dim=3, output_dir=tmp_path, detect_races=True)
    def add(x: "ptr_type", y: "ptr_type", z: "ptr_type", n: "count"):
        c0, c1, step = scalar.const(0), scalar.const(1), scalar.const(length)
        with pto.vector_section():
            total = scalar.index_cast(n)
            cid, sub, subs = pto.get_block_idx(), pto.get_subblock_idx(), pto.get_subblock_num()
            vid = scalar.index_cast(cid * subs + sub)
            cores = scalar.index_cast(pto.get_block_num() * subs)
            all_tiles = scalar.ceil_div(total, step)
            per_core = scalar.ceil_div(all_tiles, cores)
            first = vid * per_core
            xs, ys, zs = (pto.as_tensor(vector_type, ptr=p, shape=[total], strides=[c1]) for p in (x, y, z))
            with pto.if_context(first < all_tiles):
                with pto.if_context(first + per_core > all_tiles, has_else=True) as branch:
                    body(xs, ys, zs, total, first, all_tiles - first, c0, c1, step)
                with branch.else_context():
                    body(xs, ys, zs, total, first, per_core, c0, c1, step)

    def body(xs: Any, ys: Any, zs: Any, total: Any, first: Any, count: Any, c0: Any, c1: Any, step: Any) -> None:
        for i in pto.range(c0, count, c1):
            offset = (first + i) * step
            size = scalar.min_u(step, total - offset)
            a, b, c = (pto.alloc_tile(tile_type, valid_col=size) for _ in range(3))
            pto.load(pto.slice_view(part_type, source=xs, offsets=[offset], sizes=[size]), a)
            pto.load(pto.slice_view(part_type, source=ys, offsets=[offset], sizes=[size]), b)
            tile.add(a, b, c)
            pto.store(c, pto.slice_view(part_type, source=zs, offsets=[offset], sizes=[size]))

    for n in (1, 1024, 20 * 1024 + 1):
        x, y, z = normal(rng, n), normal(rng, n), unset(n)
        add(x, y, z, n)
        np.testing.assert_array_equal(z, x + y)


def test_cond_takes_two_functions(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: F16, y: F16, flag: pto.int32):
        with pto.vector_section(), on_first_core():
            (a,) = tiles(1, pto.float16)
            pto.load(whole(x), a)
            pto.cond(scalar.eq(flag, 0), lambda: tile.relu(a, a), lambda: tile.abs(a, a))
            pto.store(a, whole(y))

    x = normal(rng, ROWS, COLS, dtype=np.float16)
    for flag, wanted in ((0, np.maximum(x, 0)), (5, np.abs(x))):
        y = unset(ROWS, COLS, dtype=np.float16)
        kernel(x, y, flag)
        np.testing.assert_array_equal(y, wanted)


def test_bfloat16_is_computed_in_float32(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def silu(x: BF16, y: BF16):
        with pto.vector_section(), on_first_core():
            (narrow,) = tiles(1, pto.bfloat16)
            a, b = tiles(2, pto.float32)
            pto.load(whole(x), narrow)
            tile.cvt(narrow, a)
            tile.muls(a, -1.0, b)
            tile.exp(b, b)
            tile.adds(b, 1.0, b)
            tile.div(a, b, a)
            tile.cvt(a, narrow, rmode="rint")
            pto.store(narrow, whole(y))

    x, y = bf16_bits(normal(rng, ROWS, COLS)), unset(ROWS, COLS, dtype=np.uint16)
    silu(x, y)
    value = bf16_value(x).astype(np.float64)
    np.testing.assert_allclose(bf16_value(y), value / (1 + np.exp(-value)), rtol=2**-8)


def test_int8_goes_through_float16(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def scale(x: I8, y: I8, factor: pto.float32):
        with pto.vector_section(), on_first_core():
            (small,) = tiles(1, pto.int8)
            (half,) = tiles(1, pto.float16)
            pto.load(whole(x), small)
            tile.cvt(small, half)
            tile.muls(half, scalar.truncf(factor, pto.float16), half)
            tile.cvt(half, small, rmode="rint")
            pto.store(small, whole(y))

    x, y = rng.integers(-100, 100, (ROWS, COLS), np.int8), unset(ROWS, COLS, dtype=np.int8)
    scale(x, y, 0.5)
    np.testing.assert_array_equal(y, np.rint(x * 0.5).astype(np.int8))


@pytest.mark.parametrize(("pointer", "dtype"), [(I32, np.int32), (I16, np.int16)])
def test_integers_wrap(pointer: Any, dtype: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(meta_data=lambda: {"pointer": pointer}, output_dir=tmp_path, detect_races=True)
    def kernel(x: "pointer", y: "pointer", z: "pointer"):
        with pto.vector_section(), on_first_core():
            a, b, c = tiles(3, pointer.dtype)
            pto.load(whole(x), a)
            pto.load(whole(y), b)
            tile.mul(a, b, c)
            tile.sub(c, b, c)
            tile.max(c, a, c)
            tile.adds(c, 7, c)
            pto.store(c, whole(z))

    info = np.iinfo(dtype)
    x, y = (rng.integers(info.min, info.max, (ROWS, COLS), dtype, endpoint=True) for _ in range(2))
    z = unset(ROWS, COLS, dtype=dtype)
    kernel(x, y, z)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(z, np.maximum(x * y - y, x) + dtype(7))


def test_bits_of_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True)
    def kernel(x: U8, y: U8, z: U8):
        with pto.vector_section(), on_first_core():
            a, b, c, tmp = tiles(4, pto.uint8)
            pto.load(whole(x), a)
            pto.load(whole(y), b)
            tile.and_(a, b, c)
            tile.or_(c, a, c)
            tile.xor(c, b, tmp, c)
            pto.store(c, whole(z))

    x, y = (rng.integers(0, 256, (ROWS, COLS), np.uint8) for _ in range(2))
    z = unset(ROWS, COLS, dtype=np.uint8)
    kernel(x, y, z)
    np.testing.assert_array_equal(z, ((x & y) | x) ^ y)


def test_two_buffers_with_flags_of_their_own(tmp_path: Path) -> None:
    """Loads run ahead by two tiles; event id is number of the buffer."""
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True, enable_insert_sync=False)
    def kernel(x: F32, y: F32, rows: pto.int32):
        with pto.vector_section(), on_first_core():
            n = scalar.index_cast(rows)
            source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
            inputs, outputs = tiles(2, pto.float32), tiles(2, pto.float32)
            for event in range(2):
                pto.record_event("VEC", "LOAD", event)
                pto.record_event("STORE_VEC", "VEC", event)
            for i in pto.range(0, n // (2 * ROWS), 1):
                for event in range(2):
                    place: Any = {"offsets": [(i * 2 + event) * ROWS, 0], "sizes": [ROWS, COLS]}
                    pto.wait_event("VEC", "LOAD", event)
                    pto.load(pto.slice_view(source=source, **place), inputs[event])
                    pto.record_wait_pair("LOAD", "VEC", event)
                    pto.wait_event("STORE_VEC", "VEC", event)
                    tile.exp(inputs[event], outputs[event])
                    pto.record_event("VEC", "LOAD", event)
                    pto.record_wait_pair("VEC", "STORE_VEC", event)
                    pto.store(outputs[event], pto.slice_view(source=target, **place))
                    pto.record_event("STORE_VEC", "VEC", event)
            pto.wait_event("VEC", "LOAD", [0, 1])
            pto.wait_event("STORE_VEC", "VEC", [0, 1])

    x, y = normal(rng, 10 * ROWS, COLS), unset(10 * ROWS, COLS)
    kernel(x, y, len(x))
    np.testing.assert_allclose(y, np.exp(x), rtol=1e-6)


@pytest.mark.parametrize("sync", [False, True])
def test_tiles_at_addresses_of_their_own(sync: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    @jit(output_dir=tmp_path, detect_races=True, enable_insert_sync=sync)
    def kernel(x: F32, y: F32):
        with pto.vector_section(), on_first_core():
            ty = pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32)
            a, b = pto.alloc_tile(ty, addr=0), pto.alloc_tile(ty, addr=ROWS * COLS * 4)
            pto.load(whole(x), a)
            if not sync:
                pto.record_wait_pair("LOAD", "VEC", event_id=0)
            tile.sqrt(a, b)
            if not sync:
                pto.barrier("VEC")
            tile.add(a, b, b)
            if not sync:
                pto.record_wait_pair("VEC", "STORE_VEC", event_id=1)
            pto.store(b, whole(y))

    x, y = np.abs(normal(rng, ROWS, COLS)), unset(ROWS, COLS)
    kernel(x, y)
    np.testing.assert_allclose(y, x + np.sqrt(x), rtol=1e-6)


def test_rows_and_columns_that_are_left_over(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def meta() -> dict[str, Any]:
        return {
            "tile_type": pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32, valid_shape=[-1, -1]),
            "ptr": pto.PtrType(pto.float32),
            "i32": pto.int32,
        }

    @jit(meta_data=meta, block_dim=2, output_dir=tmp_path, detect_races=True)
    def kernel(x: "ptr", y: "ptr", m: "i32", n: "i32"):
        with pto.vector_section():
            rows, cols = scalar.index_cast(m), scalar.index_cast(n)
            source, target = (pto.as_tensor(ptr=p, shape=[rows, cols], strides=[cols, 1]) for p in (x, y))
            core = scalar.index_cast(pto.get_block_idx()) * 2 + scalar.index_cast(pto.get_subblock_idx())
            for r in pto.range(core * ROWS, rows, scalar.index_cast(pto.get_block_num()) * (2 * ROWS)):
                for c in pto.range(0, cols, COLS):
                    sizes = [scalar.min_u(rows - r, ROWS), scalar.min_u(cols - c, COLS)]
                    a, b = (pto.alloc_tile(tile_type, valid_row=sizes[0], valid_col=sizes[1]) for _ in range(2))
                    pto.load(pto.slice_view(source=source, offsets=[r, c], sizes=sizes), a)
                    tile.reciprocal(a, b)
                    pto.store(b, pto.slice_view(source=target, offsets=[r, c], sizes=sizes))

    for m, n in ((1, 1), (17, 65), (100, 130)):
        x, y = normal(rng, m, n) + np.float32(5), unset(m, n)
        kernel(x, y, m, n)
        np.testing.assert_allclose(y, 1 / x, rtol=1e-6)
