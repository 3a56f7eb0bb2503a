"""A timeline in the trace event format, JSON that Perfetto (ui.perfetto.dev) and chrome://tracing read.

A cycle is shown as CLOCK_GHZ says, in microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sim.timeline.origins import Origin
from sim.timeline.perfetto import CYCLES_PER_US, MADE_BY, Arrow, Slice, arrows, slices, tracks
from sim.timeline.stages import Label
from sim.timeline.times import Timeline

Event = dict[str, Any]


def perfetto_json(run: Timeline, labels: Sequence[Label | None], origins: Mapping[int, Origin]) -> str:
    """Return the whole timeline as JSON text; `labels` is one per bar."""
    shown = list(slices(run, labels, origins))
    events = [*_names(run), *map(_slice, shown), *_arrows(arrows(run), shown)]
    # What it is stands first, so that the file is known again by its head.
    return json.dumps(
        {"otherData": {"made_by": MADE_BY, "predicted": True}, "displayTimeUnit": "ns", "traceEvents": events}
    )


def _names(run: Timeline) -> Iterator[Event]:
    for core, pipes in tracks(run):
        # All tracks of a core name the same process; a core that runs nothing has none, and is not shown.
        for track in pipes[:1]:
            yield {"ph": "M", "name": "process_name", "pid": track.process, "args": {"name": core}}
        for track in pipes:
            yield {
                "ph": "M",
                "name": "thread_name",
                "pid": track.process,
                "tid": track.thread,
                "args": {"name": track.name},
            }


def _slice(shown: Slice) -> Event:
    return {
        "ph": "X",
        "name": shown.name,
        "cat": shown.category,
        "pid": shown.track.process,
        "tid": shown.track.thread,
        "ts": shown.start / CYCLES_PER_US,
        "dur": (shown.end - shown.start) / CYCLES_PER_US,
        "args": shown.arguments,
    }


def _arrows(found: Iterable[Arrow], shown: Sequence[Slice]) -> Iterator[Event]:
    for arrow in found:
        yield {"ph": "s", **_end_of_arrow(arrow, shown[arrow.source])}
        # Without `bp` it would bind to the slice after that.
        yield {"ph": "f", "bp": "e", **_end_of_arrow(arrow, shown[arrow.target])}


def _end_of_arrow(arrow: Arrow, shown: Slice) -> Event:
    return {
        "cat": "fifo",
        "name": "hand-over",
        "id": arrow.number,
        "pid": shown.track.process,
        "tid": shown.track.thread,
        "ts": shown.start / CYCLES_PER_US,
    }
