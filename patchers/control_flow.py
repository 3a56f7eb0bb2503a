"""The structured control flow of a function, reduced to what orders vector operations: the input of `ordering`.

A block is a list of steps: operations on tiles, candidate barriers, flags and FIFO calls, barriers that stay, branches
and loops. Control flow that is not structured (`goto`, `switch`, `break`) is refused.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from patchers.calls import Call, Calls, is_vector_barrier
from patchers.scanner import Kind, Source

# Nesting that is followed; generated kernels have about ten levels.
_DEEPEST: Final = 100

_IF = re.compile(r"if\s*(?:constexpr\s*)?\(", re.ASCII)
_ELSE = re.compile(r"else(?:\s+if\s*(?:constexpr\s*)?\(.*)?$", re.ASCII | re.DOTALL)
_LOOP = re.compile(r"(?:for|while)\s*\(", re.ASCII)
# Control flow that is not followed. A label counts, since a `goto` may lead there; `::` is none.
_JUMP = re.compile(r"(?:break|continue|goto|case|default|do)\b|[A-Za-z_]\w*\s*:(?!:)", re.ASCII)
_FIFO = re.compile(r"(TPUSH|TPOP|TALLOC)\b", re.ASCII)

Touched: TypeAlias = tuple[int, ...]


class Effect(NamedTuple):
    """What an operation does to tiles. An access is twice a tile's number, plus one if it writes."""

    conflicts: Touched
    """Accesses that must have been ordered before this operation."""
    begins: Touched
    """Accesses of this operation that later ones conflict with."""
    ends: Touched
    """Accesses that need no more be known: what they conflict with conflicts with this operation too."""


class Event(NamedTuple):
    """A synchronisation other than a barrier: `set` or `wait` of a flag, or `push` or `pop` of a FIFO."""

    number: int
    """Equal for equal events of a function."""
    kind: str
    flag: tuple[str, ...] = ()
    """Source pipe, destination pipe and event of a flag."""


class Operation(NamedTuple):
    """A vector operation: its item, and what it touches."""

    item: int
    effect: Effect


class Candidate(NamedTuple):
    """A barrier that may go: its item."""

    item: int


class Reset(NamedTuple):
    """A barrier that stays, or anything after which nothing is known to be unordered."""


class Branches(NamedTuple):
    """Blocks of which one is executed, or none unless `complete`."""

    blocks: tuple["Block", ...]
    complete: bool


class Loop(NamedTuple):
    """A block that is executed any number of times."""

    block: "Block"


Step: TypeAlias = Operation | Candidate | Event | Reset | Branches | Loop
Block: TypeAlias = list[Step]


class NotFollowed(Exception):
    """The control flow is beyond this analysis."""


class Reader:
    """Makes blocks of items."""

    def __init__(
        self, source: Source, calls: Calls, effects: Mapping[int, Effect], is_candidate: Callable[[int], bool]
    ) -> None:
        self._items = source.items
        self._calls = calls
        self._effects = effects
        self._is_candidate = is_candidate
        self._closing = source.blocks
        self._known: dict[str, Step | None] = {}
        self._events: dict[tuple[str, ...], int] = {}

    def block(self, start: int, end: int) -> Block:
        """Return the steps of the items [start, end), the body of a function. Raises NotFollowed."""
        return self._block(start, end, 0)

    def _block(self, index: int, end: int, depth: int) -> Block:
        if depth > _DEEPEST:
            raise NotFollowed
        items, effects, known, is_candidate = self._items, self._effects, self._known, self._is_candidate
        opening, statement = Kind.OPEN, Kind.STATEMENT
        steps: Block = []
        while index < end:
            kind, _, _, text = items[index]
            if kind is opening:
                index = self._nested(index, end, depth, steps)
                continue
            if kind is statement:
                if effect := effects.get(index):
                    steps.append(Operation(index, effect))
                elif is_candidate(index):
                    steps.append(Candidate(index))
                else:
                    # By its text: what such a statement means does not depend on where it stands.
                    if text not in known:
                        known[text] = self._statement(index, text)
                    step = known[text]
                    if step is not None:
                        steps.append(step)
            elif kind is Kind.DIRECTIVE:
                # Preprocessor conditions are not evaluated, so nothing is proved across one.
                steps.append(Reset())
            elif kind is Kind.REMOVED and is_candidate(index):
                steps.append(Candidate(index))
            index += 1
        return steps

    def _nested(self, index: int, end: int, depth: int, steps: Block) -> int:
        """Add the block that opens at item `index`; return the item after it."""
        text, close = self._items[index].text, self._closing[index]
        if _IF.match(text):
            return self._branches(index, end, depth, steps)
        if _LOOP.match(text):
            steps.append(Loop(self._block(index + 1, close, depth + 1)))
        elif not text:
            steps += self._block(index + 1, close, depth + 1)
        elif not text.endswith("="):  # an initialiser
            raise NotFollowed
        return close + 1

    def _branches(self, index: int, end: int, depth: int, steps: Block) -> int:
        blocks = []
        complete = False
        while not complete:
            text, close = self._items[index].text, self._closing[index]
            blocks.append(self._block(index + 1, close, depth + 1))
            # After a plain `else` one of the blocks is executed for certain.
            complete = text == "else"
            index = close + 1
            if index == end or self._items[index].kind is not Kind.OPEN or not _ELSE.match(self._items[index].text):
                break
        steps.append(Branches(tuple(blocks), complete))
        return index

    def _statement(self, index: int, text: str) -> Step | None:
        """Return what a statement that is no operation and no candidate means to the order of operations."""
        if fifo := _FIFO.match(text):
            return self._event("push" if fifo[1] == "TPUSH" else "pop")
        call = self._calls[index]
        if call is None:
            if _JUMP.match(text):
                raise NotFollowed
            # A barrier within another statement is taken to order all; after `return` nothing follows on this path.
            return Reset() if "pipe_barrier" in text or text.startswith("return") else None
        if is_vector_barrier(call) or call == Call("pipe_barrier", ("PIPE_ALL",)):
            return Reset()
        if call.name in ("set_flag", "wait_flag") and len(call.arguments) == 3:
            return self._event(call.name.removesuffix("_flag"), *call.arguments)
        return None

    def _event(self, kind: str, *flag: str) -> Event:
        return Event(self._events.setdefault((kind, *flag), len(self._events)), kind, flag)
