"""Scratch must not be what an operation works on: known once tiles have addresses."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp

from ptodsl.dialect import RowReduceOp
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import OperationError


def check_scratch(module: ModuleOp, ranges: ByteRanges) -> None:
    """Check that scratch shares no byte with the source or the destination of its reduction.

    A tile that is known at run time only is left to the runtime.

    Raises:
        OperationError: it does, through a window, another shape or an address of the program's own.
    """
    for op in module.walk():
        if not isinstance(op, RowReduceOp) or ranges.origin(op.tmp) is None:
            continue
        for name in ("src", "dst"):
            tile = getattr(op, name)
            if ranges.origin(tile) is not None and _overlap(ranges.of(op.tmp), ranges.of(tile)):
                raise OperationError(op, f"{op.name}: tmp shares bytes with {name}, which the device would overwrite")


def _overlap(first: Sequence[ByteRange], second: Sequence[ByteRange]) -> bool:
    return any(one.overlaps(other) for one in first for other in second)
