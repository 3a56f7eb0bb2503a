"""When a result is right: one criterion for check, benchmark, sweep and for the device's comparison with the fused
operator.

Errors are taken relative to the size of the output, because outputs shrink as 1 / sqrt(s1) where weights are spread: a
fixed bound that fits s1 = 1024 does not see a lost tile at 131072. The size of a row is its root mean square.

- *Block error*: root mean square, over 16 rows (the smallest row slice of the kernel), of |result row - reference row|
  / |reference row|. The kernel rounds P to FP16, so each term w v of a row's sum is off by a relative error that is
  uniform within half a unit in the last place: its root mean square is 2^-10 / sqrt(12) = 2.8e-4 where the mantissa is
  1, and 2.1e-4 on the average of mantissas. The signs of these errors and those of V are random, so sum and error both
  grow as the root of the number of terms, and the ratio is 2.1e-4 for any s1. Accumulation in FP32 adds 1e-6. Allowed
  is four times the worst mantissa's: 1.1e-3.
- *Value error*: |result - reference| / size of the row, for each value. Errors are sums of many roundings, hence about
  normally distributed: of 10^8 values the largest is six times the root mean square. Allowed is six times the above.

docs/checks.md has the measurements. The criterion holds for V whose signs are random, as in all kinds of inputs: where
the terms of an output cancel much more than at random, its error may be larger than its size says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flash_atten.check_inputs import AttentionInputs
from flash_atten.reference import FULL_CHECK_LIMIT, Float32Array, IndexArray, attention_reference, rows_to_check

BLOCK_ROWS = 16
"""Rows over which a block error is taken: the smallest row slice, 64 rows of a vector core / 4."""

FP16_ROUNDING = 2.0**-10 / 12**0.5
"""Root mean square of the relative error of rounding to FP16, at the mantissa where it is largest."""

LARGEST_OF_MANY = 6.0
"""The largest of 10^8 normally distributed values, in standard deviations."""

FloatArray = npt.NDArray[np.floating]
MaskArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tolerance:
    """The largest errors of a right result, relative to the size of the output."""

    block: float
    value: float


TOLERANCE = Tolerance(4 * FP16_ROUNDING, 4 * LARGEST_OF_MANY * FP16_ROUNDING)
"""Against the FP32 reference."""

FUSED_TOLERANCE = Tolerance(4 * TOLERANCE.block, 4 * TOLERANCE.value)
"""Against the vendor's fused operator: its result is FP16, its P too, and by default it may also accumulate in FP16."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison found. Errors are relative to the size of a row; infinite where a value is finite and must not
    be, or the reverse.
    """

    block_error: float
    value_error: float
    max_abs: float
    """Largest |result - reference|."""

    tolerance: Tolerance
    wrong_rows: int
    rows: int
    worst_row: int
    worst_column: int
    result_at_worst: float
    reference_at_worst: float

    @property
    def ok(self) -> bool:
        """Whether every row is right."""
        return self.wrong_rows == 0

    @property
    def excess(self) -> float:
        """The larger of the errors as a multiple of what is allowed; a right result has at most 1."""
        return max(self.block_error / self.tolerance.block, self.value_error / self.tolerance.value)

    def describe(self) -> str:
        """One line: errors and what is allowed, and if rows are wrong how many and where the worst is."""
        errors = (
            f"relative error of {BLOCK_ROWS} rows {self.block_error:.1e} (allowed {self.tolerance.block:.1e}), of a "
            f"value {self.value_error:.1e} (allowed {self.tolerance.value:.1e})"
        )
        if self.ok:
            return f"{errors}, in {self.rows:,} rows"
        return (
            f"{self.wrong_rows:,} of {self.rows:,} rows are wrong; the worst value, at row {self.worst_row}, column "
            f"{self.worst_column}, is {self.result_at_worst:.6g} instead of {self.reference_at_worst:.6g}; {errors}"
        )


def compare(
    result: FloatArray,
    reference: FloatArray,
    rows: IndexArray | None = None,
    *,
    spoiled: MaskArray | None = None,
    tolerance: Tolerance = TOLERANCE,
) -> Comparison:
    """Compare two [rows, columns] arrays; `rows` names the row of the whole result that each row is (default: its
    index).

    `spoiled` has the same shape: where it is true the result must be NaN or infinite, elsewhere finite and near the
    reference. Raises ValueError if the shapes differ, or if the reference is not finite exactly where it should be:
    then nothing is known of the result.
    """
    if result.shape != reference.shape:
        raise ValueError(f"cannot compare a result of shape {result.shape} with a reference of shape {reference.shape}")
    if spoiled is None:
        spoiled = np.zeros(reference.shape, dtype=np.bool_)
    absolute = _absolute_errors(result, reference, spoiled)
    value_error = _relative(absolute, _row_sizes(reference, spoiled)[:, None])
    row_error = np.sqrt(_mean_squares(value_error, ~spoiled))
    block_error = _block_errors(row_error)
    wrong = (value_error > tolerance.value).any(axis=1)
    # In a wrong block only the rows that are beyond the bound themselves: at least one is, as it is their mean.
    wrong |= (np.repeat(block_error, BLOCK_ROWS)[: row_error.size] > tolerance.block) & (row_error > tolerance.block)
    row, column = (int(i) for i in np.unravel_index(np.argmax(value_error), value_error.shape))
    return Comparison(
        block_error=float(block_error.max()),
        value_error=float(value_error.max()),
        max_abs=float(absolute.max()),
        tolerance=tolerance,
        wrong_rows=int(np.count_nonzero(wrong)),
        rows=row_error.size,
        worst_row=row if rows is None else int(rows[row]),
        worst_column=column,
        result_at_worst=float(result[row, column]),
        reference_at_worst=float(reference[row, column]),
    )


def _absolute_errors(result: FloatArray, reference: FloatArray, spoiled: MaskArray) -> FloatArray:
    """Return |result - reference|: 0 where both are spoiled, infinite where only the result is, or only is not.

    Raises ValueError if the reference is not finite exactly where it should be.
    """
    if not np.array_equal(np.isfinite(reference), ~spoiled):
        raise ValueError(
            "the reference has values that are not finite where these inputs do not explain it: they overflow FP32, "
            "and the result cannot be judged"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        absolute = np.abs(result - reference)
    absolute[spoiled] = 0
    absolute[np.isfinite(result) == spoiled] = np.inf
    return absolute


def _mean_squares(values: FloatArray, counted: MaskArray) -> npt.NDArray[np.float64]:
    """Return the mean square of each row over its counted values; those that are not counted are 0 or infinite."""
    total = np.einsum("ij,ij->i", values, values, dtype=np.float64)
    # At least 1: a row that is spoiled as a whole has no counted values.
    return np.asarray(total / np.maximum(counted.sum(axis=1), 1))


def _row_sizes(reference: FloatArray, spoiled: MaskArray) -> npt.NDArray[np.float64]:
    known = np.where(spoiled, 0, reference) if spoiled.any() else reference
    return np.sqrt(_mean_squares(known, ~spoiled))


def _relative(error: FloatArray, size: FloatArray) -> FloatArray:
    """Return error / size: 0 where the error is 0, infinite where only the size is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0, error / size)


def _block_errors(row_error: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    starts = np.arange(0, row_error.size, BLOCK_ROWS)
    counts = np.diff(np.append(starts, row_error.size))
    return np.asarray(np.sqrt(np.add.reduceat(row_error**2, starts) / counts))


@dataclass(frozen=True)
class Expected:
    """What a launch on some inputs must give: the FP32 reference on the rows of `rows_to_check`."""

    inputs: AttentionInputs
    rows: IndexArray
    reference: Float32Array

    @classmethod
    def of(cls, inputs: AttentionInputs, seed: int, *, limit: int = FULL_CHECK_LIMIT) -> Expected:
        """Draw the rows and compute the reference."""
        rows = rows_to_check(inputs.q.shape[0], inputs.k.shape[0], seed, limit=limit)
        return cls(inputs, rows, _reference(inputs, rows))

    def judge(self, out: FloatArray) -> Comparison:
        """Compare a whole result, [q rows, 128].

        Rows with a value that is finite and must not be, or the reverse, are looked for everywhere, and compared too.
        """
        everywhere = np.arange(out.shape[0], dtype=np.int64)
        odd = everywhere[(np.isfinite(out) == self.inputs.spoiled_mask(everywhere)).any(axis=1)]
        # A few are enough to tell what is wrong; each one costs a pass over all keys.
        more = np.setdiff1d(odd, self.rows)[:BLOCK_ROWS]
        rows = np.concatenate([self.rows, more])
        reference = np.concatenate([self.reference, _reference(self.inputs, more)])
        return compare(out[rows], reference, rows, spoiled=self.inputs.spoiled_mask(rows))


def _reference(inputs: AttentionInputs, rows: IndexArray) -> Float32Array:
    with np.errstate(invalid="ignore" if inputs.spoiled else "warn"):
        return attention_reference(inputs.q[rows], inputs.k, inputs.v)
