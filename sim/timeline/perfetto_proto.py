"""A timeline as Perfetto's own protobuf trace, by the schema in the package `perfetto`.

Times of the format are whole nanoseconds; the exact cycles stand in a slice's arguments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TracePacket, TrackDescriptor, TrackEvent

from sim.timeline.origins import Origin
from sim.timeline.perfetto import CYCLES_PER_US, MADE_BY, Slice, Track, arrows, slices, tracks
from sim.timeline.stages import Label
from sim.timeline.times import Timeline

_SEQUENCE = 1
"""Of packets from one writer; all are ours."""

_CYCLES_PER_NS = CYCLES_PER_US / 1e3


def perfetto_proto(run: Timeline, labels: Sequence[Label | None], origins: Mapping[int, Origin]) -> bytes:
    """Return the whole timeline as a serialized `perfetto.protos.Trace`; `labels` is one per bar."""
    trace = Trace()
    # What it is stands first, so that the file is known again by its head, and Perfetto shows it as the session's name.
    trace.packet.add().trace_config.unique_session_name = f"{MADE_BY}, predicted"
    for core, pipes in tracks(run):
        for track in pipes[:1]:
            _add_process(trace.packet.add().track_descriptor, core, track)
        for track in pipes:
            _add_thread(trace.packet.add().track_descriptor, track)
    begins: dict[int, list[int]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows(run):
        begins[arrow.source].append(arrow.number + 1)  # 0 is no number of a flow
        ends[arrow.target].append(arrow.number + 1)
    for index, shown in enumerate(slices(run, labels, origins)):
        event = _begin(trace.packet.add(), shown)
        event.flow_ids.extend(begins[index])
        event.terminating_flow_ids.extend(ends[index])
        _end(trace.packet.add(), shown)
    return bytes(trace.SerializeToString(deterministic=True))


def _add_process(described: TrackDescriptor, core: str, track: Track) -> None:
    described.uuid = described.process.pid = track.process
    described.process.process_name = core


def _add_thread(described: TrackDescriptor, track: Track) -> None:
    described.uuid = described.thread.tid = track.thread
    described.parent_uuid = described.thread.pid = track.process
    described.thread.thread_name = track.name


def _begin(packet: TracePacket, shown: Slice) -> TrackEvent:
    event = _event(packet, shown, shown.start, TrackEvent.TYPE_SLICE_BEGIN)
    event.name = shown.name
    event.categories.append(shown.category)
    for name, value in shown.arguments.items():
        note = event.debug_annotations.add(name=name)
        if isinstance(value, str):
            note.string_value = value
        elif isinstance(value, int):
            note.int_value = value
        else:
            note.double_value = value
    return event


def _end(packet: TracePacket, shown: Slice) -> None:
    _event(packet, shown, shown.end, TrackEvent.TYPE_SLICE_END)


def _event(packet: TracePacket, shown: Slice, cycles: float, kind: int) -> TrackEvent:
    packet.timestamp = round(cycles / _CYCLES_PER_NS)
    packet.trusted_packet_sequence_id = _SEQUENCE
    event = packet.track_event
    event.type = kind
    event.track_uuid = shown.track.thread
    return event
