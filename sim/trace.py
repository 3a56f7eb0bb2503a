r"""Trace of one kernel launch: what every simulated core issued, in order, and which bytes it touched.

A trace file is little endian::

    PTOTRACE1\n | u64 header length | header JSON | events | accesses

The runtime writes it (trace mode), everything in `sim` reads it. Events are in issue order per core, the cores
follow one another, and the header's ``cores`` say where each begins. Accesses are byte ranges (rows of
``row_bytes`` bytes, ``row_stride`` apart): absolute addresses in GM, byte offsets in the core's own buffer
elsewhere.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isa.pipes import EVENT_IDS as EVENT_IDS
from isa.pipes import QUEUES as QUEUES
from isa.pipes import Kind as Kind
from isa.pipes import Pipe as Pipe

MAGIC = b"PTOTRACE1\n"
VERSION = 1
FIFO_KINDS = (Kind.TALLOC, Kind.TPUSH, Kind.TPOP, Kind.TFREE)


class Buffer(IntEnum):
    """Memory that an access touches."""

    GM = 0
    UB = 1
    L1 = 2
    L0A = 3
    L0B = 4
    L0C = 5
    BT = 6


class Rw(IntEnum):
    """Direction of an access."""

    READ = 1
    WRITE = 2


DTYPE_NAMES = ("", "f32", "f16", "i32", "u32", "i16", "u16", "i8", "u8", "i64", "u64", "bf16")
"""Names of the event dtype codes; 0 is none."""

DTYPE_BYTES = (0, 4, 2, 4, 4, 2, 2, 1, 1, 8, 8, 2)
"""Bytes of an element, by event dtype code."""

EVENT_DTYPE = np.dtype(
    [
        ("op", "<u4"),
        ("line", "<u4"),
        ("kind", "u1"),
        ("pipe", "u1"),
        ("dst_pipe", "u1"),
        ("event_id", "u1"),
        ("first_access", "<u4"),
        ("n_access", "<u2"),
        ("dtype", "u1"),
        ("pad", "u1"),
        ("fifo", "<u4"),
        ("rows", "<u4"),
        ("cols", "<u4"),
        ("seq", "<i8"),
    ]
)
ACCESS_DTYPE = np.dtype(
    [
        ("start", "<u8"),
        ("row_bytes", "<u4"),
        ("rows", "<u4"),
        ("row_stride", "<u4"),
        ("buffer", "u1"),
        ("rw", "u1"),
        ("pad", "<u2"),
    ]
)
assert EVENT_DTYPE.itemsize == 40
assert ACCESS_DTYPE.itemsize == 24

Records = NDArray[np.void]


class TraceError(ValueError):
    """The file or the arrays are not a trace; the message says what is wrong with which part."""


@dataclass(frozen=True)
class Core:
    """One simulated core: ``events[first_event : first_event + events]`` of the trace are its own, in issue order."""

    block: int
    kind: str
    """``cube`` or ``vec``."""
    subblock: int
    first_event: int
    events: int

    @property
    def name(self) -> str:
        """Short name for reports, e.g. ``block 0 vec1``."""
        return f"block {self.block} {self.kind}{self.subblock if self.kind == 'vec' else ''}"


@dataclass(frozen=True)
class Fifo:
    """One GM FIFO between the cube core of a block and its vector cores; the same in every block."""

    id: int
    direction: str
    """``c2v`` or ``v2c``."""
    slots: int
    slot_bytes: int = 0
    split: int = 1
    """0 none, 1 up/down, 2 left/right."""


@dataclass(frozen=True)
class Trace:
    """A launch: `cores` index `events`, `events` index `accesses` and `ops`."""

    source: str
    ops: tuple[str, ...]
    tiles: tuple[str, ...]
    block_dim: int
    cores: tuple[Core, ...]
    fifos: tuple[Fifo, ...]
    events: Records
    """[E] of EVENT_DTYPE."""
    accesses: Records
    """[A] of ACCESS_DTYPE."""
    error: str = ""
    """The runtime's report if the launch failed: the trace then ends where the cores stopped."""

    def core_events(self, core: Core) -> Records:
        """Return the events of `core` (a view)."""
        return self.events[core.first_event : core.first_event + core.events]

    def op_name(self, event: int) -> str:
        """Return the name of the operation of event number `event`."""
        return self.ops[int(self.events["op"][event])]


def read_trace(path: str | os.PathLike[str]) -> Trace:
    """Read the trace file `path`.

    Raises TraceError if it is truncated, garbled or of another version, OSError if it cannot be read.
    """
    data = Path(path).read_bytes()
    try:
        return parse_trace(data)
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from None


def parse_trace(data: bytes) -> Trace:
    """Parse the bytes of a trace file; raises TraceError."""
    prefix = len(MAGIC) + 8
    if not data.startswith(MAGIC):
        raise TraceError(f"not a trace: it begins with {data[: len(MAGIC)]!r} instead of {MAGIC!r}")
    if len(data) < prefix:
        raise TraceError(f"truncated: {len(data)} bytes, the fixed part alone has {prefix}")
    (header_bytes,) = struct.unpack_from("<Q", data, len(MAGIC))
    if prefix + header_bytes > len(data):
        raise TraceError(f"truncated: the header should have {header_bytes} bytes, {len(data) - prefix} are there")
    header = _parse_header(data[prefix : prefix + header_bytes])
    events, accesses = _parse_arrays(data, prefix + header_bytes, header)
    trace = _build(header, events, accesses)
    validate(trace)
    return trace


def write_trace(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write `trace` to `path` in the file format."""
    header = json.dumps(
        {
            "version": VERSION,
            "source": trace.source,
            "ops": trace.ops,
            "tiles": trace.tiles,
            "block_dim": trace.block_dim,
            "cores": [vars(core) for core in trace.cores],
            "fifos": [vars(fifo) for fifo in trace.fifos],
            "events": len(trace.events),
            "accesses": len(trace.accesses),
            "error": trace.error,
        }
    ).encode()
    body = trace.events.tobytes() + trace.accesses.tobytes()
    Path(path).write_bytes(MAGIC + struct.pack("<Q", len(header)) + header + body)


def validate(trace: Trace) -> None:
    """Raise TraceError unless every index, kind, pipe and buffer in `trace` is in range."""
    events, accesses = trace.events, trace.accesses
    position = 0
    for core in trace.cores:
        if core.kind not in ("cube", "vec"):
            raise TraceError(f"core kind {core.kind!r} of block {core.block} is neither 'cube' nor 'vec'")
        if core.first_event != position or core.events < 0:
            raise TraceError(f"{core.name} begins at event {core.first_event}, expected {position}: cores must adjoin")
        position += core.events
    if position != len(events):
        raise TraceError(f"the cores have {position} events together, the trace has {len(events)}")
    _check_below(events, "op", len(trace.ops), "operation names in the header")
    _check_below(events, "kind", len(Kind), "event kinds")
    _check_below(events, "pipe", len(Pipe), "pipes")
    _check_below(accesses, "buffer", len(Buffer), "buffers")
    is_fifo = events["kind"] >= Kind.TALLOC
    known = np.isin(events["fifo"][is_fifo], [fifo.id for fifo in trace.fifos])
    if not known.all():
        raise TraceError(f"FIFO {events['fifo'][is_fifo][~known][0]} is used but not described in the header")
    misplaced = (events["pipe"] == Pipe.ALL) & (events["kind"] != Kind.BARRIER)
    if misplaced.any():
        raise TraceError(f"record {int(np.argmax(misplaced))} names all pipes, but only a barrier can")
    is_flag = (events["kind"] == Kind.SET_FLAG) | (events["kind"] == Kind.WAIT_FLAG)
    if (events["dst_pipe"][is_flag] >= QUEUES).any() or (events["pipe"][is_flag] >= QUEUES).any():
        raise TraceError("a flag names a pipe that is none of S, V, M, MTE1, MTE2, MTE3, FIX")
    last = events["first_access"].astype(np.int64) + events["n_access"]
    if (last[events["n_access"] > 0] > len(accesses)).any():
        raise TraceError(f"an event refers to access {int(last.max()) - 1}, the trace has {len(accesses)}")
    if not np.isin(accesses["rw"], (Rw.READ, Rw.WRITE)).all():
        raise TraceError("an access is neither a read (1) nor a write (2)")


def _check_below(records: Records, field: str, limit: int, what: str) -> None:
    values = records[field]
    if len(values) and values.max() >= limit:
        at = int(np.argmax(values >= limit))
        raise TraceError(f"record {at} has {field} {values[at]}, but there are only {limit} {what}")


def _parse_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise TraceError(f"garbled header: {error}") from None
    if not isinstance(header, dict) or header.get("version") != VERSION:
        found = header.get("version") if isinstance(header, dict) else type(header).__name__
        raise TraceError(f"trace version {found}, this reader knows {VERSION}: rebuild the kernel and the tools")
    missing = sorted({"source", "ops", "block_dim", "cores", "events", "accesses"} - header.keys())
    if missing:
        raise TraceError(f"garbled header: it lacks {', '.join(missing)}")
    return header


def _parse_arrays(data: bytes, offset: int, header: Mapping[str, Any]) -> tuple[Records, Records]:
    n_events, n_accesses = int(header["events"]), int(header["accesses"])
    expected = n_events * EVENT_DTYPE.itemsize + n_accesses * ACCESS_DTYPE.itemsize
    actual = len(data) - offset
    if n_events < 0 or n_accesses < 0 or actual != expected:
        state = "truncated" if actual < expected else "garbled"
        raise TraceError(
            f"{state}: {n_events} events and {n_accesses} accesses need {expected} bytes after the header, "
            f"{actual} are there"
        )
    events = np.frombuffer(data, EVENT_DTYPE, n_events, offset)
    accesses = np.frombuffer(data, ACCESS_DTYPE, n_accesses, offset + n_events * EVENT_DTYPE.itemsize)
    return events, accesses


def _build(header: Mapping[str, Any], events: Records, accesses: Records) -> Trace:
    try:
        return Trace(
            source=str(header["source"]),
            ops=tuple(header["ops"]),
            tiles=tuple(header.get("tiles", ())),
            block_dim=int(header["block_dim"]),
            cores=tuple(_core(entry) for entry in header["cores"]),
            fifos=tuple(_fifo(entry) for entry in header.get("fifos", ())),
            events=events,
            accesses=accesses,
            error=str(header.get("error", "")),
        )
    except KeyError as error:
        raise TraceError(f"garbled header: an entry lacks {error}") from None
    except (TypeError, ValueError) as error:
        raise TraceError(f"garbled header: {error}") from None


def _core(entry: Mapping[str, Any]) -> Core:
    numbers = {name: int(entry[name]) for name in ("block", "subblock", "first_event", "events")}
    return Core(kind=str(entry["kind"]), **numbers)


def _fifo(entry: Mapping[str, Any]) -> Fifo:
    numbers = {name: int(entry[name]) for name in ("id", "slots", "slot_bytes", "split")}
    return Fifo(direction=str(entry["direction"]), **numbers)


def blocks_of(trace: Trace) -> Mapping[int, Sequence[Core]]:
    """Return the cores of every block, by block number, cube first."""
    blocks: dict[int, list[Core]] = {}
    for core in trace.cores:
        blocks.setdefault(core.block, []).append(core)
    for cores in blocks.values():
        cores.sort(key=lambda core: (core.kind, core.subblock))
    return dict(sorted(blocks.items()))
