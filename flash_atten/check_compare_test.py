"""What counts as right and wrong, relative to the size of the output, and that the worst place is named."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.check_compare import BLOCK_ROWS, TOLERANCE, Expected, Tolerance, compare
from flash_atten.check_inputs import AttentionInputs, Spoiled, make_inputs
from flash_atten.reference import attention_reference

Matrix = npt.NDArray[Any]


def _pair(rows: int = 32, size: float = 1.0) -> tuple[Matrix, Matrix]:
    reference = (size * np.random.default_rng(0).standard_normal((rows, 128))).astype(np.float32)
    return reference.copy(), reference


def _off_by(relative: float, reference: Matrix) -> Matrix:
    """Add an error of `relative` times the size of each row, the same in every column."""
    sizes = np.sqrt((reference.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    return np.asarray(reference + relative * sizes, np.float32)


def test_equal_arrays_are_right() -> None:
    found = compare(*_pair())
    assert found.ok
    assert (found.block_error, found.value_error, found.excess) == (0, 0, 0)
    assert "in 32 rows" in found.describe()


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e6])
def test_the_bound_follows_the_size_of_the_output(size: float) -> None:
    reference = _pair(size=size)[1]
    right, wrong = (compare(_off_by(share * TOLERANCE.block, reference), reference) for share in (0.98, 1.02))
    assert right.ok
    assert right.excess == pytest.approx(0.98, rel=1e-3)
    assert (wrong.ok, wrong.wrong_rows) == (False, 32)


def test_each_row_has_its_own_size() -> None:
    reference = _pair()[1]
    reference[:16] *= 1000
    wrong = reference.copy()
    wrong[20] = _off_by(0.02, reference)[20]
    assert compare(wrong, reference).wrong_rows == 1


def test_one_value_may_be_further_off_than_sixteen_rows() -> None:
    result, reference = _pair()
    size = float(np.sqrt((reference[3].astype(np.float64) ** 2).mean()))
    result[3, 5] = reference[3, 5] + 0.98 * TOLERANCE.value * size
    assert compare(result, reference).ok
    result[3, 5] = reference[3, 5] + 1.02 * TOLERANCE.value * size
    found = compare(result, reference)
    assert (found.wrong_rows, found.worst_row, found.worst_column) == (1, 3, 5)


def test_a_block_that_is_wrong_does_not_hide_among_right_ones() -> None:
    result, reference = _pair(1024)
    rows = slice(32, 32 + BLOCK_ROWS)
    result[rows] = _off_by(1.5 * TOLERANCE.block, reference)[rows]
    found = compare(result, reference)
    assert found.wrong_rows == BLOCK_ROWS
    assert found.excess == pytest.approx(1.5, rel=1e-3)


def test_rows_of_zeros_must_be_zeros() -> None:
    result, reference = _pair()
    result[4] = reference[4] = 0
    assert compare(result, reference).ok
    result[4, 7] = 1e-30
    assert compare(result, reference).block_error == np.inf


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_wrong_by_infinity(bad: float) -> None:
    result, reference = _pair()
    result[2, 1] = bad
    found = compare(result, reference)
    assert (found.wrong_rows, found.worst_row, found.worst_column, found.max_abs) == (1, 2, 1, np.inf)


def test_what_must_not_be_finite_is_wrong_if_it_is() -> None:
    result, reference = _pair()
    spoiled = np.zeros(reference.shape, dtype=np.bool_)
    spoiled[7] = spoiled[:, 2] = True
    reference[spoiled], result[spoiled] = np.nan, np.inf
    assert compare(result, reference, spoiled=spoiled).ok
    result[7, 9] = 0.5
    found = compare(result, reference, spoiled=spoiled)
    assert (found.wrong_rows, found.worst_row, found.worst_column) == (1, 7, 9)


def test_a_nan_of_the_reference_is_never_right() -> None:
    result, reference = _pair()
    result[0, 0] = reference[0, 0] = np.nan
    with pytest.raises(ValueError, match="cannot be judged"):
        compare(result, reference)
    with pytest.raises(ValueError, match="cannot be judged"):
        compare(*_pair(), spoiled=np.ones((32, 128), dtype=np.bool_))


def test_the_line_says_what_is_allowed_and_where_it_is_wrong() -> None:
    result, reference = _pair(3)
    result[1, 3] += 1
    found = compare(result, reference, np.array([5, 700, 9000]), tolerance=Tolerance(0.01, 0.02))
    text = found.describe()
    assert "1 of 3 rows are wrong" in text
    assert "row 700, column 3" in text
    assert "(allowed 1.0e-02)" in text
    assert "(allowed 2.0e-02)" in text


def test_shapes_must_agree() -> None:
    result, reference = _pair()
    with pytest.raises(ValueError, match=r"shape \(2, 128\)"):
        compare(result[:2], reference)


def _output(inputs: AttentionInputs) -> Matrix:
    with np.errstate(invalid="ignore"):
        return attention_reference(inputs.q, inputs.k, inputs.v)


def test_a_nan_in_a_row_that_is_not_compared_is_found() -> None:
    inputs = make_inputs("normal", 512, 768, seed=0)
    out, expected = _output(inputs), Expected.of(inputs, seed=0, limit=128 * 768)
    assert expected.judge(out).ok
    for row in (0, 130, 257, 511):
        broken = out.copy()
        broken[row, 127] = np.nan
        found = expected.judge(broken)
        assert (found.ok, found.worst_row, found.worst_column) == (False, row, 127)


def test_what_a_nan_must_reach_is_looked_for_in_all_rows() -> None:
    inputs = make_inputs("not_finite", 512, 768, seed=0)
    assert isinstance(inputs.spoiled, Spoiled)
    out, expected = _output(inputs), Expected.of(inputs, seed=0, limit=128 * 768)
    assert expected.judge(out).ok
    row = int(np.flatnonzero(inputs.spoiled.rows)[-1])
    out[row] = 0
    assert expected.judge(out).worst_row == row
