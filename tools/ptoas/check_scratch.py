"""Scratch must not be what an operation works on: known once tiles have addresses."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp

from isa.families import ROW_REDUCTION
from ptodsl.dialect import VectorOp
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import OperationError


def check_scratch(module: ModuleOp, ranges: ByteRanges) -> None:
    """Check that scratch shares no byte with the source or the destination of its reduction.

    A tile that is known at run time only is left to the runtime.

    Raises:
        OperationError: it does, through a window, another shape or an address of the program's own.
    """
    for op in module.walk():
        if not isinstance(op, VectorOp) or op.ROW.family is not ROW_REDUCTION:
            continue
        src, tmp, dst = op.operands
        if ranges.origin(tmp) is None:
            continue
        for name, tile in (("src", src), ("dst", dst)):
            if ranges.origin(tile) is not None and _overlap(ranges.of(tmp), ranges.of(tile)):
                raise OperationError(op, f"{op.name}: tmp shares bytes with {name}, which the device would overwrite")


def _overlap(first: Sequence[ByteRange], second: Sequence[ByteRange]) -> bool:
    return any(one.overlaps(other) for one in first for other in second)
