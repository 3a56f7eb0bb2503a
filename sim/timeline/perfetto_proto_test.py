"""The protobuf trace, parsed back by the schema and replayed as Perfetto documents it, against the timeline."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from cli.files import HEAD_BYTES, marked
from sim.timeline.origins import Origin
from sim.timeline.perfetto import CYCLES_PER_US, MADE_BY, Slice, arrows, slices, tracks
from sim.timeline.perfetto_proto import perfetto_proto
from sim.timeline.stages import Label
from sim.timeline.testing import program
from sim.timeline.times import Timeline, timeline

ORIGINS = {10: Origin(3, "pto.texp", "kernel.py", 7)}
"""Of one C++ line of the made kernel."""

HALF_NS = 0.5 + 1e-6


class Replayed(NamedTuple):
    """A slice as it comes out of the file."""

    thread: int
    begin: Any
    end: Any

    @property
    def notes(self) -> dict[str, int | float | str]:
        """Name -> value of what is told of it."""
        return {note.name: getattr(note, note.WhichOneof("value")) for note in self.begin.track_event.debug_annotations}


@pytest.fixture(scope="module")
def run() -> Timeline:
    return timeline(program(20))


@pytest.fixture(scope="module")
def labels(run: Timeline) -> list[Label | None]:
    """Every third bar is of a stage."""
    return [None if number % 3 else Label("compute_p", number) for number in range(len(run.bars))]


@pytest.fixture(scope="module")
def data(run: Timeline, labels: list[Label | None]) -> bytes:
    return perfetto_proto(run, labels, ORIGINS)


@pytest.fixture(scope="module")
def shown(run: Timeline, labels: list[Label | None]) -> list[Slice]:
    return list(slices(run, labels, ORIGINS))


@pytest.fixture(scope="module")
def packets(data: bytes) -> list[Any]:
    trace = Trace()
    assert trace.ParseFromString(data) == len(data)
    return list(trace.packet)


@pytest.fixture(scope="module")
def replayed(packets: list[Any]) -> list[Replayed]:
    """Slices in the order of their beginnings in the file; an end closes the last slice that its track began."""
    found: list[Replayed] = []
    open_slices: dict[int, list[Any]] = defaultdict(list)
    for packet in packets:
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            open_slices[event.track_uuid].append(packet)
        else:
            assert event.type == TrackEvent.TYPE_SLICE_END
            found.append(Replayed(event.track_uuid, open_slices[event.track_uuid].pop(), packet))
    assert not any(open_slices.values())
    return found


def test_every_core_is_a_process_and_every_pipe_a_thread_of_it(run: Timeline, packets: list[Any]) -> None:
    described = [packet.track_descriptor for packet in packets if packet.HasField("track_descriptor")]
    processes = {one.uuid: one.process for one in described if one.HasField("process")}
    threads = [one for one in described if one.HasField("thread")]
    assert len(processes) + len(threads) == len(described)
    found = defaultdict(set)
    for one in threads:
        process = processes[one.parent_uuid]
        assert one.thread.pid == process.pid
        found[process.process_name].add(one.thread.thread_name)
    assert found == {core: {track.name for track in pipes} for core, pipes in tracks(run)}
    numbers = [one.pid for one in processes.values()] + [one.thread.tid for one in threads]
    assert len(set(numbers)) == len(numbers)
    assert 0 not in numbers  # the idle process, for Perfetto


def test_every_bar_is_a_slice_with_its_name_and_its_times_to_the_nanosecond(
    shown: list[Slice], replayed: list[Replayed]
) -> None:
    assert len(replayed) == len(shown)
    for one, expected in zip(replayed, shown, strict=True):
        assert one.thread == expected.track.thread
        assert one.begin.track_event.name == expected.name
        assert list(one.begin.track_event.categories) == [expected.category]
        for packet, cycles in ((one.begin, expected.start), (one.end, expected.end)):
            assert abs(packet.timestamp - cycles / CYCLES_PER_US * 1e3) <= HALF_NS


def test_slices_of_a_track_follow_one_another(replayed: list[Replayed]) -> None:
    """Packets of the same time keep the order of the file, so no slice becomes the child of the one before it."""
    free: dict[int, int] = defaultdict(int)
    for one in replayed:
        assert free[one.thread] <= one.begin.timestamp <= one.end.timestamp
        free[one.thread] = one.end.timestamp


def test_a_slice_tells_its_lines_and_its_cycles(shown: list[Slice], replayed: list[Replayed]) -> None:
    assert [one.notes for one in replayed] == [dict(expected.arguments) for expected in shown]
    lines = {one.notes["C++ line"]: one.notes.get("Python") for one in replayed}
    assert lines[10] == "kernel.py:7"
    assert lines[2] is None


def test_every_flow_begins_on_one_slice_and_ends_on_a_later_one_of_another_core(
    run: Timeline, replayed: list[Replayed]
) -> None:
    begins = {number: i for i, one in enumerate(replayed) for number in one.begin.track_event.flow_ids}
    ends = {number: i for i, one in enumerate(replayed) for number in one.begin.track_event.terminating_flow_ids}
    assert begins.keys() == ends.keys()
    assert 0 not in begins  # no number of a flow
    assert len(begins) > 20
    for number, begin in begins.items():
        source, target = replayed[begin], replayed[ends[number]]
        assert source.begin.timestamp < target.begin.timestamp
        assert source.thread // 10 != target.thread // 10
    expected = list(arrows(run))
    assert sorted(begins.values()) == sorted(arrow.source for arrow in expected)
    assert sorted(ends.values()) == sorted(arrow.target for arrow in expected)


def test_the_file_is_known_by_its_head_and_says_that_it_is_a_prediction(data: bytes, packets: list[Any]) -> None:
    assert marked(MADE_BY)(data[:HEAD_BYTES])
    assert "predicted" in packets[0].trace_config.unique_session_name


def test_the_same_timeline_makes_the_same_bytes(run: Timeline, labels: list[Label | None], data: bytes) -> None:
    assert perfetto_proto(run, labels, ORIGINS) == data
