"""GM bytes that one block writes and another touches: nothing orders blocks, so each of them is a conflict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.regions import Ints, merge_ranges, row_ranges
from tracing.format import Buffer, Core, Records, Rw, Trace, blocks_of


@dataclass(frozen=True)
class BlockConflict:
    """Two events of different blocks that touch the GM bytes [lo, hi); the first one writes them."""

    first_core: Core
    first_event: int
    second_core: Core
    second_event: int
    lo: int
    hi: int
    both_write: bool


def block_conflicts(trace: Trace) -> list[BlockConflict]:
    """Return the first conflict between each two blocks that conflict, writes against writes before reads."""
    blocks = blocks_of(trace)
    if len(blocks) < 2:
        return []
    writes, reads = _ranges(trace, Rw.WRITE), _ranges(trace, Rw.READ)
    found: dict[tuple[int, int], BlockConflict] = {}
    for other, both_write in ((writes, True), (reads, False)):
        for first, second, lo, hi in _overlaps(writes, other):
            if both_write:
                # Of two writes neither is the first: by number, so that the pair is not found twice.
                first, second = min(first, second), max(first, second)
            if (first, second) in found:
                continue
            first_core, first_event = _find(trace, first, Rw.WRITE, lo)
            second_core, second_event = _find(trace, second, Rw.WRITE if both_write else Rw.READ, lo)
            found[first, second] = BlockConflict(first_core, first_event, second_core, second_event, lo, hi, both_write)
    return list(found.values())


def _ranges(trace: Trace, rw: Rw) -> tuple[Ints, Ints, Ints]:
    """Return (lo, hi, block) of the disjoint GM ranges of every block that its accesses in direction `rw` touch."""
    parts = []
    for block, cores in blocks_of(trace).items():
        # A block loads the same tiles again and again: each once is enough.
        own = np.unique(np.concatenate([_accesses(trace, core, rw)[1] for core in cores]))
        lo, hi, _ = row_ranges(own)
        lo, hi = merge_ranges(lo, hi)
        parts.append((lo, hi, np.full(len(lo), block)))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _accesses(trace: Trace, core: Core, rw: Rw) -> tuple[Ints, Records]:
    """Return (event number, access) of the GM accesses of `core` in direction `rw`."""
    events = trace.core_events(core)
    counts = events["n_access"].astype(np.int64)
    owner = np.repeat(np.arange(len(events)), counts)
    # The accesses of the events, event after event, as in sim.program.
    index = np.arange(len(owner)) + np.repeat(events["first_access"] - (np.cumsum(counts) - counts), counts)
    accesses = trace.accesses[index]
    chosen = (accesses["buffer"] == Buffer.GM) & (accesses["rw"] == rw)
    return owner[chosen] + core.first_event, accesses[chosen]


def _overlaps(a: tuple[Ints, Ints, Ints], b: tuple[Ints, Ints, Ints]) -> list[tuple[int, int, int, int]]:
    """Return (block of a, block of b, lo, hi) for overlapping ranges of different blocks, one per pair of blocks."""
    order = np.argsort(a[0], kind="stable")
    lo, hi, block = (column[order] for column in a)
    # Ends of different blocks do not ascend; their running maximum does, so it can be searched.
    reach = np.maximum.accumulate(hi) if len(hi) else hi
    found: dict[tuple[int, int], tuple[int, int]] = {}
    # What may overlap: from the first with a reach into the range of b, to the last that begins before its end.
    begin = np.searchsorted(reach, b[0], side="right")
    end = np.searchsorted(lo, b[1], side="left")
    for i in np.flatnonzero(begin < end):
        for j in range(int(begin[i]), int(end[i])):
            pair = int(block[j]), int(b[2][i])
            # What reaches so far may be an earlier range than this one.
            if pair[0] != pair[1] and hi[j] > b[0][i]:
                found.setdefault(pair, (int(max(lo[j], b[0][i])), int(min(hi[j], b[1][i]))))
    return [(*pair, *span) for pair, span in found.items()]


def _find(trace: Trace, block: int, rw: Rw, byte: int) -> tuple[Core, int]:
    """Return the first core and event of `block` that touch GM byte `byte` in direction `rw`."""
    for core in blocks_of(trace)[block]:
        events, accesses = _accesses(trace, core, rw)
        lo, hi, access = row_ranges(accesses)
        hits = np.flatnonzero((lo <= byte) & (byte < hi))
        if len(hits):
            return core, int(events[access[hits].min()])
    raise AssertionError(f"block {block} has no access of byte {byte}")
