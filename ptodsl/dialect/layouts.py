"""The layout of a GM view that does not say it, from its shape and strides, as the real assembler infers it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from isa import a3
from ptodsl.dialect.attributes import Layout
from ptodsl.dialect.elements import DYNAMIC


def inferred_layout(shape: Sequence[int], strides: Sequence[int], element_bytes: int) -> Layout:
    """DN if the elements of a column are next to each other and the columns, too; NZ if it is made of boxes; else ND.

    Args:
        shape: sizes in elements, outermost first.
        strides: distances in elements. Where a size or a distance is DYNAMIC the layout is ND.
        element_bytes: size of an element.
    """
    if DYNAMIC in (*shape, *strides):
        return Layout.ND
    if has_boxes(shape, strides, element_bytes) and tuple(strides) == dense_strides(shape):
        return Layout.NZ
    (rows, cols), (row_stride, col_stride) = _last_two(shape), _last_two(strides)
    # The stride of a dimension of size 1 is never used, so that any will do.
    by_rows = (cols == 1 or col_stride == 1) and (rows == 1 or row_stride == cols)
    by_cols = (rows == 1 or row_stride == 1) and (cols == 1 or col_stride == rows)
    if by_rows and by_cols:  # a single row or column
        return Layout.DN if cols == 1 and rows != 1 else Layout.ND
    return Layout.DN if by_cols else Layout.ND


def has_boxes(shape: Sequence[int], strides: Sequence[int], element_bytes: int) -> bool:
    """Whether a view is constant and has boxes of 16 rows and 512 bytes inside, so that its strides decide on NZ."""
    if DYNAMIC in (*shape, *strides) or len(shape) < 3:
        return False
    return shape[-3] == a3.FRACTAL_ROWS and shape[-3] * shape[-2] * element_bytes == a3.FRACTAL_BYTES


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of a view whose elements follow each other, row by row."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _last_two(values: Sequence[int]) -> tuple[int, int]:
    """The last two of a view's sizes or strides; a vector is a row."""
    *_, first, second = (1, *values)
    return first, second
