"""What counts as right and wrong, and that the worst place is named."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.check_compare import compare


def _pair() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    reference = np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4)
    return reference.copy(), reference


def test_equal_arrays_are_right() -> None:
    found = compare(*_pair())
    assert found.ok
    assert found.max_abs == 0
    assert "12 values" in found.describe()


def test_the_bound_is_atol_plus_rtol_times_the_reference() -> None:
    result, reference = _pair()
    result[0, 0] = -2 - 0.0029
    assert compare(result, reference).ok
    result[0, 0] = -2 - 0.0031
    assert not compare(result, reference).ok


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_wrong_by_infinity(bad: float) -> None:
    result, reference = _pair()
    result[2, 1] = bad
    found = compare(result, reference)
    assert (found.wrong, found.worst_row, found.worst_column, found.max_abs) == (1, 2, 1, np.inf)


def test_sampled_rows_are_named_by_their_place_in_the_whole() -> None:
    result, reference = _pair()
    result[1, 3] += 1
    found = compare(result, reference, np.array([5, 700, 9000]))
    assert found.worst_row == 700
    assert "row 700, column 3" in found.describe()


def test_shapes_must_agree() -> None:
    result, reference = _pair()
    with pytest.raises(ValueError, match=r"shape \(2, 4\)"):
        compare(result[:2], reference)


def test_a_reference_that_overflows_is_refused() -> None:
    result, reference = _pair()
    reference[0, 0] = np.inf
    with pytest.raises(ValueError, match="overflow FP32"):
        compare(result, reference)
