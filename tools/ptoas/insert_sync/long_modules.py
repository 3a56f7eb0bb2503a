"""For tests and the benchmark: programs of any length, of the kinds that make a synchronisation pass slow."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import PartitionView, Scalar

ROWS, COLS = 32, 64

PARAMETERS = {"x": pto.PtrType(pto.float32), "y": pto.PtrType(pto.float32), "n": pto.int64}


def _module(body: Callable[[Arguments], None]) -> ModuleOp:
    module = ModuleBuilder()
    with module.function("long", PARAMETERS) as arguments, pto.vector_section():
        body(arguments)
    return module.finish()


def _slice(arguments: Arguments, name: str, number: Scalar | int) -> PartitionView:
    view = pto.as_tensor(ptr=arguments[name], shape=[65536 * ROWS, COLS], strides=[COLS, 1])
    return pto.slice_view(source=view, offsets=[number * ROWS, 0], sizes=[ROWS, COLS])


def straight_groups(count: int) -> ModuleOp:
    """Load, exp, add, store, over and over through the same tiles."""

    def body(arguments: Arguments) -> None:
        first, second = (pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float32)) for _ in range(2))
        for number in range(count):
            pto.load(_slice(arguments, "x", number), first)
            tile.exp(first, second)
            tile.add(first, second, second)
            pto.store(second, _slice(arguments, "y", number))

    return _module(body)


def ifs(count: int) -> ModuleOp:
    """Ifs in a row, each on two scalars from memory, with a load, an operation and a store in it."""

    def body(arguments: Arguments) -> None:
        work = pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float32))
        for number in range(count):
            first, second = (pto.load_scalar(pto.float32, arguments["x"], 2 * number + i) for i in range(2))
            with pto.if_context(first < second, has_else=False):
                pto.load(_slice(arguments, "x", number), work)
                tile.exp(work, work)
                pto.store(work, _slice(arguments, "y", number))

    return _module(body)


def nested_loops(depth: int) -> ModuleOp:
    """Loops in each other, each with a load, an operation and a store before and after the next one."""

    def body(arguments: Arguments) -> None:
        n = scalar.index_cast(arguments.scalar("n"))
        work = [pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float32)) for _ in range(2)]

        def nest(level: int, number: Scalar) -> None:
            for inner in pto.range(0, n):
                pto.load(_slice(arguments, "x", number + inner), work[level % 2])
                tile.exp(work[level % 2], work[(level + 1) % 2])
                if level + 1 < depth:
                    nest(level + 1, number + inner)
                pto.store(work[(level + 1) % 2], _slice(arguments, "y", number + inner))

        nest(0, scalar.const(0))

    return _module(body)


def sibling_loops(count: int) -> ModuleOp:
    """Loops in a row, all over one tile."""

    def body(arguments: Arguments) -> None:
        n = scalar.index_cast(arguments.scalar("n"))
        work = pto.alloc_tile(pto.TileBufType([ROWS, COLS], pto.float32))
        for _ in range(count):
            for number in pto.range(0, n):
                pto.load(_slice(arguments, "x", number), work)
                tile.exp(work, work)
                pto.store(work, _slice(arguments, "y", number))

    return _module(body)
