"""What a barrier orders besides the pair of its pattern, found in the text alone.

A barrier that a pattern matches may be the only thing that orders two other operations: the last addition of one tile
before the first rescaling of the next, say, if whoever inserted the barriers relied on this one. The analysis follows
the structured control flow of a function (blocks, `if`, `for`, `while`), with the vector operations since the last
barrier as its state, and reports a candidate barrier if, with all candidates gone, some path leads through it from an
operation to one that provably touches the same bytes, without flags that lead from V through other pipes back to V.
"Provably" leans to removal: unknown addresses, and what another core may order in between, count as no conflict; the
hazard judge sees those. Control flow that it does not follow (`goto`, `switch`, `break`) makes it say so for every
candidate in the function.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

from patchers.calls import Call, Calls, is_vector_barrier
from patchers.scanner import Kind, Source
from patchers.tiles import Tile, tiles_of

# Nesting that is followed; generated kernels have about ten levels.
_DEEPEST = 100
# Steps per item of a function after which the analysis gives up: nested loops are walked a few times per level.
_STEPS_PER_ITEM = 500
# Pairs of overlapping tiles of a function after which it gives up; generated kernels have about two per tile.
_MOST_OVERLAPS = 100_000

_IF = re.compile(r"if\s*(?:constexpr\s*)?\(", re.ASCII)
_ELSE = re.compile(r"else(?:\s+if\s*(?:constexpr\s*)?\(.*)?$", re.ASCII | re.DOTALL)
_LOOP = re.compile(r"(?:for|while)\s*\(", re.ASCII)
_NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b|extern\s*\"\"$", re.ASCII)
_JUMP = re.compile(r"(?:break|continue|goto|case|default|do)\b|[A-Za-z_]\w*\s*:(?!:)", re.ASCII)


# Stands among the pipes for the cores at the other ends of the FIFOs: what is pushed may be what they answer.
_OTHER_CORE = "FIFO"
_Flag: TypeAlias = tuple[str, str, str]  # source pipe, destination pipe, event


class _Pending(NamedTuple):
    """A vector operation that nothing has ordered yet on this path, and how far its order has spread."""

    op: int
    crossed: int = -1
    """The last candidate after it; -1 if there was none."""
    pipes: frozenset[str] = frozenset()
    """Pipes that wait for it: whatever they still do comes after it."""
    flags: frozenset[_Flag] = frozenset()
    """Flags that are set after it, and not yet waited for."""

    def after_set(self, flag: _Flag) -> "_Pending":
        carried = flag[0] == "PIPE_V" or flag[0] in self.pipes
        return self._replace(flags=self.flags | {flag}) if carried else self

    def after_wait(self, flag: _Flag) -> "_Pending":
        if flag not in self.flags:
            return self
        return self._replace(flags=self.flags - {flag}, pipes=self.pipes | {flag[1]})

    @property
    def ordered(self) -> bool:
        """Whether V itself waits for it, or the scalar unit, which issues everything that follows on the core."""
        return not self.pipes.isdisjoint(("PIPE_V", "PIPE_S"))

    def after_push(self) -> "_Pending":
        return self._replace(pipes=self.pipes | {_OTHER_CORE}) if self.pipes else self

    def after_pop(self) -> "_Pending":
        return self._replace(pipes=self.pipes | {"PIPE_V"}) if _OTHER_CORE in self.pipes else self


class _Effect(NamedTuple):
    written: tuple[str, ...]
    read: tuple[str, ...]


_Access: TypeAlias = tuple[str, bool]  # a tile's key, and whether it is written
_State: TypeAlias = dict[_Access, frozenset[_Pending]]


class _NotFollowed(Exception):
    """The control flow is beyond this analysis."""


Pair: TypeAlias = tuple[int, int]


def needed_elsewhere(source: Source, calls: Calls, candidates: Mapping[int, Pair]) -> dict[int, Pair | tuple[()]]:
    """Return which candidates order more than their pair, with one pair that they order besides.

    Candidates are items of barriers, or of comments in their place, with the items of the two operations that may stay
    unordered. The pair returned is empty for candidates in control flow that is not followed.
    """
    regions = _regions(source, candidates)
    ops = [
        index
        for start, end in regions
        for index in range(start, end)
        if (call := calls[index]) is not None and call.is_vector_op
    ]
    tiles = tiles_of(source, calls, ops)
    needed: dict[int, Pair | tuple[()]] = {}
    for (start, end), inside in regions.items():
        flow = _Flow(source, calls, tiles, {index: candidates[index] for index in inside}, (start, end))
        needed.update(flow.run())
    return needed


def _regions(source: Source, candidates: Iterable[int]) -> dict[tuple[int, int], list[int]]:
    """Return item ranges of the functions that hold candidates (the whole file if one stands outside), with those."""
    wanted = set(candidates)
    regions: dict[tuple[int, int], list[int]] = {}
    stack: list[int] = []
    function, inside = -1, []
    for index, (kind, _, _, text) in enumerate(source.items):
        if index in wanted:
            inside.append(index)
        if kind is Kind.OPEN:
            stack.append(index)
            if function < 0 and not _NAMESPACE.match(text):
                function = index
        elif kind is Kind.CLOSE and stack.pop() == function:
            if inside:
                regions[function + 1, index] = inside
            function, inside = -1, []
        elif index in wanted and function < 0:
            return {(0, len(source.items)): sorted(wanted)}
    return regions


class _Flow:
    """The analysis of one function."""

    def __init__(
        self,
        source: Source,
        calls: Calls,
        tiles: Mapping[int, Mapping[str, Tile]],
        candidates: Mapping[int, Pair],
        region: tuple[int, int],
    ) -> None:
        self.items = source.items
        self.calls = calls
        self.candidates = candidates
        self.accepted = set(candidates.values())
        self.region = region
        self.closing = _closing(source, region)
        self.effects = {index: _effect(calls, tiles, index) for index in range(*region) if index in tiles}
        self.tiles = [tile for index in self.effects for tile in tiles[index].values()]
        self.touching: Mapping[str, Sequence[str]] = {}
        self.needed: dict[int, Pair | tuple[()]] = {}
        self.steps = 0

    def run(self) -> dict[int, Pair | tuple[()]]:
        start, end = self.region
        try:
            self.touching = _touching(self.tiles)
            known = -1
            while known < len(self.needed):
                known = len(self.needed)
                self.follow(start, end, {}, 0)
        except _NotFollowed:
            return dict.fromkeys(self.candidates, ())
        return self.needed

    def follow(self, index: int, end: int, state: _State, depth: int) -> _State:
        """Return the state after the items [index, end) of one block."""
        if depth > _DEEPEST or self.steps > _STEPS_PER_ITEM * (self.region[1] - self.region[0]):
            raise _NotFollowed
        while index < end:
            self.steps += 1
            kind, _, _, text = self.items[index]
            if kind is Kind.OPEN:
                index, state = self.block(index, end, state, depth)
                continue
            if kind is Kind.STATEMENT:
                state = self.statement(index, text, state)
            elif kind is Kind.REMOVED:
                state = self.barrier(index, state) if index in self.candidates else state
            elif kind is Kind.DIRECTIVE:
                state = {}
            index += 1
        return state

    def block(self, index: int, end: int, state: _State, depth: int) -> tuple[int, _State]:
        """Follow the block that opens at item `index`; return the item after it and the state there."""
        text, close = self.items[index].text, self.closing[index]
        if _IF.match(text):
            return self.branches(index, end, state, depth)
        if _LOOP.match(text):
            return close + 1, self.loop(index + 1, close, state, depth)
        if text.endswith("="):  # an initialiser
            return close + 1, state
        if text:
            raise _NotFollowed
        return close + 1, self.follow(index + 1, close, state, depth + 1)

    def branches(self, index: int, end: int, state: _State, depth: int) -> tuple[int, _State]:
        result: _State = {}
        complete = False
        while not complete:
            text, close = self.items[index].text, self.closing[index]
            result = _join(result, self.follow(index + 1, close, dict(state), depth + 1))
            complete = text == "else"
            index = close + 1
            if index == end or self.items[index].kind is not Kind.OPEN or not _ELSE.match(self.items[index].text):
                break
        return index, result if complete else _join(result, state)

    def loop(self, start: int, close: int, state: _State, depth: int) -> _State:
        while True:
            after = _join(state, self.follow(start, close, dict(state), depth + 1))
            if after == state:
                return state
            state = after

    def statement(self, index: int, text: str, state: _State) -> _State:
        if index in self.candidates:
            return self.barrier(index, state)
        if index in self.effects:
            self.operation(index, state)
            return state
        call = self.calls[index]
        if call is None:
            if _JUMP.match(text):
                raise _NotFollowed
            if text.startswith(("TPUSH", "TPOP", "TALLOC")):
                return _each(state, _Pending.after_push if text.startswith("TPUSH") else _Pending.after_pop)
            return {} if "pipe_barrier" in text or text.startswith("return") else state
        if is_vector_barrier(call) or call == Call("pipe_barrier", ("PIPE_ALL",)):
            return {}
        match call:
            case Call("set_flag", (source, target, event)):
                return _each(state, lambda pending: pending.after_set((source, target, event)))
            case Call("wait_flag", (source, target, event)):
                return _each(state, lambda pending: pending.after_wait((source, target, event)))
        return state

    def barrier(self, index: int, state: _State) -> _State:
        return {} if index in self.needed else _each(state, lambda pending: pending._replace(crossed=index))

    def operation(self, index: int, state: _State) -> None:
        """Report what conflicts with this operation across a candidate, and make it pending."""
        effect = self.effects[index]
        for key, written in (*((key, True) for key in effect.written), *((key, False) for key in effect.read)):
            for other in self.touching.get(key, (key,)):
                self.conflict(index, state.get((other, True), frozenset()))
                if written:
                    self.conflict(index, state.get((other, False), frozenset()))
        mine = frozenset({_Pending(index)})
        for key in effect.read:
            state[key, False] = mine
        for key in effect.written:
            state[key, True] = mine
            state.pop((key, False), None)

    def conflict(self, index: int, pending: Iterable[_Pending]) -> None:
        for op, crossed, _, _ in pending:
            if crossed >= 0 and (op, index) not in self.accepted:
                self.needed.setdefault(crossed, (op, index))


def _closing(source: Source, region: tuple[int, int]) -> dict[int, int]:
    closing, stack = {}, []
    for index in range(*region):
        if source.items[index].kind is Kind.OPEN:
            stack.append(index)
        elif source.items[index].kind is Kind.CLOSE:
            closing[stack.pop()] = index
    return closing


def _effect(calls: Calls, tiles: Mapping[int, Mapping[str, Tile]], index: int) -> _Effect:
    call, names = calls[index], tiles[index]
    assert call is not None, "a vector operation is a call"
    return _Effect(tuple(names[name].key for name in call.written), tuple(names[name].key for name in call.read))


def _touching(tiles: Iterable[Tile]) -> dict[str, list[str]]:
    """Return for each tile of known extent the keys of all that share a byte with it, itself included."""
    known = sorted({(tile.extent, tile.key) for tile in tiles if tile.extent is not None})
    touching: dict[str, list[str]] = {key: [key] for _, key in known}
    overlaps = 0
    for position, (extent, key) in enumerate(known):
        for its, other in islice(known, position + 1, None):
            if not extent.overlaps(its):
                break
            overlaps += 1
            if overlaps > _MOST_OVERLAPS:
                raise _NotFollowed
            touching[key].append(other)
            touching[other].append(key)
    return touching


def _each(state: _State, change: Callable[[_Pending], _Pending]) -> _State:
    """Return the state with every pending operation changed, without those that this puts before all of V."""
    changed = {access: frozenset(p for p in map(change, pending) if not p.ordered) for access, pending in state.items()}
    return {access: pending for access, pending in changed.items() if pending}


def _join(one: _State, other: _State) -> _State:
    none: frozenset[_Pending] = frozenset()
    return {access: one.get(access, none) | other.get(access, none) for access in one.keys() | other.keys()}
