"""Operations on V as the repeat rule looks at them: which tiles they walk, and where these are."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from isa.a3 import Region
from isa.repeats import Operand
from isa.repeats import Operation as Walk
from ptodsl import dialect as pto
from tools.ptoas.byte_ranges import ByteRanges


def walk_of(op: Operation, ranges: ByteRanges) -> Walk | None:
    """What an operation on V does to its tiles; None if a place or a shape is known at run time only."""
    effects = pto.effects_of(op)
    assert effects is not None
    if not isinstance(op, pto.DpsOp):
        return None
    operands: list[Operand] = []
    for values, writes in ((effects.reads, False), (effects.writes, True)):
        for value in values:
            operand = _operand(value, ranges, writes=writes)
            if operand is None:
                return None
            operands.append(operand)
    if effects.scratch is not None:
        operands.append(_scratch(effects.scratch))
    row = pto.row_of(op)
    walked = getattr(op, row.family.walked).type
    assert isinstance(walked, pto.TileBufType)
    return Walk(row.cpp, *walked.valid_shape, tuple(operands))


def _operand(tile: SSAValue, ranges: ByteRanges, *, writes: bool) -> Operand | None:
    ty, start = tile.type, ranges.origin(tile)
    if not isinstance(ty, pto.TileBufType) or start is None or pto.DYNAMIC in ty.valid_shape:
        return None
    if ty.data.slayout is not pto.SLayout.NONE_BOX:
        return None
    rows, cols = ty.valid_shape
    size = pto.element_bytes(ty.dtype)
    if ty.data.blayout is pto.BLayout.ROW_MAJOR:
        return Operand(start, rows, cols, size, pto.row_distance(tile) * size, writes)
    # Of a column the rows lie one element apart.
    return Operand(start, rows, cols, size, size, writes) if ty.shape[1] == 1 else None


def _scratch(region: Region) -> Operand:
    size = region.end - region.start
    return Operand(region.start, 1, size, 1, size, writes=True)
