"""How rows of the operation table are written."""

from __future__ import annotations

from collections.abc import Iterator

from isa.op import Family, Op, Order

Row = tuple[str, str | None, tuple[str, ...], str, str | None, str, Order, tuple[tuple[str, str], ...]]

ANY: tuple[tuple[str, str], ...] = ()
"""No operands that must be different tiles."""
OTHER_DST = (("dst", "src"),)
OWN_TMP = (("tmp", "src"), ("tmp", "dst"))
OTHER_DST_2 = (("dst", "lhs"), ("dst", "rhs"))
OWN_TMP_2 = (("tmp", "lhs"), ("tmp", "rhs"), ("tmp", "dst"))
"""Operands that must be."""

ALSO_COLUMN_MAJOR = frozenset({"TNEG", "TADDS", "TSUBS", "TMULS", "TDIVS", "TMAXS", "TMINS", "TLRELU", "TCVT"}) | {
    *("TPARTADD", "TPARTMUL", "TPARTMAX", "TPARTMIN", "TADDC", "TSUBC", "TADDSC", "TSUBSC")
}
"""Element-wise operations on column-major [rows, 1] tiles, too: what ptoas 0.48 takes. Others need [1, rows]."""

SINGLE = ("f32",)


def rows_of(family: Family, *rows: Row) -> Iterator[Op]:
    """Rows of one family, whose names in the dialect are those of C++ in small letters.

    Columns: names in C++ and in the DSL, element types, meaning, functor, instructions, walk order, distinct operands.
    """
    for cpp, dsl, types, meaning, function, cost, order, distinct in rows:
        yield Op(cpp, cpp.lower(), dsl, family, types, meaning, function, tuple(cost.split()), order, distinct)
