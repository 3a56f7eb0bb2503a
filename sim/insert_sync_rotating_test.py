"""Tiles that take turns: what runs is in order, and no more is ordered than the slots demand."""

from pathlib import Path

import numpy as np
import pytest

from isa.pipes import Kind
from ptodsl.dialect import BarrierOp
from ptodsl.examples.host_run import host_kernel
from sim.happens_before import Clocks, queue_number
from sim.hazards import judge
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.rotating_modules import COLS, ENTRY, ROTATIONS, ROWS, Rotation, build_rotation
from tools.ptoas.plan_memory import plan_memory
from tracing.file import read_trace
from tracing.format import Trace

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
