"""For tests: random kernels, and their NumPy interpretation; `random_modules` builds them in the DSL.

Both vector cores run the same statements on tiles in UB. Values come from x, from y (what was stored there before), or,
in a kernel with a FIFO, from products that the cube core pushes. All arithmetic is exact in fp32, so the two must agree
to the bit. Scopes have tiles of their own, so that the memory planner lets scopes share bytes when UB runs out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from ptodsl import tile
from ptodsl.values import Tile

Array = npt.NDArray[np.float32]

ROWS, COLS = 64, 128
"""Shape of a tile: 32 KiB of fp32, so that UB holds six."""

SUBBLOCKS = 2
SLOTS = 8
"""Slots of the FIFO."""

TILES = 8
"""Tiles that x has, and tiles of y per vector core."""

MAX_TRIPS = 3
"""The longest loop; indices stay below TILES with it."""

FIFO_POPS = 11
"""Products that the cube core pushes, more than there are slots."""

FIFOS = 3
"""To the vector cores, back to the cube core, and to the vector cores again; each with room for tiles of fp32."""

MAX_AHEAD = 3
"""How many products the cube core may be ahead of what comes back."""

UNARY: dict[str, tuple[Callable[[Tile, Tile], Any], Callable[[Array], Array]]] = {
    "relu": (tile.relu, lambda a: np.maximum(a, 0)),
    "abs": (tile.abs, np.abs),
    "halve": (lambda a, d: tile.muls(a, 0.5, d), lambda a: a * np.float32(0.5)),
}

BINARY: dict[str, tuple[Callable[[Tile, Tile, Tile], Any], Callable[[Array, Array], Array]]] = {
    "add": (tile.add, np.add),
    "sub": (tile.sub, np.subtract),
    "max": (tile.max, np.maximum),
    "min": (tile.min, np.minimum),
}


class Source(Enum):
    """Where a tile is loaded from."""

    X = "x"
    Y = "y"
    EITHER = "either"
    """x in even passes of the loop, else y: through a pointer that is selected at run time."""


@dataclass(frozen=True)
class Load:
    """Tile `number` (plus the loop's counter, if `moving`) of x or y into `into`."""

    into: int
    number: int
    moving: bool
    source: Source = Source.X


@dataclass(frozen=True)
class Store:
    """`source` into tile `number` (plus the loop's counter, if `moving`) of y."""

    source: int
    number: int
    moving: bool


@dataclass(frozen=True)
class Peek:
    """Add the first element of tile `number` of y, read by the scalar unit, to `into`."""

    number: int
    into: int


@dataclass(frozen=True)
class Poke:
    """Set the first element of tile `number` of y to `value`, by the scalar unit."""

    number: int
    value: int


@dataclass(frozen=True)
class Compute:
    """`into` = `name` of `operands`; "row" subtracts the row maximum, with scratch tile operands[1]."""

    name: str
    operands: tuple[int, ...]
    into: int


@dataclass(frozen=True)
class Loop:
    """`trips` passes, or as many as the launch says."""

    trips: int | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class If:
    """`then` in even passes of the loop around it (or if the launch's flag is even), else `other`."""

    then: tuple[Statement, ...]
    other: tuple[Statement, ...]


Statement = Load | Store | Peek | Poke | Compute | Loop | If


@dataclass(frozen=True)
class Scope:
    """Statements with `tiles` tiles of their own, each loaded from x first."""

    tiles: int
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Kernel:
    """A random kernel."""

    scopes: tuple[Scope, ...]
    has_fifo: bool

    in_sections: bool = False
    """Each scope is a section of the entry instead of a part of one function; not with FIFOs."""

    ahead: int = 0
    """If not zero, the vector cores return the products, and the cube core multiplies those once more, by a[i], while
    it is that many products ahead."""


def random_kernel(rng: random.Random) -> Kernel:
    """Draw a kernel: without FIFOs, with one, or with all three."""
    has_fifo = rng.random() < 0.6
    ahead = rng.randint(0, MAX_AHEAD) if has_fifo else 0
    scopes = tuple(_random_scope(rng) for _ in range(rng.randint(1, 3)))
    return Kernel(scopes, has_fifo, not has_fifo and rng.random() < 0.5, ahead)


def _random_scope(rng: random.Random) -> Scope:
    tiles = rng.randint(2, 5)
    return Scope(tiles, _random_body(rng, tiles, depth=2))


def _random_body(rng: random.Random, tiles: int, depth: int) -> tuple[Statement, ...]:
    return tuple(_random_statement(rng, tiles, depth) for _ in range(rng.randint(2, 6)))


def _random_statement(rng: random.Random, tiles: int, depth: int) -> Statement:
    # Below 0.25 are loops and ifs, which the innermost statements may not be.
    kind = rng.random() if depth else rng.uniform(0.25, 1.0)
    if kind < 0.15:
        trips = rng.choice([None, 1, 2, MAX_TRIPS])
        return Loop(trips, _random_body(rng, tiles, depth - 1))
    if kind < 0.25:
        other = _random_body(rng, tiles, depth - 1) if rng.random() < 0.6 else ()
        return If(_random_body(rng, tiles, depth - 1), other)
    first, second, into = (rng.randrange(tiles) for _ in range(3))
    number, moving = rng.randrange(TILES - MAX_TRIPS), rng.random() < 0.7
    if kind < 0.42:
        source = rng.choices((Source.X, Source.Y, Source.EITHER), (0.8, 0.12, 0.08))[0]
        return Load(into, number, moving, source)
    if kind < 0.57:
        return Store(first, number, moving)
    if kind < 0.6:
        return Peek(number, into) if rng.random() < 0.5 else Poke(number, rng.randrange(8))
    if kind < 0.7:
        # A reduction needs scratch that is not its source.
        reduced, scratch = rng.sample(range(tiles), 2)
        return Compute("row", (reduced, scratch), reduced)
    if kind < 0.85:
        return Compute(rng.choice(sorted(UNARY)), (first,), into)
    return Compute(rng.choice(sorted(BINARY)), (first, second), into)


@dataclass
class Interpretation:
    """What the kernel does to y, by the letter, for one vector core."""

    kernel: Kernel
    x: Array
    """[TILES, ROWS, COLS]."""

    products: Array
    """[FIFO_POPS, ROWS, COLS]: this core's half of each product."""

    trips: int
    y: Array = field(default_factory=lambda: np.zeros((TILES, ROWS, COLS), np.float32))

    def run(self) -> Array:
        """Return y, [TILES, ROWS, COLS]."""
        if self.kernel.has_fifo:
            for number, product in enumerate(self.products):
                self.y[number % TILES] = product
        for scope in self.kernel.scopes:
            self._statements(scope.body, [self.x[i].copy() for i in range(scope.tiles)], self.trips)
        return self.y

    def _statements(self, body: Sequence[Statement], tiles: list[Array], counter: int) -> None:
        for item in body:
            self._statement(item, tiles, counter)

    def _statement(self, item: Statement, tiles: list[Array], counter: int) -> None:
        match item:
            case Load(into, number, moving, source):
                is_x = source is Source.X or (source is Source.EITHER and counter % 2 == 0)
                tiles[into] = (self.x if is_x else self.y)[number + counter * moving].copy()
            case Store(source, number, moving):
                self.y[number + counter * moving] = tiles[source]
            case Peek(number, into):
                tiles[into] = tiles[into] + self.y[number, 0, 0]
            case Poke(number, value):
                self.y[number, 0, 0] = value
            case Compute("row", (source, scratch), into):
                tiles[into] = tiles[source] - tiles[source].max(axis=1, keepdims=True)
                tiles[scratch] = tiles[into] * np.float32(0.5)
            case Compute(name, (source,), into):
                tiles[into] = UNARY[name][1](tiles[source])
            case Compute(name, (first, second), into):
                tiles[into] = BINARY[name][1](tiles[first], tiles[second])
            case Loop(trips, body):
                for inner in range(self.trips if trips is None else trips):
                    self._statements(body, tiles, inner)
            case If(then, other):
                self._statements(then if counter % 2 == 0 else other, tiles, counter)
            case _:
                raise AssertionError(f"{item} is no statement of a scope")
