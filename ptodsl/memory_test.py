"""Tests of pointers, views, slices, tiles and transfers: types that are inferred, and what is printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ptodsl import pto
from ptodsl.dialect import PartitionTensorViewType, TensorViewType
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.printing import module_text

PARAMETERS = {"x": pto.PtrType(pto.float32), "n": pto.index}


def _text(body: Callable[[Arguments], object]) -> str:
    module = ModuleBuilder()
    with module.function("main", PARAMETERS) as args:
        body(args)
    return module_text(module.finish(), locations=False)


def test_views_take_constant_sizes_into_their_type_unless_one_is_given() -> None:
    def body(args: Arguments) -> None:
        x, n = args["x"], args.scalar("n")
        inferred = pto.as_tensor(ptr=x, shape=[n, 64], strides=[64, 1])
        assert inferred.type == TensorViewType.of((-1, 64), pto.float32)
        given = pto.TensorType(rank=2, dtype=pto.float32)
        assert pto.as_tensor(given, ptr=x, shape=[n, 64], strides=[64, 1]).type == given
        part = pto.slice_view(source=inferred, offsets=[n, 0], sizes=[16, 64])
        assert part.type == PartitionTensorViewType.of((16, 64), pto.float32)
        given_part = pto.SubTensorType(shape=[16, 64], dtype=pto.float32)
        assert pto.slice_view(given_part, source=inferred, offsets=[n, 0], sizes=[16, 64]).type == given_part

    _text(body)


@pytest.mark.parametrize(("layout", "printed"), [(None, ""), ("DN", " {layout = #pto.layout<dn>}")])
def test_layout_is_printed_where_given(layout: str | None, printed: str) -> None:
    text = _text(lambda args: pto.as_tensor(ptr=args["x"], shape=[64, 8], strides=[1, 64], layout=layout))
    assert printed in text
    assert ("layout" in text) == (layout is not None)


def test_pointers_advance_by_elements_and_can_be_read() -> None:
    def body(args: Arguments) -> None:
        pointer = pto.add_ptr(args["x"], args.scalar("n") * 2)
        assert pto.load_scalar(pto.float32, pointer, 3).type == pto.float32

    text = _text(body)
    assert "pto.addptr %x, %2 : !pto.ptr<f32> -> !pto.ptr<f32>" in text
    assert "pto.load_scalar" in text


def test_tiles_may_have_an_address_and_a_valid_shape_known_at_run_time() -> None:
    ty = pto.TileBufType([16, 64], pto.float32, valid_shape=[None, 64])

    def body(args: Arguments) -> None:
        pto.alloc_tile(ty, addr=4096, valid_row=args.scalar("n"))

    assert "pto.alloc_tile addr = %0 valid_row = %n : !pto.tile_buf<loc=vec" in _text(body)


def test_loads_and_stores_move_between_slices_and_tiles() -> None:
    def body(args: Arguments) -> None:
        view = pto.as_tensor(ptr=args["x"], shape=[16, 64], strides=[64, 1])
        part = pto.slice_view(source=view, offsets=[0, 0], sizes=[16, 64])
        x = pto.alloc_tile(pto.TileBufType([16, 64], pto.float32))
        pto.load(part, x)
        pto.store(x, part)

    lines = [line.split("(")[0].strip() for line in _text(body).splitlines()]
    assert lines[-5:-3] == ["pto.tload ins", "pto.tstore ins"]


def test_core_identity_is_i64() -> None:
    def body(_: Arguments) -> None:
        for get in (pto.get_block_idx, pto.get_block_num, pto.get_subblock_idx, pto.get_subblock_num):
            assert get().type == pto.int64

    _text(body)


def test_numbers_can_be_printed_from_the_device() -> None:
    text = _text(lambda args: pto.print("%ld", args.scalar("n")))
    assert "%0 = arith.index_cast %n : index to i64" in text
    assert 'pto.print ins("%ld", %0 : i64)' in text
    assert 'pto.print ins("%ld", %0 : i64)' in _text(lambda _: pto.print("%ld", pto.get_block_idx()))
