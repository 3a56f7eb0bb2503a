"""Statements that are nothing but a call: barriers, flags and tile operations.

A statement with anything around the call (a condition without braces, a label, an assignment) or with a macro of the
same file in it is not one: it stays opaque, no pattern matches it, and so nothing is removed beside it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from isa.families import MOVE
from isa.op import Family, Hidden, Op
from isa.ops import OPS
from isa.pipes import Pipe
from patchers.scanner import BLANKS, Kind, Source

# ptoas prints `using namespace pto;` and plain names; with these before them they are the same.
_NAMESPACE = r"(?:(?:::\s*)?pto\s*::\s*|::\s*)?"
_PLAIN_CALL = re.compile(rf"\s*{_NAMESPACE}([A-Za-z_]\w*)\s*\(([^()\[\]{{}}]*)\)\s*$", re.ASCII)
_NAME = re.compile(rf"\s*{_NAMESPACE}([A-Za-z_]\w*)\s*\(", re.ASCII)
_QUALIFIED = re.compile(rf"{_NAMESPACE}(?=(?:PIPE|EVENT)_)", re.ASCII)
_SYNCS = frozenset({"pipe_barrier", "set_flag", "wait_flag"})
# Arguments of the constructor are valid rows and columns, which do not change the bytes that a tile takes.
_TILE_DECLARATION = re.compile(rf"\s*{_NAMESPACE}Tile\s*<([^<>]*)>\s*([A-Za-z_]\w*)\s*(?:\([\w\s,]*\)\s*)?$", re.ASCII)
_WORD = re.compile(r"\w+", re.ASCII)
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

# Operations that run on V wherever their tiles are: dst, sources ... And TMOV, which does within UB.
_VECTOR_OPS: Mapping[str, Op] = {
    op.cpp: op for op in OPS if op.family.pipe is Pipe.V or (op.family is MOVE and op.cpp == "TMOV")
}
# Operands of the operations that patterns name.
_OPERANDS = {"TROWEXPANDMUL": 3, "TADD": 3, "TEXP": 2, "TROWSUM": 3}


class Call(NamedTuple):
    """A call statement: the name of the function and its arguments as text without surrounding blanks."""

    name: str
    arguments: tuple[str, ...]

    @property
    def is_vector_op(self) -> bool:
        """Whether this is a vector operation, whose operands `written` and `read` tell apart."""
        return self.name in _VECTOR_OPS

    @property
    def written(self) -> tuple[str, ...]:
        """The tiles that a vector operation writes, as named in the C++."""
        return tuple(self.arguments[position] for position in self._written)

    @property
    def read(self) -> tuple[str, ...]:
        """The operands that a vector operation reads, scalars included."""
        written = self._written
        return tuple(argument for position, argument in enumerate(self.arguments) if position not in written)

    @property
    def read_tiles(self) -> tuple[str, ...]:
        """The tiles among them."""
        operands = enumerate(self._family.arguments[: len(self.arguments)])
        return tuple(self.arguments[i] for i, operand in operands if operand.is_tile and i not in self._written)

    @property
    def _family(self) -> Family:
        return _VECTOR_OPS[self.name].family

    @property
    def _written(self) -> tuple[int, ...]:
        """Positions of the arguments that are written. A tile more than the operation needs is scratch."""
        family = self._family
        known = [i for i, operand in enumerate(family.arguments) if operand.is_written and i < len(self.arguments)]
        return *known, *range(len(family.operands) + family.modes, len(self.arguments))

    @property
    def walked(self) -> str:
        """The tile that a vector operation walks: the source of a reduction, the destination of anything else."""
        return next(
            argument
            for argument, operand in zip(self.arguments, self._family.arguments, strict=False)
            if operand.name == self._family.walked
        )

    @property
    def uses_library_scratch(self) -> bool:
        """Whether this is a vector operation that works in the scratch of the device library.

        So does TCVT from f16 to i8, which its call does not tell; the hazard judge sees it.
        """
        if not self.is_vector_op or self._family.hidden is not Hidden.COLUMN_MAJOR_ROWS:
            return False
        return len(self.arguments) == sum(not operand.optional for operand in self._family.operands)

    def is_tile_op(self, name: str) -> bool:
        """Say whether this is the operation `name` of the patterns, with as many operands as the tile ISA gives it."""
        return self.name == name and len(self.arguments) == _OPERANDS[name]


def parse_call(text: str) -> Call | None:
    """Return the call that the statement `text` consists of, or None if it is anything else."""
    match = _PLAIN_CALL.match(text)
    # No brackets in the arguments, as in nearly all calls: every comma separates two of them.
    if match:
        arguments = match[2].split(",")
    else:
        match = _NAME.match(text)
        text = text.rstrip(BLANKS)
        if match is None or not text.endswith(")"):
            return None
        arguments = _split(text[match.end() : -1])
        if not arguments:
            return None
    name, arguments = match[1], [argument.strip(BLANKS) for argument in arguments]
    if name in _SYNCS:
        # Patterns compare texts, so `pto::PIPE_V` has to become `PIPE_V`.
        arguments = [_QUALIFIED.sub("", argument, count=1) for argument in arguments]
    return Call(name, tuple(arguments))


def _split(body: str) -> list[str]:
    """Split at commas outside brackets; an empty list: a bracket closes too early, the text is not one call."""
    depth, start, parts = 0, 0, []
    for index, character in enumerate(body):
        depth += _BRACKETS.get(character, 0)
        if depth < 0:
            return []
        if character == "," and depth == 0:
            parts.append(body[start:index])
            start = index + 1
    return [*parts, body[start:]]


class Calls:
    """The calls of a scanned source by item index, each parsed once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._items, self._size = source.items, len(source.items)
        self._parsed: dict[str, Call | None] = {}
        self._is_vector_op: dict[str, bool] = {}
        removed = any(item.kind is Kind.REMOVED for item in source.items)
        # Indices without comments of earlier runs; None if there are no such comments.
        self._visible = [i for i, item in enumerate(source.items) if item.kind is not Kind.REMOVED] if removed else None

    def __getitem__(self, index: int) -> Call | None:
        """Return the call at item `index`, or None if there is none, or if a name in it is a macro of this file."""
        if not 0 <= index < self._size:
            return None
        kind, _, _, text = self._items[index]
        if kind is not Kind.STATEMENT:
            return None
        try:
            return self._parsed[text]
        except KeyError:
            call = self._parsed[text] = None if uses_macro(self._source, text) else parse_call(text)
            return call

    def call(self, index: int) -> Call:
        """Return the call at item `index`, where one is known to be."""
        call = self[index]
        assert call is not None, "a matched operation is a call"
        return call

    def vector_ops(self, start: int, end: int) -> Iterator[int]:
        """Yield the items of [start, end) that are vector operations."""
        items, plain, known = self._source.items, Kind.STATEMENT, self._is_vector_op
        for index in range(start, end):
            kind, _, _, text = items[index]
            if kind is plain:
                if text not in known:
                    call = self[index]
                    known[text] = call is not None and call.is_vector_op
                if known[text]:
                    yield index

    def neighbour(self, index: int, step: int) -> int:
        """Return the next index in direction `step` (1 or -1) that is not a comment of an earlier run."""
        if self._visible is None:
            return index + step
        position = bisect_right(self._visible, index) if step > 0 else bisect_left(self._visible, index) - 1
        return self._visible[position] if 0 <= position < len(self._visible) else -1

    def moves_nothing(self, index: int) -> bool:
        """Say whether item `index` only declares, places or reshapes a tile: it moves no data and goes to no pipe."""
        call = self[index]
        if call is not None:
            return call.name in ("TASSIGN", "TRESHAPE")
        if not 0 <= index < len(self._source.items):
            return False
        kind, _, _, text = self._source.items[index]
        return kind is Kind.STATEMENT and parse_tile(text) is not None and not uses_macro(self._source, text)


def uses_macro(source: Source, text: str) -> bool:
    """Say whether a name in `text` is a macro that the file itself defines."""
    return bool(source.macros) and not source.macros.isdisjoint(_WORD.findall(text))


def is_vector_barrier(call: Call | None) -> bool:
    """Say whether the call is `pipe_barrier(PIPE_V)`."""
    return call == Call("pipe_barrier", ("PIPE_V",))


def is_flag(call: Call | None) -> bool:
    """Say whether the call sets a flag or waits for one."""
    return call is not None and call.name in ("set_flag", "wait_flag")


def is_load_wait(call: Call | None) -> bool:
    """Say whether the call is `wait_flag(PIPE_MTE2, PIPE_V, <event>)`."""
    if call is None or call.name != "wait_flag" or len(call.arguments) != 3:
        return False
    return call.arguments[:2] == ("PIPE_MTE2", "PIPE_V")


def parse_tile(text: str) -> tuple[tuple[str, ...], str] | None:
    """Return the template arguments and the name in `Tile<...> name` or `Tile<...> name(rows, columns)`, else None."""
    match = _TILE_DECLARATION.match(text)
    return (tuple(argument.strip(BLANKS) for argument in match[1].split(",")), match[2]) if match else None
