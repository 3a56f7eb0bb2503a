"""GM bytes that one block writes and another touches: nothing orders blocks, so each of them is a conflict."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from sim.regions import Ints, merge_ranges, row_ranges
from tracing.format import Buffer, Core, Records, Rw, Trace, blocks_of

_READ, _WRITE, _ADD = 0, 1, 2
"""Ways of an access."""


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
    """Return the first conflict between each two blocks that conflict, writes against writes before reads.

    Atomic stores of elements of one type commute, whoever makes them.
    """
    if len(blocks_of(trace)) < 2:
        return []
    in_gm = trace.accesses[trace.accesses["buffer"] == Buffer.GM]
    ranges = {way: _ranges(trace, way) for way in np.unique(_ways(in_gm)).tolist()}
    changes = [way for way in ranges if way != _READ]
    pairs = [pair for pair in combinations_with_replacement(changes, 2) if pair[0] != pair[1] or pair[0] == _WRITE]
    pairs += [(way, _READ) for way in changes if _READ in ranges]
    found: dict[tuple[int, int], BlockConflict] = {}
    for one, other in pairs:
        for first, second, lo, hi in _overlaps(ranges[one], ranges[other]):
            sides = (first, one), (second, other)
            if other != _READ:
                # Of two writes neither is the first: by number, so that the pair is not found twice.
                sides = min(sides), max(sides)
            blocks = sides[0][0], sides[1][0]
            if blocks not in found:
                found[blocks] = BlockConflict(
                    *_find(trace, *sides[0], lo), *_find(trace, *sides[1], lo), lo, hi, other != _READ
                )
    return list(found.values())


def _ways(accesses: Records) -> Ints:
    """Return what each access does: _READ, _WRITE, or from _ADD on an atomic store, by type of the elements."""
    ways: Ints = np.where(accesses["adds"] != 0, _ADD + accesses["adds"].astype(np.int64), _WRITE)
    ways[accesses["rw"] == Rw.READ] = _READ
    return ways


def _ranges(trace: Trace, way: int) -> tuple[Ints, Ints, Ints]:
    """Return (lo, hi, block) of the disjoint GM ranges of every block that its accesses of this way touch."""
    parts = []
    for block, cores in blocks_of(trace).items():
        # A block loads the same tiles again and again: each once is enough.
        own = np.unique(np.concatenate([_accesses(trace, core, way)[1] for core in cores]))
        lo, hi, _ = row_ranges(own)
        lo, hi = merge_ranges(lo, hi)
        parts.append((lo, hi, np.full(len(lo), block)))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _accesses(trace: Trace, core: Core, way: int) -> tuple[Ints, Records]:
    """Return (event number, access) of the GM accesses of `core` of this way."""
    events = trace.core_events(core)
    counts = events["n_access"].astype(np.int64)
    owner = np.repeat(np.arange(len(events)), counts)
    # The accesses of the events, event after event, as in sim.program.
    index = np.arange(len(owner)) + np.repeat(events["first_access"] - (np.cumsum(counts) - counts), counts)
    accesses = trace.accesses[index]
    chosen = (accesses["buffer"] == Buffer.GM) & (_ways(accesses) == way)
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


def _find(trace: Trace, block: int, way: int, byte: int) -> tuple[Core, int]:
    """Return the first core and event of `block` that touch GM byte `byte` in this way."""
    for core in blocks_of(trace)[block]:
        events, accesses = _accesses(trace, core, way)
        lo, hi, access = row_ranges(accesses)
        hits = np.flatnonzero((lo <= byte) & (byte < hi))
        if len(hits):
            return core, int(events[access[hits].min()])
    raise AssertionError(f"block {block} has no access of byte {byte}")
