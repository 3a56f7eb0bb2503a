"""When each operation of a block runs: the walk of isa.sync with times for signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from isa.costs import ISSUE_CYCLES, SIGNAL_CYCLES
from isa.pipes import QUEUES, Kind, Pipe
from isa.sync import Visitor, Walk
from sim.timeline.program import Cost, TimedProgram


@dataclass(frozen=True)
class Scale:
    """What other cores do to a core's costs: a factor on the cube's GM traffic, and one on everything."""

    contention: float = 1.0
    slowdown: float = 1.0


class Stall(Enum):
    """Why a queue began an operation later than it could have."""

    DATA = "data"
    """TPOP waited for another core's tile."""
    SLOT = "slot"
    """TALLOC waited for a slot to be handed back."""
    FLAG = "flag"
    """A flag of another pipe of the core."""
    DRAIN = "drain"
    """A barrier, in the program or inside an operation of the library."""
    ISSUE = "issue"
    """Nothing but its turn: the scalar unit had not come to it."""


class Stamp(NamedTuple):
    """A signal: when it is there, and the number of the bar that it waited for, -1 for none."""

    time: float
    cause: int


@dataclass(slots=True)
class Bar:
    """One operation on its queue; times in cycles."""

    core: int
    pipe: int
    position: int
    start: float
    end: float
    """When the queue can begin the next one."""
    done: float
    """When its result is there."""
    busy: float
    """Cycles of the queue between start and end that are work; the others drain."""
    stall: Stall
    waited: float
    """Cycles between the end of the queue's bar before, or of its drain, and the start."""
    cause: int
    """Number of the bar that the start waited for; -1 at the beginning."""


class Arrival(NamedTuple):
    """A TPOP or TALLOC has got its slot."""

    core: int
    position: int
    kind: int
    time: float
    cause: int
    """Number of the bar that the signal waited for; -1 for none."""


class Deadlock(ValueError):
    """The block never ends; the message says who waits for what."""


class Timeline:
    """The bars of a block in the order of their issue per core, and when it ends."""

    def __init__(self, program: TimedProgram, times: _Times) -> None:
        self.program = program
        self.bars: Sequence[Bar] = times.bars
        self.arrivals: Sequence[Arrival] = times.arrivals
        self.cycles = times.end
        self.drained: Sequence[float] = times.drained
        """Cycles that barriers of the program cost, per core and queue: index core * QUEUES + pipe."""


def timeline(program: TimedProgram, scale: Scale | None = None) -> Timeline:
    """Return when the operations of `program` run.

    Raises:
        Deadlock: its cores wait for signals that never come.
    """
    times = _Times(program, scale or Scale())
    walk = Walk(program.streams, program.rings, times)
    if not walk.run():
        stuck = next(c for c, at in enumerate(walk.next) if at < len(program.streams[c]))
        fifo, number, missing = walk.missing(stuck)
        who = ", ".join(program.cores[core].name for core in missing) or "nobody: that side is not used"
        raise Deadlock(
            f"{program.cores[stuck].name} waits for ever: signal {number} of FIFO {fifo} never comes from {who}"
        )
    return Timeline(program, times)


class _Times(Visitor[Stamp]):
    """Per queue: when it is free, until when it is held back, when all of its results are there."""

    def __init__(self, program: TimedProgram, scale: Scale) -> None:
        lanes = len(program.cores) * QUEUES
        self._costs, self._scale = program.costs, scale
        self._parts: dict[int, tuple[tuple[float, float, bool], ...]] = {}
        self._free, self._done = [0.0] * lanes, [0.0] * lanes
        self._held = [Stamp(0.0, -1)] * lanes
        self._last = [-1] * lanes
        """The bar that a queue's results wait for: the latest of them."""
        self._scalar = [Stamp(0.0, -1)] * len(program.cores)
        self._scalar_stall = [Stall.ISSUE] * len(program.cores)
        self.bars: list[Bar] = []
        self.arrivals: list[Arrival] = []
        self.drained = [0.0] * lanes

    @property
    def end(self) -> float:
        # The scalar unit, too: a block may end with its wait.
        return max(*self._done, *(stamp.time for stamp in self._scalar))

    def op(self, core: int, position: int, pipe: int) -> None:
        cost = self._costs[core][position]
        if not cost.parts:
            return
        lane = core * QUEUES + pipe
        free, held, scalar = self._free[lane], self._held[lane], self._scalar[core]
        # The latest of three: the queue's own turn, the flag that holds it back, the scalar unit's coming here.
        start, stall, cause = free, Stall.ISSUE, self._last[lane]
        if held.time > start:
            start, stall, cause = held.time, Stall.FLAG, held.cause
        if scalar.time > start:
            start, stall, cause = scalar.time, self._scalar_stall[core], scalar.cause
        time, busy, done = start, 0.0, self._done[lane]
        own = start
        for occupancy, tail, drains in self._scaled(cost):
            time += occupancy
            busy += occupancy
            # Tails overlap: the last instruction need not be the last to have its result.
            own = max(own, time + tail)
            done = max(done, own)
            if drains:
                # A drain inside an operation waits for all results of its queue, also of the operations before.
                time = max(time, done) + ISSUE_CYCLES
                own = done = max(done, time)
        # An earlier operation with a longer tail remains what the results wait for.
        if done > self._done[lane]:
            self._done[lane], self._last[lane] = done, len(self.bars)
        self._free[lane] = time
        self.bars.append(Bar(core, pipe, position, start, time, own, busy, stall, start - free, cause))

    def _scaled(self, cost: Cost) -> tuple[tuple[float, float, bool], ...]:
        # By identity: equal operations share one Cost, and the program keeps it alive.
        parts = self._parts.get(id(cost))
        if parts is None:
            factor = self._scale.slowdown * (self._scale.contention if cost.shared else 1.0)
            parts = tuple((part.occupancy * factor, part.tail * factor, part.drains) for part in cost.parts)
            self._parts[id(cost)] = parts
        return parts

    def signal(self, core: int, position: int, pipe: int) -> Stamp:
        self._issue(core)
        scalar = self._scalar[core]
        if pipe == Pipe.S:
            return scalar
        lane = core * QUEUES + pipe
        # A signal carries what its pipe has waited for, even if nothing was issued to it since.
        return max(Stamp(self._done[lane], self._last[lane]), self._held[lane], scalar, key=_time)

    def receive(self, core: int, position: int, pipe: int, signal: Stamp) -> None:
        self._issue(core)
        if pipe == Pipe.S:
            self._block(core, signal, Stall.FLAG)
        else:
            lane = core * QUEUES + pipe
            # Only this queue waits: the scalar unit goes on and issues to the others.
            self._held[lane] = max(self._held[lane], signal, key=_time)

    def arrive(self, core: int, position: int, kind: int, signals: Sequence[Stamp]) -> None:
        latency = SIGNAL_CYCLES * self._scale.slowdown
        latest = max(signals, key=_time)
        self._block(core, Stamp(latest.time + latency, latest.cause), Stall.DATA if kind == Kind.TPOP else Stall.SLOT)
        self.arrivals.append(Arrival(core, position, kind, self._scalar[core].time, latest.cause))

    def drain(self, core: int, position: int, pipe: int) -> None:
        self._issue(core)
        lanes = range(core * QUEUES, (core + 1) * QUEUES)
        if pipe == Pipe.ALL:
            stamps = [max(Stamp(self._done[lane], self._last[lane]), self._held[lane], key=_time) for lane in lanes]
            self._block(core, max(stamps, key=_time), Stall.DRAIN)
            return
        lane = core * QUEUES + pipe
        # Else no tail is left to wait for.
        if self._done[lane] > self._free[lane]:
            self.drained[lane] += self._done[lane] + ISSUE_CYCLES - self._free[lane]
            self._free[lane] = self._done[lane] + ISSUE_CYCLES

    def _issue(self, core: int) -> None:
        stamp = self._scalar[core]
        self._scalar[core] = Stamp(stamp.time + ISSUE_CYCLES, stamp.cause)

    def _block(self, core: int, stamp: Stamp, stall: Stall) -> None:
        if stamp.time > self._scalar[core].time:
            self._scalar[core], self._scalar_stall[core] = stamp, stall


def _time(stamp: Stamp) -> float:
    return stamp.time
