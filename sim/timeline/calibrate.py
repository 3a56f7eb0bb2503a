"""Fits the few numbers that no publication gives to published latencies, from recordings of the kernels that were
measured.

Residuals are logarithms of predicted / measured, so that short and long launches count alike.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Fitted, Hypothesis, Timing, Workload, microseconds
from sim.timeline.parameters import Fit
from sim.timeline.program import ROWS_PER_BLOCK, read_program

START = {
    Hypothesis.CONTENTION: Fitted(sync=20, early=1.8, late=1.6),
    Hypothesis.SLOWDOWN: Fitted(sync=20, early=1.3, late=1.2),
}
"""Where the fit begins. Any start with early > late > 1 leads to the same numbers."""

_SCALE = (5.0, 0.2, 0.2)
"""Sizes of a step in each number: microseconds, then factors."""

LEAST_SPARE_ROWS = 3
"""Rows beyond the fitted numbers that a fit must have: without them residuals say nothing."""

LARGEST_RELATIVE_ERROR = 0.5
"""Standard error by value from which on a number is not identified."""

_COLUMNS = ("table", "s", "cores", "timing", "microseconds", "trace")


class NotIdentified(ValueError):
    """The rows do not determine the numbers; the message says which."""


@dataclass(frozen=True)
class Row:
    """A published latency, and the recording of its kernel. S0 = S1 = `s`."""

    table: str
    s: int
    cores: int
    timing: Timing
    microseconds: float
    trace: str

    def __post_init__(self) -> None:
        """Check the values. Raises ValueError."""
        if not (math.isfinite(self.microseconds) and self.microseconds > 0):
            raise ValueError(f"microseconds = {self.microseconds} is no latency")
        try:
            self.trace.format(rows=ROWS_PER_BLOCK, s1=self.s)
        except (KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"trace = {self.trace!r} may name {{rows}} and {{s1}} in braces, not {error}") from None
        _ = self.workload

    @property
    def workload(self) -> Workload:
        """The launch that was measured."""
        return Workload(self.s, self.s, self.cores, self.timing)


def read_rows(path: Path) -> list[Row]:
    """Read a table of measurements, tab-separated, with `#` comments. Raises ValueError naming file, line and
    column.
    """
    lines = path.read_text().splitlines()
    kept = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not kept or tuple(kept[0][1].split("\t")) != _COLUMNS:
        raise ValueError(
            f"{path}: the first line that is no comment must name the columns {', '.join(_COLUMNS)}, by tabs"
        )
    rows = []
    for number, line in kept[1:]:
        fields = next(csv.reader([line], delimiter="\t"))
        try:
            table, s, cores, timing, time, trace = fields
            rows.append(Row(table, int(s), int(cores), Timing(timing), float(time), trace))
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}; the columns are {', '.join(_COLUMNS)}") from None
    return rows


class Recordings:
    """The traces in a folder, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder`; nothing is read yet."""
        self._folder = folder
        self._known: dict[str, BlockTimes] = {}

    def blocks(self, row: Row) -> BlockTimes:
        """Return the traces of a row: at its S1, or the longest shorter ones. Raises ValueError if there are none."""
        s1 = row.s
        while not (one := self._path(row, ROWS_PER_BLOCK, s1)).is_file():
            s1 //= 2
            if not s1:
                raise ValueError(
                    f"{self._folder} has no trace {one.name.replace('_s1.', f'_s{row.s}.')}, nor one of a shorter S1"
                )
        if one.name not in self._known:
            two = self._path(row, 2 * ROWS_PER_BLOCK, s1)
            self._known[one.name] = BlockTimes(read_program(one), read_program(two) if two.is_file() else None)
        return self._known[one.name]

    def _path(self, row: Row, rows: int, s1: int) -> Path:
        return self._folder / (row.trace.format(rows=rows, s1=s1) + ".trace.gz")


BlocksOfRow = Callable[[Row], BlockTimes]


def log_errors(rows: Sequence[Row], blocks: BlocksOfRow, fitted: Fitted, hypothesis: Hypothesis) -> NDArray[np.float64]:
    """Return log(predicted / measured) of every row."""
    predicted = [microseconds(blocks(row), row.workload, fitted, hypothesis) for row in rows]
    measured = [row.microseconds for row in rows]
    result: NDArray[np.float64] = np.log(np.array(predicted) / np.array(measured))
    return result


def percent(errors: NDArray[np.float64]) -> float:
    """Return the mean absolute error in percent of logarithmic errors."""
    return 100 * float(np.mean(np.abs(np.expm1(errors))))


def fit(rows: Sequence[Row], blocks: BlocksOfRow, hypothesis: Hypothesis) -> Fit:
    """Fit the numbers of `hypothesis` to `rows`.

    Raises:
        NotIdentified: the rows do not determine them.
    """
    numbers = len(_SCALE)
    if len(rows) < numbers + LEAST_SPARE_ROWS:
        raise NotIdentified(
            f"{len(rows)} rows cannot determine {numbers} numbers: give at least {numbers + LEAST_SPARE_ROWS}"
        )
    if not any(row.timing is Timing.SYNC for row in rows):
        raise NotIdentified("no row is timed with a synchronisation, so nothing determines its overhead: add one")
    solution, jacobian, residuals = _solve(rows, blocks, hypothesis)
    errors = _standard_errors(solution, jacobian, residuals)
    left_out = np.array([_left_out(rows, blocks, hypothesis, i) for i in range(len(rows))])
    return Fit(Fitted(*solution), Fitted(*errors), percent(residuals), percent(left_out), len(rows))


def _solve(
    rows: Sequence[Row], blocks: BlocksOfRow, hypothesis: Hypothesis
) -> tuple[list[float], NDArray[np.float64], NDArray[np.float64]]:
    result = least_squares(
        lambda values: log_errors(rows, blocks, Fitted(*values), hypothesis),
        astuple(START[hypothesis]),
        x_scale=_SCALE,
        # Cycles are interpolated between multiples of CONTENTION_STEP: a narrower step would see one side of a kink.
        diff_step=1e-2,
        # Factors of 1 and more: other cores do not speed one up.
        bounds=([0, 1, 1], [1e3, 10, 10]),
    )
    return [float(value) for value in result.x], result.jac, result.fun


def _standard_errors(
    solution: Sequence[float], jacobian: NDArray[np.float64], residuals: NDArray[np.float64]
) -> list[float]:
    """Return the standard errors of the numbers. Raises NotIdentified where one exceeds LARGEST_RELATIVE_ERROR."""
    # In steps of _SCALE: microseconds beside factors would spoil the rank and the inverse.
    scaled = jacobian * np.array(_SCALE)
    if np.linalg.matrix_rank(scaled, tol=1e-6 * np.linalg.norm(scaled)) < len(_SCALE):
        raise NotIdentified(
            "the rows determine only combinations of the numbers: they need long and short launches of both timings"
        )
    # By the degrees of freedom that are left: rows less fitted numbers.
    variance = float(residuals @ residuals) / (len(residuals) - len(solution))
    errors = np.sqrt(np.diag(np.linalg.inv(scaled.T @ scaled)) * variance) * np.array(_SCALE)
    names = ("sync", "early", "late")
    for name, value, error in zip(names, solution, errors, strict=True):
        if error > LARGEST_RELATIVE_ERROR * value:
            raise NotIdentified(f"the rows do not determine {name}: {value:.3g} +- {error:.2g}; add rows, or fix it")
    return [float(error) for error in errors]


def _left_out(rows: Sequence[Row], blocks: BlocksOfRow, hypothesis: Hypothesis, index: int) -> float:
    others = [row for i, row in enumerate(rows) if i != index]
    solution, *_ = _solve(others, blocks, hypothesis)
    return float(log_errors(rows[index : index + 1], blocks, Fitted(*solution), hypothesis)[0])


def relative(logarithm: float) -> float:
    """Return a logarithmic error in percent."""
    return 100 * math.expm1(logarithm)
