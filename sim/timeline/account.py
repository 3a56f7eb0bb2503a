"""Where the cycles of a block go: per queue, and per C++ line along the critical path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from isa.pipes import QUEUES, Pipe
from sim.timeline.times import Bar, Stall, Timeline


@dataclass(frozen=True)
class QueueAccount:
    """The cycles of one queue; together they are the cycles of the block."""

    core: str
    """Such as ``cube`` or ``vec0``."""
    pipe: Pipe
    operations: int
    busy: float
    drain: float
    """Barriers: those of the program, of PIPE_ALL too, and those inside the library's operations."""
    data: float
    """TPOP waited for another core's tile."""
    slot: float
    """TALLOC waited for a slot to be handed back."""
    flag: float
    """A flag of another pipe of the core."""
    idle: float
    """Nothing was issued: before the first operation, after the last one, or while the scalar unit was elsewhere."""

    @property
    def total(self) -> float:
        """Cycles of the block."""
        return self.busy + self.drain + self.data + self.slot + self.flag + self.idle


PIPE_ORDER = (Pipe.MTE2, Pipe.MTE1, Pipe.M, Pipe.V, Pipe.FIX, Pipe.MTE3)
"""As data passes through a core: how tables and pictures are sorted."""


def lanes(run: Timeline) -> list[tuple[int, Pipe]]:
    """Return (core, pipe) of every queue that runs an operation, cube first, as data passes through them."""
    used = {(bar.core, Pipe(bar.pipe)) for bar in run.bars}
    return sorted(used, key=lambda lane: (lane[0], PIPE_ORDER.index(lane[1])))


def queue_accounts(run: Timeline) -> list[QueueAccount]:
    """Return the account of every queue that runs an operation, in the order of `lanes`."""
    bars: dict[tuple[int, int], list[Bar]] = defaultdict(list)
    for bar in run.bars:
        bars[bar.core, bar.pipe].append(bar)
    return [_account(run, core, pipe, bars[core, pipe]) for core, pipe in lanes(run)]


def _account(run: Timeline, core: int, pipe: Pipe, bars: Sequence[Bar]) -> QueueAccount:
    waited: dict[Stall, float] = defaultdict(float)
    for bar in bars:
        waited[bar.stall] += bar.waited
    busy = sum(bar.busy for bar in bars)
    # Barriers on this pipe, then those of PIPE_ALL, which hold up the scalar unit, then those inside operations.
    drained = run.drained[core * QUEUES + pipe] + waited[Stall.DRAIN]
    drained += sum(bar.end - bar.start - bar.busy for bar in bars)
    data, slot, flag = (waited[stall] for stall in (Stall.DATA, Stall.SLOT, Stall.FLAG))
    return QueueAccount(
        core=core_name(run, core),
        pipe=pipe,
        operations=len(bars),
        busy=busy,
        drain=drained,
        data=data,
        slot=slot,
        flag=flag,
        idle=run.cycles - busy - drained - data - slot - flag,
    )


def core_name(run: Timeline, core: int) -> str:
    """Return the name of a core of the block: cube, vec0 or vec1."""
    described = run.program.cores[core]
    return described.kind if described.kind == "cube" else f"vec{described.subblock}"


def busiest(accounts: Sequence[QueueAccount]) -> QueueAccount:
    """Return the queue that leaves the least to gain elsewhere: most cycles at work or draining."""
    return max(accounts, key=lambda account: account.busy + account.drain)


def critical_path(run: Timeline) -> list[tuple[Bar, float]]:
    """Return the operations that the end of the block waits for, last first, each with the cycles that it holds it up.

    The cycles of an operation are those from its start to the start of the one after it on the path, so that they add
    up to the block's.
    """
    path = []
    number = max(range(len(run.bars)), key=lambda i: run.bars[i].done, default=-1)
    until = run.cycles
    while number >= 0:
        bar = run.bars[number]
        path.append((bar, until - bar.start))
        until = bar.start
        number = bar.cause
    return path


@dataclass(frozen=True)
class LineShare:
    """What one C++ line costs on the critical path."""

    line: int
    core: str
    pipe: Pipe
    name: str
    cycles: float
    operations: int


def line_shares(run: Timeline, most: int = 10) -> list[LineShare]:
    """Return the `most` C++ lines on which the critical path spends most, dearest first."""
    cycles: dict[tuple[int, int, int], float] = defaultdict(float)
    names: dict[tuple[int, int, int], str] = {}
    counts: dict[tuple[int, int, int], int] = defaultdict(int)
    for bar, share in critical_path(run):
        key = run.program.lines[bar.core][bar.position], bar.core, bar.pipe
        cycles[key] += share
        counts[key] += 1
        names[key] = run.program.names[bar.core][bar.position]
    first = sorted(cycles, key=lambda key: (-cycles[key], key))[:most]
    return [
        LineShare(key[0], core_name(run, key[1]), Pipe(key[2]), names[key], cycles[key], counts[key]) for key in first
    ]
