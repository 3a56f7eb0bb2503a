"""Every kind of input is what it says, and its reference is finite."""

import numpy as np
import pytest

from flash_atten.check_inputs import HEAD, INPUT_KINDS, LARGE_MAGNITUDE, make_inputs
from flash_atten.reference import attention_reference


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_shapes_dtypes_and_seeds(kind: str) -> None:
    inputs = make_inputs(kind, 128, 768, seed=1)
    for array, rows in ((inputs.q, 128), (inputs.k, 768), (inputs.v, 768)):
        assert array.shape == (rows, HEAD)
        assert array.dtype == np.float16
        assert array.flags.c_contiguous
    again = make_inputs(kind, 128, 768, seed=1)
    assert np.array_equal(inputs.q, again.q)
    other = make_inputs(kind, 128, 768, seed=2)
    assert kind == "zeros" or not np.array_equal(inputs.q, other.q)


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_reference_is_finite(kind: str) -> None:
    inputs = make_inputs(kind, 128, 768, seed=1)
    assert np.isfinite(attention_reference(inputs.q, inputs.k, inputs.v)).all()


def test_large_reaches_its_magnitude_and_its_scores_are_exact_integers() -> None:
    inputs = make_inputs("large", 128, 768, seed=1)
    assert np.abs(inputs.q).max() == LARGE_MAGNITUDE
    exact = inputs.q.astype(np.float64) @ inputs.k.astype(np.float64).T
    assert np.array_equal(inputs.q.astype(np.float32) @ inputs.k.astype(np.float32).T, exact)


def test_equal_scores_give_the_mean_of_v() -> None:
    inputs = make_inputs("equal", 128, 768, seed=1)
    out = attention_reference(inputs.q, inputs.k, inputs.v)
    np.testing.assert_allclose(out, np.broadcast_to(inputs.v.astype(np.float32).mean(axis=0), out.shape), atol=1e-5)


def test_one_hot_rows_attend_only_to_matching_keys() -> None:
    inputs = make_inputs("one_hot", 128, 768, seed=1)
    out = attention_reference(inputs.q, inputs.k, inputs.v)
    matching = (inputs.k == inputs.q[0]).all(axis=1)
    np.testing.assert_allclose(out[0], inputs.v[matching].astype(np.float32).mean(axis=0), atol=1e-5)
