"""For tests: kernels whose tiles take turns, y = relu(x) tile by tile through a ring of slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, scalar, tile
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import PartitionView, Scalar, Tile

ROWS, COLS = 32, 64
"""Shape of a slot: 8 KiB of fp32."""

ENTRY = "rotating"
PARAMETERS = {"x": pto.PtrType(pto.float32), "y": pto.PtrType(pto.float32), "n": pto.int64}

TYPE = pto.TileBufType([ROWS, COLS], pto.float32)


@dataclass(frozen=True)
class Rotation:
    """What a kernel looks like."""

    slots: int
    choice: str = "window"
    """How the slot is chosen: a "window" of one tile, a "ladder" of branches of which the last is an else, "ifs", one
    without else after the other, or "several" tiles under one name."""

    prefetch: bool = False
    """The load of a tile is issued before the work on the one before it."""

    together: bool = True
    """A branch holds the load and the work; else each has a choice of its own."""

    outer: int = 1
    """How often all is done again, in a loop around."""

    def __str__(self) -> str:
        """Name for tests."""
        parts = (self.choice, self.slots, *("prefetch",) * self.prefetch, *("apart",) * (not self.together))
        return "-".join(map(str, (*parts, *(f"x{self.outer}",) * (self.outer > 1))))


ROTATIONS = (
    *(
        Rotation(slots, choice, prefetch=prefetch, outer=outer)
        for slots, choice, prefetch, outer in product(
            (2, 3, 4), ("window", "ladder", "ifs", "several"), (False, True), (1, 2)
        )
    ),
    *(Rotation(slots, choice, together=False) for slots, choice in product((2, 3), ("ladder", "ifs"))),
    Rotation(9),
    Rotation(9, prefetch=True),
)
"""Kernels that differ in all ways."""


def build_rotation(rotation: Rotation) -> ModuleOp:
    """Build `rotating(x, y, n)`: y = relu(x), n tiles by each vector core."""
    module = ModuleBuilder()
    with module.function(ENTRY, PARAMETERS) as arguments, pto.vector_section():
        _Builder(rotation, arguments).build()
    return module.finish()


class _Builder:
    """Emits the kernel."""

    def __init__(self, rotation: Rotation, arguments: Arguments) -> None:
        self.rotation = rotation
        self.arguments = arguments
        self.n = scalar.index_cast(arguments.scalar("n"))
        self.first = scalar.index_cast(pto.get_subblock_idx()) * self.n
        if rotation.choice == "window":
            self.whole = pto.alloc_tile(pto.TileBufType([rotation.slots * ROWS, COLS], pto.float32))
        elif rotation.choice == "several":
            self.several = pto.alloc_multi_tile(pto.MultiTileBufType(TYPE, rotation.slots))
        else:
            self.tiles = [pto.alloc_tile(TYPE) for _ in range(rotation.slots)]

    def build(self) -> None:
        """Emit all passes."""
        if self.rotation.outer == 1:
            self.passes()
            return
        for _ in pto.range(0, self.rotation.outer):
            self.passes()

    def passes(self) -> None:
        """Emit the loop over the tiles."""
        if not self.rotation.prefetch:
            for number in pto.range(0, self.n):
                for body in [self.both] if self.rotation.together else [self.load, self.work]:
                    self.with_slot(number, partial(body, number))
            return
        with pto.if_context(self.n > 0):
            self.with_slot(scalar.const(0), partial(self.load, scalar.const(0)))
        for number in pto.range(0, self.n):
            with pto.if_context(number + 1 < self.n):
                self.with_slot(number + 1, partial(self.load, number + 1))
            self.with_slot(number, partial(self.work, number))

    def with_slot(self, number: Scalar, body: Callable[[Tile], None]) -> None:
        """Emit `body` on the slot of tile `number`."""
        slots, choice = self.rotation.slots, self.rotation.choice
        slot = number % slots
        if choice == "window":
            body(tile.subview(self.whole, [slot * ROWS, 0], [ROWS, COLS]))
        elif choice == "several":
            body(self.several[slot])
        elif choice == "ladder":
            self.rung(slot, 0, body)
        else:
            for rung in range(slots):
                with pto.if_context(slot == rung):
                    body(self.tiles[rung])

    def rung(self, slot: Scalar, rung: int, body: Callable[[Tile], None]) -> None:
        """Emit the branches of a ladder from one on."""
        if rung == self.rotation.slots - 1:
            body(self.tiles[rung])
            return
        with pto.if_context(slot == rung, has_else=True) as branch:
            body(self.tiles[rung])
        with branch.else_context():
            self.rung(slot, rung + 1, body)

    def both(self, number: Scalar, slot: Tile) -> None:
        """Load and work."""
        self.load(number, slot)
        self.work(number, slot)

    def load(self, number: Scalar, slot: Tile) -> None:
        """Load tile `number` of x."""
        pto.load(self.part("x", number), slot)

    def work(self, number: Scalar, slot: Tile) -> None:
        """Compute and store tile `number` of y."""
        tile.relu(slot, slot)
        pto.store(slot, self.part("y", number))

    def part(self, name: str, number: Scalar) -> PartitionView:
        """Tile `number` of this core's half of x or y."""
        view = pto.as_tensor(ptr=self.arguments[name], shape=[self.n * 2 * ROWS, COLS], strides=[COLS, 1])
        return pto.slice_view(source=view, offsets=[(self.first + number) * ROWS, 0], sizes=[ROWS, COLS])
