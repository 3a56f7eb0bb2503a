"""The reference against float64, its memory bound, and the rows it is asked for."""

import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten import reference
from flash_atten.reference import attention_oracle, attention_reference, rows_to_check


def _normal(rows: int, s1: int, seed: int = 0) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    rng = np.random.default_rng(seed)
    q, k, v = (rng.standard_normal((n, 128)).astype(np.float16) for n in (rows, s1, s1))
    return q, k, v


@pytest.mark.parametrize("s1", [128, 768, 4096])
def test_error_against_float64_is_below_2e_6(s1: int) -> None:
    q, k, v = _normal(256, s1)
    out = attention_reference(q, k, v)
    assert out.dtype == np.float32
    assert out.shape == (256, 128)
    assert np.abs(out - attention_oracle(q, k, v)[0]).max() < 2e-6


def test_the_oracle_by_hand() -> None:
    """Two keys with scores 0 and ln 3: weights 1/4 and 3/4, and the logarithm of 4."""
    q, k = np.array([[1.0, 0.0]]), np.array([[0.0, 5.0], [np.log(3.0) * np.sqrt(2.0), 0.0]])
    out, lse = attention_oracle(q, k, np.array([[4.0, 0.0], [0.0, 8.0]]))
    np.testing.assert_allclose(out, [[1.0, 6.0]])
    np.testing.assert_allclose(lse, [np.log(4.0)])


def test_integer_inputs_of_magnitude_200_have_exact_scores() -> None:
    rng = np.random.default_rng(1)
    q, k = (rng.integers(-200, 201, (n, 128)).astype(np.float16) for n in (128, 1024))
    v = rng.standard_normal((1024, 128)).astype(np.float16)
    assert np.abs(attention_reference(q, k, v) - attention_oracle(q, k, v)[0]).max() < 2e-6


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = _normal(200, 512)
    whole = attention_reference(q, k, v)
    monkeypatch.setattr(reference, "SCORE_BLOCK_BYTES", 4 * 512 * 7)
    np.testing.assert_allclose(attention_reference(q, k, v), whole, rtol=0, atol=1e-6)


def test_memory_stays_near_two_score_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "SCORE_BLOCK_BYTES", 1024 * 1024)
    q, k, v = _normal(2048, 2048)
    tracemalloc.start()
    attention_reference(q, k, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    operands_in_fp32 = 4 * 128 * (2048 + 2048 + 2048)
    assert peak < operands_in_fp32 + 3 * 1024 * 1024


def test_all_rows_are_checked_up_to_the_limit() -> None:
    assert rows_to_check(16384, 16384, seed=0).size == 16384
    assert rows_to_check(4, 8, seed=0).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("s1", [1024, 16384, 131072])
def test_relative_error_is_far_below_what_the_kernel_is_allowed(s1: int) -> None:
    q, k, v = _normal(32, s1)
    exact = attention_oracle(q, k, v)[0]
    error = np.linalg.norm(attention_reference(q, k, v) - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert error.max() < 2e-5


def test_beyond_the_limit_whole_blocks_are_compared_and_one_row_of_each_stretch() -> None:
    rows = rows_to_check(131072, 131072, seed=3)
    assert 2000 < rows.size <= 2048
    assert np.unique(rows).size == rows.size
    whole, single = rows[:1024].reshape(8, 128), rows[1024:]
    assert np.array_equal(whole, whole[:, :1] // 128 * 128 + np.arange(128))
    assert set(range(1024)) == {*(single // 128), *(whole[:, 0] // 128)}


@pytest.mark.parametrize(("q_rows", "s1"), [(32768, 32768), (131072, 131072), (65536, 1 << 22)])
@pytest.mark.parametrize("slice_rows", [16, 32])
def test_a_sample_has_every_row_slice_of_both_vector_cores(q_rows: int, s1: int, slice_rows: int) -> None:
    rows = rows_to_check(q_rows, s1, seed=0)
    blocks, counts = np.unique(rows // 128, return_counts=True)
    some_whole_block = rows[rows // 128 == blocks[counts.argmax()]]
    assert np.unique(some_whole_block % 128 // slice_rows).size == 128 // slice_rows


def test_the_sample_follows_from_the_seed() -> None:
    samples = [rows_to_check(131072, 131072, seed=seed) for seed in (3, 3, 4)]
    assert np.array_equal(samples[0], samples[1])
    assert np.intersect1d(samples[0][:1024], samples[2][:1024]).size < 1024
    assert not np.array_equal(samples[0][1024:], samples[2][1024:])


def test_a_tiny_limit_still_checks_a_block() -> None:
    assert np.unique(rows_to_check(256, 4096, seed=0, limit=1) // 128).size == 1
