"""Layouts of views that do not say them."""

import pytest

from ptodsl.dialect import DYNAMIC, Layout
from ptodsl.dialect.layouts import inferred_layout, may_be_fractal


@pytest.mark.parametrize(
    ("shape", "strides", "layout"),
    [
        ((64, 16), (16, 1), Layout.ND),
        ((64, 16), (1, 64), Layout.DN),
        ((64, 16), (1, 128), Layout.ND),
        ((64, 16), (32, 1), Layout.ND),
        ((64, 1), (1, 1), Layout.DN),
        ((1, 64), (64, 1), Layout.ND),
        ((64, 1), (8, 1), Layout.ND),
        ((1, 1), (1, 1), Layout.ND),
        ((64,), (1,), Layout.ND),
        ((3, 64, 16), (1024, 1, 64), Layout.DN),
        ((DYNAMIC, 16), (1, DYNAMIC), Layout.ND),
        ((DYNAMIC, 64, 16), (1024, 1, 64), Layout.ND),
    ],
)
def test_constant_strides_say_the_layout(shape: tuple[int, ...], strides: tuple[int, ...], layout: Layout) -> None:
    assert inferred_layout(shape, strides) is layout


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [((16, 16, 64), 2, True), ((16, 8, 64), 4, True), ((16, 16, 64), 4, False), ((16, DYNAMIC, 64), 2, False)],
)
def test_boxes_of_512_bytes_may_be_fractal(shape: tuple[int, ...], size: int, expected: bool) -> None:
    assert may_be_fractal(shape, (1, 1, 1), size) is expected


def test_a_matrix_is_not_fractal() -> None:
    assert not may_be_fractal((16, 16), (16, 1), 2)
