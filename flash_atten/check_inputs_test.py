"""Every kind of input is what it says, and its reference is finite where the kind says so."""

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.check_inputs import (
    INPUT_KINDS,
    LARGE_MAGNITUDE,
    MARKED_ROWS,
    AttentionInputs,
    make_inputs,
)
from flash_atten.config import HEAD
from flash_atten.reference import attention_reference

ROWS = np.arange(128)


def _scores(inputs: AttentionInputs) -> npt.NDArray[np.float64]:
    return np.asarray(inputs.q.astype(np.float64) @ inputs.k.astype(np.float64).T / np.sqrt(HEAD))


def _weights(inputs: AttentionInputs) -> npt.NDArray[np.float64]:
    scores = _scores(inputs)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _by_tile(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values.reshape(len(values), -1, MARKED_ROWS)


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_shapes_dtypes_and_seeds(kind: str) -> None:
    inputs = make_inputs(kind, 128, 768, seed=1)
    for array, rows in ((inputs.q, 128), (inputs.k, 768), (inputs.v, 768)):
        assert array.shape == (rows, HEAD)
        assert array.dtype == np.float16
        assert array.flags.c_contiguous
    again, other = make_inputs(kind, 128, 768, seed=1), make_inputs(kind, 128, 768, seed=2)
    assert np.array_equal(inputs.q, again.q, equal_nan=True)
    assert not np.array_equal(inputs.q, other.q, equal_nan=True)


@pytest.mark.parametrize("kind", INPUT_KINDS)
@pytest.mark.parametrize("s1", [256, 768, 8192])
def test_the_reference_is_finite_exactly_where_the_kind_says(kind: str, s1: int) -> None:
    inputs = make_inputs(kind, 128, s1, seed=1)
    with np.errstate(invalid="ignore"):
        out = attention_reference(inputs.q, inputs.k, inputs.v)
    assert np.array_equal(np.isfinite(out), ~inputs.spoiled_mask(ROWS))


def test_marked_tiles_have_a_weight_and_a_number_of_their_own() -> None:
    inputs = make_inputs("marked", 128, 2048, seed=1)
    marks, numbers = (_by_tile(array[:, :1].T.astype(np.float64))[0] for array in (inputs.k, inputs.v))
    for values in (marks, numbers):
        assert (values == values[:, :1]).all()
        assert np.unique(values[:, 0]).size == 8
    assert (inputs.q[:, 0] == 4).all()


@pytest.mark.parametrize("s1", [1024, 8192, 65536])
def test_concentrated_rows_have_about_half_of_their_weight_in_a_tile_each_tile_in_turn(s1: int) -> None:
    shares = _by_tile(_weights(make_inputs("concentrated", 128, s1, seed=1))).sum(axis=2)
    assert 0.3 < np.median(shares.max(axis=1)) < 0.85
    tiles = s1 // MARKED_ROWS
    assert np.unique(shares.argmax(axis=1)).size >= 0.9 * min(tiles, 128)


@pytest.mark.parametrize("s1", [1024, 8192, 65536])
def test_rising_maxima_rise_in_every_tile_for_half_of_the_rows(s1: int) -> None:
    inputs = make_inputs("rising", 128, s1, seed=1)
    peaks = np.maximum.accumulate(_by_tile(_scores(inputs)).max(axis=2), axis=1)
    rises = np.diff(peaks, axis=1) > 0
    late = rises[:, rises.shape[1] // 4 :]  # before, some normal key may be higher
    assert (np.count_nonzero(late, axis=0) >= 48).all()
    assert (np.count_nonzero(late, axis=0) <= 80).all()


def test_rising_keys_other_than_the_peaks_weigh_the_same_in_all_tiles() -> None:
    inputs = make_inputs("rising", 128, 8192, seed=1)
    bulk = np.abs(inputs.v).max(axis=1) > 0
    assert np.count_nonzero(~bulk) == 8192 // MARKED_ROWS
    shares = _by_tile(_weights(inputs) * bulk).sum(axis=2)
    assert shares.max() < 3 * shares.min()


def test_large_reaches_its_magnitude_and_its_scores_are_exact_integers() -> None:
    inputs = make_inputs("large", 128, 768, seed=1)
    assert np.abs(inputs.q).max() == LARGE_MAGNITUDE
    exact = inputs.q.astype(np.float64) @ inputs.k.astype(np.float64).T
    assert np.array_equal(inputs.q.astype(np.float32) @ inputs.k.astype(np.float32).T, exact)


def test_negative_scores_are_near_minus_100000_and_exact_in_fp32() -> None:
    inputs = make_inputs("negative", 128, 768, seed=1)
    scores = _scores(inputs)
    assert (scores < -99_900).all()
    assert (scores > -100_200).all()
    assert scores.std() == pytest.approx(1, abs=0.1)
    exact = inputs.q.astype(np.float64) @ inputs.k.astype(np.float64).T
    assert np.array_equal(inputs.q.astype(np.float32) @ inputs.k.astype(np.float32).T, exact)


def test_not_finite_has_one_of_each_and_leaves_most_of_the_result() -> None:
    inputs = make_inputs("not_finite", 256, 1024, seed=1)
    for array, nans, infinities in ((inputs.q, 1, 1), (inputs.k, 0, 1), (inputs.v, 1, 1)):
        assert np.count_nonzero(np.isnan(array)) == nans
        assert np.count_nonzero(np.isinf(array)) == infinities
    spoiled = inputs.spoiled_mask(np.arange(256))
    assert 0.05 < spoiled.mean() < 0.3


def test_an_infinite_key_takes_no_weight_where_its_score_is_minus_infinity() -> None:
    inputs = make_inputs("not_finite", 256, 1024, seed=1)
    (key,) = np.flatnonzero(np.isinf(inputs.k).any(axis=1))
    without = [np.delete(array, key, axis=0) for array in (inputs.k, inputs.v)]
    with np.errstate(invalid="ignore"):
        out, expected = (attention_reference(inputs.q, k, v) for k, v in ((inputs.k, inputs.v), without))
    right = ~inputs.spoiled_mask(np.arange(256))
    np.testing.assert_allclose(out[right], expected[right], rtol=1e-4, atol=1e-6)
