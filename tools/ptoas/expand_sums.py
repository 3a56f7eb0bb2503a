"""Writes operations that are two of others as these, so that syncs can stand between them.

The real assembler prints `TADD(d, a, b); TADD(d, d, c);` for `pto.taddc` and knows of one operation only: nothing
orders the two, though the second reads what the first one writes.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import ModuleOp
from xdsl.rewriter import Rewriter

from ptodsl.dialect import VECTOR_OPS
from tools.ptoas.insertion import Adopt, insert_before

PARTS: Mapping[str, tuple[str, str]] = {
    "pto.taddc": ("tadd", "tadd"),
    "pto.tsubc": ("tsub", "tadd"),
    "pto.taddsc": ("tadds", "tadd"),
    "pto.tsubsc": ("tsubs", "tadd"),
}
"""The two operations, of (lhs, rhs) into dst, then of (dst, addend) into dst."""


def expand_sums(module: ModuleOp, adopt: Adopt) -> None:
    """Put two operations in the place of each that adds three; they stand where it stood (`adopt`)."""
    for op in list(module.walk()):
        names = PARTS.get(op.name)
        if names is None:
            continue
        lhs, rhs, addend, dst = op.operands
        parts = [VECTOR_OPS[names[0]](lhs, rhs, dst), VECTOR_OPS[names[1]](dst, addend, dst)]
        insert_before(op, *parts, adopt=adopt)
        Rewriter.erase_op(op)
