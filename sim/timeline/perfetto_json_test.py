"""The timeline's JSON against what the trace event format documents, on a made kernel."""

from __future__ import annotations

import itertools
import json
import math
from bisect import bisect_right
from collections import defaultdict
from typing import Any

import pytest

from sim.timeline.perfetto import CYCLES_PER_US
from sim.timeline.perfetto_json import perfetto_json
from sim.timeline.testing import program
from sim.timeline.times import Timeline, timeline

Event = dict[str, Any]

FIELDS = {
    "M": {"ph", "name", "pid", "args"},
    "X": {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"},
    "s": {"ph", "name", "cat", "id", "pid", "tid", "ts"},
    "f": {"ph", "bp", "name", "cat", "id", "pid", "tid", "ts"},
}
"""What each phase that we write must have; metadata of a thread names it, too."""


@pytest.fixture(scope="module")
def run() -> Timeline:
    return timeline(program(20))


@pytest.fixture(scope="module")
def events(run: Timeline) -> list[Event]:
    document = json.loads(perfetto_json(run, [None] * len(run.bars), {}), parse_constant=pytest.fail)
    assert document.keys() == {"traceEvents", "displayTimeUnit", "otherData"}
    assert document["displayTimeUnit"] == "ns"
    assert document["otherData"]["predicted"] is True
    found: list[Event] = document["traceEvents"]
    return found


def of(events: list[Event], phase: str) -> list[Event]:
    """Return the events of a phase; there must be some."""
    found = [event for event in events if event["ph"] == phase]
    assert found
    return found


def slices(events: list[Event]) -> dict[tuple[int, int], list[Event]]:
    """Return the complete events of each thread, in the order of the file."""
    found: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in of(events, "X"):
        found[event["pid"], event["tid"]].append(event)
    return found


def test_every_event_has_the_fields_of_its_phase_and_no_others(events: list[Event]) -> None:
    for event in events:
        optional = {"tid"} if event["ph"] == "M" else set()
        assert FIELDS[event["ph"]] <= event.keys() <= FIELDS[event["ph"]] | optional
        assert all(type(event[name]) is int for name in ("pid", "tid", "id") if name in event)
        assert all(math.isfinite(event[name]) and event[name] >= 0 for name in ("ts", "dur") if name in event)


def test_every_process_and_thread_is_named_once(events: list[Event]) -> None:
    names = of(events, "M")
    processes = [event["pid"] for event in names if event["name"] == "process_name"]
    threads = [(event["pid"], event["tid"]) for event in names if event["name"] == "thread_name"]
    assert len(processes) + len(threads) == len(names)
    assert all(event["args"]["name"] for event in names)
    assert len(set(threads)) == len(threads)
    assert set(threads) == slices(events).keys()
    assert sorted(processes) == sorted({pid for pid, _ in threads})


def test_no_number_is_zero_or_there_twice(events: list[Event]) -> None:
    """Perfetto takes 0 for what is idle, and a thread with its process's number for the first."""
    names = of(events, "M")
    numbers = [event.get("tid", event["pid"]) for event in names]
    assert len(set(numbers)) == len(numbers)
    assert 0 not in numbers


def test_slices_of_a_thread_follow_one_another(run: Timeline, events: list[Event]) -> None:
    """Slices that overlap in part are an error of the format: viewers drop them."""
    threads = slices(events)
    assert sum(map(len, threads.values())) == len(run.bars)
    for thread in threads.values():
        for before, after in itertools.pairwise(thread):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-9
    assert max(event["ts"] + event["dur"] for event in of(events, "X")) <= run.cycles / CYCLES_PER_US + 1e-9


def test_every_arrow_has_one_beginning_and_one_end_each_on_a_slice(events: list[Event]) -> None:
    """An end without `bp` e would bind to the next slice; a beginning binds to the slice that holds its time."""
    begins, ends = of(events, "s"), of(events, "f")
    assert len({event["id"] for event in begins}) == len(begins) == len(ends)
    by_id = {event["id"]: event for event in ends}
    threads = slices(events)
    for begin in begins:
        end = by_id[begin["id"]]
        assert end["bp"] == "e"
        assert (begin["cat"], begin["name"]) == (end["cat"], end["name"])
        assert begin["pid"] != end["pid"]
        assert begin["ts"] < end["ts"]
        for event in (begin, end):
            thread = threads[event["pid"], event["tid"]]
            index = bisect_right([one["ts"] for one in thread], event["ts"]) - 1
            assert index >= 0
            assert event["ts"] <= thread[index]["ts"] + thread[index]["dur"]
