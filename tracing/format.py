r"""Trace of one kernel launch: what every simulated core issued, in order, and which bytes it touched.

A trace file is little endian::

    PTOTRACE1\n | u64 header length | header JSON | events | accesses

The runtime writes it (trace mode); `tracing.file` reads and writes it, `tracing.builder` makes traces without a kernel.
Events are in issue order per core, the cores follow one another, and the header's ``cores`` say where each begins.
Accesses are byte ranges (rows of ``row_bytes`` bytes, ``row_stride`` apart): absolute addresses in GM, byte offsets
in the core's own buffer elsewhere. A write that spoils (1 instead of 0) leaves no value: it is to scratch. One that
adds (dtype code of the elements instead of 0) is an atomic store: each element is read, added to and written at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from isa.a3 import Memory
from isa.elements import ELEMENTS
from isa.pipes import Kind

MAGIC = b"PTOTRACE1\n"
VERSION = 1
FIFO_KINDS = (Kind.TALLOC, Kind.TPUSH, Kind.TPOP, Kind.TFREE)


Buffer = Memory
"""Memory that an access touches."""


class Rw(IntEnum):
    """Direction of an access."""

    READ = 1
    WRITE = 2


DTYPE_NAMES = ("", *(element.trace for element in ELEMENTS))
"""Names of the event dtype codes; 0 is none."""

DTYPE_BYTES = (0, *(element.bytes for element in ELEMENTS))
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
        ("spoils", "u1"),
        ("adds", "u1"),
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


def blocks_of(trace: Trace) -> Mapping[int, Sequence[Core]]:
    """Return the cores of every block, by block number, cube first."""
    blocks: dict[int, list[Core]] = {}
    for core in trace.cores:
        blocks.setdefault(core.block, []).append(core)
    for cores in blocks.values():
        # "cube" is before "vec" in the alphabet.
        cores.sort(key=lambda core: (core.kind, core.subblock))
    return dict(sorted(blocks.items()))
