"""Operations with rules of their own compute on the host what NumPy does, on numbers with NaN, infinities and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptodsl.examples.host_run import host_kernel
from ptodsl.examples.one_operation import NUMPY, SHAPE, Array
from ptodsl.examples.special_entries import ENTRIES, MODES, PARTIAL, PATTERNS, SHIFTED, build
from runtime.host_kernel import HostKernel, KernelFailure


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """All entries, compiled once."""
    return host_kernel(build(), next(iter(ENTRIES)), tmp_path_factory.mktemp("special"))


SPECIAL = [0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, 6e-8, -1e-40, 65504.0]


def draw(seed: int, shape: tuple[int, int], dtype: str, *, special: bool = True) -> Array:
    """Numbers of a type: for floats with special ones among them, for whole ones of the whole range."""
    rng, ty = np.random.default_rng([seed, *shape]), NUMPY[dtype]
    if dtype == "bf16" or not np.issubdtype(ty, np.floating):
        info = np.iinfo(ty)
        return rng.integers(info.min, info.max, shape, dtype=np.int64, endpoint=True).astype(ty)
    values = rng.normal(0, 2, shape)
    if special:
        values = np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, shape), values)
    return values.astype(ty)


seeds = given(st.integers(0, 2**32 - 1))
runs = settings(max_examples=5, deadline=None)


def run(kernel: HostKernel, name: str, **arrays: Array) -> Array:
    return ENTRIES[name].run(kernel, name, **arrays)


def bits(compared: Array) -> Array:
    """The valid part of a mask, a row of bits for each row."""
    return np.packbits(compared, axis=1, bitorder="little")


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("cmp")])
@seeds
@runs
def test_comparisons_write_a_bit_for_each_element(kernel: HostKernel, name: str, seed: int) -> None:
    kind, mode, dtype = name.split("_")
    a, b = draw(seed, SHAPE, dtype), draw(seed + 1, SHAPE, dtype)
    b = np.where(np.random.default_rng(seed).random(SHAPE) < 0.3, a, b)
    other = {"b": b} if kind == "cmp" else {}
    found = run(kernel, name, **other, a=a)
    np.testing.assert_array_equal(found, bits(MODES[mode](a, b if other else 1)))


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("sel")])
@seeds
@runs
def test_selections_take_the_first_where_the_bit_is_one(kernel: HostKernel, name: str, seed: int) -> None:
    kind, dtype = name.split("_")
    a, b = draw(seed, SHAPE, dtype), draw(seed + 1, SHAPE, dtype)
    chosen = np.random.default_rng(seed).random((SHAPE[0], 256)) < 0.5
    other = {"b": b} if kind == "sel" else {}
    found = run(kernel, name, m=bits(chosen), a=a, **other)
    wanted = np.where(chosen[:, : SHAPE[1]], a, b if other else NUMPY[dtype](3))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["f32", "f16", "i32", "i16"])
@seeds
@runs
def test_a_gather_takes_elements_by_their_flat_position(kernel: HostKernel, dtype: str, seed: int) -> None:
    a = draw(seed, (8, 64), dtype)
    indices = np.random.default_rng(seed).integers(0, 8 * 64, SHAPE).astype(np.int32)
    np.testing.assert_array_equal(run(kernel, f"gather_{dtype}", a=a, i=indices), a.ravel()[indices])


def test_an_index_outside_of_the_tile_is_an_error_and_no_number(kernel: HostKernel) -> None:
    indices = np.full(SHAPE, 8 * 64, np.int32)
    with pytest.raises(KernelFailure, match="TGATHER with index 512 of a tile of 512 elements"):
        run(kernel, "gather_f32", a=draw(0, (8, 64), "f32"), i=indices)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_gather_by_a_pattern_keeps_columns(kernel: HostKernel, pattern: str) -> None:
    a, (step, first) = draw(0, (4, 64), "f32"), PATTERNS[pattern]
    np.testing.assert_array_equal(run(kernel, f"gather_{pattern}", a=a), a[:, first::step])


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("scatter")])
@seeds
@runs
def test_a_scatter_zeroes_and_the_last_one_stays(kernel: HostKernel, name: str, seed: int) -> None:
    entry = ENTRIES[name].buffers
    a = draw(seed, (4, 32), entry["a"].dtype)
    indices = np.random.default_rng(seed).integers(0, 256, (4, 32)).astype(NUMPY[entry["i"].dtype])
    wanted = np.zeros(256, a.dtype)
    for value, index in zip(a.ravel(), indices.ravel(), strict=True):
        wanted[index] = value
    np.testing.assert_array_equal(run(kernel, name, a=a, i=indices).ravel(), wanted)


PAD_VALUES = {"Max": {"f32": np.inf}, "Min": {"f16": -np.inf}, "Zero": {}}


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("fillpad") and "inplace" not in name])
def test_padding_fills_what_is_not_valid(kernel: HostKernel, name: str) -> None:
    source, target = ENTRIES[name].buffers["a"], ENTRIES[name].buffers["d"]
    ty = NUMPY[target.dtype]
    if np.issubdtype(ty, np.floating):
        value = PAD_VALUES[target.pad][target.dtype]
    else:
        value = {"Max": np.iinfo(ty).max, "Min": np.iinfo(ty).min, "Zero": 0}[target.pad]
    a = draw(0, source.part, source.dtype)
    wanted = np.full(target.part, value, ty)
    wanted[:3, :21] = a
    np.testing.assert_array_equal(run(kernel, name, a=a), wanted)


def test_padding_in_place_copies_nothing(kernel: HostKernel) -> None:
    a = draw(0, (3, 21), "f32")
    wanted = np.zeros((6, 64), np.float32)
    wanted[:3, :21] = a
    np.testing.assert_array_equal(run(kernel, "fillpad_inplace", a=a), wanted)


def sorted_pairs(values: Array, indices: Array) -> list[tuple[Any, int]]:
    """By falling value, NaN last, equal ones in order."""
    key = np.where(np.isnan(values), -np.inf, values.astype(np.float64))
    order = sorted(range(len(values)), key=lambda k: (np.isnan(values[k]), -key[k], k))
    return [(values[k], int(indices[k])) for k in order]


def pairs_of(row: Array) -> list[tuple[Any, int]]:
    """Values and indices of a list of pairs of 8 bytes."""
    words = row.view(np.uint32)
    return list(zip(row[:: 8 // row.itemsize], (int(word) for word in words[1::2]), strict=True))


@pytest.mark.parametrize("dtype", ["f32", "f16"])
@seeds
@runs
def test_a_sort_orders_blocks_of_32(kernel: HostKernel, dtype: str, seed: int) -> None:
    a, indices = draw(seed, (3, 64), dtype), draw(seed, (1, 64), "ui32")
    found = run(kernel, f"sort32_{dtype}", a=a, i=indices)
    for row, values in zip(found, a, strict=True):
        wanted = sorted_pairs(values[:32], indices[0, :32]) + sorted_pairs(values[32:], indices[0, 32:])
        np.testing.assert_equal(pairs_of(row), wanted)


@seeds
@runs
def test_a_merge_makes_one_list_of_four(kernel: HostKernel, seed: int) -> None:
    a, indices = draw(seed, (1, 128), "f32"), np.arange(128, dtype=np.uint32)[None]
    found = run(kernel, "mrgsort", a=a, i=indices)
    np.testing.assert_equal(pairs_of(found[0]), sorted_pairs(a[0], indices[0]))


@seeds
@runs
def test_indices_by_falling_value(kernel: HostKernel, seed: int) -> None:
    a = np.random.default_rng(seed).permutation(128).astype(np.float32)[None]
    found = run(kernel, "largest", a=a, i=np.arange(128, dtype=np.uint32)[None])
    np.testing.assert_array_equal(found, np.argsort(-a))


@pytest.mark.parametrize("kind", ["sym", "asym"])
@seeds
@runs
def test_quantisation_rounds_and_saturates(kernel: HostKernel, kind: str, seed: int) -> None:
    a = draw(seed, (8, 64), "f32", special=False) * 30
    a[0, :4] = 1e30, -1e30, np.inf, -np.inf
    scale = np.abs(draw(seed, (8, 1), "f32", special=False)) + np.float32(0.1)
    offset = draw(seed + 1, (8, 1), "f32", special=False) * 50
    scaled = a * scale
    if kind == "sym":
        found, limits = run(kernel, "quant_sym", a=a, s=scale), (-128, 127)
    else:
        scaled = scaled + offset
        found, limits = run(kernel, "quant_asym", a=a, s=scale, o=offset), (0, 255)
    np.testing.assert_array_equal(found, np.clip(np.rint(scaled), *limits).astype(found.dtype))


@pytest.mark.parametrize("dtype", ["i8", "i16"])
@seeds
@runs
def test_dequantisation_is_the_way_back(kernel: HostKernel, dtype: str, seed: int) -> None:
    a = draw(seed, (8, 64), dtype)
    scale, offset = (draw(seed + k, (8, 1), "f32", special=False) for k in (1, 2))
    np.testing.assert_allclose(run(kernel, f"dequant_{dtype}", a=a, s=scale, o=offset), (a - offset) * scale, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["f32", "bf16", "i8"])
def test_elements_move(kernel: HostKernel, dtype: str) -> None:
    a = draw(0, (32, 64), dtype)
    np.testing.assert_array_equal(run(kernel, f"trans_{dtype}", a=a), a.T)
    left, right = draw(0, (4, 32), dtype), draw(1, (4, 37), dtype)
    np.testing.assert_array_equal(run(kernel, f"concat_{dtype}", a=left, b=right), np.hstack([left, right]))


@seeds
@runs
def test_the_first_extreme_is_found(kernel: HostKernel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols = rng.integers(-3, 3, (8, 256)).astype(np.float32), rng.integers(-3, 3, (9, 64)).astype(np.float16)
    np.testing.assert_array_equal(run(kernel, "row_argmax", a=rows)[:, 0], rows.argmax(axis=1))
    np.testing.assert_array_equal(run(kernel, "row_argmin", a=rows)[:, 0], rows.argmin(axis=1))
    np.testing.assert_array_equal(run(kernel, "col_argmax", a=cols)[0], cols.argmax(axis=0))
    np.testing.assert_array_equal(run(kernel, "col_argmin", a=cols)[0], cols.argmin(axis=0))


@pytest.mark.parametrize("dtype", ["f32", "i16"])
@pytest.mark.parametrize("name", PARTIAL)
def test_partial_operations_keep_what_only_one_has(kernel: HostKernel, name: str, dtype: str) -> None:
    a, b = draw(0, (3, 21), dtype, special=False), draw(1, (5, 40), dtype, special=False)
    wanted = b.copy()
    wanted[:3, :21] = PARTIAL[name](a, b[:3, :21])
    np.testing.assert_array_equal(run(kernel, f"{name}_{dtype}", a=a, b=b), wanted)


@pytest.mark.parametrize("dtype", ["f32", "f16"])
@seeds
@runs
def test_products_and_slopes(kernel: HostKernel, dtype: str, seed: int) -> None:
    a, b = draw(seed, SHAPE, dtype), draw(seed + 1, SHAPE, dtype, special=False)
    with np.errstate(all="ignore"):
        wanted = np.where(a > 0, a, (a.astype(np.float32) * b.astype(np.float32)).astype(a.dtype))
        np.testing.assert_array_equal(run(kernel, f"prelu_{dtype}", a=a, b=b), wanted)
        sums = (a.astype(np.float64) * 3 + b).astype(a.dtype)
        np.testing.assert_allclose(run(kernel, f"axpy_{dtype}", a=a, d=b), sums, rtol=2e-3, atol=1e-6)


@seeds
@runs
def test_a_remainder_has_the_sign_of_the_divisor(kernel: HostKernel, seed: int) -> None:
    a, b = draw(seed, SHAPE, "f32", special=False) * 20, draw(seed + 1, SHAPE, "f32", special=False)
    b = np.where(np.abs(b) < 0.5, np.float32(1.5), b)
    for found, divisor in ((run(kernel, "rem", a=a, b=b), b), (run(kernel, "rems", a=a), np.float32(-3))):
        assert np.all((found == 0) | (np.sign(found) == np.sign(divisor)))
        quotient = (a.astype(np.float64) - found) / divisor
        np.testing.assert_allclose(quotient, np.rint(quotient), atol=1e-3)


@pytest.mark.parametrize("dtype", SHIFTED)
@seeds
@runs
def test_shifts_by_another_tile(kernel: HostKernel, dtype: str, seed: int) -> None:
    a = draw(seed, (5, 64), dtype)
    b = np.random.default_rng(seed).integers(0, SHIFTED[dtype], (5, 64)).astype(a.dtype)
    np.testing.assert_array_equal(run(kernel, f"shl_{dtype}", a=a, b=b), np.left_shift(a, b))
    np.testing.assert_array_equal(run(kernel, f"shr_{dtype}", a=a, b=b), np.right_shift(a, b))


def test_sequences_wrap(kernel: HostKernel) -> None:
    np.testing.assert_array_equal(run(kernel, "ci")[0], np.arange(32760, 32810).astype(np.int16))
    np.testing.assert_array_equal(run(kernel, "ci_down")[0], 5 - np.arange(64))


def test_a_part_is_inserted_and_the_rest_stays(kernel: HostKernel) -> None:
    a, d = draw(0, (3, 13), "f32"), draw(1, (8, 64), "f32")
    wanted = d.copy()
    wanted[2:5, 8:21] = a
    np.testing.assert_array_equal(run(kernel, "insert", a=a, d=d), wanted)


def test_the_scalar_unit_reads_and_writes_elements(kernel: HostKernel) -> None:
    d = draw(0, (4, 64), "f32", special=False)
    wanted = d.copy()
    wanted[0, 0], wanted[3, 63] = d[3, 63], d[0, 0]
    np.testing.assert_array_equal(run(kernel, "swap", d=d), wanted)


def test_a_valid_shape_can_be_set_at_run_time(kernel: HostKernel) -> None:
    y = np.zeros((8, 64), np.float32)
    kernel.launch(1, y, entry="valid_shape")
    wanted = np.ones_like(y)
    wanted[:3, :20] = 2
    np.testing.assert_array_equal(y, wanted)


def test_scratch_does_not_change_the_result(kernel: HostKernel) -> None:
    a = draw(0, (9, 64), "f32", special=False)
    np.testing.assert_allclose(run(kernel, "col_sum_tree", a=a), a.sum(axis=0, keepdims=True), rtol=1e-5, atol=1e-5)
    a, rows = draw(0, (8, 64), "f32", special=False), draw(1, (8, 1), "f32", special=False)
    np.testing.assert_array_equal(run(kernel, "row_expand_sub_scratch", a=a, r=rows), a - rows)
