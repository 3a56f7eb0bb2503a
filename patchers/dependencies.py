"""Dependences between two vector operations: which bytes both touch, with at least one of them writing."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from patchers.calls import Call
from patchers.tiles import Extent

DependenceKind: TypeAlias = Literal["RAW", "WAR", "WAW"]


class Dependence(NamedTuple):
    """A dependence of a later operation on an earlier one through these two tiles, named as in the C++."""

    kind: DependenceKind
    earlier: str
    later: str
    certain: bool
    """False if it is only assumed, because the address of one of the tiles is not known."""

    def __str__(self) -> str:
        tiles = self.earlier if self.earlier == self.later else f"{self.earlier}, {self.later}"
        return f"{self.kind} on {tiles}" + ("" if self.certain else " (assumed: address not known)")


def by_name(first: Call, second: Call) -> tuple[Dependence, ...]:
    """Return every dependence of `second` on `first` through an operand that both name."""
    found = [Dependence("RAW", name, name, True) for name in first.written if name in second.read]
    found += [Dependence("WAW", name, name, True) for name in first.written if name in second.written]
    found += [Dependence("WAR", name, name, True) for name in first.read if name in second.written]
    return tuple(found)


def by_address(first: Call, second: Call, extents: Mapping[str, Extent | None]) -> tuple[Dependence, ...]:
    """Return every dependence of `second` on `first` through overlapping bytes, assumed where not known."""
    found: dict[Dependence, None] = {}  # in order, and each once though an operand may occur twice
    for kind, earlier, later in _pairs(first, second):
        one, other = extents[earlier], extents[later]
        if one is None or other is None:
            found[Dependence(kind, earlier, later, certain=False)] = None
        elif one.overlaps(other):
            found[Dependence(kind, earlier, later, certain=True)] = None
    return tuple(found)


def _pairs(first: Call, second: Call) -> list[tuple[DependenceKind, str, str]]:
    pairs: list[tuple[DependenceKind, str, str]] = []
    for written in first.written:
        pairs += [("RAW", written, name) for name in second.read]
        pairs += [("WAW", written, name) for name in second.written]
    for read in first.read:
        pairs += [("WAR", read, name) for name in second.written]
    return pairs
