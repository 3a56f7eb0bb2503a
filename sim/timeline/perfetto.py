"""What Perfetto (ui.perfetto.dev) is shown of a timeline, whatever the file's format.

Cores are processes, pipes are threads, FIFO hand-overs are arrows. `perfetto_json` and `perfetto_proto` write it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from isa.costs import CLOCK_GHZ
from isa.pipes import QUEUES, Kind, Pipe
from sim.timeline.account import core_name
from sim.timeline.origins import Origin
from sim.timeline.stages import Label
from sim.timeline.times import Bar, Timeline

CYCLES_PER_US = CLOCK_GHZ * 1e3

MADE_BY = "ascend_fa timeline"
"""By which a file of ours is known."""

PROTO_SUFFIX = ".perfetto-trace"
"""Of files of `perfetto_proto`; Perfetto's own tools call them so."""

_IDS_PER_CORE = 10
assert QUEUES < _IDS_PER_CORE


class Track(NamedTuple):
    """A pipe of a core. Perfetto takes number 0 for the idle process, so no number is 0; and none is there twice."""

    core: int
    pipe: int

    @property
    def process(self) -> int:
        """Number of the core."""
        return (self.core + 1) * _IDS_PER_CORE

    @property
    def thread(self) -> int:
        """Number of the pipe."""
        return self.process + 1 + self.pipe

    @property
    def name(self) -> str:
        """Name of the pipe."""
        return Pipe(self.pipe).name


class Slice(NamedTuple):
    """A bar on its track; times in cycles. Slices of a track follow one another."""

    track: Track
    name: str
    category: str
    """The stage of the kernel, or `other`."""
    start: float
    end: float
    arguments: Mapping[str, int | float | str]


class Arrow(NamedTuple):
    """From the operation that a TPOP waited for to the first one that is issued after the TPOP."""

    number: int
    source: int
    """Index of the slice where it begins."""
    target: int
    """Index of the slice where it ends."""


def tracks(run: Timeline) -> Iterator[tuple[str, Sequence[Track]]]:
    """Every core's name and its tracks."""
    for core in range(len(run.program.cores)):
        pipes = sorted({bar.pipe for bar in run.bars if bar.core == core})
        yield core_name(run, core), [Track(core, pipe) for pipe in pipes]


def slices(run: Timeline, labels: Sequence[Label | None], origins: Mapping[int, Origin]) -> Iterator[Slice]:
    """One slice per bar, in the order of the bars; so are the `labels`."""
    for bar, label in zip(run.bars, labels, strict=True):
        name = run.program.names[bar.core][bar.position]
        yield Slice(
            Track(bar.core, bar.pipe),
            f"{name} {label.tile}" if label else name,
            label.stage if label else "other",
            bar.start,
            bar.end,
            _arguments(bar, run.program.lines[bar.core][bar.position], origins),
        )


def _arguments(bar: Bar, line: int, origins: Mapping[int, Origin]) -> Mapping[str, int | float | str]:
    """Return what is told of a slice that is clicked."""
    arguments: dict[str, int | float | str] = {
        "C++ line": line,
        "cycles": round(bar.end - bar.start, 1),
        "result after": round(bar.done - bar.start, 1),
    }
    if line in origins:
        arguments["Python"] = str(origins[line])
    if bar.waited > 0:
        arguments[f"waited for {bar.stall.value}"] = round(bar.waited, 1)
    return arguments


def arrows(run: Timeline) -> Iterator[Arrow]:
    """One arrow per hand-over that was waited for."""
    issued: dict[int, list[int]] = defaultdict(list)
    for index, bar in enumerate(run.bars):
        issued[bar.core].append(index)
    positions = {core: [run.bars[index].position for index in indices] for core, indices in issued.items()}
    for number, arrival in enumerate(run.arrivals):
        # Bars stand in the order of issue, so the positions of a core ascend.
        after = bisect_right(positions.get(arrival.core, []), arrival.position)
        if arrival.kind == Kind.TPOP and arrival.cause >= 0 and after < len(issued[arrival.core]):
            yield Arrow(number, arrival.cause, issued[arrival.core][after])
