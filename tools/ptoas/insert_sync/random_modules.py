"""For tests: random kernels as programs in the DSL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.dialect import StoreScalarOp
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.scope import emit
from ptodsl.values import Pointer, Scalar, Tile
from tools.ptoas.insert_sync.random_kernels import (
    BINARY,
    COLS,
    FIFO_POPS,
    FIFOS,
    ROWS,
    SLOTS,
    SUBBLOCKS,
    TILES,
    UNARY,
    Compute,
    If,
    Kernel,
    Load,
    Loop,
    Peek,
    Poke,
    Scope,
    Source,
    Statement,
    Store,
)

F32_TILE = pto.TileBufType([ROWS, COLS], pto.float32)
ROW_STATE = pto.TileBufType([ROWS, 1], pto.float32, config=pto.TileBufConfig(blayout="ColMajor", slayout="NoneBox"))
PARAMETERS = {
    "slots": pto.PtrType(pto.float32),
    "half_slots": pto.PtrType(pto.float16),
    "a": pto.PtrType(pto.float16),
    "x": pto.PtrType(pto.float32),
    "y": pto.PtrType(pto.float32),
    "trips": pto.int64,
}


def build_module(kernels: Mapping[str, Kernel]) -> ModuleOp:
    """Kernels in the DSL, each with the entry of its name: (ffts, slots, half_slots, a, x, y, trips)."""
    module = ModuleBuilder()
    for name, kernel in kernels.items():
        _add_kernel(module, name, kernel)
    return module.finish()


def _add_kernel(module: ModuleBuilder, name: str, kernel: Kernel) -> None:
    if kernel.in_sections:
        with module.function(name, {"ffts": pto.ffts_type, **PARAMETERS}) as arguments:
            _VectorBuilder(kernel, arguments).build()
        return
    functions = []
    if kernel.has_fifo:
        with module.function(f"{name}_cube", PARAMETERS, kernel="cube") as arguments:
            _build_cube(arguments, kernel.ahead)
        functions.append(arguments.function)
    with module.function(f"{name}_vector", PARAMETERS, kernel="vector") as arguments:
        _VectorBuilder(kernel, arguments).build()
    functions.append(arguments.function)
    with module.function(name, {"ffts": pto.ffts_type, **PARAMETERS}) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        for function in functions:
            pto.call(function, *rest)


@dataclass(frozen=True)
class Fifo:
    """One core's end of FIFO `number`, with entries of `rows` rows."""

    pipe: Any
    entry: Any
    rows: int

    @classmethod
    def open(cls, arguments: Arguments, number: int, rows: int) -> Fifo:
        """Initialise it; it has room for tiles of fp32, whatever its entries are."""
        returns = number == 1
        size = SUBBLOCKS * ROWS * COLS
        name, dtype, bytes_each = ("half_slots", pto.float16, 2) if returns else ("slots", pto.float32, 4)
        pipe = pto.initialize_l2g2l_pipe(
            dir_mask=2 if returns else 1,
            slot_size=size * bytes_each,
            slot_num=SLOTS,
            # In elements: the FIFOs lie one behind the other, each with room for tiles of fp32.
            gm_addr=pto.add_ptr(arguments[name], number * SLOTS * size * 4 // bytes_each),
            flag_base=2 * number,
        )
        return cls(pipe, pto.declare_global(pto.TensorType(shape=[rows, COLS], dtype=dtype)), rows)

    def put(self, source: Tile) -> None:
        """Push a tile."""
        pto.talloc(self.entry, self.pipe, 1)
        pto.store(source, pto.slice_view(source=self.entry, offsets=[0, 0], sizes=[self.rows, COLS]))
        pto.tpush(self.entry, self.pipe, 1)

    def take(self, into: Tile) -> None:
        """Pop a tile."""
        pto.tpop_into(self.entry, self.pipe, 1)
        pto.load(pto.slice_view(source=self.entry, offsets=[0, 0], sizes=[self.rows, COLS]), into)
        pto.tfree(self.pipe, 1, entry=self.entry)


def _pipelined(ahead: int, lead: Callable[[Scalar], None], trail: Callable[[Scalar], None]) -> None:
    """Emit `lead` for all products and `trail` for all, `ahead` products behind it."""
    for number in pto.range(0, ahead):
        lead(number)
    for number in pto.range(0, FIFO_POPS - ahead):
        trail(number)
        lead(number + ahead)
    for number in pto.range(FIFO_POPS - ahead, FIFO_POPS):
        trail(number)


def _build_cube(arguments: Arguments, ahead: int) -> None:
    """Push the square of a[i] for each i, through ping-pong tiles; multiply by a[i] what comes back."""
    size = SUBBLOCKS * ROWS
    out, back, again = (Fifo.open(arguments, number, size) for number in range(FIFOS))
    a = pto.as_tensor(ptr=arguments["a"], shape=[FIFO_POPS * size, COLS], strides=[COLS, 1])
    mats = [pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "MAT")) for _ in range(2)]
    left = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "LEFT"))
    right = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float16, "RIGHT"))
    acc = pto.alloc_tile(pto.TileBufType([size, COLS], pto.float32, "ACC"))

    def load_a(number: Scalar, mat: Tile) -> None:
        pto.load(pto.slice_view(source=a, offsets=[number * size, 0], sizes=[size, COLS]), mat)

    def multiply(fifo: Fifo) -> None:
        tile.mov(mats[0], left)
        tile.mov(mats[1], right)
        tile.matmul(left, right, acc)
        fifo.put(acc)

    def square(number: Scalar) -> None:
        for mat in mats:
            load_a(number, mat)
        multiply(out)

    def multiply_again(number: Scalar) -> None:
        back.take(mats[0])
        load_a(number, mats[1])
        multiply(again)

    if ahead:
        _pipelined(ahead, square, multiply_again)
    else:
        for number in pto.range(0, FIFO_POPS):
            square(number)


class _VectorBuilder:
    """Emits the statements."""

    def __init__(self, kernel: Kernel, arguments: Arguments) -> None:
        self.kernel = kernel
        self.x_pointer, self.y_pointer = arguments["x"], arguments["y"]
        self.trips = scalar.index_cast(arguments.scalar("trips"))
        self.first_y = scalar.index_cast(pto.get_subblock_idx()) * TILES
        self.x = pto.as_tensor(ptr=arguments["x"], shape=[TILES * ROWS, COLS], strides=[COLS, 1])
        self.y = pto.as_tensor(ptr=arguments["y"], shape=[SUBBLOCKS * TILES * ROWS, COLS], strides=[COLS, 1])
        if kernel.has_fifo:
            self.fifos = [Fifo.open(arguments, number, ROWS) for number in range(FIFOS)]

    def build(self) -> None:
        """Emit the kernel: the FIFO's products first, then its scopes."""
        if self.kernel.has_fifo:
            self.products()
        for scope in self.kernel.scopes:
            with pto.vector_section() if self.kernel.in_sections else nullcontext():
                self.scope(scope)

    def scope(self, scope: Scope) -> None:
        """Emit a scope."""
        tiles = [pto.alloc_tile(F32_TILE) for _ in range(scope.tiles)]
        state = pto.alloc_tile(ROW_STATE)
        for index, into in enumerate(tiles):
            pto.load(self.view(self.x, scalar.const(index)), into)
        self.statements(scope.body, tiles, state, self.trips)

    def products(self) -> None:
        """Take the products from the FIFO and store them, or return them first and store what comes of them."""
        out, back, again = self.fifos
        product = pto.alloc_tile(F32_TILE)

        def store_from(fifo: Fifo, number: Scalar) -> None:
            fifo.take(product)
            pto.store(product, self.view(self.y, number % TILES + self.first_y))

        if not self.kernel.ahead:
            for number in pto.range(0, FIFO_POPS):
                store_from(out, number)
            return
        taken, returned = pto.alloc_tile(F32_TILE), pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float16))

        def give_back(_: Scalar) -> None:
            out.take(taken)
            tile.cvt(taken, returned)
            back.put(returned)

        _pipelined(self.kernel.ahead, give_back, lambda number: store_from(again, number))

    def view(self, source: Any, number: Scalar) -> Any:
        """Tile `number` of x or y."""
        return pto.slice_view(source=source, offsets=[number * ROWS, 0], sizes=[ROWS, COLS])

    def source(self, source: Source, number: Scalar, counter: Scalar) -> Any:
        """Tile `number` of what is loaded from."""
        if source is Source.X:
            return self.view(self.x, number)
        if source is Source.Y:
            return self.view(self.y, number + self.first_y)
        even = counter % 2 == 0
        chosen = Pointer(emit(lambda: arith.SelectOp(even.ssa, self.x_pointer.ssa, self.y_pointer.ssa)).result)
        either = pto.as_tensor(ptr=chosen, shape=[SUBBLOCKS * TILES * ROWS, COLS], strides=[COLS, 1])
        return self.view(either, number + scalar.select(even, scalar.const(0), self.first_y))

    def first_element(self, number: int) -> Scalar:
        """Offset in y of the first element of this core's tile `number`."""
        return (self.first_y + number) * (ROWS * COLS)

    def statements(self, body: Sequence[Statement], tiles: list[Tile], state: Tile, counter: Scalar) -> None:
        """Emit statements; `counter` is the loop's, or the launch's trips outside of loops."""
        for item in body:
            self.statement(item, tiles, state, counter)

    def statement(self, item: Statement, tiles: list[Tile], state: Tile, counter: Scalar) -> None:
        """Emit one statement."""
        match item:
            case Load(into, number, moving, source):
                place = counter + number if moving else scalar.const(number)
                pto.load(self.source(source, place, counter), tiles[into])
            case Store(source, number, moving):
                place = counter + number if moving else scalar.const(number)
                pto.store(tiles[source], self.view(self.y, place + self.first_y))
            case Peek(number, into):
                loaded = pto.load_scalar(pto.float32, self.y_pointer, self.first_element(number))
                tile.adds(tiles[into], loaded, tiles[into])
            case Poke(number, value):
                stored, place = scalar.const(value, pto.float32), self.first_element(number)
                emit(lambda: StoreScalarOp(self.y_pointer.ssa, place.ssa, stored.ssa))
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
