"""The repeat rule on C++: how many repeats issue between the accesses of two operations that follow each other on V.

`isa.repeats` has the rule. It needs the bytes and the shape of every operand, so an operation with an
operand whose address or valid shape is not known here is none that the rule can be applied to.
"""

from collections.abc import Mapping

from isa.repeats import Operand, Operation, distance
from patchers.calls import Call
from patchers.ordering import LIBRARY_SCRATCH
from patchers.tiles import Tile


def repeats_between(first: Call, second: Call, tiles: Mapping[str, Tile]) -> int | None:
    """Return the fewest repeats from an access of `first` to the conflicting one of `second`.

    None if they do not conflict, or if that is not known: see `is_known`.
    """
    one, other = _operation(first, tiles), _operation(second, tiles)
    return distance(one, other) if one and other else None


def is_known(call: Call, tiles: Mapping[str, Tile]) -> bool:
    """Say whether the bytes and the shapes of all operands of `call` are known."""
    return _operation(call, tiles) is not None


def _operation(call: Call, tiles: Mapping[str, Tile]) -> Operation | None:
    walked = tiles[call.walked].shape
    named = [_operand(tiles[name], False) for name in call.read_tiles] + [
        _operand(tiles[name], True) for name in call.written
    ]
    operands = tuple(operand for operand in named if operand)
    if walked is None or len(operands) < len(named):
        return None
    # A conversion to i8 works in the library's scratch, though its call does not show it.
    if call.uses_library_scratch or (call.name == "TCVT" and walked.element_bytes == 1):
        size = LIBRARY_SCRATCH.end - LIBRARY_SCRATCH.start
        operands += (Operand(LIBRARY_SCRATCH.start, 1, size, 1, size, True),)
    return Operation(call.name, walked.rows, walked.cols, operands)


def _operand(tile: Tile, writes: bool) -> Operand | None:
    shape = tile.shape
    if tile.extent is None or shape is None:
        return None
    return Operand(tile.extent.start, shape.rows, shape.cols, shape.element_bytes, shape.pitch, writes)
