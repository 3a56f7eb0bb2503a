"""Dependences between two vector operations: which bytes both touch, with at least one of them writing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from patchers.calls import Call
from patchers.tiles import Extent


@dataclass(frozen=True)
class Op:
    """A vector operation in the C++: the line it begins on (from 1), the call, and the bytes of its operands (None: not known)."""

    line: int
    call: Call
    extents: Mapping[str, Extent | None]


class Dependence(NamedTuple):
    """A dependence of a later operation on an earlier one through the tiles `earlier` and `later`, named as in the C++."""

    kind: Literal["RAW", "WAR", "WAW"]
    earlier: str
    later: str
    certain: bool
    """False if it is only assumed, because the address of one of the tiles is not known."""


def dependences(first: Op, second: Op) -> tuple[Dependence, ...]:
    """Return every dependence of `second` on `first`, assuming one wherever an address is unknown."""
    pairs: list[tuple[Literal["RAW", "WAR", "WAW"], str, str]] = [
        *(("RAW", a, b) for a in first.call.written for b in second.call.read),
        *(("WAW", a, b) for a in first.call.written for b in second.call.written),
        *(("WAR", a, b) for a in first.call.read for b in second.call.written),
    ]
    found: dict[Dependence, None] = {}  # in order, and each once though an operand may occur twice
    for kind, a, b in pairs:
        one, other = first.extents.get(a), second.extents.get(b)
        if a == b or (one is not None and other is not None and one.overlaps(other)):
            found[Dependence(kind, a, b, certain=True)] = None
        elif one is None or other is None:
            found[Dependence(kind, a, b, certain=False)] = None
    return tuple(found)
