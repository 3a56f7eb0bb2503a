"""Which bytes of which on-chip buffer a tile variable of the C++ stands for.

`Tile<TileType::Vec, float, 32, 256, ...> v69; TASSIGN(v69, v12);` with `uint64_t v12 = 1024;` anywhere before it is
[1024, 33792) of Vec, and after `TRESHAPE(v70, v69)` so is v70. Names are looked up by scope, as two kernels of a file
both have a v69.

All of it fails closed: a tile whose address is not one constant (assigned twice, or in another block or preprocessor
branch than its declaration, computed, its name declared again or changed in a form that is not known here) has no
extent, and whoever asks must assume that it overlaps everything.
"""

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from isa.elements import ELEMENTS
from patchers.calls import Calls, parse_tile
from patchers.scanner import BLANKS, Kind, Source

# Bytes of the C++ element types that tiles are made of.
ELEMENT_BYTES: Mapping[str, int] = {element.cpp: element.bytes for element in ELEMENTS}
# Longest chain of constants and reshapes that is followed; ptoas prints two or three steps.
_LONGEST_CHAIN = 32
# Kind, element, rows, columns, layout, valid rows, valid columns, inner layout: what a shape needs.
_TILE_ARGUMENTS = 8

_INTEGER = r"(?:u?int\d+_t|size_t|int|long|unsigned)"
_TILE_HEAD = re.compile(r"\s*(?:(?:::\s*)?pto\s*::\s*)?Tile\s*<", re.ASCII)
_CONSTANT = re.compile(
    rf"\s*(?:(?:static|const|constexpr)\s+)*{_INTEGER}\s+(?:const\s+)?([A-Za-z_]\w*)\s*=([^=,]*)$", re.ASCII
)
_CAST = re.compile(rf"\(\s*(?:const\s+)?{_INTEGER}\s*\)", re.ASCII)
# No octal: a number with a leading zero stays unknown.
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)[uUlL]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Forms in which a name may be declared or changed; what none of these is found in only uses names.
_SUSPECT = re.compile(r"[=&*]|\+\+|--|[\w>]\s+[A-Za-z_]", re.ASCII)
# A name whose address is taken counts as changed: what is written through it is not seen.
_ASSIGNED = re.compile(
    r"""
    ([A-Za-z_]\w*) \s* (?: \+\+ | -- | (?: [-+*/%&|^] | << | >> )? = (?!=) )
    | (?: \+\+ | -- | (?: ^ | [(,=] ) \s* & ) \s* ([A-Za-z_]\w*)
    """,
    re.ASCII | re.VERBOSE,
)
_INITIALISER = re.compile(r"=[^;,]*", re.ASCII)
# A name behind the end of a type: `int x`, `float* x`, `Tile<...> x`.
_DECLARED = re.compile(r"[\w>*&](?=\s*((?<!\w)[A-Za-z_]\w*))", re.ASCII)


class Extent(NamedTuple):
    """Bytes [start, end) of the on-chip buffer that the tile type (`Vec`, `Mat`, ...) lives in."""

    buffer: str
    start: int
    end: int

    def overlaps(self, other: "Extent") -> bool:
        """Say whether the two share a byte."""
        return self.buffer == other.buffer and self.start < other.end and other.start < self.end


class Shape(NamedTuple):
    """The valid part of a tile in UB: rows of `cols` elements, `pitch` bytes apart."""

    rows: int
    cols: int
    element_bytes: int
    pitch: int


class Tile(NamedTuple):
    """What an operand names: a key that is equal for equal variables, the bytes and the shape, None if not known."""

    key: str
    extent: Extent | None
    shape: Shape | None = None


Operands: TypeAlias = Mapping[str, Tile]
"""What the arguments of a call, by their text, name."""


def tiles_of(source: Source, calls: Calls, indices: Iterable[int]) -> dict[int, Operands]:
    """Return the operands of each call among the items `indices`; one object for equal calls in one place."""
    wanted = bytearray(len(source.items))
    for index in indices:
        wanted[index] = True
    if not any(wanted):
        return {}
    walk = _Walk(source, calls, wanted)
    walk.run()
    # Only now, as a later line may have spoilt a name.
    tiles = {symbol: Tile(symbol.key, symbol.extent(), symbol.shape) for symbol in walk.declared}
    made: dict[int, Operands] = {}
    for operands in walk.bound.values():
        if id(operands) not in made:
            named = {name: tiles[symbol] if symbol else Tile(name, None) for name, symbol in operands.items()}
            made[id(operands)] = named
    return {index: made[id(operands)] for index, operands in walk.bound.items()}


def _shape(arguments: tuple[str, ...]) -> Shape | None:
    """Return the valid shape in the template arguments of a tile; None unless they give it in a layout known here."""
    if len(arguments) < _TILE_ARGUMENTS or not all(arguments[place].isdecimal() for place in (2, 3, 5, 6)):
        return None
    size = ELEMENT_BYTES.get(arguments[1])
    rows, cols, valid_rows, valid_cols = (int(arguments[place]) for place in (2, 3, 5, 6))
    kind, blayout, slayout = (arguments[place].rpartition("::")[2] for place in (0, 4, 7))
    if size is None or (kind, slayout) != ("Vec", "NoneBox") or valid_rows > rows or valid_cols > cols:
        return None
    if blayout == "RowMajor":
        return Shape(valid_rows, valid_cols, size, cols * size)
    # One value per row, one after the other.
    return Shape(valid_rows, 1, size, size) if (blayout, cols) == ("ColMajor", 1) else None


class _Form(enum.Enum):
    """What a statement may be to this analysis."""

    DECLARATION = 1
    LINK = 2
    OTHER = 3


def _form(text: str) -> _Form:
    if _SUSPECT.search(text):
        return _Form.DECLARATION
    return _Form.LINK if text.startswith(("TASSIGN", "TRESHAPE")) else _Form.OTHER


def _changed(text: str) -> frozenset[str]:
    """Return the names that a statement may declare or change."""
    assigned = {name for pair in _ASSIGNED.findall(text) for name in pair}
    return frozenset(assigned | set(_DECLARED.findall(_INITIALISER.sub(" ", text))))


@dataclass(eq=False)
class _Symbol:
    """A name of the C++: an integer constant or a tile, and where its value or address comes from."""

    place: tuple[int, int]
    """Block and preprocessor branch of the declaration: the only place where it may be given its value."""
    buffer: str = ""
    size: int | None = None
    shape: Shape | None = None
    source: "_Symbol | int | None" = None
    unknown: bool = False
    key: str = ""

    def set(self, source: "_Symbol | int | None", place: tuple[int, int]) -> None:
        # Set twice, or in another block or branch, its value depends on the path that was taken.
        self.unknown |= self.source is not None or source is None or place != self.place
        self.source = source

    def chain(self) -> Iterator["_Symbol | int"]:
        """Yield this symbol, what it is set from, and so on to the number; ends early where something is unknown."""
        link: _Symbol | int | None = self
        # Bounded, since tiles may be reshaped from each other in a circle.
        for _ in range(_LONGEST_CHAIN):
            if link is None or (isinstance(link, _Symbol) and link.unknown):
                return
            yield link
            if isinstance(link, int):
                return
            link = link.source

    def extent(self) -> Extent | None:
        """Return the bytes of a tile; those of a reshaped one are the bytes of its source."""
        chain = list(self.chain())
        tiles = [link for link in chain if isinstance(link, _Symbol) and link.buffer]
        start = chain[-1] if chain else None
        if not isinstance(start, int) or not self.buffer:
            return None
        buffers, sizes = {tile.buffer for tile in tiles}, [tile.size for tile in tiles]
        if len(buffers) != 1 or None in sizes:
            return None
        return Extent(self.buffer, start, start + max(size for size in sizes if size is not None))


class _Walk:
    """One pass over the items in textual order, with the scopes that are open."""

    def __init__(self, source: Source, calls: Calls, wanted: bytearray) -> None:
        self.source = source
        self.calls = calls
        self.wanted = wanted
        self.bound: dict[int, dict[str, _Symbol | None]] = {}
        self.declared: list[_Symbol] = []
        self.scopes: list[tuple[int, dict[str, _Symbol]]] = [(-1, {})]
        self.branches = [-1]
        self.alike: dict[str, dict[str, _Symbol | None]] = {}
        """Operands by the text of a call, as long as no name changes its meaning."""
        self.forms: dict[str, _Form] = {}
        self.suspects: dict[str, frozenset[str]] = {}

    @property
    def place(self) -> tuple[int, int]:
        return self.scopes[-1][0], self.branches[-1]

    def run(self) -> None:
        wanted, plain, forms = self.wanted, Kind.STATEMENT, self.forms
        for index, (kind, _, _, text) in enumerate(self.source.items):
            if kind is plain:
                if wanted[index]:
                    self.bind(index, text)
                form = forms.get(text)
                if form is None:
                    form = forms[text] = _form(text)
                if form is _Form.DECLARATION:
                    self.declaration(text)
                elif form is _Form.LINK:
                    self.link(index)
            elif kind is Kind.OPEN:
                # The head of a function or a loop may declare or change names, too.
                self.suspect(text)
                self.scopes.append((index, {}))
            elif kind is Kind.CLOSE:
                # Names end here: the text of a call may now mean tiles of an outer block.
                if self.scopes.pop()[1]:
                    self.alike = {}
            elif kind is Kind.DIRECTIVE:
                self.directive(index, text)

    def bind(self, index: int, text: str) -> None:
        alike = self.alike.get(text)
        if alike is None:
            call = self.calls[index]
            if call is None:
                return
            alike = self.alike[text] = {name: self.find(name) for name in call.arguments}
        self.bound[index] = alike

    def directive(self, index: int, text: str) -> None:
        name = text[1:].lstrip()
        if name.startswith("if"):
            self.branches.append(index)
        elif name.startswith("el"):
            # #else or #elif: another place than the branch before it.
            self.branches[-1] = index
        elif name.startswith("endif"):
            self.branches.pop()

    def declaration(self, text: str) -> None:
        """Enter the declaration of a tile or a constant; anything else that may declare or change names is suspect."""
        if _TILE_HEAD.match(text):
            self.tile(text)
        elif constant := _CONSTANT.match(text):
            self.declare(constant[1], _Symbol(self.place, source=self.value(constant[2])))
        else:
            self.suspect(text)

    def tile(self, text: str) -> None:
        """Enter a declaration; any other form than `Tile<...> name` makes the names in it unknown."""
        tile = parse_tile(text)
        if tile is None:
            for name in _NAME.findall(text):
                self.declare(name, _Symbol(self.place, unknown=True))
            return
        # Padded, as there may be fewer template arguments; the size is then not known.
        (kind, element, rows, columns), name = (*tile[0], "", "", "", "")[:4], tile[1]
        known = element in ELEMENT_BYTES and rows.isdecimal() and columns.isdecimal()
        size = ELEMENT_BYTES[element] * int(rows) * int(columns) if known else None
        buffer = kind.rpartition("::")[2].strip(BLANKS)
        self.declare(name, _Symbol(self.place, buffer=buffer, size=size, shape=_shape(tile[0])))

    def declare(self, name: str, symbol: _Symbol) -> None:
        self.alike = {}
        scope = self.scopes[-1][1]
        # Twice in one scope: in branches of a preprocessor condition, and which one is compiled is not known.
        if earlier := scope.get(name):
            earlier.unknown = symbol.unknown = True
        scope[name] = symbol
        symbol.key = f"{name}#{len(self.declared)}"
        self.declared.append(symbol)

    def link(self, index: int) -> None:
        """Follow `TASSIGN(tile, address)` and `TRESHAPE(tile, source)`."""
        call = self.calls[index]
        if call and len(call.arguments) == 2 and (symbol := self.find(call.arguments[0])):
            symbol.set(self.value(call.arguments[1]), self.place)

    def value(self, text: str) -> "_Symbol | int | None":
        """Return what a name or a literal, with casts before it, stands for."""
        text = _CAST.sub("", text).strip(BLANKS)
        if number := _NUMBER.fullmatch(text):
            return int(number[1], 0)
        return self.find(text)

    def find(self, name: str) -> _Symbol | None:
        for _, names in reversed(self.scopes):
            if name in names:
                return names[name]
        return None

    def suspect(self, text: str) -> None:
        """Make every visible name that `text` may declare or change unknown."""
        names = self.suspects.get(text)
        if names is None:
            names = self.suspects[text] = _changed(text)
        for name in names:
            if symbol := self.find(name):
                symbol.unknown = True
