"""Builder of synthetic traces: programs for tests and examples that no kernel was run for.

    build = TraceBuilder()
    vec = build.core("vec")
    vec.op("TLOAD", Pipe.MTE2, writes=[span(Buffer.UB, 0, 256)])
    vec.set_flag(Pipe.MTE2, Pipe.V, 0)
    vec.wait_flag(Pipe.MTE2, Pipe.V, 0)
    vec.op("TEXP", Pipe.V, reads=[span(Buffer.UB, 0, 256)], writes=[span(Buffer.UB, 256, 256)])
    trace = build.build()

Lines count up from 1 over the whole program unless they are given (a loop gives the same line again).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isa.pipes import Kind, Pipe
from tracing.file import validate
from tracing.format import ACCESS_DTYPE, DTYPE_NAMES, EVENT_DTYPE, Buffer, Core, Fifo, Rw, Trace


@dataclass(frozen=True)
class Span:
    """`rows` rows of `row_bytes` bytes, `row_stride` bytes apart, from byte `start` of `buffer`."""

    buffer: Buffer
    start: int
    row_bytes: int
    rows: int = 1
    row_stride: int = 0
    spoils: bool = False
    """For a write: whether it is to scratch, which holds no value afterwards."""
    adds: str = ""
    """For a write: the element type if it is an atomic store, which adds."""


def span(
    buffer: Buffer,
    start: int,
    row_bytes: int,
    rows: int = 1,
    row_stride: int = 0,
    *,
    spoils: bool = False,
    adds: str = "",
) -> Span:
    """Return the bytes of `buffer` that an access of a synthetic op touches."""
    return Span(buffer, start, row_bytes, rows, row_stride, spoils, adds)


class CoreBuilder:
    """Program of one core of a TraceBuilder: every method issues one event."""

    def __init__(self, owner: TraceBuilder, block: int, kind: str, subblock: int) -> None:
        """Use TraceBuilder.core instead."""
        self.block, self.kind, self.subblock = block, kind, subblock
        self.events: list[dict[str, Any]] = []
        self.spans: list[tuple[Span, Rw]] = []
        self._owner = owner
        self._counts: dict[tuple[Kind, int], int] = {}

    def op(
        self,
        name: str,
        pipe: Pipe,
        *,
        reads: Sequence[Span] = (),
        writes: Sequence[Span] = (),
        shape: tuple[int, int] = (0, 0),
        dtype: str = "",
        line: int | None = None,
    ) -> None:
        """Issue the tile op `name` on `pipe`; `shape` and `dtype` are those of its largest tile."""
        accesses = [(item, Rw.READ) for item in reads] + [(item, Rw.WRITE) for item in writes]
        first = len(self.spans)
        self.spans += accesses
        rows, cols = shape
        described = {"rows": rows, "cols": cols, "dtype": DTYPE_NAMES.index(dtype)}
        self._add(name, Kind.OP, line, pipe=pipe, first_access=first, n_access=len(accesses), **described)

    def set_flag(self, src: Pipe, dst: Pipe, event_id: int, *, line: int | None = None) -> None:
        """Issue a set_flag."""
        self._add("set_flag", Kind.SET_FLAG, line, pipe=src, dst_pipe=dst, event_id=event_id)

    def wait_flag(self, src: Pipe, dst: Pipe, event_id: int, *, line: int | None = None) -> None:
        """Issue a wait_flag."""
        self._add("wait_flag", Kind.WAIT_FLAG, line, pipe=src, dst_pipe=dst, event_id=event_id)

    def barrier(self, pipe: Pipe, *, line: int | None = None) -> None:
        """Issue pipe_barrier(pipe)."""
        self._add("pipe_barrier", Kind.BARRIER, line, pipe=pipe)

    def talloc(self, fifo: int, *, line: int | None = None) -> None:
        """Issue TALLOC on FIFO `fifo`."""
        self._fifo("TALLOC", Kind.TALLOC, fifo, Pipe.MTE3, line)

    def tpush(self, fifo: int, pipe: Pipe, *, line: int | None = None) -> None:
        """Issue TPUSH on FIFO `fifo`; `pipe` is the pipe of the producing store."""
        self._fifo("TPUSH", Kind.TPUSH, fifo, pipe, line)

    def tpop(self, fifo: int, *, line: int | None = None) -> None:
        """Issue TPOP on FIFO `fifo`."""
        self._fifo("TPOP", Kind.TPOP, fifo, Pipe.MTE2, line)

    def tfree(self, fifo: int, *, line: int | None = None) -> None:
        """Issue TFREE on FIFO `fifo`."""
        # The pipe here decides nothing: TFREE is sent behind MTE2, see isa.sync.
        self._fifo("TFREE", Kind.TFREE, fifo, Pipe.S, line)

    def _fifo(self, name: str, kind: Kind, fifo: int, pipe: Pipe, line: int | None) -> None:
        seq = self._counts.get((kind, fifo), 0)
        self._counts[kind, fifo] = seq + 1
        self._add(name, kind, line, pipe=pipe, fifo=fifo, seq=seq)

    def _add(self, name: str, kind: Kind, line: int | None, **fields: int) -> None:
        op, line = self._owner.intern(name, line)
        self.events.append({"op": op, "line": line, "kind": kind, **fields})


class TraceBuilder:
    """Collects cores, FIFOs and their events; `build` makes the Trace."""

    def __init__(self, source: str = "synthetic.cpp") -> None:
        """Start an empty program of C++ file `source`."""
        self.source = source
        self._cores: list[CoreBuilder] = []
        self._fifos: list[Fifo] = []
        self._ops: dict[str, int] = {}
        self._line = 0

    def core(self, kind: str, *, block: int = 0, subblock: int = 0) -> CoreBuilder:
        """Add a core; `kind` is "cube" or "vec"."""
        core = CoreBuilder(self, block, kind, subblock)
        self._cores.append(core)
        return core

    def fifo(self, direction: str, *, slots: int = 8, slot_bytes: int = 0) -> int:
        """Add a FIFO, "c2v" or "v2c", to every block; return its id."""
        self._fifos.append(Fifo(len(self._fifos), direction, slots, slot_bytes))
        return len(self._fifos) - 1

    def intern(self, name: str, line: int | None) -> tuple[int, int]:
        """Return the number of op name `name`, and `line` or else the next free line."""
        # Lines that are given move the counter on, so that the next free one is above all of them.
        self._line = self._line + 1 if line is None else max(self._line, line)
        return self._ops.setdefault(name, len(self._ops)), self._line if line is None else line

    def build(self) -> Trace:
        """Return the trace of everything issued so far."""
        cores: list[Core] = []
        events: list[tuple[int, ...]] = []
        accesses: list[tuple[int, ...]] = []
        for core in self._cores:
            cores.append(Core(core.block, core.kind, core.subblock, len(events), len(core.events)))
            base = len(accesses)
            for fields in core.events:
                # A core counts its accesses from 0, the trace those of all cores.
                moved = dict(fields, first_access=fields.get("first_access", 0) + base)
                events.append(tuple(moved.get(name, 0) for name in EVENT_DTYPE.names or ()))
            accesses += [_access(item, rw) for item, rw in core.spans]
        trace = Trace(
            source=self.source,
            ops=tuple(self._ops),
            tiles=(),
            block_dim=1 + max((core.block for core in self._cores), default=0),
            cores=tuple(cores),
            fifos=tuple(self._fifos),
            events=np.array(events, EVENT_DTYPE),
            accesses=np.array(accesses, ACCESS_DTYPE),
        )
        validate(trace)
        return trace


def _access(item: Span, rw: Rw) -> tuple[int, ...]:
    """Return the record of an access, field by field."""
    adds = DTYPE_NAMES.index(item.adds)
    return item.start, item.row_bytes, item.rows, item.row_stride, item.buffer, rw, item.spoils, adds
