"""For tests: an entry that loads tiles from its arguments, works on them, and stores some of them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar
from ptodsl.dialect import element_type
from ptodsl.module import ModuleBuilder
from ptodsl.values import Tile
from runtime.host_kernel import HostKernel

Array = NDArray[Any]

NUMPY: Mapping[str, Any] = {
    "f32": np.float32,
    "f16": np.float16,
    "bf16": np.uint16,
    "i32": np.int32,
    "i16": np.int16,
    "i8": np.int8,
    "ui32": np.uint32,
    "ui16": np.uint16,
    "ui8": np.uint8,
}
"""NumPy's types; bf16 as its bits."""


@dataclass(frozen=True)
class Buffer:
    """A tile, and what happens to it."""

    shape: tuple[int, int]
    dtype: str
    role: str
    """`in`: loaded from an argument; `out`: stored to it; `inout`: both; `scratch`: it has none."""
    valid: tuple[int, int] | None = None
    col_major: bool = False
    pad: str = "Null"

    @property
    def part(self) -> tuple[int, int]:
        """Shape of the argument."""
        return self.valid or self.shape

    @property
    def read(self) -> bool:
        """Whether it is loaded."""
        return self.role.startswith("in")

    @property
    def written(self) -> bool:
        """Whether it is stored."""
        return self.role.endswith("out")

    @property
    def is_array(self) -> bool:
        """Whether there is an argument."""
        return self.read or self.written


SHAPE = (5, 40)
"""Valid part of a tile that has no other size: neither whole blocks of rows nor whole repeats."""


def _buffer_of(role: str) -> Callable[..., Buffer]:
    def buffer(dtype: str, rows: int = 0, cols: int = 0, **more: Any) -> Buffer:
        return Buffer((rows, cols), dtype, role, **more) if rows else Buffer((SHAPE[0], 64), dtype, role, valid=SHAPE)

    return buffer


given, wanted, updated, work = map(_buffer_of, ("in", "out", "inout", "scratch"))
"""Tiles by their role: `given("f32", 4, 64)`; `given("f32")` has the valid part SHAPE."""


@dataclass(frozen=True)
class Entry:
    """A kernel with one use of an operation."""

    buffers: dict[str, Buffer]
    body: Callable[..., object]
    """Is called with the tiles, in their order."""

    results: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Name the results."""
        object.__setattr__(self, "results", tuple(name for name, one in self.buffers.items() if one.written))

    def add(self, module: ModuleBuilder, name: str) -> None:
        """Add it to a module, for the first vector core alone."""
        arrays = {key: one for key, one in self.buffers.items() if one.is_array}
        pointers = {key: pto.PtrType(element_type(one.dtype)) for key, one in arrays.items()}
        with (
            module.function(name, pointers) as args,
            pto.vector_section(),
            pto.if_context(scalar.index_cast(pto.get_subblock_idx()) == 0),
        ):
            tiles = {key: _allocate(one) for key, one in self.buffers.items()}
            parts = {key: _part(args[key], one) for key, one in arrays.items()}
            for key, one in arrays.items():
                if one.read:
                    pto.load(parts[key], tiles[key])
            self.body(*tiles.values())
            for key in self.results:
                pto.store(tiles[key], parts[key])

    def run(self, kernel: HostKernel, name: str, **given: Array) -> Array:
        """Run it on arrays; the result, which is 77 everywhere before."""
        arrays: dict[str, Array] = {}
        for key, one in self.buffers.items():
            if not one.is_array:
                continue
            dtype = NUMPY[one.dtype]
            array = given[key] if one.read else np.full(one.part, 77, dtype)
            assert (array.shape, array.dtype) == (one.part, dtype), (key, array.shape, array.dtype)
            arrays[key] = np.ascontiguousarray(array.T if one.col_major else array).copy()
        kernel.launch(1, *arrays.values(), entry=name)
        (result,) = self.results
        return arrays[result].reshape(self.buffers[result].part)


def _allocate(one: Buffer) -> Tile:
    config = pto.TileBufConfig("ColMajor" if one.col_major else "RowMajor", "NoneBox", pad=one.pad)
    ty = pto.TileBufType(
        shape=list(one.shape), dtype=element_type(one.dtype), valid_shape=list(one.part), config=config
    )
    return pto.alloc_tile(ty)


def _part(pointer: Any, one: Buffer) -> Any:
    rows, cols = one.part
    view = pto.as_tensor(ptr=pointer, shape=[rows, cols], strides=[1, rows] if one.col_major else [cols, 1])
    return pto.slice_view(source=view, offsets=[0, 0], sizes=[rows, cols])


def module_of(entries: Mapping[str, Entry], more: Callable[[ModuleBuilder], None] = lambda _: None) -> ModuleOp:
    """Return a module with all entries, and what `more` adds."""
    module = ModuleBuilder()
    for name, entry in entries.items():
        entry.add(module, name)
    more(module)
    return module.finish()
