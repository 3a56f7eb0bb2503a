"""Tiles that take turns: what runs is in order, and no more is ordered than the slots demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from isa.pipes import Kind
from ptodsl import pto, scalar, tile
from ptodsl.dialect import BarrierOp
from ptodsl.examples.host_run import host_kernel
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import PartitionView, Scalar, Tile
from sim.happens_before import Clocks, queue_number
from sim.hazards import judge
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.plan_memory import plan_memory
from tracing.file import read_trace
from tracing.format import Trace

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


TRIPS = (0, 1, 2, 3, 4, 5, 8, 9, 12)

CORES = 2
"""Vector cores, each with its half of the tiles."""

JUDGED = (
    Rotation(2, prefetch=True),
    Rotation(3, "ladder"),
    Rotation(3, "ifs", together=False),
    Rotation(3, prefetch=True, outer=2),
    Rotation(4, "ladder", prefetch=True),
    Rotation(2, "several", prefetch=True),
    Rotation(3, "several", outer=2),
    Rotation(9),
)


class Traced:
    """A kernel in trace mode."""

    def __init__(self, rotation: Rotation, directory: Path) -> None:
        self.kernel = host_kernel(build_rotation(rotation), ENTRY, directory, mode="trace")
        self.file = directory / "trace"

    def trace(self, tiles: int) -> Trace:
        """One launch on so many tiles per core."""
        x = np.zeros((CORES * max(tiles, 1) * ROWS, COLS), np.float32)
        self.kernel.trace(self.file, 1, x, np.zeros_like(x), tiles)
        return read_trace(self.file)


@pytest.mark.parametrize("rotation", JUDGED, ids=str)
def test_rotating_kernels_are_in_order_for_any_number_of_passes(rotation: Rotation, tmp_path: Path) -> None:
    kernel = Traced(rotation, tmp_path)
    for tiles in TRIPS:
        verdict = judge(kernel.trace(tiles))
        assert verdict.findings == ()
        assert verdict.warnings == (), "a flag may be set before its last wait is over"


@pytest.mark.parametrize("rotation", ROTATIONS, ids=str)
def test_rotating_kernels_need_no_barrier(rotation: Rotation) -> None:
    module = build_rotation(rotation)
    insert_sync(module, plan_memory(module))
    assert not [op for op in module.walk() if isinstance(op, BarrierOp)]


class Order:
    """Which operations of the first vector core of a trace are ordered before which."""

    def __init__(self, trace: Trace) -> None:
        core = next(core for core in trace.cores if core.kind == "vec")
        self.ops: dict[str, list[int]] = {}
        """Events by name of the operation, in issue order."""
        self._queue: dict[int, int] = {}
        self._known: dict[int, list[int]] = {}
        clocks, flags = Clocks(1), {}
        for event in range(core.events):
            record = trace.events[core.first_event + event]
            pipe, dst = int(record["pipe"]), int(record["dst_pipe"])
            flag = pipe, dst, int(record["event_id"])
            if record["kind"] == Kind.OP:
                self.ops.setdefault(trace.ops[record["op"]], []).append(event)
                self._queue[event] = queue_number(0, pipe)
                self._known[event] = list(clocks.rows[queue_number(0, pipe)])
            elif record["kind"] == Kind.SET_FLAG:
                flags[flag] = clocks.signal(0, pipe, event)
            elif record["kind"] == Kind.WAIT_FLAG:
                clocks.receive(0, dst, flags.pop(flag))
            else:
                clocks.drain(0, pipe, event)

    def is_before(self, first: int, second: int) -> bool:
        """Whether the first event is complete before the second starts."""
        return first < self._known[second][self._queue[first]]


@pytest.mark.parametrize("choice", ["window", "ladder", "ifs", "several"])
@pytest.mark.parametrize("slots", [2, 3])
def test_a_load_waits_for_the_store_of_its_own_slot_only(choice: str, slots: int, tmp_path: Path) -> None:
    order = Order(Traced(Rotation(slots, choice), tmp_path).trace(8))
    loads, stores = order.ops["TLOAD"], order.ops["TSTORE"]
    for number, load in enumerate(loads[slots:], slots):
        assert order.is_before(stores[number - slots], load)
        assert not order.is_before(stores[number - slots + 1], load)


@pytest.mark.parametrize("choice", ["window", "several"])
def test_work_on_a_slot_does_not_wait_for_the_load_of_the_next(choice: str, tmp_path: Path) -> None:
    order = Order(Traced(Rotation(3, choice, prefetch=True), tmp_path).trace(8))
    for number, work in enumerate(order.ops["TRELU"][:-1]):
        assert order.is_before(order.ops["TLOAD"][number], work)
        assert not order.is_before(order.ops["TLOAD"][number + 1], work)
    for number, load in enumerate(order.ops["TLOAD"][3:], 3):
        assert order.is_before(order.ops["TSTORE"][number - 3], load)
        assert not order.is_before(order.ops["TSTORE"][number - 2], load)


def test_the_first_loads_of_a_pipeline_do_not_wait_for_the_last_store_of_the_one_before(tmp_path: Path) -> None:
    order = Order(Traced(Rotation(3, outer=2), tmp_path).trace(6))
    assert not order.is_before(order.ops["TSTORE"][5], order.ops["TLOAD"][6])
