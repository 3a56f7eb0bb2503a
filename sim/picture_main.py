"""Draws how flags, barriers and FIFO signals order a Flash Attention kernel: the picture of docs/synchronisation.md.

`tools/bazel run //sim:picture -- --output=docs/synchronisation.svg`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from absl import flags
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cli.files import user_path, write_file
from cli.program import run
from flash_atten.config import S0, LaunchShape
from flash_atten.described import attention_of
from isa.pipes import Pipe
from kernels.library import KernelError, LibraryError
from sim.figures import picture, picture_file
from sim.record import TRACE_SUFFIX, TraceLibrary
from sim.schedule import Arrow, Lane, Schedule, schedule

_SO = flags.DEFINE_string("so", None, "Trace library (NAME.trace.so); default: S1_TILE 256, QK_PRELOAD 3, unpatched.")
_TILES = flags.DEFINE_integer("tiles", 8, "Tiles of S1.", lower_bound=1)
_FIRST = flags.DEFINE_integer("first", 62, "First unit of time to show.", lower_bound=0)
_LAST = flags.DEFINE_integer("last", 124, "Last unit of time to show.", lower_bound=1)
_OUTPUT = flags.DEFINE_string("output", None, "The picture to write: .svg or .png.", required=True)

DEFAULT_LIBRARY = Path(__file__).parent / f"fa_s1tile256_unpatched{TRACE_SUFFIX}"
LANES: list[Lane] = [
    (0, Pipe.MTE2),
    (0, Pipe.MTE1),
    (0, Pipe.M),
    (0, Pipe.FIX),
    (1, Pipe.MTE2),
    (1, Pipe.V),
    (1, Pipe.MTE3),
]
"""Of the cube core and the first vector core, from top to bottom."""
COLOURS = {Pipe.MTE2: "#4c78a8", Pipe.MTE1: "#72b7b2", Pipe.M: "#e45756", Pipe.FIX: "#b279a2"}
COLOURS |= {Pipe.V: "#f58518", Pipe.MTE3: "#54a24b"}
FLAG_COLOUR, C2V_COLOUR, V2C_COLOUR = "#888888", "#b279a2", "#54a24b"
BAR_HEIGHT = 0.62
FIGURE_INCHES = 20, 9
NAME_POINTS = 7
"""Names stand upright in bars one unit wide: with these two they can be read, and fit."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    library: Path
    tiles: int
    first: int
    last: int
    output: Path


def options() -> Options:
    """Read the flags. Raises ValueError."""
    if _LAST.value <= _FIRST.value:
        raise ValueError(f"--last={_LAST.value} must be greater than --first={_FIRST.value}")
    library = user_path(_SO.value) if _SO.value else DEFAULT_LIBRARY
    output = picture_file("output", _OUTPUT.value, [library])
    return Options(library, _TILES.value, _FIRST.value, _LAST.value, output)


def draw(plan: Schedule, title: str, first: int, last: int) -> Figure:
    """Draw units `first` to `last` of `plan`, one lane per pipe."""
    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    for bar in plan.bars:
        if bar.lane in LANES and first <= bar.start < last:
            _draw_bar(axes, bar.lane, bar.start, bar.op)
    for lane, time in plan.barriers:
        if lane in LANES and first <= time <= last:
            centre = LANES.index(lane)
            axes.plot([time, time], [centre - 0.45, centre + 0.45], color="black", linewidth=2)
    for arrow in plan.arrows:
        if arrow.source in LANES and arrow.target in LANES and first <= arrow.sent and arrow.received <= last:
            _draw_arrow(axes, arrow)
    axes.set_yticks(range(len(LANES)), [f"{'cube' if core == 0 else 'vec0'} {pipe.name}" for core, pipe in LANES])
    axes.set_xlim(first, last)
    axes.set_ylim(len(LANES) - 0.4, -0.6)
    # Below the four lanes of the cube core.
    axes.axhline(3.5, color="black", linewidth=0.8)
    axes.set_xlabel("units: every operation takes one, so lengths say nothing about time")
    axes.set_title(title)
    return figure


def _draw_bar(axes: Axes, lane: Lane, start: int, op: str) -> None:
    centre = LANES.index(lane)
    axes.barh(centre, 1, left=start, height=BAR_HEIGHT, color=COLOURS[lane[1]], edgecolor="white", linewidth=0.5)
    name = op.removeprefix("T").replace("ROWEXPAND", "REXP ").replace("MATMUL", "MM")
    axes.text(start + 0.5, centre, name, rotation=90, ha="center", va="center", fontsize=NAME_POINTS, color="white")


def _draw_arrow(axes: Axes, arrow: Arrow) -> None:
    colour = {"flag": FLAG_COLOUR, "c2v": C2V_COLOUR, "v2c": V2C_COLOUR}[arrow.label]
    width = 0.6 if arrow.label == "flag" else 1.6
    begin, end = LANES.index(arrow.source), LANES.index(arrow.target)
    # From the edge of one bar to the edge of the other that faces it.
    side = BAR_HEIGHT / 2 if begin < end else -BAR_HEIGHT / 2
    axes.annotate(
        "",
        xy=(arrow.received, end - side),
        xytext=(arrow.sent, begin + side),
        arrowprops={"arrowstyle": "->", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0},
    )


def work(chosen: Options) -> int:
    """Trace, schedule, draw. Return the exit code."""
    library = TraceLibrary(chosen.library)
    kernel = attention_of(library.kernel)
    trial = kernel.trial(LaunchShape(S0, chosen.tiles * kernel.config.part_rows))
    trace = library.record_trial(trial)[0].trace
    plan = schedule(trace, 0, lambda core: core.subblock == 0)
    title = f"Flash Attention, {kernel.config.title}: flags (grey), barriers (black), FIFO signals (thick) of one block"
    figure = draw(plan, title, chosen.first, chosen.last)
    write_file(chosen.output, picture(figure, chosen.output.suffix))
    print(f"{chosen.output}: {len(plan.bars)} operations, {len(plan.arrows)} signals")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(ValueError, OSError, LibraryError))
