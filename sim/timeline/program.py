"""A block of a trace with a cost for each operation: the input of the timeline."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from isa.costs import FIX_ELEMENT_BYTES, CostError, MicroOp, matmul_cost, path_of, vector_cost
from isa.pipes import Kind, Pipe
from isa.sync import Instruction, Ring, free_batch_of
from tracing.file import parse_trace
from tracing.format import DTYPE_NAMES, Buffer, Core, Records, Rw, Trace, TraceError, blocks_of
from tracing.streams import rings_of, stream_of


@dataclass(frozen=True)
class Cost:
    """What an operation costs, in cycles of one core alone."""

    parts: tuple[MicroOp, ...]
    shared: bool = False
    """Whether the traffic of other cores slows it down, by the hypothesis of contention."""


NOTHING = Cost(())
"""Of an operation that moves and computes nothing, such as TRESHAPE."""


@dataclass(frozen=True)
class TimedProgram:
    """What the cores of one block issue, with costs."""

    cores: tuple[Core, ...]
    streams: tuple[Sequence[Instruction], ...]
    costs: tuple[Sequence[Cost], ...]
    """Per core, one for each instruction; NOTHING for one that is no operation."""
    names: tuple[Sequence[str], ...]
    lines: tuple[Sequence[int], ...]
    """C++ line of each instruction."""
    rings: Mapping[int, Ring]
    pushes: int
    """Tiles that pass through the first FIFO from cube to vector: all tiles of S1, of all Q blocks of the trace."""
    tile_columns: int
    """Rows of K and V per tile: columns of a slot of that FIFO."""


_GZIP = b"\x1f\x8b"

ROWS_PER_BLOCK = 128
"""Rows of Q in a block; a slot of scores has as many."""

_SCORE_BYTES = 4


def timed_program(trace: Trace, free_batch: int | None = None) -> TimedProgram:
    """Return the only block of `trace` with costs.

    Args:
        trace: of a launch of one block.
        free_batch: slots that are handed back at a time; by default what the device's library does.

    Raises:
        TraceError: the trace has more than one block, or no FIFO from cube to vector.
        CostError: it has an operation without a cost.
    """
    if trace.error:
        raise TraceError(f"the launch of this trace failed, and it ends there: {trace.error.splitlines()[0]}")
    blocks = blocks_of(trace)
    if len(blocks) != 1:
        raise TraceError(f"a timeline needs a trace of one block, this one has {len(blocks)}: record with block_dim 1")
    (cores,) = blocks.values()
    coster = _Coster(trace)
    parts = [trace.core_events(core) for core in cores]
    rings = rings_of(trace.fifos, cores, (lambda _: free_batch) if free_batch else free_batch_of)
    for number, ring in rings.items():
        if ring.slots < 1 or ring.slots % ring.free_batch:
            raise TraceError(
                f"FIFO {number} of {ring.slots} slots cannot hand back {ring.free_batch} at a time: the number must "
                "divide that of its slots"
            )
    pushes, columns = _tiles(trace, parts)
    return TimedProgram(
        cores=tuple(cores),
        streams=tuple(stream_of(events) for events in parts),
        costs=tuple(coster.costs(events) for events in parts),
        names=tuple([trace.ops[op] for op in events["op"].tolist()] for events in parts),
        lines=tuple(events["line"].tolist() for events in parts),
        rings=rings,
        pushes=pushes,
        tile_columns=columns,
    )


def read_program(path: Path, free_batch: int | None = None) -> TimedProgram:
    """Return the block of a trace file, gzipped or not, with costs.

    Raises:
        TraceError: the file is no trace of one block, or cannot be read.
        CostError: it has an operation without a cost.
    """
    try:
        data = path.read_bytes()
        return timed_program(parse_trace(gzip.decompress(data) if data.startswith(_GZIP) else data), free_batch)
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror or error}") from None
    except (TraceError, EOFError, zlib.error) as error:
        raise TraceError(f"{path}: {error}") from None


def _tiles(trace: Trace, parts: Sequence[Records]) -> tuple[int, int]:
    """Return (pushes of the first FIFO from cube to vector, columns of its fp32 slots); (0, 0) if there is none."""
    for fifo in trace.fifos:
        if fifo.direction == "c2v" and fifo.slot_bytes:
            # Only the cube pushes; the counts of the vector cores are 0.
            pushes = max(int(((part["kind"] == Kind.TPUSH) & (part["fifo"] == fifo.id)).sum()) for part in parts)
            return pushes, fifo.slot_bytes // (ROWS_PER_BLOCK * _SCORE_BYTES)
    return 0, 0


class _Coster:
    """Costs of the operations of one trace; equal operations share one."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._known: dict[tuple[object, ...], Cost] = {}
        accesses = trace.accesses
        moved = accesses["rows"].astype(np.int64) * accesses["row_bytes"]
        self._accesses = list(
            map(_Access, accesses["buffer"].tolist(), (accesses["rw"] == Rw.WRITE).tolist(), moved.tolist())
        )

    def costs(self, events: Records) -> list[Cost]:
        """Return the cost of each event."""
        fields = ("kind", "op", "pipe", "rows", "cols", "dtype", "first_access", "n_access")
        return [self._cost(*values) for values in zip(*(events[field].tolist() for field in fields), strict=True)]

    def _cost(self, kind: int, op: int, pipe: int, rows: int, cols: int, dtype: int, first: int, count: int) -> Cost:
        if kind != Kind.OP or pipe == Pipe.S or not count:
            return NOTHING
        accesses = tuple(self._accesses[first : first + count])
        # Accesses are known by buffer and bytes, not by address: at another place an operation costs the same.
        key = op, pipe, rows, cols, dtype, accesses
        if key not in self._known:
            if dtype >= len(DTYPE_NAMES):
                raise TraceError(f"{self._trace.ops[op]} has element type {dtype}, there are only {len(DTYPE_NAMES)}")
            shape = _Shape(self._trace.ops[op], rows, cols, DTYPE_NAMES[dtype])
            self._known[key] = _price(shape, pipe, accesses)
        return self._known[key]


class _Access(NamedTuple):
    buffer: int
    writes: bool
    moved: int
    """Bytes."""


class _Shape(NamedTuple):
    op: str
    rows: int
    cols: int
    dtype: str


def _price(shape: _Shape, pipe: int, accesses: Sequence[_Access]) -> Cost:
    op, rows, cols, _ = shape
    if pipe == Pipe.V:
        return Cost(vector_cost(op, rows, cols, _widest(shape, accesses)))
    if pipe == Pipe.M:
        left = next((access.moved for access in accesses if access.buffer == Buffer.L0A), None)
        if left is None or not rows:
            raise CostError(f"{op} on M reads nothing from L0A: its cost is unknown")
        # L0A holds rows x K: bytes per row stand for the length of K.
        return Cost((MicroOp(matmul_cost(rows, cols, left // rows), 0),))
    source = next((access for access in accesses if not access.writes), None)
    target = next((access for access in accesses if access.writes), None)
    if source is None or target is None:
        raise CostError(
            f"{op} on {Pipe(pipe).name} reads nothing or writes nothing: it moves no bytes that could be priced"
        )
    path = path_of(Buffer(source.buffer).name, Buffer(target.buffer).name)
    # A store from L0C is charged by its elements, whatever type it writes (docs/timeline.md).
    moved = rows * cols * FIX_ELEMENT_BYTES if source.buffer == Buffer.L0C else target.moved
    return Cost((MicroOp(moved / path.bytes_per_cycle, 0),), path.shared)


def _widest(shape: _Shape, accesses: Sequence[_Access]) -> int:
    """Return the bytes of the widest element: a conversion's source may be wider than what the event names."""
    own = max(1, int("".join(filter(str.isdigit, shape.dtype)) or 8) // 8)
    if shape.op != "TCVT":
        return own
    source = max((access.moved for access in accesses if not access.writes), default=0)
    return max(own, source // max(1, shape.rows * shape.cols))
