"""The patterns of removable barriers: what each matches, and why removing it is safe.

A pattern is decided by the operations around one barrier: `gu` needs a TROWEXPANDMUL before it, `softmax-exp-sum` a
TEXP, `softmax-sum-add` a TROWSUM, so no barrier matches two of them. `repeats` matches any operations and gets what the
others leave. All statements of a match stand in one block with no preprocessor line between them.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from isa.repeats import SAFE_DISTANCE
from patchers.calls import Call, Calls, is_flag, is_load_wait
from patchers.dependencies import Dependence
from patchers.errors import PatchError
from patchers.repeats import is_known, repeats_between
from patchers.tiles import Tile

# Names that ask for no removal at all.
NO_PATTERNS = ("none", "off", "disable", "disabled")
# Asks for barriers by proof; what goes says the proof, so there is no pattern of this name.
PROVED: Final = "proved"


class Match(NamedTuple):
    """Item indices of a barrier and of the vector operations that it stands between."""

    first: int
    barrier: int
    second: int

    @property
    def ops(self) -> tuple[int, int]:
        """The two operations."""
        return self.first, self.second


class Operations(NamedTuple):
    """The operations of a match, what the second depends on, and their tiles by name if somebody needs them."""

    first: Call
    second: Call
    dependences: Sequence[Dependence]
    tiles: Mapping[str, Tile]


class Pattern(ABC):
    """One kind of removable barrier; the docstring of each is its safety argument."""

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]]
    stable: ClassVar[bool]
    """False for patterns that are experimental: they are opt-in, and using them is warned about."""

    @abstractmethod
    def match(self, calls: Calls, barrier: int) -> Match | None:
        """Return the operations around the barrier at item `barrier`, or None if they are not this pattern's."""

    needs_tiles: ClassVar[bool] = False
    """Whether an objection looks at the tiles even if names tell the dependences."""
    needs_guard: ClassVar[bool] = False
    """Whether it may not be used without the guard."""

    @abstractmethod
    def objection(self, operations: Operations) -> str | None:
        """Return why a match of these operations keeps its barrier, or None if it goes."""

    def leaves(self, first: str, second: str) -> bool:
        """Say whether a removal may leave a dependence of operation `second` on `first` to the repeat rule alone.

        The hazard judge accepts such a dependence if it is in time by that rule, and no other.
        """
        del first, second
        return False

    @property
    def safety(self) -> str:
        """The safety argument."""
        return inspect.getdoc(type(self)) or ""


class Gu(Pattern):
    """The barrier between the rescaling of the output and its accumulation, in compute_gu.

    Matches TROWEXPANDMUL(o, o, e), then `pipe_barrier(PIPE_V)` and `wait_flag(PIPE_MTE2, PIPE_V, ...)` in either order,
    then TADD(o, o, pv), with nothing in between. ptoas 0.48 prints the wait first, older ones the barrier first.

    Safe by the repeat rule, not by the strict rules of synchronisation: TADD reads what TROWEXPANDMUL wrote (RAW, WAR
    and WAW on o), and the wait for the load of pv does not order the two. The recipe found results on A3 unchanged with
    the wait alone between them, and keeps this pattern on by default; the vendor's rule says why: on row slices of
    [32, 128] the two accesses to a byte are at least 33 repeats apart, on [16, 128] 17, and 16 are enough. The hazard
    judge accepts the pair for that reason alone. A match whose TADD provably touches nothing of what TROWEXPANDMUL
    touches is kept: its barrier is there for something else.
    """

    name = "gu"
    aliases = ("trowexpandmul-tadd",)
    stable = True

    def match(self, calls: Calls, barrier: int) -> Match | None:
        """Match both orders of wait and barrier."""
        first, second = calls.neighbour(barrier, -1), calls.neighbour(barrier, 1)
        if is_load_wait(calls[first]):
            first = calls.neighbour(first, -1)
        elif is_load_wait(calls[second]):
            second = calls.neighbour(second, 1)
        else:
            return None
        matched = _is(calls[first], "TROWEXPANDMUL") and _is(calls[second], "TADD")
        return Match(first, barrier, second) if matched else None

    def leaves(self, first: str, second: str) -> bool:
        """Leave the addition to the rescaling."""
        return (first, second) == ("TROWEXPANDMUL", "TADD")

    def objection(self, operations: Operations) -> str | None:
        """Object if the TADD is not the accumulation of what the TROWEXPANDMUL rescaled."""
        return None if operations.dependences else "no-tile-dependency"


class _Independent(Pattern):
    """A barrier between two given operations, removed only where they share no tile.

    Declarations of tiles and reshapes may stand in between: they move no data and are issued to no pipe.
    """

    first: ClassVar[str]
    second: ClassVar[str]
    stable = False

    def match(self, calls: Calls, barrier: int) -> Match | None:
        """Match the two operations with nothing but declarations and reshapes between them and the barrier."""
        first, second = _neighbour(calls, barrier, -1), _neighbour(calls, barrier, 1)
        matched = _is(calls[first], self.first) and _is(calls[second], self.second)
        return Match(first, barrier, second) if matched else None

    def objection(self, operations: Operations) -> str | None:
        """Object to any dependence, certain or assumed."""
        return "direct-tile-dependency" if operations.dependences else None


class SoftmaxExpSum(_Independent):
    """The barrier between TEXP and TROWSUM, in compute_p.

    Safe for these two operations where no byte that one of them writes is touched by the other: then the vector pipe
    may overlap them. Reshaped tiles and tiles at overlapping addresses are the same tile, and a tile whose address is
    not known is taken to be every tile.

    It does not look further than the two: whether something else before the barrier is needed by something after it is
    for the hazard judge to say. Hence experimental.
    """

    name = "softmax-exp-sum"
    aliases = ("texp-trowsum",)
    first, second = "TEXP", "TROWSUM"


class SoftmaxSumAdd(_Independent):
    """The barrier between TROWSUM and TADD, in compute_p.

    Safe under the same condition and with the same restriction as `softmax-exp-sum`: the sum, its scratch tile and its
    source share no byte with what TADD writes, nor the sum and its scratch tile with what TADD reads.
    """

    name = "softmax-sum-add"
    aliases = ("trowsum-tadd",)
    first, second = "TROWSUM", "TADD"


class Repeats(Pattern):
    """The barrier between any two vector operations that are in time by the vendor's repeat rule.

    Safe by that rule where at least 16 repeats issue from an access of the first operation to the conflicting one of
    the second, which follows from the shapes and addresses of their tiles in the C++: where one of them is not known,
    the barrier stays. Flags, declarations and reshapes may stand between the operations. The barrier may order more
    than these two, so this pattern needs the guard; and no hardware has confirmed the rule, hence experimental.
    """

    name = "repeats"
    aliases = ()
    stable = False
    needs_tiles = True
    needs_guard = True

    def match(self, calls: Calls, barrier: int) -> Match | None:
        """Match the nearest operations with nothing but flags, declarations and reshapes in between."""
        first, second = (_neighbour(calls, barrier, step, over_flags=True) for step in (-1, 1))
        return Match(first, barrier, second) if _is_vector(calls[first]) and _is_vector(calls[second]) else None

    def leaves(self, first: str, second: str) -> bool:
        """Leave what is in time, whatever the operations are."""
        del first, second
        return True

    def objection(self, operations: Operations) -> str | None:
        """Object unless the two depend on each other and are known to be in time."""
        first, second, _, tiles = operations
        if not (is_known(first, tiles) and is_known(second, tiles)):
            return "shape-not-known"
        repeats = repeats_between(first, second, tiles)
        if repeats is None:
            return "no-tile-dependency"
        return None if repeats >= SAFE_DISTANCE else "not-in-time"


PATTERNS: tuple[Pattern, ...] = (Gu(), SoftmaxExpSum(), SoftmaxSumAdd(), Repeats())
# Declarations and reshapes that may stand between an operation and its barrier; ptoas prints two per reshaped operand.
_MOST_DECLARATIONS = 16
DEFAULT_PATTERNS = ("gu",)


def select_patterns(names: Sequence[str]) -> tuple[Pattern, ...]:
    """Return the patterns of these names or aliases, in the order of `PATTERNS`.

    None for `none` and its aliases, nor for `proved`.

    Raises:
        PatchError: a name is unknown, or `none` is combined with another.
    """
    asked = {name.strip() for name in names} - {""}
    known = {name: pattern for pattern in PATTERNS for name in (pattern.name, *pattern.aliases)}
    unknown = sorted(asked - known.keys() - {PROVED, *NO_PATTERNS})
    if unknown:
        listed = ", ".join(f"{pattern.name} (or {', '.join(pattern.aliases)})" for pattern in PATTERNS)
        none = f"{NO_PATTERNS[0]} (or {', '.join(NO_PATTERNS[1:])})"
        raise PatchError(f"unknown pattern {', '.join(map(repr, unknown))}; known are {listed}, {PROVED}, {none}.")
    nothing = asked & set(NO_PATTERNS)
    if nothing and nothing != asked:
        some, others = min(nothing), ", ".join(sorted(asked - nothing))
        raise PatchError(f"pattern {some} removes nothing and contradicts {others}: give one or the other.")
    chosen = {known[name] for name in asked & known.keys()}
    return tuple(pattern for pattern in PATTERNS if pattern in chosen)


def left_to_the_repeat_rule(names: Iterable[str], first: str, second: str) -> bool:
    """Say whether one of these patterns may leave a dependence of operation `second` on `first` to the repeat rule."""
    asked = frozenset(names)
    return any(asked & {p.name, *p.aliases} and p.leaves(first, second) for p in PATTERNS)


def _is(call: Call | None, name: str) -> bool:
    return call is not None and call.is_tile_op(name)


def _is_vector(call: Call | None) -> bool:
    return call is not None and call.is_vector_op


def _neighbour(calls: Calls, index: int, step: int, *, over_flags: bool = False) -> int:
    """Return the index of the next item in direction `step` that is no tile declaration or reshape, -1 if it is far."""
    for _ in range(_MOST_DECLARATIONS):
        index = calls.neighbour(index, step)
        if not (calls.moves_nothing(index) or (over_flags and is_flag(calls[index]))):
            return index
    return -1
