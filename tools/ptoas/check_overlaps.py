"""What an operation writes must not lie over what it still reads: known once tiles have addresses."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from isa.families import ROW_REDUCTION
from isa.repeats import own_distance
from ptodsl.dialect import DpsOp, Pipe, VectorOp, effects_of
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.insert_sync.vector_walks import walk_of


def check_overlaps(module: ModuleOp, ranges: ByteRanges) -> None:
    """Check scratch and results of the operations on V.

    A tile that is known at run time only is left to the runtime and to the hazard judge.

    Raises:
        OperationError: scratch shares bytes with source or destination of its reduction, through a window, another
            shape or an address of the program's own; or a result lies over an operand of which later repeats read more.
    """
    for op in module.walk():
        if isinstance(op, VectorOp) and op.ROW.family is ROW_REDUCTION:
            _check_scratch(op, ranges)
        if isinstance(op, DpsOp) and (effects := effects_of(op)) is not None and effects.pipe is Pipe.V:
            _check_result(op, ranges)


def _check_scratch(op: Operation, ranges: ByteRanges) -> None:
    src, tmp, dst = op.operands
    if ranges.origin(tmp) is None:
        return
    for name, tile in (("src", src), ("dst", dst)):
        if ranges.origin(tile) is not None and _overlap(ranges.of(tmp), ranges.of(tile)):
            raise OperationError(op, f"{op.name}: tmp shares bytes with {name}, which the device would overwrite")


def _check_result(op: Operation, ranges: ByteRanges) -> None:
    walk = walk_of(op, ranges)
    if walk is not None and own_distance(walk) is not None:
        raise OperationError(
            op,
            f"{op.name}: dst lies over an operand that later repeats still read, and V does not wait for its own "
            "results: let dst begin exactly where that operand does, or lie outside of it",
        )


def _overlap(first: Sequence[ByteRange], second: Sequence[ByteRange]) -> bool:
    return any(one.overlaps(other) for one in first for other in second)
