"""What one launch leaves for the next one on the same stream: scratch that it has written holds values from then on."""

from __future__ import annotations

from collections.abc import Sequence

from sim.program import ByteRange
from sim.regions import merge_ranges, row_ranges
from tracing.format import Buffer, Rw, Trace


def still_blank(scratch: Sequence[ByteRange], trace: Trace) -> tuple[ByteRange, ...]:
    """Return what of the GM ranges `scratch` [lo, hi), disjoint, the launch of `trace` has not written."""
    accesses = trace.accesses
    lo, hi, _ = row_ranges(accesses[(accesses["buffer"] == Buffer.GM) & (accesses["rw"] == Rw.WRITE)])
    written = list(zip(*(ends.tolist() for ends in merge_ranges(lo, hi)), strict=True))
    return tuple(part for area in scratch for part in _gaps(area, written))


def _gaps(area: ByteRange, written: Sequence[ByteRange]) -> list[ByteRange]:
    """Return what of `area` none of the ascending, disjoint ranges covers."""
    begin, end = area
    cuts = [(max(lo, begin), min(hi, end)) for lo, hi in written if lo < end and hi > begin]
    # A gap before each cut and one after the last; those of no bytes are left out.
    begins, ends = [begin, *(hi for _, hi in cuts)], [*(lo for lo, _ in cuts), end]
    return [(lo, hi) for lo, hi in zip(begins, ends, strict=True) if lo < hi]
