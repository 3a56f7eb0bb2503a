"""How passes put operations into a module: they stand where the one stood for whose sake they were made."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation
from xdsl.rewriter import InsertPoint, Rewriter

Adopt = Callable[[Operation, Operation], None]
"""Told by a pass which operation it has put in the place of which one of the text."""


def insert_before(anchor: Operation, *ops: Operation, adopt: Adopt | None = None) -> None:
    """Put operations in front of `anchor`, with its location and, with `adopt`, in its place in the text."""
    for op in ops:
        op.location = anchor.location
        if adopt is not None:
            adopt(op, anchor)
    Rewriter.insert_op(ops, InsertPoint.before(anchor))
