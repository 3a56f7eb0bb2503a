"""Trace files: read and checked, or written; `tracing.format` says what is in them."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isa.pipes import QUEUES, Kind, Pipe
from tracing.format import ACCESS_DTYPE, EVENT_DTYPE, MAGIC, VERSION, Buffer, Core, Fifo, Records, Rw, Trace, TraceError


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
    # TALLOC, TPUSH, TPOP and TFREE are the last kinds: the others have no FIFO.
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
    # In 64 bits: in a garbled file the sum may wrap around 32.
    last = events["first_access"].astype(np.int64) + events["n_access"]
    # The first access of an event that has none means nothing.
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
    try:
        n_events, n_accesses = int(header["events"]), int(header["accesses"])
    except (TypeError, ValueError, OverflowError) as error:
        raise TraceError(f"garbled header: {error}") from None
    expected = n_events * EVENT_DTYPE.itemsize + n_accesses * ACCESS_DTYPE.itemsize
    actual = len(data) - offset
    if n_events < 0 or n_accesses < 0 or actual != expected:
        state = "truncated" if actual < expected else "garbled"
        raise TraceError(
            f"{state}: {n_events} events and {n_accesses} accesses need {expected} bytes after the header, "
            f"{actual} are there"
        )
    # Views of the file's bytes, so nothing is copied, and nothing can be written to.
    events = np.frombuffer(data, EVENT_DTYPE, n_events, offset)
    accesses = np.frombuffer(data, ACCESS_DTYPE, n_accesses, offset + n_events * EVENT_DTYPE.itemsize)
    return events, accesses


def _build(header: Mapping[str, Any], events: Records, accesses: Records) -> Trace:
    try:
        return Trace(
            source=str(header["source"]),
            ops=_names(header["ops"]),
            tiles=_names(header.get("tiles", ())),
            block_dim=int(header["block_dim"]),
            cores=tuple(_core(entry) for entry in header["cores"]),
            fifos=tuple(_fifo(entry) for entry in header.get("fifos", ())),
            events=events,
            accesses=accesses,
            error=str(header.get("error", "")),
        )
    except KeyError as error:
        raise TraceError(f"garbled header: an entry lacks {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise TraceError(f"garbled header: {error}") from None


def _names(values: Any) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"{values!r:.60} is not a list of names")
    return tuple(values)


def _core(entry: Mapping[str, Any]) -> Core:
    numbers = {name: int(entry[name]) for name in ("block", "subblock", "first_event", "events")}
    return Core(kind=str(entry["kind"]), **numbers)


def _fifo(entry: Mapping[str, Any]) -> Fifo:
    numbers = {name: int(entry[name]) for name in ("id", "slots", "slot_bytes", "split")}
    return Fifo(direction=str(entry["direction"]), **numbers)
