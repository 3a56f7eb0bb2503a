"""Vector operations that nothing has ordered yet, on a path through a function.

A million lines must take seconds. So operations are not touched again whenever a barrier is met, a flag set or waited
for: they belong to groups, of which there are few, and it is the groups that change.
"""

from collections.abc import Collection
from typing import Final, NamedTuple, TypeAlias

from patchers.control_flow import Effect, Event, NotFollowed

NOT_CROSSED: Final = -1
"""Instead of a candidate: none stands after the operation."""

Pending: TypeAlias = tuple[int, int, int]
"""The item of an operation, the last candidate after it, and the number of its order."""
Settled: TypeAlias = dict[int, frozenset[Pending]]
"""Pending operations by access: a state that can be compared and joined."""

# Stands among the pipes for the cores at the other ends of the FIFOs: what is pushed may be what they answer.
_OTHER_CORE: Final = "FIFO"
_ORDERED: Final = -1
_UNORDERED: Final = 0
# Groups that may be equal without being made one.
_MOST_GROUPS: Final = 8
# Operations of one access and kind that are told apart: one may be half of an accepted pair, the other is not.
_ENOUGH: Final = 2
# Kinds of one access after which the analysis gives up: they differ in the path that they came on.
_MOST_KINDS: Final = 64


class _Order(NamedTuple):
    """How far the order of an operation has spread."""

    pipes: frozenset[str] = frozenset()
    """Pipes that wait for it: whatever they still do comes after it."""
    flags: frozenset[tuple[str, ...]] = frozenset()
    """Flags that are set after it, and not yet waited for."""

    def after(self, event: Event) -> "_Order | None":
        """Return the order after an event; None if V, or the scalar unit that issues all that follows, waits for it."""
        pipes, flags = self
        match event:
            case Event(_, "set", (source, _, _) as flag):
                # The flag comes after the operation if its source is V, where the operation runs, or has waited for it.
                return _Order(pipes, flags | {flag}) if source == "PIPE_V" or source in pipes else self
            case Event(_, "wait", (_, target, _) as flag) if flag in flags:
                return None if target in ("PIPE_V", "PIPE_S") else _Order(pipes | {target}, flags - {flag})
            case Event(_, "push") if pipes:
                return _Order(pipes | {_OTHER_CORE}, flags)
            case Event(_, "pop") if _OTHER_CORE in pipes:
                return None
        return self


class Orders:
    """Numbers for orders, and what events make of them."""

    def __init__(self) -> None:
        self._orders = [_Order()]
        self._numbers: dict[_Order | None, int] = {None: _ORDERED, self._orders[0]: _UNORDERED}
        self._after: dict[tuple[int, int], int] = {}

    def after(self, number: int, event: Event) -> int:
        """Return the number of an order after an event."""
        found = self._after.get((number, event.number))
        if found is None:
            order = self._orders[number].after(event)
            if order is not None and order not in self._numbers:
                self._numbers[order] = len(self._orders)
                self._orders.append(order)
            found = self._after[number, event.number] = self._numbers[order]
        return found


class _Group(NamedTuple):
    """Operations whose order has spread equally."""

    order: int
    born: int
    """How many candidates had been met when they were issued, or came from another block."""
    crossed: int = NOT_CROSSED
    """The last candidate that they had met then."""


class State:
    """The pending operations: for each access those that made it last, on any path."""

    def __init__(self, settled: Settled, orders: Orders) -> None:
        self._orders = orders
        numbers: dict[_Group, int] = {}
        # Born at 0: until this state meets a candidate of its own, the one that they met before counts.
        self._accesses: dict[int, tuple[tuple[int, int], ...]] = {
            access: tuple([(op, numbers.setdefault(_Group(order, 0, met), len(numbers))) for op, met, order in pending])
            for access, pending in settled.items()
        }
        self._groups = {number: group for group, number in numbers.items()}
        self._moved: dict[int, int] = {}
        """Groups that have become one with another, or ordered."""
        self._now = _ORDERED
        """The group of what is issued now; none yet if _ORDERED."""
        self._made = len(numbers)
        self._candidate, self._candidates = NOT_CROSSED, 0
        """The last candidate, and how many there were."""

    @property
    def empty(self) -> bool:
        """Whether nothing is pending."""
        return not (self._accesses and self._groups)

    def reset(self) -> None:
        """Order everything."""
        if self._groups:
            self._accesses, self._groups, self._moved, self._now = {}, {}, {}, _ORDERED

    def add(self, item: int, effect: Effect) -> None:
        """Make an operation pending."""
        if self._now == _ORDERED:
            self._now = self._made
            self._made += 1
            self._groups[self._now] = _Group(_UNORDERED, self._candidates)
        # The last operation of an access is enough: what orders it before a conflicting one orders those before it too.
        mine = ((item, self._now),)
        accesses = self._accesses
        for access in effect.begins:
            accesses[access] = mine
        for access in effect.ends:
            if access in accesses:
                del accesses[access]

    def overwrite(self, effect: Effect) -> None:
        """Drop what need no more be known once there is another operation."""
        for access in (*effect.begins, *effect.ends):
            self._accesses.pop(access, None)

    def cross(self, candidate: int) -> None:
        """Let all pending operations meet a candidate."""
        self._candidate = candidate
        self._candidates += 1
        # What is issued from here on has not met this candidate: it needs a group of its own.
        self._now = _ORDERED
        # All groups have now met the same candidate last, so those of one order can be made one.
        if len(self._groups) > _MOST_GROUPS:
            self._regroup({number: group.order for number, group in self._groups.items()})

    def stays(self, candidate: int) -> None:
        """Order what met `candidate` last: that one is not to go."""
        # Groups are not touched at a candidate: one that is older than the latest has met that one last.
        for number, (_, born, crossed) in list(self._groups.items()):
            if (self._candidate if born < self._candidates else crossed) == candidate:
                del self._groups[number]
                self._moved[number] = _ORDERED

    def follow(self, event: Event) -> None:
        """Spread the order of all pending operations."""
        after = self._orders.after
        for group in self._groups.values():
            # Most events change nothing for what is pending; new groups are made for those that do.
            if after(group[0], event) != group[0]:
                self._regroup({number: after(group.order, event) for number, group in self._groups.items()})
                self._now = _ORDERED
                return

    def conflicts(self, effect: Effect) -> list[tuple[int, int]]:
        """Return the pending operations that conflict with `effect` across a candidate, and the last candidate."""
        found = []
        accesses, moved, candidates = self._accesses, self._moved, self._candidates
        for access in effect.conflicts:
            if access in accesses:
                for op, number in accesses[access]:
                    # Operations keep the number that they were issued with; only now is looked up what became of it.
                    while number in moved:
                        number = moved[number]
                    if number != _ORDERED:
                        _, born, crossed = self._groups[number]
                        if born < candidates:
                            found.append((op, self._candidate))
                        elif crossed != NOT_CROSSED:
                            found.append((op, crossed))
        return found

    def settled(self) -> Settled:
        """Return the state as plain values."""
        found: Settled = {}
        if self._groups:
            for access, pending in self._accesses.items():
                if known := [(op, *group) for op, number in pending if (group := self._kind(number))]:
                    found[access] = _few(known)
        return found

    def _kind(self, number: int) -> tuple[int, int] | None:
        """Return the last candidate and the order of the operations of a group; None if they are ordered."""
        while number in self._moved:
            number = self._moved[number]
        if number == _ORDERED:
            return None
        order, born, crossed = self._groups[number]
        return self._candidate if born < self._candidates else crossed, order

    def _regroup(self, orders: dict[int, int]) -> None:
        """Give the groups these orders, and make one of those that are equal from now on."""
        numbers: dict[_Group, int] = {}
        for number, (_, born, crossed) in self._groups.items():
            order = orders[number]
            # Older than the latest candidate: whatever it had met before does not matter any more.
            if born < self._candidates:
                born, crossed = 0, NOT_CROSSED
            first = _ORDERED if order == _ORDERED else numbers.setdefault(_Group(order, born, crossed), number)
            if first != number:
                self._moved[number] = first
        self._groups = {number: group for group, number in numbers.items()}


def join(one: Settled, other: Settled) -> Settled:
    """Return the state after either of two paths. Raises NotFollowed if they are too many to be told apart."""
    joined = one | other
    for access in one.keys() & other.keys():
        if one[access] != other[access]:
            joined[access] = _few(one[access] | other[access])
    return joined


def _few(pending: Collection[Pending]) -> frozenset[Pending]:
    """Return the first _ENOUGH operations of each kind."""
    if len(pending) <= _ENOUGH:
        return frozenset(pending)
    found: dict[tuple[int, int], list[Pending]] = {}
    # Sorted, so that which operations are kept does not depend on the order in a set.
    for one in sorted(set(pending)):
        found.setdefault(one[1:], []).append(one)
    if len(found) > _MOST_KINDS:
        raise NotFollowed
    return frozenset(one for alike in found.values() for one in alike[:_ENOUGH])
