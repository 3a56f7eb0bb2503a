"""The earliest start of every operation of a block that its queues, flags and FIFO signals allow: for pictures.

Every operation takes one unit, so this shows order and not time; `sim.timeline` has times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from isa.pipes import QUEUES, Kind, Pipe
from isa.sync import Visitor, Walk
from tracing.format import Core, Trace, blocks_of
from tracing.streams import rings_of, stream_of

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
    """What the cores of a block do, with the barriers as (lane, time); one on all pipes stands on lane S."""

    cores: tuple[Core, ...]
    bars: tuple[Bar, ...]
    arrows: tuple[Arrow, ...]
    barriers: tuple[tuple[Lane, int], ...]


class _Signal(NamedTuple):
    source: Lane
    sent: int


class _Scheduler(Visitor[_Signal]):
    def __init__(self, trace: Trace, cores: Sequence[Core]) -> None:
        self._trace = trace
        self._events = [trace.core_events(core) for core in cores]
        self._directions = {fifo.id: fifo.direction for fifo in trace.fifos}
        self._free = [0] * (len(cores) * QUEUES)
        """When each queue has done what was issued to it, or is let go on."""
        self._scalar = [0] * len(cores)
        self.bars: list[Bar] = []
        self.arrows: list[Arrow] = []
        self.barriers: list[tuple[Lane, int]] = []

    def _ready(self, lane: Lane) -> int:
        core, pipe = lane
        return self._scalar[core] if pipe == Pipe.S else max(self._free[core * QUEUES + pipe], self._scalar[core])

    def op(self, core: int, position: int, pipe: int) -> None:
        event = self._events[core][position]
        # Such as TRESHAPE, which moves and computes nothing.
        if not event["n_access"]:
            return
        lane = core, Pipe(pipe)
        start = self._ready(lane)
        self.bars.append(Bar(lane, start, self._trace.ops[int(event["op"])], int(event["line"])))
        if pipe == Pipe.S:
            self._scalar[core] = start + 1
        else:
            self._free[core * QUEUES + pipe] = start + 1

    def signal(self, core: int, position: int, pipe: int) -> _Signal:
        lane = core, Pipe(pipe)
        return _Signal(lane, self._ready(lane))

    def receive(self, core: int, position: int, pipe: int, signal: _Signal) -> None:
        lane = core, Pipe(pipe)
        if pipe == Pipe.S:
            self._scalar[core] = max(self._scalar[core], signal.sent)
        else:
            queue = core * QUEUES + pipe
            self._free[queue] = max(self._free[queue], signal.sent)
        self.arrows.append(Arrow(*signal, lane, max(signal.sent, self._ready(lane)), "flag"))

    def arrive(self, core: int, position: int, kind: int, signals: Sequence[_Signal]) -> None:
        self._scalar[core] = max(self._scalar[core], *(signal.sent for signal in signals))
        if kind == Kind.TPOP:
            target = core, Pipe.MTE2
            direction = self._directions[int(self._events[core]["fifo"][position])]
            self.arrows += [
                Arrow(*signal, target, max(signal.sent, self._ready(target)), direction) for signal in signals
            ]

    def drain(self, core: int, position: int, pipe: int) -> None:
        if pipe == Pipe.ALL:
            lanes = [(core, Pipe(number)) for number in range(QUEUES)]
            self._scalar[core] = max(map(self._ready, lanes))
            self.barriers.append(((core, Pipe.S), self._scalar[core]))
        else:
            lane = core, Pipe(pipe)
            # Only drawn: an operation is done one unit after its start, which its pipe waits for anyway.
            self.barriers.append((lane, self._ready(lane)))


def schedule(trace: Trace, block: int, wanted: Callable[[Core], bool] = lambda core: True) -> Schedule:
    """Return the schedule of the cores of `block`, without the bars and arrows of cores that are not `wanted`."""
    cores = blocks_of(trace)[block]
    full = _Scheduler(trace, cores)
    Walk([stream_of(trace.core_events(core)) for core in cores], rings_of(trace.fifos, cores), full).run()
    shown = {number for number, core in enumerate(cores) if wanted(core)}
    return Schedule(
        tuple(cores),
        tuple(bar for bar in full.bars if bar.lane[0] in shown),
        tuple(arrow for arrow in full.arrows if arrow.source[0] in shown and arrow.target[0] in shown),
        tuple(barrier for barrier in full.barriers if barrier[0][0] in shown),
    )
