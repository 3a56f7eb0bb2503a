"""A window of a timeline as a picture: stages in colours with tile numbers, what drains, and what is waited for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from isa.pipes import Kind
from sim.timeline.account import core_name, lanes
from sim.timeline.stages import Label
from sim.timeline.times import Bar, Stall, Timeline

TILES_SHOWN = 2.5
"""Tiles of the steady state that fit on a page so that numbers can be read."""

COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756")
"""Of the stages, in the order in which a tile passes through them: readable beside each other, and in grey."""

OTHER_COLOUR = "#9d9d9d"
DRAIN_COLOUR = "#222222"
STALL_COLOURS = {Stall.DATA: "#c9b5e8", Stall.SLOT: "#ffd37a", Stall.FLAG: "#dcdcdc", Stall.DRAIN: DRAIN_COLOUR}
WAITS = (Stall.DATA, Stall.SLOT, Stall.FLAG)
"""What a queue may wait for beside its own pipe."""
BAR_HEIGHT, WAIT_HEIGHT = 0.7, 0.24

Lane = tuple[int, int]


def steady_window(run: Timeline) -> tuple[float, float]:
    """Return (first, last) cycle of a window of TILES_SHOWN tiles in the middle of the block."""
    taken = [arrival.time for arrival in run.arrivals if arrival.core == 0 and arrival.kind == Kind.TPOP]
    if len(taken) < 2:
        return 0.0, run.cycles
    middle = len(taken) // 2
    per_tile = (taken[-1] - taken[0]) / (len(taken) - 1)
    return taken[middle], min(run.cycles, taken[middle] + TILES_SHOWN * per_tile)


def draw(run: Timeline, labels: Sequence[Label | None], stages: Sequence[str], title: str) -> Figure:
    """Draw the steady window of `run`, a lane per queue; `labels` is one per bar, `stages` the order of their
    colours.
    """
    first, last = steady_window(run)
    rows = lanes(run)
    figure = Figure(figsize=(16, 0.62 * len(rows) + 1.9), layout="constrained")
    axes = figure.add_subplot()
    # Not strict: of kernels other than attention each operation is a stage, and those beyond the colours are grey.
    colours = dict(zip(stages, COLOURS, strict=False))
    by_lane: dict[Lane, list[tuple[Bar, Label | None]]] = defaultdict(list)
    for bar, label in zip(run.bars, labels, strict=True):
        by_lane[bar.core, bar.pipe].append((bar, label))
    for row, lane in enumerate(rows):
        _draw_lane(axes, row, by_lane[lane], colours, (first, last))
    axes.set_yticks(range(len(rows)), [f"{core_name(run, core)} {pipe.name}" for core, pipe in rows])
    axes.set_xlim(first, last)
    # The first lane is on top.
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for row in range(1, len(rows)):
        if rows[row][0] != rows[row - 1][0]:
            axes.axhline(row - 0.5, color="black", linewidth=0.8)
    axes.set_xlabel("cycles since the block began (predicted)")
    axes.set_title(title, fontsize=11, loc="left")
    handles = [Patch(color=colour, label=name) for name, colour in legend(stages)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)
    return figure


def legend(stages: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, colour) of all that a timeline is drawn with: the stages in order, then what is between them."""
    named = [*zip(stages, COLOURS, strict=False), ("barrier drains", DRAIN_COLOUR)]
    return named + [(f"waits for {stall.value}", STALL_COLOURS[stall]) for stall in WAITS]


def waits(bar: Bar, end_before: float) -> list[tuple[float, float, str]]:
    """Return (start, end, colour) of what a queue does around `bar` but work; its bar before ended at `end_before`.

    An operation that drains inside is shown as busy first: where its barriers stand in it is the library's matter.
    """
    # What lies between the bar before and the wait, the queue has drained: see Bar.waited.
    ready = bar.start - bar.waited
    found = [(end_before, ready, DRAIN_COLOUR), (bar.start + bar.busy, bar.end, DRAIN_COLOUR)]
    if bar.stall in STALL_COLOURS:
        found.insert(1, (ready, bar.start, STALL_COLOURS[bar.stall]))
    return found


def _draw_lane(
    axes: Axes, row: int, bars: Iterable[tuple[Bar, Label | None]], colours: dict[str, str], window: tuple[float, float]
) -> None:
    first, last = window
    end = 0.0
    for bar, label in bars:
        if bar.end > first and bar.start < last:
            for begin, until, shade in waits(bar, end):
                _span(axes, row, begin, until, shade, WAIT_HEIGHT, window)
            colour = colours.get(label.stage, OTHER_COLOUR) if label else OTHER_COLOUR
            _span(axes, row, bar.start, bar.start + bar.busy, colour, BAR_HEIGHT, window)
            _number(axes, row, bar, label, window)
        end = bar.end


def _span(
    axes: Axes, row: int, start: float, end: float, colour: str, height: float, window: tuple[float, float]
) -> None:
    start, end = max(start, window[0]), min(end, window[1])
    if end > start:
        axes.barh(row, end - start, left=start, height=height, color=colour, edgecolor="white", linewidth=0.4)


def _number(axes: Axes, row: int, bar: Bar, label: Label | None, window: tuple[float, float]) -> None:
    """Write the tile's number where the bar is wide enough for it."""
    start, end = max(bar.start, window[0]), min(bar.start + bar.busy, window[1])
    if label and end - start > 0.012 * (window[1] - window[0]):
        axes.text((start + end) / 2, row, str(label.tile), ha="center", va="center", fontsize=8, color="white")
