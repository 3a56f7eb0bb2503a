"""Comparison of a result with the reference: what counts as right, and where it is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RTOL = 1e-3
ATOL = 1e-3
"""|result - reference| <= ATOL + RTOL |reference|: the bound of the vendor's harness. P is rounded to FP16, which alone
is 5e-4."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison found. `max_abs` is the largest |result - reference|, infinite if the result is not finite."""

    max_abs: float
    wrong: int
    compared: int
    worst_row: int
    worst_column: int
    result_at_worst: float
    reference_at_worst: float

    @property
    def ok(self) -> bool:
        """Whether every value is right."""
        return self.wrong == 0

    def describe(self) -> str:
        """One line: the error, and if it is too large how many values are wrong and where the worst is."""
        if self.ok:
            return f"max |error| {self.max_abs:.2e} in {self.compared:,} values"
        return (
            f"{self.wrong:,} of {self.compared:,} values are wrong; the worst, at row {self.worst_row}, column "
            f"{self.worst_column}, "
            f"is {self.result_at_worst:.6g} instead of {self.reference_at_worst:.6g} (|error| {self.max_abs:.2e})"
        )


def compare(
    result: npt.NDArray[np.floating],
    reference: npt.NDArray[np.floating],
    rows: npt.NDArray[np.int64] | None = None,
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
) -> Comparison:
    """Compare two [rows, columns] arrays; `rows` names the row of the whole result that each row is (default: its
    index).

    A value that is NaN or infinite where the reference is finite is wrong by infinity. Raises ValueError if the shapes
    differ or the reference itself is not finite.
    """
    if result.shape != reference.shape:
        raise ValueError(f"cannot compare a result of shape {result.shape} with a reference of shape {reference.shape}")
    if not np.isfinite(reference).all():
        raise ValueError(
            "the reference has values that are not finite: these inputs overflow FP32 and cannot be checked"
        )
    error = np.abs(result - reference)
    error[~np.isfinite(error)] = np.inf
    excess = error - (atol + rtol * np.abs(reference))
    row, column = (int(i) for i in np.unravel_index(np.argmax(excess), excess.shape))
    return Comparison(
        max_abs=float(error.max()),
        wrong=int(np.count_nonzero(excess > 0)),
        compared=error.size,
        worst_row=row if rows is None else int(rows[row]),
        worst_column=column,
        result_at_worst=float(result[row, column]),
        reference_at_worst=float(reference[row, column]),
    )
