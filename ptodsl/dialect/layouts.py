"""The layout of a GM view that does not say it, from its shape and strides, as the real assembler infers it."""

from __future__ import annotations

from collections.abc import Sequence

from isa import a3
from ptodsl.dialect.attributes import Layout
from ptodsl.dialect.elements import DYNAMIC


def inferred_layout(shape: Sequence[int], strides: Sequence[int]) -> Layout:
    """DN if the elements of a column are next to each other and the columns, too; else ND.

    Args:
        shape: sizes in elements, outermost first.
        strides: distances in elements. Where a size or a distance is DYNAMIC the layout is ND.
    """
    if DYNAMIC in (*shape, *strides):
        return Layout.ND
    (rows, cols), (row_stride, col_stride) = _last_two(shape), _last_two(strides)
    by_rows = (cols == 1 or col_stride == 1) and (rows == 1 or row_stride == cols)
    by_cols = (rows == 1 or row_stride == 1) and (cols == 1 or col_stride == rows)
    if by_rows and by_cols:  # a single row or column
        return Layout.DN if cols == 1 and rows != 1 else Layout.ND
    return Layout.DN if by_cols else Layout.ND


def may_be_fractal(shape: Sequence[int], strides: Sequence[int], element_bytes: int) -> bool:
    """Whether the real assembler may take the view for NZ: constant, with boxes of 16 rows and 512 bytes inside."""
    if DYNAMIC in (*shape, *strides) or len(shape) < 3:
        return False
    return shape[-3] == a3.FRACTAL_ROWS and shape[-3] * shape[-2] * element_bytes == a3.FRACTAL_BYTES


def _last_two(values: Sequence[int]) -> tuple[int, int]:
    """The last two of a view's sizes or strides; a vector is a row."""
    *_, first, second = (1, *values)
    return first, second
