"""For tests: random kernels, as a DSL program and as a NumPy interpretation of the same statements.

Both vector cores run the same statements on tiles in UB. Values come from x, from y (what was stored there before), or,
in a kernel with a FIFO, from products that the cube core pushes. All arithmetic is exact in fp32, so the two must agree
to the bit. Scopes have tiles of their own, so that the memory planner lets scopes share bytes when UB runs out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import Scalar, Tile

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


@dataclass(frozen=True)
class Load:
    """Tile `number` (plus the loop's counter, if `moving`) of x, or of y, into `into`."""

    into: int
    number: int
    moving: bool
    from_y: bool = False


@dataclass(frozen=True)
class Store:
    """`source` into tile `number` (plus the loop's counter, if `moving`) of y."""

    source: int
    number: int
    moving: bool


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


Statement = Load | Store | Compute | Loop | If


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


def random_kernel(rng: random.Random) -> Kernel:
    """Draw a kernel; one in two takes products from a FIFO."""
    has_fifo = rng.random() < 0.5
    return Kernel(tuple(_random_scope(rng) for _ in range(rng.randint(1, 3))), has_fifo)


def _random_scope(rng: random.Random) -> Scope:
    tiles = rng.randint(2, 5)
    return Scope(tiles, _random_body(rng, tiles, depth=2))


def _random_body(rng: random.Random, tiles: int, depth: int) -> tuple[Statement, ...]:
    return tuple(_random_statement(rng, tiles, depth) for _ in range(rng.randint(2, 6)))


def _random_statement(rng: random.Random, tiles: int, depth: int) -> Statement:
    kind = rng.random() if depth else rng.uniform(0.25, 1.0)
    if kind < 0.15:
        trips = rng.choice([None, 1, 2, MAX_TRIPS])
        return Loop(trips, _random_body(rng, tiles, depth - 1))
    if kind < 0.25:
        other = _random_body(rng, tiles, depth - 1) if rng.random() < 0.6 else ()
        return If(_random_body(rng, tiles, depth - 1), other)
    first, second, into = (rng.randrange(tiles) for _ in range(3))
    number, moving = rng.randrange(TILES - MAX_TRIPS), rng.random() < 0.7
    if kind < 0.45:
        return Load(into, number, moving, from_y=rng.random() < 0.15)
    if kind < 0.6:
        return Store(first, number, moving)
    if kind < 0.7:
        source, scratch = rng.sample(range(tiles), 2)
        return Compute("row", (source, scratch), source)
    if kind < 0.85:
        return Compute(rng.choice(sorted(UNARY)), (first,), into)
    return Compute(rng.choice(sorted(BINARY)), (first, second), into)


# --- as a DSL program ------------------------------------------------------------------------------------------------

F32_TILE = pto.TileBufType([ROWS, COLS], pto.float32)
ROW_STATE = pto.TileBufType([ROWS, 1], pto.float32, config=pto.TileBufConfig(blayout="ColMajor", slayout="NoneBox"))
PARAMETERS = {
    "slots": pto.PtrType(pto.float32),
    "a": pto.PtrType(pto.float16),
    "x": pto.PtrType(pto.float32),
    "y": pto.PtrType(pto.float32),
    "trips": pto.int64,
}
ENTRY = "random_kernel"


def build_module(kernel: Kernel) -> ModuleOp:
    """The kernel in the DSL, with the entry `random_kernel(ffts, slots, a, x, y, trips)`."""
    module = ModuleBuilder()
    functions = []
    if kernel.has_fifo:
        with module.function("cube_kernel", PARAMETERS, kernel="cube") as arguments:
            _build_cube(arguments)
        functions.append(arguments.function)
    with module.function("vector_kernel", PARAMETERS, kernel="vector") as arguments:
        _VectorBuilder(kernel, arguments).build()
    functions.append(arguments.function)
    with module.function(ENTRY, {"ffts": pto.ffts_type, **PARAMETERS}) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        for function in functions:
            pto.call(function, *rest)
    return module.finish()


def _open_fifo(arguments: Arguments) -> Any:
    return pto.initialize_l2g2l_pipe(
        dir_mask=1, slot_size=SUBBLOCKS * ROWS * COLS * 4, slot_num=SLOTS, gm_addr=arguments["slots"], flag_base=0
    )


def _build_cube(arguments: Arguments) -> None:
    """Push the square of a[i] for each i, through ping-pong tiles."""
    size = SUBBLOCKS * ROWS
    fifo = _open_fifo(arguments)
    entry = pto.declare_global(pto.TensorType(shape=[size, COLS], dtype=pto.float32))
    a = pto.as_tensor(ptr=arguments["a"], shape=[FIFO_POPS * size, COLS], strides=[COLS, 1])
    mats = [pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "MAT")) for _ in range(2)]
    left = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "LEFT"))
    right = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "RIGHT"))
    acc = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float32, "ACC"))
    for number in pto.range(0, FIFO_POPS):
        for mat in mats:
            pto.load(pto.slice_view(source=a, offsets=[number * size, 0], sizes=[size, COLS]), mat)
        tile.mov(mats[0], left)
        tile.mov(mats[1], right)
        tile.matmul(left, right, acc)
        pto.talloc(entry, fifo, 1)
        pto.store(acc, pto.slice_view(source=entry, offsets=[0, 0], sizes=[size, COLS]))
        pto.tpush(entry, fifo, 1)


class _VectorBuilder:
    """Emits the statements."""

    def __init__(self, kernel: Kernel, arguments: Arguments) -> None:
        self.kernel = kernel
        self.trips = scalar.index_cast(arguments.scalar("trips"))
        self.first_y = scalar.index_cast(pto.get_subblock_idx()) * TILES
        self.x = pto.as_tensor(ptr=arguments["x"], shape=[TILES * ROWS, COLS], strides=[COLS, 1])
        self.y = pto.as_tensor(ptr=arguments["y"], shape=[SUBBLOCKS * TILES * ROWS, COLS], strides=[COLS, 1])
        if kernel.has_fifo:
            self.fifo = _open_fifo(arguments)
            self.entry = pto.declare_global(pto.TensorType(shape=[ROWS, COLS], dtype=pto.float32))

    def build(self) -> None:
        """Emit the kernel: the FIFO's products first, then its scopes."""
        if self.kernel.has_fifo:
            top = pto.alloc_tile(F32_TILE)
            for number in pto.range(0, FIFO_POPS):
                self.pop(top)
                pto.store(top, self.view(self.y, number % TILES + self.first_y))
        for scope in self.kernel.scopes:
            tiles = [pto.alloc_tile(F32_TILE) for _ in range(scope.tiles)]
            state = pto.alloc_tile(ROW_STATE)
            for index, into in enumerate(tiles):
                pto.load(self.view(self.x, scalar.const(index)), into)
            self.statements(scope.body, tiles, state, self.trips)

    def pop(self, into: Tile) -> None:
        """Take a product from the FIFO."""
        pto.tpop_into(self.entry, self.fifo, 1)
        pto.load(pto.slice_view(source=self.entry, offsets=[0, 0], sizes=[ROWS, COLS]), into)
        pto.tfree(self.fifo, 1, entry=self.entry)

    def view(self, source: Any, number: Scalar) -> Any:
        """Tile `number` of x or y."""
        return pto.slice_view(source=source, offsets=[number * ROWS, 0], sizes=[ROWS, COLS])

    def statements(self, body: Sequence[Statement], tiles: list[Tile], state: Tile, counter: Scalar) -> None:
        """Emit statements; `counter` is the loop's, or the launch's trips outside of loops."""
        for item in body:
            self.statement(item, tiles, state, counter)

    def statement(self, item: Statement, tiles: list[Tile], state: Tile, counter: Scalar) -> None:
        """Emit one statement."""
        match item:
            case Load(into, number, moving, from_y):
                place = counter + number if moving else scalar.const(number)
                pto.load(self.view(self.y, place + self.first_y) if from_y else self.view(self.x, place), tiles[into])
            case Store(source, number, moving):
                place = counter + number if moving else scalar.const(number)
                pto.store(tiles[source], self.view(self.y, place + self.first_y))
            case Compute("row", (source, scratch), into):
                tile.row_max(tiles[source], tiles[scratch], state)
                tile.row_expand_sub(tiles[source], state, tiles[into])
                # The scratch tile holds nothing that may be read: give it a value.
                tile.muls(tiles[into], 0.5, tiles[scratch])
            case Compute(name, (source,), into):
                UNARY[name][0](tiles[source], tiles[into])
            case Compute(name, (first, second), into):
                BINARY[name][0](tiles[first], tiles[second], tiles[into])
            case Loop(trips, body):
                for inner in pto.range(0, self.trips if trips is None else trips):
                    self.statements(body, tiles, state, inner)
            case If(then, other):
                with pto.if_context(counter % 2 == 0, has_else=True) as branch:
                    self.statements(then, tiles, state, counter)
                with branch.else_context():
                    self.statements(other, tiles, state, counter)
            case _:
                raise AssertionError(f"{item} is no statement of a scope")


# --- in NumPy --------------------------------------------------------------------------------------------------------


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
            case Load(into, number, moving, from_y):
                tiles[into] = (self.y if from_y else self.x)[number + counter * moving].copy()
            case Store(source, number, moving):
                self.y[number + counter * moving] = tiles[source]
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
