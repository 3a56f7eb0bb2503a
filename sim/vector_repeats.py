"""The repeat rule on traces: how many repeats issue between the accesses of two vector operations.

`isa.repeats` has the rule and the orders in which operations walk their tiles. Here the events of a core
become operations that it understands: an access is the operation's own tile if it has the bytes of its shape, else it
is something else (row values, scratch, the library's own scratch), which is never in time by itself.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from isa import a3
from isa.pipes import Kind, Pipe
from isa.repeats import SAFE_DISTANCE, Operand, Operation, distance, own_distance, repeats_of
from isa.repeats import VRule as VRule
from tracing.format import ACCESS_DTYPE, DTYPE_BYTES, Core, Records, Rw, Trace

CONVERSION = "TCVT"
"""The operation whose source has elements of another size than its destination."""


class VectorRepeats:
    """Distances between the operations on V of one core, by event position. Nothing is computed before it is asked."""

    def __init__(self, trace: Trace, core: Core) -> None:
        """Remember what to look at."""
        self._trace, self._core = trace, core

    def distance(self, first: int, second: int) -> int | None:
        """Return the fewest repeats between conflicting accesses of two operations; None if they do not conflict.

        `first` and `second` are positions in the events of the core, in this order.
        """
        # From behind `first`: its own repeats are counted by isa.repeats, which knows when it accesses what.
        between = int(self._issued[second] - self._issued[first + 1])
        return distance(self._operations[first], self._operations[second], between)

    def own_distance(self, position: int) -> int | None:
        """Return the fewest repeats from the write of a byte to its read by one operation; None if there is none.

        Of an operation without a shape, as synthetic traces have them, nothing can be said.
        """
        operation = self._operation(position)
        return own_distance(operation) if operation.rows and operation.cols else None

    def _operation(self, position: int) -> Operation:
        """Return the operation at a position; equal ones are one object, of whatever trace."""
        event = self._trace.core_events(self._core)[position]
        # With the addresses of the accesses: distances depend on which bytes two operations share.
        accesses = self._accesses(event).tobytes()
        return _operation(
            self._trace.ops[event["op"]], int(event["rows"]), int(event["cols"]), int(event["dtype"]), accesses
        )

    def _accesses(self, event: np.void) -> Records:
        first = int(event["first_access"])
        return self._trace.accesses[first : first + int(event["n_access"])]

    @cached_property
    def _operations(self) -> dict[int, Operation]:
        """By position."""
        events = self._trace.core_events(self._core)
        places = np.flatnonzero((events["kind"] == Kind.OP) & (events["pipe"] == Pipe.V))
        return {place: self._operation(place) for place in places.tolist()}

    @cached_property
    def _issued(self) -> NDArray[np.int64]:
        """[E + 1] repeats issued before each event."""
        counts = np.zeros(self._core.events + 1, np.int64)
        for place, operation in self._operations.items():
            # An operation of unknown order counts as 0 repeats, so that distances are rather too small.
            counts[place + 1] = repeats_of(operation)
        return np.cumsum(counts)


@lru_cache(maxsize=4096)
def _operation(name: str, rows: int, cols: int, dtype: int, accesses: bytes) -> Operation:
    """Return the operation with these accesses, the bytes of records."""
    size = DTYPE_BYTES[dtype] if dtype < len(DTYPE_BYTES) else 0
    records = np.frombuffer(accesses, ACCESS_DTYPE)
    return Operation(name, rows, cols, tuple(_operand(name, access, rows, cols, size) for access in records))


def _operand(name: str, access: np.void, rows: int, cols: int, size: int) -> Operand:
    start, writes = int(access["start"]), access["rw"] == Rw.WRITE
    runs, run_bytes, stride = int(access["rows"]), int(access["row_bytes"]), int(access["row_stride"])
    element, rest = divmod(runs * run_bytes, max(rows * cols, 1))
    # Whole elements of the shape, and of the event's type: of another one only in a conversion.
    is_own = not rest and (element == size or name == CONVERSION) and not is_library_scratch(start, start + run_bytes)
    if is_own and runs == 1:
        return Operand(start, rows, cols, element, cols * element, writes)
    if is_own and runs == rows:
        return Operand(start, rows, cols, element, stride, writes)
    # Bytes that are no tile of the shape: a row of single bytes per run.
    return Operand(start, runs, run_bytes, 1, stride, writes)


def is_library_scratch(lo: int, hi: int) -> bool:
    """Whether these bytes of UB are those that the device library works in without an operand that says so."""
    return a3.LIBRARY_SCRATCH.start <= lo and hi <= a3.LIBRARY_SCRATCH.end


def is_in_time(repeats: int | None) -> bool:
    """Whether a dependence within V at this distance needs no barrier by the repeat rule."""
    return repeats is not None and repeats >= SAFE_DISTANCE
