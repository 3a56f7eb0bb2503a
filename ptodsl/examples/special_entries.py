"""For tests: an entry for each operation with rules of its own, and each kind of element type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.dialect import VECTOR_OPS
from ptodsl.examples.one_operation import Array, Buffer, Entry
from ptodsl.module import ModuleBuilder
from ptodsl.scope import emit

SHAPE = (5, 40)
"""Neither whole blocks of rows nor whole repeats."""

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
ENTRIES: dict[str, Entry] = {}


def whole(dtype: str, role: str = "scratch") -> Buffer:
    """A tile whose valid shape is SHAPE."""
    return Buffer((SHAPE[0], 64), dtype, valid=SHAPE, role=role)


def mask(rows: int = SHAPE[0], role: str = "scratch") -> Buffer:
    """A tile for a bit of each element."""
    return Buffer((rows, 32), "ui8", role=role)


BLOCK = {"f32": 8, "f16": 16, "bf16": 16, "i32": 8, "i16": 16, "ui32": 8, "ui16": 16, "i8": 32, "ui8": 32}


def compare(mode: str) -> Callable[..., None]:
    """A comparison of two tiles."""
    return lambda a, b, d: tile.cmp(a, b, d, mode)


def compare_scalar(mode: str) -> Callable[..., None]:
    """A comparison with 1."""
    return lambda a, d: tile.cmps(a, 1, d, cmp_mode=mode)


for _dtype in ("f32", "f16", "i32"):
    for _mode in MODES if _dtype != "i32" else ("eq", "ne"):
        _operands = {"a": whole(_dtype, role="in"), "d": Buffer((SHAPE[0], 32), "ui8", valid=(SHAPE[0], 5), role="out")}
        ENTRIES[f"cmps_{_mode}_{_dtype}"] = Entry(_operands, compare_scalar(_mode))
        ENTRIES[f"cmp_{_mode}_{_dtype}"] = Entry({"b": whole(_dtype, role="in"), **_operands}, compare(_mode))
for _dtype in ("f32", "f16", "bf16", "i32", "i16", "ui32", "ui16"):
    _scratch = Buffer((1, BLOCK[_dtype]), _dtype)
    ENTRIES[f"sel_{_dtype}"] = Entry(
        {
            "m": mask(role="in"),
            "a": whole(_dtype, role="in"),
            "b": whole(_dtype, role="in"),
            "t": _scratch,
            "d": whole(_dtype, role="out"),
        },
        lambda m, a, b, t, d: tile.sel(m, a, b, t, d),
    )
for _dtype in ("f32", "f16", "i32", "i16"):
    ENTRIES[f"sels_{_dtype}"] = Entry(
        {
            "m": mask(role="in"),
            "a": whole(_dtype, role="in"),
            "t": Buffer((1, BLOCK[_dtype]), _dtype),
            "d": whole(_dtype, role="out"),
        },
        lambda m, a, t, d: tile.sels(m, a, t, 3, d),
    )
    ENTRIES[f"gather_{_dtype}"] = Entry(
        {
            "a": Buffer((8, 64), _dtype, role="in"),
            "i": whole("i32", role="in"),
            "t": whole("i32"),
            "d": whole(_dtype, role="out"),
        },
        lambda a, i, t, d: tile.gather(a, d, indices=i, tmp=t),
    )
for _pattern, (_step, _) in PATTERNS.items():
    _width = 64 // _step
    ENTRIES[f"gather_{_pattern}"] = Entry(
        {"a": Buffer((4, 64), "f32", role="in"), "d": Buffer((4, _width), "f32", role="out")},
        lambda a, d, pattern=_pattern: tile.gather(a, d, mask_pattern=pattern),
    )
for _dtype, _index in (("f32", "i32"), ("f16", "i16"), ("i8", "ui16")):
    ENTRIES[f"scatter_{_dtype}"] = Entry(
        {
            "a": Buffer((4, 32), _dtype, role="in"),
            "i": Buffer((4, 32), _index, role="in"),
            "d": Buffer((8, 32), _dtype, role="out"),
        },
        lambda a, i, d: tile.scatter(a, d, i),
    )
for _dtype, _pad in (("f32", "Max"), ("f16", "Min"), ("i16", "Max"), ("i32", "Min"), ("ui8", "Max"), ("i8", "Zero")):
    _source = Buffer((6, 64), _dtype, valid=(3, 21), role="in")
    ENTRIES[f"fillpad_{_dtype}"] = Entry(
        {"a": _source, "d": Buffer((6, 64), _dtype, valid=(5, 64), pad=_pad, role="out")},
        lambda a, d: tile.fillpad(a, d),
    )
    ENTRIES[f"fillpad_expand_{_dtype}"] = Entry(
        {"a": _source, "d": Buffer((8, 96), _dtype, pad=_pad, role="out")}, lambda a, d: tile.fillpad_expand(a, d)
    )


def pad_in_place(a: Any, d: Any) -> None:
    """Pad a tile under its name with a pad value."""
    config = pto.TileBufConfig(pad="Zero")
    padded = tile.reshape(pto.TileBufType([6, 64], pto.float32, config=config), a)
    tile.fillpad_inplace(a, padded)
    tile.mov(padded, d)


ENTRIES["fillpad_inplace"] = Entry(
    {"a": Buffer((6, 64), "f32", valid=(3, 21), role="in"), "d": Buffer((6, 64), "f32", role="out")}, pad_in_place
)
for _dtype, _pair in (("f32", 2), ("f16", 4)):
    ENTRIES[f"sort32_{_dtype}"] = Entry(
        {
            "a": Buffer((3, 64), _dtype, role="in"),
            "i": Buffer((1, 64), "ui32", role="in"),
            "d": Buffer((3, 64 * _pair), _dtype, role="out"),
        },
        lambda a, i, d: tile.sort32(a, d, i),
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


ENTRIES["largest"] = Entry(
    {
        "a": Buffer((1, 128), "f32", role="in"),
        "i": Buffer((1, 128), "ui32", role="in"),
        "p": Buffer((1, 256), "f32"),
        "q": Buffer((1, 256), "f32"),
        "v": Buffer((1, 128), "f32"),
        "d": Buffer((1, 128), "i32", role="out"),
    },
    largest,
)
ENTRIES["mrgsort"] = Entry(
    {
        "a": Buffer((1, 128), "f32", role="in"),
        "i": Buffer((1, 128), "ui32", role="in"),
        "p": Buffer((1, 256), "f32"),
        "d": Buffer((1, 256), "f32", role="out"),
    },
    sort_all,
)
_SCALE = Buffer((8, 1), "f32", col_major=True, role="in")
ENTRIES["quant_sym"] = Entry(
    {"a": Buffer((8, 64), "f32", role="in"), "s": _SCALE, "d": Buffer((8, 64), "i8", role="out")},
    lambda a, s, d: tile.quant(a, s, d, "int8_sym"),
)
ENTRIES["quant_asym"] = Entry(
    {"a": Buffer((8, 64), "f32", role="in"), "s": _SCALE, "o": _SCALE, "d": Buffer((8, 64), "ui8", role="out")},
    lambda a, s, o, d: tile.quant(a, s, d, "int8_asym", offset=o),
)
for _dtype in ("i8", "i16"):
    ENTRIES[f"dequant_{_dtype}"] = Entry(
        {"a": Buffer((8, 64), _dtype, role="in"), "s": _SCALE, "o": _SCALE, "d": Buffer((8, 64), "f32", role="out")},
        lambda a, s, o, d: tile.dequant(a, s, o, d),
    )
for _dtype in ("f32", "bf16", "i8"):
    _cols = 64
    ENTRIES[f"trans_{_dtype}"] = Entry(
        {
            "a": Buffer((32, _cols), _dtype, role="in"),
            "t": Buffer((_cols, 32), _dtype),
            "d": Buffer((_cols, 32), _dtype, role="out"),
        },
        lambda a, t, d: tile.trans(a, t, d),
    )
    ENTRIES[f"concat_{_dtype}"] = Entry(
        {
            "a": Buffer((4, 32), _dtype, role="in"),
            "b": Buffer((4, 64), _dtype, valid=(4, 37), role="in"),
            "d": Buffer((4, 96), _dtype, valid=(4, 69), role="out"),
        },
        lambda a, b, d: tile.concat(a, b, d),
    )
for _name in ("argmax", "argmin"):
    ENTRIES[f"row_{_name}"] = Entry(
        {
            "a": Buffer((8, 256), "f32", role="in"),
            "t": Buffer((8, 256), "f32"),
            "d": Buffer((8, 1), "i32", col_major=True, role="out"),
        },
        lambda a, t, d, name=_name: getattr(tile, f"row_{name}")(a, t, d),
    )
    ENTRIES[f"col_{_name}"] = Entry(
        {
            "a": Buffer((9, 64), "f16", role="in"),
            "t": Buffer((4, 128), "f16"),
            "d": Buffer((1, 64), "ui32", role="out"),
        },
        lambda a, t, d, name=_name: getattr(tile, f"col_{name}")(a, t, d),
    )
PARTIAL = {"part_add": np.add, "part_mul": np.multiply, "part_max": np.maximum, "part_min": np.minimum}
for _name in PARTIAL:
    for _dtype in ("f32", "i16"):
        ENTRIES[f"{_name}_{_dtype}"] = Entry(
            {
                "a": Buffer((4, 64), _dtype, valid=(3, 21), role="in"),
                "b": Buffer((6, 64), _dtype, valid=(5, 40), role="in"),
                "d": Buffer((6, 64), _dtype, valid=(5, 40), role="out"),
            },
            lambda a, b, d, name=_name: getattr(tile, name)(a, b, d),
        )
for _dtype in ("f32", "f16"):
    ENTRIES[f"prelu_{_dtype}"] = Entry(
        {
            "a": whole(_dtype, role="in"),
            "b": whole(_dtype, role="in"),
            "t": mask(SHAPE[0] + 1),
            "d": whole(_dtype, role="out"),
        },
        lambda a, b, t, d: tile.prelu(a, b, t, d),
    )
    ENTRIES[f"axpy_{_dtype}"] = Entry(
        {"a": whole(_dtype, role="in"), "d": whole(_dtype, role="inout")}, lambda a, d: tile.axpy(a, 3, d)
    )
ENTRIES["rem"] = Entry(
    {
        "a": whole("f32", role="in"),
        "b": whole("f32", role="in"),
        "t": Buffer((2, 64), "f32"),
        "d": whole("f32", role="out"),
    },
    lambda a, b, t, d: tile.rem(a, b, t, d),
)
ENTRIES["rems"] = Entry(
    {"a": whole("f32", role="in"), "t": Buffer((2, 64), "f32"), "d": whole("f32", role="out")},
    lambda a, t, d: tile.rems(a, -3, t, d),
)
SHIFTED = {"i32": 32, "ui32": 32, "i16": 16, "ui16": 16, "i8": 8, "ui8": 8}
"""Bits of the types."""
for _dtype in SHIFTED:
    _shape = (5, 64)
    for _name in ("shl", "shr"):
        ENTRIES[f"{_name}_{_dtype}"] = Entry(
            {
                "a": Buffer(_shape, _dtype, role="in"),
                "b": Buffer(_shape, _dtype, role="in"),
                "d": Buffer(_shape, _dtype, role="out"),
            },
            lambda a, b, d, name=_name: getattr(tile, name)(a, b, d),
        )
ENTRIES["ci"] = Entry({"d": Buffer((1, 64), "i16", valid=(1, 50), role="out")}, lambda d: tile.ci(32760, d))
ENTRIES["ci_down"] = Entry({"d": Buffer((1, 64), "i32", role="out")}, lambda d: tile.ci(5, d, descending=True))
ENTRIES["insert"] = Entry(
    {"a": Buffer((3, 16), "f32", valid=(3, 13), role="in"), "d": Buffer((8, 64), "f32", role="inout")},
    lambda a, d: tile.insert(a, 2, 8, d),
)


def swap_ends(d: Any) -> None:
    """Exchange the first and the last element."""
    first, last = tile.getval(d, 0), tile.getval(d, 255)
    tile.setval(d, 255, first)
    tile.setval(d, 0, last)


ENTRIES["swap"] = Entry({"d": Buffer((4, 64), "f32", role="inout")}, swap_ends)
ENTRIES["col_sum_tree"] = Entry(
    {"a": Buffer((9, 64), "f32", role="in"), "t": Buffer((5, 64), "f32"), "d": Buffer((1, 64), "f32", role="out")},
    lambda a, t, d: tile.col_sum(a, t, d, is_binary=True),
)
ENTRIES["row_expand_sub_scratch"] = Entry(
    {
        "a": Buffer((8, 64), "f32", role="in"),
        "r": Buffer((8, 1), "f32", col_major=True, role="in"),
        "t": Buffer((8, 8), "f32"),
        "d": Buffer((8, 64), "f32", role="out"),
    },
    lambda a, r, t, d: emit(lambda: VECTOR_OPS["trowexpandsub"](a.ssa, r.ssa, t.ssa, d.ssa)),
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


def build() -> ModuleOp:
    """A module with all of them, and `valid_shape`."""
    module = ModuleBuilder()
    for name, entry in ENTRIES.items():
        entry.add(module, name)
    with module.function("valid_shape", {"y": pto.PtrType(pto.float32)}) as args, pto.vector_section():
        view = pto.as_tensor(ptr=args["y"], shape=[8, 64], strides=[64, 1])
        in_part(pto.slice_view(source=view, offsets=[0, 0], sizes=[8, 64]))
    return module.finish()
