"""The earliest start of every operation of a block that its queues, flags and FIFO signals allow: for pictures.

Every operation takes one unit, so this shows order and not time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.trace import Core, Fifo, Kind, Pipe, Trace, blocks_of

Lane = tuple[int, Pipe]
"""Core number within the block, and pipe."""


@dataclass(frozen=True)
class Bar:
    """An operation on its lane, from `start` to `start + 1`."""

    lane: Lane
    start: int
    op: str
    line: int


@dataclass(frozen=True)
class Arrow:
    """A signal: sent when everything issued to `source` is complete, received before `target` goes on."""

    source: Lane
    sent: int
    target: Lane
    received: int
    label: str
    """``flag`` or the FIFO's direction."""


@dataclass(frozen=True)
class Schedule:
    """What the cores of a block do, with the barriers as (lane, time)."""

    cores: tuple[Core, ...]
    bars: tuple[Bar, ...]
    arrows: tuple[Arrow, ...]
    barriers: tuple[tuple[Lane, int], ...]


class _Scheduler:
    def __init__(self, trace: Trace, cores: Sequence[Core]) -> None:
        self.trace, self.cores = trace, cores
        self.fifos: dict[int, Fifo] = {fifo.id: fifo for fifo in trace.fifos}
        self.free: dict[Lane, int] = defaultdict(int)
        self.held: dict[Lane, int] = defaultdict(int)
        self.scalar = [0] * len(cores)
        self.flags: dict[tuple[Lane, Pipe, int], int] = {}
        self.signals: dict[tuple[Kind, int, int], list[tuple[Lane, int]]] = defaultdict(list)
        self.received: dict[tuple[Kind, int, int], int] = defaultdict(int)
        self.bars: list[Bar] = []
        self.arrows: list[Arrow] = []
        self.barriers: list[tuple[Lane, int]] = []

    def run(self) -> Schedule:
        todo = [self.trace.core_events(core) for core in self.cores]
        position = [0] * len(todo)
        progress = True
        while progress:
            progress = False
            for core, events in enumerate(todo):
                while position[core] < len(events) and self.step(core, events[position[core]]):
                    position[core] += 1
                    progress = True
        return Schedule(tuple(self.cores), tuple(self.bars), tuple(self.arrows), tuple(self.barriers))

    def ready(self, lane: Lane) -> int:
        return max(self.free[lane], self.held[lane], self.scalar[lane[0]])

    def step(self, core: int, event: np.void) -> bool:
        kind, lane = Kind(event["kind"]), (core, Pipe(event["pipe"]))
        if kind == Kind.OP:
            if event["n_access"]:
                start = self.ready(lane)
                self.bars.append(Bar(lane, start, self.trace.ops[int(event["op"])], int(event["line"])))
                self.free[lane] = start + 1
        elif kind == Kind.SET_FLAG:
            self.flags[lane, Pipe(event["dst_pipe"]), int(event["event_id"])] = self.ready(lane)
        elif kind == Kind.WAIT_FLAG:
            self.wait(lane, Pipe(event["dst_pipe"]), int(event["event_id"]))
        elif kind == Kind.BARRIER:
            if lane[1] != Pipe.ALL:
                self.barriers.append((lane, self.ready(lane)))
        else:
            return self.fifo(core, kind, lane, int(event["fifo"]))
        return True

    def wait(self, source: Lane, dst: Pipe, event_id: int) -> None:
        sent = self.flags.pop((source, dst, event_id), 0)
        target = (source[0], dst)
        received = max(sent, self.ready(target))
        self.held[target] = max(self.held[target], sent)
        self.arrows.append(Arrow(source, sent, target, received, "flag"))

    def fifo(self, core: int, kind: Kind, lane: Lane, number: int) -> bool:
        fifo = self.fifos[number]
        if kind in (Kind.TPUSH, Kind.TFREE):
            source = lane if kind == Kind.TPUSH else (core, Pipe.MTE2)
            self.signals[kind, number, core].append((source, self.ready(source)))
            return True
        awaited = Kind.TPUSH if kind == Kind.TPOP else Kind.TFREE
        index = self.received[kind, number, core] - (fifo.slots if kind == Kind.TALLOC else 0)
        if index >= 0:
            others = [i for i, other in enumerate(self.cores) if other.kind != self.cores[core].kind]
            sent = [self.signals[awaited, number, other] for other in others]
            if any(len(signals) <= index for signals in sent):
                return False
            self.scalar[core] = max(self.scalar[core], *(signals[index][1] for signals in sent))
            if kind == Kind.TPOP:
                self.arrows += [
                    Arrow(source, time, (core, Pipe.MTE2), max(time, self.ready((core, Pipe.MTE2))), fifo.direction)
                    for source, time in (signals[index] for signals in sent)
                ]
        self.received[kind, number, core] += 1
        return True


def schedule(trace: Trace, block: int, wanted: Callable[[Core], bool] = lambda core: True) -> Schedule:
    """Return the schedule of the cores of `block`, without the bars and arrows of cores that are not `wanted`."""
    cores = blocks_of(trace)[block]
    full = _Scheduler(trace, cores).run()
    shown = {number for number, core in enumerate(cores) if wanted(core)}
    return Schedule(
        full.cores,
        tuple(bar for bar in full.bars if bar.lane[0] in shown),
        tuple(arrow for arrow in full.arrows if arrow.source[0] in shown and arrow.target[0] in shown),
        tuple(barrier for barrier in full.barriers if barrier[0][0] in shown),
    )
