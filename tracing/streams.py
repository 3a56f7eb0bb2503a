"""A trace's events as the walker of isa.sync reads them: instructions per core, and rings by FIFO."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from isa.pipes import Kind
from isa.sync import Instruction, Ring
from tracing.format import Core, Fifo, Records


def stream_of(events: Records) -> list[Instruction]:
    """Return the instructions of one core's events, in issue order."""
    # One column has two meanings: the FIFO of TALLOC to TFREE, the destination pipe of a flag.
    second = np.where(events["kind"] >= Kind.TALLOC, events["fifo"], events["dst_pipe"])
    fields = (events["kind"], events["pipe"], second, events["event_id"])
    # Plain ints: the walk looks at each of them, and NumPy scalars are many times slower.
    return list(zip(*(field.tolist() for field in fields), strict=True))


def _one_by_one(slots: int) -> int:
    return 1


def rings_of(
    fifos: Iterable[Fifo], cores: Sequence[Core], free_batch: Callable[[int], int] = _one_by_one
) -> Mapping[int, Ring]:
    """Return the rings of a block by FIFO id; all cores of a kind take part, however slots are split.

    `free_batch` says, for a number of slots, how many are handed back at a time. It changes times and no order.
    """
    cube = tuple(number for number, core in enumerate(cores) if core.kind == "cube")
    vector = tuple(number for number, core in enumerate(cores) if core.kind == "vec")
    rings = {}
    for fifo in fifos:
        producers, consumers = (cube, vector) if fifo.direction == "c2v" else (vector, cube)
        rings[fifo.id] = Ring(fifo.slots, producers, consumers, free_batch(fifo.slots))
    return rings
