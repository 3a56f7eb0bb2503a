"""One page that links a kernel's Python, MLIR, C++, its barrier report and its predicted timeline."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.timeline_report import Analysis, View, verdict
from flash_atten.stage_names import STAGES
from isa.pipes import Pipe
from sim.timeline.account import core_name, lanes
from sim.timeline.origins import Origin
from sim.timeline.plot import COLOURS, OTHER_COLOUR, legend, steady_window, waits
from sim.timeline.stages import Label
from sim.timeline.times import Bar

FOLDER = Path(__file__).parent

WINDOWS = 2
"""Windows of the picture's width that the page shows: it can be scrolled."""

PIXELS_PER_CYCLE = 0.16
LANE_HEIGHT, BAR_HEIGHT, WAIT_HEIGHT, NAMES_WIDTH = 30, 22, 6, 82
NUMBER_WIDTH = 22
"""Pixels of a bar from which on its tile's number fits."""

TITLE_END = " explained</title>"
"""By which a page of ours is known."""

HINT = "Hover a bar to see its lines. Click a bar, or a line of Python, C++ or MLIR, to see all that comes from it."


@dataclass(frozen=True)
class Sources:
    """The texts of a kernel."""

    cpp: str
    mlir: str
    python: Mapping[str, str]
    """By file, relative to the workspace: those that the origins name."""
    removed: frozenset[int]
    """C++ lines whose barrier the patcher removed."""
    kept: Mapping[int, str]
    """C++ lines whose barrier it looked at and kept, and why."""

    @classmethod
    def read(cls, base: Path, workspace: Path, origins: Mapping[int, Origin]) -> Sources:
        """Read NAME.cpp, NAME.mlir and NAME.barriers.json of the target `base`. Raises OSError or ValueError."""
        report = json.loads(_beside(base, ".barriers.json"))
        files = sorted({origin.file for origin in origins.values() if origin.file})
        return cls(
            cpp=_beside(base, ".cpp"),
            mlir=_beside(base, ".mlir"),
            python={
                file: (workspace / file).read_text(encoding="utf-8") for file in files if (workspace / file).is_file()
            },
            removed=frozenset(int(entry["line"]) for entry in report["removed"]),
            kept={int(entry["line"]): str(entry["reason"]) for entry in report["kept"]},
        )


def _beside(base: Path, suffix: str) -> str:
    return base.with_name(base.name + suffix).read_text(encoding="utf-8")


def page(analysis: Analysis, sources: Sources) -> str:
    """Return the whole page as HTML; it needs no file beside it and no network."""
    view, origins = analysis.views[0], analysis.kernel.origins
    links = [
        [cpp, origin.mlir, f"{origin.file}:{origin.line}" if origin.file else ""] for cpp, origin in origins.items()
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(analysis.kernel.name)}{TITLE_END}"
        f"<style>{(FOLDER / 'explain.css').read_text(encoding='utf-8')}</style></head><body>"
        f"<h1>{html.escape(analysis.kernel.name)}: where the cycles go (predicted)</h1>"
        f"<p>{html.escape(verdict(analysis))}</p>"
        f"<p>{html.escape(analysis.title)}</p>{_legend()}"
        f'<div class="lanes">{_timeline(view, origins)}</div><p id="what">{HINT}</p>'
        f'<div class="panes">{_panes(sources, origins)}</div>'
        f'<script type="application/json" id="links">{json.dumps(links)}</script>'
        f"<script>{(FOLDER / 'explain.js').read_text(encoding='utf-8')}</script></body></html>\n"
    )


def _legend() -> str:
    keys = "".join(f'<span><i style="background:{colour}"></i>{name}</span>' for name, colour in legend(STAGES))
    return f'<div class="key">{keys}</div>'


def _timeline(view: View, origins: Mapping[int, Origin]) -> str:
    run = view.run
    first, last = steady_window(run)
    last = min(run.cycles, first + WINDOWS * (last - first))
    rows: dict[tuple[int, int], int] = {lane: row for row, lane in enumerate(lanes(run))}
    height = len(rows) * LANE_HEIGHT + 4
    # The names stand outside of what is scrolled.
    names = "".join(
        f'<text x="4" y="{row * LANE_HEIGHT + 20}">{core_name(run, core)} {Pipe(pipe).name}</text>'
        for (core, pipe), row in rows.items()
    )
    parts = [
        f'<svg class="names" width="{NAMES_WIDTH}" height="{height}">{names}</svg><div id="timeline">'
        f'<svg width="{(last - first) * PIXELS_PER_CYCLE:.0f}" height="{height}">'
    ]
    ends: dict[tuple[int, int], float] = {}
    for bar, label in zip(run.bars, view.labels, strict=True):
        lane = bar.core, bar.pipe
        if bar.end > first and bar.start < last:
            parts.append(_bar(view, bar, label, origins, rows[lane], ends.get(lane, 0.0), (first, last)))
        # Before the window, too: what the first bar in it waited for begins there.
        ends[lane] = bar.end
    return "".join(parts) + "</svg></div>"


def _bar(
    view: View,
    bar: Bar,
    label: Label | None,
    origins: Mapping[int, Origin],
    row: int,
    end_before: float,
    window: tuple[float, float],
) -> str:
    """Return the rectangles of an operation and of what stands before it on its queue."""
    line = view.run.program.lines[bar.core][bar.position]
    name = view.run.program.names[bar.core][bar.position]
    colour = dict(zip(STAGES, COLOURS, strict=True)).get(label.stage, OTHER_COLOUR) if label else OTHER_COLOUR
    parts = [_rect(row, begin, until, WAIT_HEIGHT, shade, window) for begin, until, shade in waits(bar, end_before)]
    tile = f", {label.stage} of tile {label.tile}" if label else ""
    waited = f"; waited {bar.waited:,.0f} for {bar.stall.value}" if bar.waited >= 1 else ""
    title = (
        f"{name}{tile}: {bar.busy:,.0f} cycles from {bar.start:,.0f}, result after {bar.done - bar.start:,.0f}{waited}"
        f". C++ line {line}, {origins.get(line, 'origin unknown')}"
    )
    attributes = f'class="bar" data-k="c{line}"'
    parts.append(_rect(row, bar.start, bar.start + bar.busy, BAR_HEIGHT, colour, window, attributes, title))
    start, end = ((time - window[0]) * PIXELS_PER_CYCLE for time in (bar.start, bar.start + bar.busy))
    if label and start >= 0 and end - start >= NUMBER_WIDTH:
        y = row * LANE_HEIGHT + LANE_HEIGHT / 2 + 4
        parts.append(f'<text class="tile" x="{(start + end) / 2:.1f}" y="{y:.1f}">{label.tile}</text>')
    return "".join(parts)


def _rect(
    row: int,
    start: float,
    end: float,
    height: int,
    colour: str,
    window: tuple[float, float],
    attributes: str = "",
    title: str = "",
) -> str:
    start, end = max(start, window[0]), min(end, window[1])
    # In cycles: less than a tenth of a pixel.
    if end - start < 0.5:
        return ""
    x, width = (start - window[0]) * PIXELS_PER_CYCLE, (end - start) * PIXELS_PER_CYCLE
    y = row * LANE_HEIGHT + (LANE_HEIGHT - height) / 2
    inside = f"<title>{html.escape(title)}</title>" if title else ""
    return (
        f'<rect {attributes} x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{height}" fill="{colour}">'
        f"{inside}</rect>"
    )


def _panes(sources: Sources, origins: Mapping[int, Origin]) -> str:
    python = {f"{origin.file}:{origin.line}" for origin in origins.values()}
    mlir = {origin.mlir for origin in origins.values()}
    files: list[str] = []
    for file, text in sources.python.items():
        files.append(f'<div class="file">{html.escape(file)}</div>')
        files += _lines(text, {n: f"p{file}:{n}" for n in range(1, text.count("\n") + 2) if f"{file}:{n}" in python})
    barriers = {line: 'class="removed" ' for line in sources.removed}
    barriers |= {line: f'class="kept" data-why="{html.escape(why)}" ' for line, why in sources.kept.items()}
    panes = {
        "Python": files,
        "C++": _lines(sources.cpp, {line: f"c{line}" for line in origins}, barriers),
        "MLIR": _lines(sources.mlir, {line: f"m{line}" for line in mlir}),
    }
    return "".join(
        f'<div class="pane"><h2>{name}</h2><div class="code">{"".join(lines)}</div></div>'
        for name, lines in panes.items()
    )


def _lines(text: str, keys: Mapping[int, str], extra: Mapping[int, str] | None = None) -> Sequence[str]:
    """Return the lines of a text; those with a key can be picked."""
    rows: list[str] = []
    for number, line in enumerate(_split(text), 1):
        key = f'data-k="{html.escape(keys[number])}"' if number in keys else ""
        rows.append(f"<div {(extra or {}).get(number, '')}{key}><b>{number}</b>{html.escape(line)}</div>")
    return rows


def _split(text: str) -> Iterable[str]:
    return text.rstrip("\n").split("\n")
