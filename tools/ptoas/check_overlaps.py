"""What an operation writes must not lie over what it still reads: known once tiles have addresses."""

from __future__ import annotations

from itertools import product

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from isa.repeats import own_distance
from ptodsl.dialect import DpsOp, Pipe, VectorOp, effects_of
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import wrong
from tools.ptoas.insert_sync.vector_walks import walk_of


def check_overlaps(module: ModuleOp, ranges: ByteRanges) -> None:
    """Check scratch and results of the operations on V.

    A tile that is known at run time only is left to the runtime and to the hazard judge.

    Raises:
        OperationError: two tiles that the operation needs apart share bytes, such as scratch and source of a reduction,
            through a window, another shape or an address of the program's own; or a result lies over an operand of
            which later repeats read more.
    """
    for op in module.walk():
        if isinstance(op, VectorOp):
            _check_distinct(op, ranges)
        if isinstance(op, DpsOp) and (effects := effects_of(op)) is not None and effects.pipe is Pipe.V:
            _check_result(op, ranges)


def _check_distinct(op: VectorOp, ranges: ByteRanges) -> None:
    """Check the tiles that the operation needs apart: the verifier has seen that they have different names."""
    for first, second in op.ROW.distinct:
        tiles = getattr(op, first), getattr(op, second)
        if any(tile is None or ranges.origin(tile) is None for tile in tiles):
            continue
        if any(one.overlaps(other) for one, other in product(*map(ranges.of, tiles))):
            raise wrong(op, f"{first} shares bytes with {second}, which the device would overwrite")


def _check_result(op: Operation, ranges: ByteRanges) -> None:
    walk = walk_of(op, ranges)
    if walk is not None and own_distance(walk) is not None:
        raise wrong(
            op,
            "dst lies over an operand that later repeats still read, and V does not wait for its own "
            "results: let dst begin exactly where that operand does, or lie outside of it",
        )
