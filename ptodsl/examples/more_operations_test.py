"""Forms of operations compute on the host what NumPy does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptodsl.examples.host_run import host_kernel
from ptodsl.examples.more_entries import FORMS, SWAPPED, build
from ptodsl.examples.one_operation import NUMPY, SHAPE, Array
from runtime.host_kernel import HostKernel

seeds = given(st.integers(0, 2**32 - 1))
runs = settings(max_examples=5, deadline=None)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """All entries, compiled once."""
    return host_kernel(build(), next(iter(FORMS)), tmp_path_factory.mktemp("forms"))


def draw(seed: int, name: str, operand: str) -> Array:
    """Values for an operand: floats about 0, whole numbers of the whole range."""
    one = FORMS[name].buffers[operand]
    rng, ty = np.random.default_rng([seed, len(operand), ord(operand)]), NUMPY[one.dtype]
    if np.issubdtype(ty, np.floating):
        return rng.normal(0, 2, one.part).astype(ty)
    info = np.iinfo(ty)
    return rng.integers(info.min, info.max, one.part, dtype=np.int64, endpoint=True).astype(ty)


def run(kernel: HostKernel, name: str, **arrays: Array) -> Array:
    return FORMS[name].run(kernel, name, **arrays)


POWERS = [
    (0, 0, 1),
    (0, 2, 0),
    (0, -2, np.inf),
    (-1, np.inf, 1),
    (-2, 3, -8),
    (-2, 2, 4),
    (-2, 0.5, np.nan),
    (4, 0.5, 2),
    (2, -1, 0.5),
    (-3, 0, 1),
]


def test_powers_of_floats_have_the_cases_of_the_device(kernel: HostKernel) -> None:
    a, b, wanted = (np.resize(np.array(column, np.float32), SHAPE) for column in zip(*POWERS, strict=True))
    np.testing.assert_allclose(run(kernel, "pow_f32", a=a, b=b), wanted, rtol=1e-6)
    np.testing.assert_allclose(run(kernel, "pows_f32", a=np.full(SHAPE, -2, np.float32)), -0.125, rtol=1e-6)


def power(base: int, exponent: int) -> int:
    """What the scalar unit makes of whole numbers."""
    if exponent >= 0:
        return int(base**exponent)
    return {1: 1, -1: 1 if exponent % 2 == 0 else -1}.get(base, 0)


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("pow") and "f32" not in name])
@seeds
@runs
def test_powers_of_whole_numbers_wrap(kernel: HostKernel, name: str, seed: int) -> None:
    dtype, rng = NUMPY[name.split("_")[1]], np.random.default_rng(seed)
    low = 0 if np.iinfo(dtype).min == 0 else -3
    a, b = (rng.integers(low, 5, SHAPE).astype(dtype) for _ in range(2))
    exponents = np.full(SHAPE, 3) if name.startswith("pows") else b
    wanted = np.array([power(int(x), int(y)) for x, y in zip(a.flat, exponents.flat, strict=True)], object)
    bits = 8 * dtype(0).itemsize
    other = {} if name.startswith("pows") else {"b": b}
    found = run(kernel, name, a=a, **other).astype(object).ravel()
    assert [int(x) % 2**bits for x in found] == [int(x) % 2**bits for x in wanted]


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("tri_")])
def test_triangles_end_at_their_diagonal(kernel: HostKernel, name: str) -> None:
    _, dtype, lifted, upper = name.split("_")
    diagonal = int(lifted) - 2
    rows, cols = np.indices(SHAPE)
    ones = cols >= rows + diagonal if upper == "True" else cols <= rows + diagonal
    np.testing.assert_array_equal(run(kernel, name), ones.astype(NUMPY[dtype]))


@seeds
@runs
def test_sums_of_f16_in_f32_and_slopes_of_f16(kernel: HostKernel, seed: int) -> None:
    a, d = draw(seed, "axpy_wide", "a"), draw(seed, "axpy_wide", "d")
    np.testing.assert_allclose(run(kernel, "axpy_wide", a=a, d=d), a.astype(np.float32) * 1.5 + d, rtol=1e-6, atol=1e-6)
    slope = np.float16(0.3)
    wanted = np.where(a > 0, a, (a.astype(np.float32) * np.float32(slope)).astype(np.float16))
    np.testing.assert_array_equal(run(kernel, "lrelu_f16", a=a), wanted)


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("sh")])
@seeds
@runs
def test_shifts_by_a_scalar_keep_the_sign_of_what_has_one(kernel: HostKernel, name: str, seed: int) -> None:
    a = draw(seed, name, "a")
    np.testing.assert_array_equal(run(kernel, name, a=a), a >> 3 if name.startswith("shr") else a << 3)


@pytest.mark.parametrize("dtype", ["f32", "i16"])
@seeds
@runs
def test_sums_of_three_are_two_sums(kernel: HostKernel, dtype: str, seed: int) -> None:
    a, b, c = (draw(seed, f"addc_{dtype}", operand) for operand in "abc")
    np.testing.assert_array_equal(run(kernel, f"addc_{dtype}", a=a, b=b, c=c), a + b + c)
    np.testing.assert_array_equal(run(kernel, f"subsc_{dtype}", a=a, b=b), a - a.dtype.type(3) + b)


def test_parts_may_be_columns(kernel: HostKernel) -> None:
    a, b = draw(0, "part_add_columns", "a"), draw(0, "part_add_columns", "b")
    wanted = b.copy()
    wanted[:9] += a
    np.testing.assert_array_equal(run(kernel, "part_add_columns", a=a, b=b), wanted)


@pytest.mark.parametrize("form", ["", "_scratch", "_block"])
@pytest.mark.parametrize("name", SWAPPED)
def test_the_values_of_rows_may_come_first(kernel: HostKernel, name: str, form: str) -> None:
    entry = f"swapped_{name}{form}"
    a, r = draw(1, entry, "a"), draw(1, entry, "r")
    values = np.resize(r, (8, 1)) if form != "_block" else np.tile(r, 8)[:, :50]
    np.testing.assert_allclose(run(kernel, entry, a=a, r=r), SWAPPED[name](values, a), rtol=1e-5)


@pytest.mark.parametrize("axis", ["row", "col"])
def test_the_difference_of_f16_is_rounded_before_exp(kernel: HostKernel, axis: str) -> None:
    a, r = draw(2, f"{axis}_expdif_f16", "a"), draw(2, f"{axis}_expdif_f16", "r")
    found = run(kernel, f"{axis}_expdif_f16", a=a, r=r)
    with np.errstate(over="ignore"):
        wanted = np.exp((a - r).astype(np.float32)).astype(np.float16)
    np.testing.assert_array_equal(found, wanted)


def test_bits_and_selections_of_unsigned_numbers(kernel: HostKernel) -> None:
    for dtype in ("i16", "ui8"):
        a = draw(3, f"ands_{dtype}", "a")
        np.testing.assert_array_equal(run(kernel, f"ands_{dtype}", a=a), a & a.dtype.type(6))
    for dtype in ("ui16", "ui32"):
        a, chosen = draw(4, f"sels_{dtype}", "a"), np.random.default_rng(0).random((SHAPE[0], 256)) < 0.5
        found = run(kernel, f"sels_{dtype}", m=np.packbits(chosen, axis=1, bitorder="little"), a=a)
        np.testing.assert_array_equal(found, np.where(chosen[:, : SHAPE[1]], a, a.dtype.type(3)))


def test_a_root_may_have_scratch(kernel: HostKernel) -> None:
    a = np.abs(draw(5, "rsqrt_scratch", "a")) + 1
    np.testing.assert_allclose(run(kernel, "rsqrt_scratch", a=a), 1 / np.sqrt(a), rtol=1e-6)
