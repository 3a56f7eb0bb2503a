"""Layouts of views that do not say them."""

import pytest

from ptodsl.dialect import DYNAMIC, Layout
from ptodsl.dialect.layouts import has_boxes, inferred_layout


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
        ((4, 16, 16, 8), (2048, 128, 8, 1), Layout.NZ),
        ((4, 16, 16, 8), (4096, 128, 8, 1), Layout.ND),
        ((DYNAMIC, 16, 16, 8), (2048, 128, 8, 1), Layout.ND),
    ],
)
def test_constant_strides_say_the_layout(shape: tuple[int, ...], strides: tuple[int, ...], layout: Layout) -> None:
    assert inferred_layout(shape, strides, 2) is layout


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [((16, 16, 64), 2, True), ((16, 8, 64), 4, True), ((16, 16, 64), 4, False), ((16, DYNAMIC, 64), 2, False)],
)
def test_boxes_have_512_bytes(shape: tuple[int, ...], size: int, expected: bool) -> None:
    assert has_boxes(shape, (1, 1, 1), size) is expected


def test_a_matrix_has_no_boxes() -> None:
    assert not has_boxes((16, 16), (16, 1), 2)
