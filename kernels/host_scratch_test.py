"""Scratch goes from a launch that is gone to the next one, and never to two at once."""

from typing import Any

import numpy.typing as npt
import pytest

from kernels.host_scratch import LINE_BYTES, IdleScratch, empty_lines


class Owner:
    """Stands for a launch."""


def addresses(areas: tuple[npt.NDArray[Any], ...]) -> list[int]:
    return [area.ctypes.data for area in areas]


def launched(idle: IdleScratch, *sizes: int) -> tuple[Owner, list[int]]:
    owner, areas = Owner(), idle.take(sizes)
    assert all(area.nbytes >= size for area, size in zip(areas, sizes, strict=True))
    idle.lend(areas, owner)
    return owner, addresses(areas)


def test_areas_begin_where_lines_of_the_cache_do() -> None:
    for _ in range(8):  # by chance one in four does
        assert empty_lines(1000).ctypes.data % LINE_BYTES == 0


@pytest.mark.parametrize("sizes", [(), (100,), (4096, 1)])
def test_the_next_launch_has_the_areas_of_the_one_that_is_gone(sizes: tuple[int, ...]) -> None:
    idle = IdleScratch()
    owner, first = launched(idle, *sizes)
    del owner
    assert launched(idle, *sizes)[1] == first


def test_launches_that_live_share_nothing() -> None:
    idle = IdleScratch()
    one, first = launched(idle, 4096)
    other, second = launched(idle, 4096)
    assert first != second
    del one
    _third, third = launched(idle, 4096)
    assert third == first
    assert addresses(idle.take((4096,))) not in (first, second)
    del other


def test_what_fits_is_used_and_what_does_not_is_let_go() -> None:
    idle = IdleScratch()
    owner, large = launched(idle, 1 << 20)
    del owner
    owner, small = launched(idle, 1 << 12)
    assert small == large
    del owner
    owner, again = launched(idle, 1 << 20)
    assert again == large
    del owner
    areas = idle.take((1 << 21,))
    assert areas[0].nbytes == 1 << 21
    assert len(idle.take((64, 64))) == 2
