"""A timeline in the trace event format that Perfetto (ui.perfetto.dev) and chrome://tracing read.

Cores are processes, pipes are threads, FIFO hand-overs are flow arrows. A cycle is shown as CLOCK_GHZ says, in
microseconds.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isa.costs import CLOCK_GHZ
from isa.pipes import Kind, Pipe
from sim.timeline.account import core_name
from sim.timeline.origins import Origin
from sim.timeline.stages import Label
from sim.timeline.times import Bar, Timeline

CYCLES_PER_US = CLOCK_GHZ * 1e3

MADE_BY = "ascend_fa timeline"
"""By which a file of ours is known."""

Event = dict[str, Any]


def perfetto_json(run: Timeline, labels: Sequence[Label | None], origins: Mapping[int, Origin]) -> str:
    """Return the whole timeline as JSON text; `labels` is one per bar."""
    events = [*_names(run), *_slices(run, labels, origins), *_flows(run)]
    # What it is stands first, so that the file is known again by its head.
    return json.dumps(
        {"otherData": {"made_by": MADE_BY, "predicted": True}, "displayTimeUnit": "ns", "traceEvents": events}
    )


def _names(run: Timeline) -> Iterator[Event]:
    for core in range(len(run.program.cores)):
        yield {"ph": "M", "name": "process_name", "pid": core, "args": {"name": core_name(run, core)}}
        for pipe in sorted({bar.pipe for bar in run.bars if bar.core == core}):
            yield {"ph": "M", "name": "thread_name", "pid": core, "tid": pipe, "args": {"name": Pipe(pipe).name}}


def _slices(run: Timeline, labels: Sequence[Label | None], origins: Mapping[int, Origin]) -> Iterator[Event]:
    for bar, label in zip(run.bars, labels, strict=True):
        line = run.program.lines[bar.core][bar.position]
        arguments: Event = {
            "C++ line": line,
            "cycles": round(bar.end - bar.start, 1),
            "result after": round(bar.done - bar.start, 1),
        }
        if line in origins:
            arguments["Python"] = str(origins[line])
        if bar.waited > 0:
            arguments[f"waited for {bar.stall.value}"] = round(bar.waited, 1)
        name = run.program.names[bar.core][bar.position]
        yield {
            "ph": "X",
            "name": f"{name} {label.tile}" if label else name,
            "cat": label.stage if label else "other",
            "pid": bar.core,
            "tid": bar.pipe,
            "ts": bar.start / CYCLES_PER_US,
            "dur": (bar.end - bar.start) / CYCLES_PER_US,
            "args": arguments,
        }


def _flows(run: Timeline) -> Iterator[Event]:
    """An arrow from the operation that a TPOP waited for to the first one that is issued after the TPOP."""
    after: dict[int, list[Bar]] = defaultdict(list)
    for bar in run.bars:
        after[bar.core].append(bar)
    positions = {core: [bar.position for bar in bars] for core, bars in after.items()}
    for number, arrival in enumerate(run.arrivals):
        bars = after[arrival.core]
        index = bisect_right(positions.get(arrival.core, []), arrival.position)
        if arrival.kind != Kind.TPOP or arrival.cause < 0 or index == len(bars):
            continue
        source, target = run.bars[arrival.cause], bars[index]
        common = {"cat": "fifo", "name": "hand-over", "id": number}
        yield {**common, "ph": "s", "pid": source.core, "tid": source.pipe, "ts": source.start / CYCLES_PER_US}
        yield {
            **common,
            "ph": "f",
            "bp": "e",
            "pid": target.core,
            "tid": target.pipe,
            "ts": target.start / CYCLES_PER_US,
        }
