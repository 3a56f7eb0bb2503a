"""Scratch of launches on the host, kept from launch to launch."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

LINE_BYTES = 64
"""Of a cache of this computer."""

Array = npt.NDArray[Any]


def empty_lines(size: int) -> Array:
    """Return `size` bytes that begin where a line of the cache does, as NumPy's own seldom do: rows of tiles in them
    touch half the lines.
    """
    memory = np.empty(size + LINE_BYTES, dtype=np.uint8)
    begin = -memory.ctypes.data % LINE_BYTES
    return memory[begin : begin + size]


class IdleScratch:
    """What the last launch that is gone has left. The system clears each page that it gives: that took a tenth to a
    quarter of the time of `attention()` at S = 4096.
    """

    def __init__(self) -> None:
        """Nothing is left yet."""
        # Taken and given in one step each, so that threads may launch at the same time.
        self._left: deque[tuple[Array, ...]] = deque(maxlen=1)

    def take(self, sizes: Sequence[int]) -> tuple[Array, ...]:
        """Return an area of each size in bytes, with anything in it. `lend` gives it back."""
        try:
            areas = self._left.pop()
        except IndexError:
            areas = ()
        if len(areas) != len(sizes) or any(area.nbytes < size for area, size in zip(areas, sizes, strict=True)):
            areas = tuple(map(empty_lines, sizes))
        return areas

    def lend(self, areas: tuple[Array, ...], owner: object) -> None:
        """Keep areas that were taken for another launch when `owner` is gone."""
        weakref.finalize(owner, self._left.append, areas).atexit = False
