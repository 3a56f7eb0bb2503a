"""For tests: an entry for each operation that has forms: sums, powers, triangles, and rows before tiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl import tile
from ptodsl.dialect import VECTOR_OPS
from ptodsl.examples.one_operation import Array, Buffer, Entry
from ptodsl.module import ModuleBuilder
from ptodsl.scope import emit

SHAPE = (5, 40)
"""Neither whole blocks of rows nor whole repeats."""
FORMS: dict[str, Entry] = {}


def part(dtype: str, role: str = "scratch") -> Buffer:
    """A tile whose valid shape is SHAPE."""
    return Buffer((SHAPE[0], 64), dtype, valid=SHAPE, role=role)


FORMS["pow_f32"] = Entry(
    {"a": part("f32", "in"), "b": part("f32", "in"), "t": part("f32"), "d": part("f32", "out")},
    lambda a, b, t, d: tile.pow(a, b, d, t),
)
FORMS["pows_f32"] = Entry(
    {"a": part("f32", "in"), "t": part("f32"), "d": part("f32", "out")}, lambda a, t, d: tile.pows(a, -3, d, tmp=t)
)
for _dtype in ("i32", "i16", "i8", "ui8", "ui16", "ui32"):
    FORMS[f"pow_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "b": part(_dtype, "in"), "d": part(_dtype, "out")},
        lambda a, b, d: tile.pow(a, b, d),
    )
for _dtype in ("i32", "i16", "i8"):
    FORMS[f"pows_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "d": part(_dtype, "out")}, lambda a, d: tile.pows(a, 3, d)
    )
for _dtype in ("f32", "f16", "i32", "i16", "ui32", "ui16"):
    for _upper in (False, True):
        for _diagonal in (-2, 0, 3):
            FORMS[f"tri_{_dtype}_{_diagonal + 2}_{_upper}"] = Entry(
                {"d": part(_dtype, "out")},
                lambda d, diagonal=_diagonal, upper=_upper: tile.tri(diagonal, d, upper=upper),
            )
FORMS["axpy_wide"] = Entry({"a": part("f16", "in"), "d": part("f32", "inout")}, lambda a, d: tile.axpy(a, 1.5, d))
FORMS["lrelu_f16"] = Entry({"a": part("f16", "in"), "d": part("f16", "out")}, lambda a, d: tile.lrelu(a, 0.3, d))
SHIFTS = {"i32": 31, "i16": 15, "ui32": 32, "ui16": 16}
"""Bits behind the sign."""
for _dtype in SHIFTS:
    FORMS[f"shrs_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "d": part(_dtype, "out")}, lambda a, d: tile.shrs(a, 3, d)
    )
for _dtype in ("i32", "i16"):
    FORMS[f"shls_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "d": part(_dtype, "out")}, lambda a, d: tile.shls(a, 3, d)
    )
FORMS["rsqrt_scratch"] = Entry(
    {"a": part("f32", "in"), "t": part("f32"), "d": part("f32", "out")}, lambda a, t, d: tile.rsqrt(a, d, t)
)
for _dtype in ("f32", "i16"):
    FORMS[f"addc_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "b": part(_dtype, "in"), "c": part(_dtype, "in"), "d": part(_dtype, "out")},
        lambda a, b, c, d: tile.addc(a, b, c, d),
    )
    FORMS[f"subsc_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "b": part(_dtype, "in"), "d": part(_dtype, "out")},
        lambda a, b, d: tile.subsc(a, 3, b, d),
    )
FORMS["part_add_columns"] = Entry(
    {
        "a": Buffer((16, 1), "f32", valid=(9, 1), col_major=True, role="in"),
        "b": Buffer((16, 1), "f32", valid=(14, 1), col_major=True, role="in"),
        "d": Buffer((16, 1), "f32", valid=(14, 1), col_major=True, role="out"),
    },
    lambda a, b, d: tile.part_add(a, b, d),
)
for _dtype in ("i16", "ui8"):
    FORMS[f"ands_{_dtype}"] = Entry(
        {"a": part(_dtype, "in"), "d": part(_dtype, "out")}, lambda a, d: tile.ands(a, 6, d)
    )
for _dtype in ("ui16", "ui32"):
    FORMS[f"sels_{_dtype}"] = Entry(
        {
            "m": Buffer((SHAPE[0], 32), "ui8", role="in"),
            "a": part(_dtype, "in"),
            "t": part(_dtype),
            "d": part(_dtype, "out"),
        },
        lambda m, a, t, d: tile.sels(m, a, t, 3, d),
    )


def _exp_of_difference(a: Array, b: Array) -> Array:
    difference: Array = a - b
    return np.exp(difference, out=difference)


SWAPPED: Mapping[str, Any] = {
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "expdif": _exp_of_difference,
}
"""Operations that take the rows' values first."""


def _swapped(name: str, scratch: bool) -> Any:
    """A use of an operation whose first operand has the values of rows."""
    operation = VECTOR_OPS[f"trowexpand{name}"]
    if scratch:
        return lambda r, a, t, d: emit(lambda: operation(r.ssa, a.ssa, t.ssa, d.ssa))
    return lambda r, a, d: emit(lambda: operation(r.ssa, a.ssa, None, d.ssa))


for _name in SWAPPED:
    _tiles = {
        "a": Buffer((8, 64), "f32", valid=(8, 50), role="in"),
        "d": Buffer((8, 64), "f32", valid=(8, 50), role="out"),
    }
    _column = Buffer((8, 1), "f32", col_major=True, role="in")
    FORMS[f"swapped_{_name}"] = Entry({"r": _column, **_tiles}, _swapped(_name, False))
    FORMS[f"swapped_{_name}_scratch"] = Entry(
        {"r": _column, "t": Buffer((8, 8), "f32"), **_tiles}, _swapped(_name, True)
    )
    FORMS[f"swapped_{_name}_block"] = Entry({"r": Buffer((8, 8), "f32", role="in"), **_tiles}, _swapped(_name, False))
FORMS["row_expdif_f16"] = Entry(
    {
        "a": Buffer((16, 64), "f16", role="in"),
        "r": Buffer((16, 1), "f16", col_major=True, role="in"),
        "d": Buffer((16, 64), "f16", role="out"),
    },
    lambda a, r, d: tile.row_expand_expdif(a, r, d),
)
FORMS["col_expdif_f16"] = Entry(
    {
        "a": Buffer((16, 64), "f16", role="in"),
        "r": Buffer((1, 64), "f16", role="in"),
        "d": Buffer((16, 64), "f16", role="out"),
    },
    lambda a, r, d: tile.col_expand_expdif(a, r, d),
)


def build() -> ModuleOp:
    """A module with all of them."""
    module = ModuleBuilder()
    for name, entry in FORMS.items():
        entry.add(module, name)
    return module.finish()
