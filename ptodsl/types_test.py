"""Tests of the types' Python names: what of the dialect they stand for, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import f64

from ptodsl import pto
from ptodsl.dialect import PADS, Loc, PartitionTensorViewType, PtrType, TensorViewType, TileBufType
from ptodsl.errors import DslError


def test_views_and_pointers() -> None:
    assert pto.PtrType(pto.float16) == PtrType(pto.float16)
    assert pto.TensorType(rank=2, dtype=pto.float16) == TensorViewType.of((-1, -1), pto.float16)
    assert pto.TensorType(shape=[None, 64], dtype=pto.int32) == TensorViewType.of((-1, 64), pto.int32)
    assert pto.SubTensorType(shape=[-1, 64], dtype=pto.int8) == PartitionTensorViewType.of((-1, 64), pto.int8)


@pytest.mark.parametrize("space", ["VEC", "MAT", "LEFT", "RIGHT", "ACC", "vec"])
def test_tiles_get_the_default_layout_of_their_memory_space(space: str) -> None:
    ty = pto.TileBufType(shape=[32, 64], dtype=pto.float32, memory_space=space)
    assert ty == TileBufType.of((32, 64), pto.float32, Loc(space.lower()))


def test_a_config_chooses_layout_fractal_and_padding() -> None:
    config = pto.TileBufConfig(blayout="ColMajor", slayout="RowMajor", s_fractal_size=1024, pad="Zero")
    data = pto.TileBufType([32, 32], pto.float32, "ACC", config=config).data
    assert (data.blayout, data.slayout, data.fractal) == ("col_major", "row_major", 1024)
    assert data.pad is PADS[1]


def test_valid_shape_may_be_smaller_or_dynamic() -> None:
    assert pto.TileBufType([32, 64], pto.float32, valid_shape=[20, None]).valid_shape == (20, -1)


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: pto.TensorType(dtype=pto.float32), "either rank= or shape="),
    (lambda: pto.TensorType(rank=2, shape=[1, 2], dtype=pto.float32), "either rank= or shape="),
    (lambda: pto.PtrType(f64), "dtype must be one of f32"),  # type: ignore[arg-type]
    (lambda: pto.TileBufType([32], pto.float32), "a tile has two dimensions"),
    (lambda: pto.TileBufType([32, 64], pto.float32, valid_shape=[32]), "valid_shape has two dimensions"),
    (lambda: pto.TileBufType([32, 64], pto.float32, "UB"), "memory_space is 'UB', but must be one of VEC, MAT"),
    (lambda: pto.TileBufType([32, 3], pto.float32), "32x3 is not a multiple"),
    (lambda: pto.TileBufType([32, 64], pto.float32, valid_shape=[64, 64]), "v_row=64 must be between 1 and"),
    (lambda: pto.TileBufType([8, 8], pto.float32, config=pto.TileBufConfig("Diagonal")), "blayout is 'Diagonal'"),
    (lambda: pto.TileBufType([8, 8], pto.float32, config=pto.TileBufConfig(pad="One")), "pad is 'One'"),
]


@pytest.mark.parametrize(("make", "rule"), WRONG, ids=[rule for _, rule in WRONG])
def test_impossible_types_are_refused_at_the_users_line(make: Callable[[], object], rule: str) -> None:
    with pytest.raises(DslError, match=rf"^ptodsl/types_test\.py:\d+: .*{rule}"):
        make()


def test_a_row_in_l1_has_no_boxes() -> None:
    row = pto.TileBufType(shape=[1, 64], dtype=pto.float32, memory_space="MAT")
    assert (row.data.blayout, row.data.slayout) == ("row_major", "none_box")


def test_a_config_as_an_attribute_is_what_stands_in_a_type() -> None:
    config = pto.TileBufConfig(blayout="ColMajor", slayout="RowMajor", s_fractal_size=1024, pad="Max")
    assert config.attr().data == "blayout=col_major, slayout=row_major, fractal=1024, pad=2"
    assert pto.TileBufConfig().attr().data == "blayout=row_major, slayout=none_box, fractal=512, pad=0"
