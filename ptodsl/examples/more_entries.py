"""For tests: an entry for each operation that has forms: sums, powers, triangles, and rows before tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl import tile
from ptodsl.dialect import VECTOR_OPS
from ptodsl.examples.one_operation import SHAPE, Array, Entry, given, module_of, updated, wanted, work
from ptodsl.scope import emit

SHIFTS = {"i32": 31, "i16": 15, "ui32": 32, "ui16": 16}
"""Bits behind the sign."""
FORMS: dict[str, Entry] = {}


def _add(name: str, body: Callable[..., object], **buffers: Any) -> None:
    FORMS[name] = Entry(buffers, body)


_add("pow_f32", lambda a, b, t, d: tile.pow(a, b, d, t), a=given("f32"), b=given("f32"), t=work("f32"), d=wanted("f32"))
_add("pows_f32", lambda a, t, d: tile.pows(a, -3, d, tmp=t), a=given("f32"), t=work("f32"), d=wanted("f32"))
for _dtype in ("i32", "i16", "i8", "ui8", "ui16", "ui32"):
    _add(f"pow_{_dtype}", tile.pow, a=given(_dtype), b=given(_dtype), d=wanted(_dtype))
for _dtype in ("i32", "i16", "i8"):
    _add(f"pows_{_dtype}", lambda a, d: tile.pows(a, 3, d), a=given(_dtype), d=wanted(_dtype))
for _dtype in ("f32", "f16", "i32", "i16", "ui32", "ui16"):
    for _upper in (False, True):
        for _diagonal in (-2, 0, 3):
            _body = partial(tile.tri, _diagonal, upper=_upper)
            _add(f"tri_{_dtype}_{_diagonal + 2}_{_upper}", _body, d=wanted(_dtype))
_add("axpy_wide", lambda a, d: tile.axpy(a, 1.5, d), a=given("f16"), d=updated("f32"))
_add("lrelu_f16", lambda a, d: tile.lrelu(a, 0.3, d), a=given("f16"), d=wanted("f16"))
for _dtype in SHIFTS:
    _add(f"shrs_{_dtype}", lambda a, d: tile.shrs(a, 3, d), a=given(_dtype), d=wanted(_dtype))
for _dtype in ("i32", "i16"):
    _add(f"shls_{_dtype}", lambda a, d: tile.shls(a, 3, d), a=given(_dtype), d=wanted(_dtype))
_add("rsqrt_scratch", lambda a, t, d: tile.rsqrt(a, d, t), a=given("f32"), t=work("f32"), d=wanted("f32"))
for _dtype in ("f32", "i16"):
    _add(f"addc_{_dtype}", tile.addc, a=given(_dtype), b=given(_dtype), c=given(_dtype), d=wanted(_dtype))
    _add(f"subsc_{_dtype}", lambda a, b, d: tile.subsc(a, 3, b, d), a=given(_dtype), b=given(_dtype), d=wanted(_dtype))
_add(
    "part_add_columns",
    tile.part_add,
    a=given("f32", 16, 1, valid=(9, 1), col_major=True),
    b=given("f32", 16, 1, valid=(14, 1), col_major=True),
    d=wanted("f32", 16, 1, valid=(14, 1), col_major=True),
)
for _dtype in ("i16", "ui8"):
    _add(f"ands_{_dtype}", lambda a, d: tile.ands(a, 6, d), a=given(_dtype), d=wanted(_dtype))
for _dtype in ("ui16", "ui32"):
    _add(
        f"sels_{_dtype}",
        lambda m, a, t, d: tile.sels(m, a, t, 3, d),
        m=given("ui8", SHAPE[0], 32),
        a=given(_dtype),
        t=work(_dtype),
        d=wanted(_dtype),
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
    _a, _d = given("f32", 8, 64, valid=(8, 50)), wanted("f32", 8, 64, valid=(8, 50))
    _column = given("f32", 8, 1, col_major=True)
    _add(f"swapped_{_name}", _swapped(_name, False), r=_column, a=_a, d=_d)
    _add(f"swapped_{_name}_scratch", _swapped(_name, True), r=_column, a=_a, t=work("f32", 8, 8), d=_d)
    _add(f"swapped_{_name}_block", _swapped(_name, False), r=given("f32", 8, 8), a=_a, d=_d)
_halves = {"a": given("f16", 16, 64), "r": given("f16", 16, 1, col_major=True), "d": wanted("f16", 16, 64)}
_add("row_expdif_f16", tile.row_expand_expdif, **_halves)
_add("col_expdif_f16", tile.col_expand_expdif, **{**_halves, "r": given("f16", 1, 64)})


def build() -> ModuleOp:
    """A module with all of them."""
    return module_of(FORMS)
