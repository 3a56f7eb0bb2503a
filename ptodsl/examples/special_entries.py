"""For tests: an entry for each operation with rules of its own, and each kind of element type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.dialect import VECTOR_OPS
from ptodsl.examples.one_operation import SHAPE, Array, Entry, given, module_of, updated, wanted, work
from ptodsl.module import ModuleBuilder
from ptodsl.scope import emit

MODES: Mapping[str, Callable[[Array, Any], Array]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
PATTERNS = {"P0101": (2, 0), "P1010": (2, 1), "P0001": (4, 0), "P0010": (4, 1), "P0100": (4, 2), "P1000": (4, 3)}
"""Step and first column."""
BLOCK = {"f32": 8, "f16": 16, "bf16": 16, "i32": 8, "i16": 16, "ui32": 8, "ui16": 16, "i8": 32, "ui8": 32}
PARTIAL = {"part_add": np.add, "part_mul": np.multiply, "part_max": np.maximum, "part_min": np.minimum}
SHIFTED = {"i32": 32, "ui32": 32, "i16": 16, "ui16": 16, "i8": 8, "ui8": 8}
"""Bits of the types."""

ENTRIES: dict[str, Entry] = {}

_MASK = given("ui8", SHAPE[0], 32)
"""A bit for each element."""


def _add(name: str, body: Callable[..., object], **buffers: Any) -> None:
    ENTRIES[name] = Entry(buffers, body)


def _compare(mode: str, a: Any, d: Any) -> None:
    tile.cmps(a, 1, d, cmp_mode=mode)


for _dtype in ("f32", "f16", "i32"):
    for _mode in MODES if _dtype != "i32" else ("eq", "ne"):
        _bits = wanted("ui8", SHAPE[0], 32, valid=(SHAPE[0], 5))
        _add(f"cmps_{_mode}_{_dtype}", partial(_compare, _mode), a=given(_dtype), d=_bits)
        _add(f"cmp_{_mode}_{_dtype}", partial(tile.cmp, cmp_mode=_mode), a=given(_dtype), b=given(_dtype), d=_bits)
for _dtype in ("f32", "f16", "bf16", "i32", "i16", "ui32", "ui16"):
    _scratch = work(_dtype, 1, BLOCK[_dtype])
    _add(f"sel_{_dtype}", tile.sel, m=_MASK, a=given(_dtype), b=given(_dtype), t=_scratch, d=wanted(_dtype))
for _dtype in ("f32", "f16", "i32", "i16"):
    _add(
        f"sels_{_dtype}",
        lambda m, a, t, d: tile.sels(m, a, t, 3, d),
        m=_MASK,
        a=given(_dtype),
        t=work(_dtype, 1, BLOCK[_dtype]),
        d=wanted(_dtype),
    )
    _add(
        f"gather_{_dtype}",
        lambda a, i, t, d: tile.gather(a, d, indices=i, tmp=t),
        a=given(_dtype, 8, 64),
        i=given("i32"),
        t=work("i32"),
        d=wanted(_dtype),
    )
for _pattern, (_step, _) in PATTERNS.items():
    _kept = wanted("f32", 4, 64 // _step)
    _add(f"gather_{_pattern}", partial(tile.gather, mask_pattern=_pattern), a=given("f32", 4, 64), d=_kept)
for _dtype, _index in (("f32", "i32"), ("f16", "i16"), ("i8", "ui16")):
    _add(
        f"scatter_{_dtype}",
        lambda a, i, d: tile.scatter(a, d, i),
        a=given(_dtype, 4, 32),
        i=given(_index, 4, 32),
        d=wanted(_dtype, 8, 32),
    )
for _dtype, _pad in (("f32", "Max"), ("f16", "Min"), ("i16", "Max"), ("i32", "Min"), ("ui8", "Max"), ("i8", "Zero")):
    _source = given(_dtype, 6, 64, valid=(3, 21))
    _add(f"fillpad_{_dtype}", tile.fillpad, a=_source, d=wanted(_dtype, 6, 64, valid=(5, 64), pad=_pad))
    _add(f"fillpad_expand_{_dtype}", tile.fillpad_expand, a=_source, d=wanted(_dtype, 8, 96, pad=_pad))


def pad_in_place(a: Any, d: Any) -> None:
    """Pad a tile under its name with a pad value."""
    config = pto.TileBufConfig(pad="Zero")
    padded = tile.reshape(pto.TileBufType([6, 64], pto.float32, config=config), a)
    tile.fillpad_inplace(a, padded)
    tile.mov(padded, d)


_add("fillpad_inplace", pad_in_place, a=given("f32", 6, 64, valid=(3, 21)), d=wanted("f32", 6, 64))
for _dtype, _pair in (("f32", 2), ("f16", 4)):
    _add(
        f"sort32_{_dtype}",
        lambda a, i, d: tile.sort32(a, d, i),
        a=given(_dtype, 3, 64),
        i=given("ui32", 1, 64),
        d=wanted(_dtype, 3, 64 * _pair),
    )


def sort_all(a: Any, i: Any, p: Any, d: Any) -> None:
    """Sort 128 elements: blocks of 32, then one merge of the four."""
    tile.sort32(a, p, i)
    tile.mrgsort(p, d, 64)


def largest(a: Any, i: Any, p: Any, q: Any, v: Any, d: Any) -> None:
    """Indices of 128 elements by falling value: of the sorted pairs, every second element."""
    tile.sort32(a, p, i)
    tile.mrgsort(p, q, scalar.const(64))
    tile.gather(q, v, mask_pattern="P0101")
    tile.gather(q, d, mask_pattern="P1010")


_unsorted = {"a": given("f32", 1, 128), "i": given("ui32", 1, 128), "p": work("f32", 1, 256)}
_add("largest", largest, **_unsorted, q=work("f32", 1, 256), v=work("f32", 1, 128), d=wanted("i32", 1, 128))
_add("mrgsort", sort_all, **_unsorted, d=wanted("f32", 1, 256))


def _quantise(a: Any, s: Any, o: Any, d: Any) -> None:
    tile.quant(a, s, d, "int8_asym", offset=o)


_SCALE = given("f32", 8, 1, col_major=True)
_add("quant_sym", partial(tile.quant, quant_type="int8_sym"), a=given("f32", 8, 64), s=_SCALE, d=wanted("i8", 8, 64))
_add("quant_asym", _quantise, a=given("f32", 8, 64), s=_SCALE, o=_SCALE, d=wanted("ui8", 8, 64))
for _dtype in ("i8", "i16"):
    _add(f"dequant_{_dtype}", tile.dequant, a=given(_dtype, 8, 64), s=_SCALE, o=_SCALE, d=wanted("f32", 8, 64))
for _dtype in ("f32", "bf16", "i8"):
    _add(f"trans_{_dtype}", tile.trans, a=given(_dtype, 32, 64), t=work(_dtype, 64, 32), d=wanted(_dtype, 64, 32))
    _right, _both = given(_dtype, 4, 64, valid=(4, 37)), wanted(_dtype, 4, 96, valid=(4, 69))
    _add(f"concat_{_dtype}", tile.concat, a=given(_dtype, 4, 32), b=_right, d=_both)
for _name in ("argmax", "argmin"):
    _rows, _row = getattr(tile, f"row_{_name}"), wanted("i32", 8, 1, col_major=True)
    _add(f"row_{_name}", _rows, a=given("f32", 8, 256), t=work("f32", 8, 256), d=_row)
    _cols = getattr(tile, f"col_{_name}")
    _add(f"col_{_name}", _cols, a=given("f16", 9, 64), t=work("f16", 4, 128), d=wanted("ui32", 1, 64))
for _name in PARTIAL:
    for _dtype in ("f32", "i16"):
        _small, _large = given(_dtype, 4, 64, valid=(3, 21)), given(_dtype, 6, 64, valid=(5, 40))
        _sum = wanted(_dtype, 6, 64, valid=(5, 40))
        _add(f"{_name}_{_dtype}", getattr(tile, _name), a=_small, b=_large, d=_sum)
for _dtype in ("f32", "f16"):
    _scratch = work("ui8", SHAPE[0] + 1, 32)
    _add(f"prelu_{_dtype}", tile.prelu, a=given(_dtype), b=given(_dtype), t=_scratch, d=wanted(_dtype))
    _add(f"axpy_{_dtype}", lambda a, d: tile.axpy(a, 3, d), a=given(_dtype), d=updated(_dtype))
_add("rem", tile.rem, a=given("f32"), b=given("f32"), t=work("f32", 2, 64), d=wanted("f32"))
_add("rems", lambda a, t, d: tile.rems(a, -3, t, d), a=given("f32"), t=work("f32", 2, 64), d=wanted("f32"))
for _dtype in SHIFTED:
    for _name in ("shl", "shr"):
        _tiles = {"a": given(_dtype, 5, 64), "b": given(_dtype, 5, 64), "d": wanted(_dtype, 5, 64)}
        _add(f"{_name}_{_dtype}", getattr(tile, _name), **_tiles)
_add("ci", partial(tile.ci, 32760), d=wanted("i16", 1, 64, valid=(1, 50)))
_add("ci_down", partial(tile.ci, 5, descending=True), d=wanted("i32", 1, 64))
_add("insert", lambda a, d: tile.insert(a, 2, 8, d), a=given("f32", 3, 16, valid=(3, 13)), d=updated("f32", 8, 64))


def swap_ends(d: Any) -> None:
    """Exchange the first and the last element."""
    first, last = tile.getval(d, 0), tile.getval(d, 255)
    tile.setval(d, 255, first)
    tile.setval(d, 0, last)


_add("swap", swap_ends, d=updated("f32", 4, 64))
_add("col_sum_tree", tile.col_sum, a=given("f32", 9, 64), t=work("f32", 5, 64), d=wanted("f32", 1, 64))
_add(
    "row_expand_sub_scratch",
    lambda a, r, t, d: emit(lambda: VECTOR_OPS["trowexpandsub"](a.ssa, r.ssa, t.ssa, d.ssa)),
    a=given("f32", 8, 64),
    r=_SCALE,
    t=work("f32", 8, 8),
    d=wanted("f32", 8, 64),
)


def in_part(d: Any) -> None:
    """Fill all, then a part whose size is set at run time."""
    ty = pto.TileBufType([8, 64], pto.float32, valid_shape=[-1, -1])
    part = pto.alloc_tile(ty, valid_row=8, valid_col=64)
    tile.expands(1, part)
    tile.set_validshape(part, 3, 20)
    tile.expands(2, part)
    rows, cols = tile.get_validshape(part)
    tile.set_validshape(part, rows + 5, cols + 44)
    pto.store(part, d)


def _add_valid_shape(module: ModuleBuilder) -> None:
    with module.function("valid_shape", {"y": pto.PtrType(pto.float32)}) as args, pto.vector_section():
        view = pto.as_tensor(ptr=args["y"], shape=[8, 64], strides=[64, 1])
        in_part(pto.slice_view(source=view, offsets=[0, 0], sizes=[8, 64]))


def build() -> ModuleOp:
    """A module with all of them, and `valid_shape`."""
    return module_of(ENTRIES, _add_valid_shape)
