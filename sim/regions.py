"""Byte ranges of accesses, and their division in regions that no access cuts.

Shadow memory per byte would be slow and per access would be wrong (accesses overlap in part: row slices, sub-
tiles, reused addresses). So the bytes of a memory are grouped in regions: two bytes are in one region if
exactly the same accesses touch them. A region need not be contiguous: the left half of the columns of a slot is
one region. Every access is a whole number of regions, mostly one or two, and the judge keeps one state per
region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracing.format import Records

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Regions:
    """Regions of one memory, numbered by their first byte."""

    of_access: tuple[tuple[int, ...], ...]
    """For every access given: the regions that it consists of, ascending."""
    lo: Ints
    """First byte of every region."""
    hi: Ints
    """One past the last byte of every region."""
    bounds: Ints
    """[S + 1] bounds of the segments that no access cuts."""
    of_segment: Ints
    """[S] region of every segment, -1 for what no access touches."""

    def ranges(self, region: int) -> list[tuple[int, int]]:
        """Return the byte ranges [lo, hi) of a region, ascending; adjacent ones may follow each other."""
        segments = np.flatnonzero(self.of_segment == region)
        return list(zip(self.bounds[segments].tolist(), self.bounds[segments + 1].tolist(), strict=True))


def row_ranges(accesses: Records) -> tuple[Ints, Ints, Ints]:
    """Return (lo, hi, access): the byte range of every row of every access, contiguous rows as one range.

    Accesses without bytes have no range. GM addresses are below 2**63 on every platform that runs the trace.
    """
    start = accesses["start"].astype(np.int64)
    row_bytes = accesses["row_bytes"].astype(np.int64)
    rows = accesses["rows"].astype(np.int64)
    stride = accesses["row_stride"].astype(np.int64)
    joined = (stride == row_bytes) & (rows > 1)
    row_bytes = np.where(joined, row_bytes * rows, row_bytes)
    rows = np.where(joined, 1, np.where(row_bytes > 0, rows, 0))
    access = np.repeat(np.arange(len(accesses)), rows)
    # Number of the row in its access: its running number less that of the access' first row.
    row = np.arange(len(access)) - np.repeat(np.cumsum(rows) - rows, rows)
    lo = start[access] + row * stride[access]
    return lo, lo + row_bytes[access], access


def merge_ranges(lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
    """Return the union of the ranges as disjoint, ascending, non-adjacent ranges."""
    if not len(lo):
        return lo, hi
    order = np.argsort(lo, kind="stable")
    # The furthest end so far, as a range may contain several that begin behind it.
    lo, reach = lo[order], np.maximum.accumulate(hi[order])
    begins = np.concatenate(([True], lo[1:] > reach[:-1]))
    last = np.concatenate((np.flatnonzero(begins)[1:] - 1, [len(lo) - 1]))
    return lo[begins], reach[last]


def divide(accesses: Records) -> Regions:
    """Divide the bytes that `accesses` (all of one memory) touch in regions."""
    lo, hi, access = row_ranges(accesses)
    bounds = np.unique(np.concatenate((lo, hi)))
    first, last = np.searchsorted(bounds, lo), np.searchsorted(bounds, hi)
    region_of, region_lo, region_hi = _group(bounds, first, last, access, len(accesses))
    lengths = last - first
    # The segments first, first + 1, .. last - 1 of every range, range after range.
    segment = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - first, lengths)
    # (access, region) as one number: one sort groups by access and drops what occurs twice.
    pairs = np.unique(np.repeat(access, lengths) * max(len(region_lo), 1) + region_of[segment])
    owner, region = np.divmod(pairs, max(len(region_lo), 1))
    # Where the pairs of each access begin; an access without bytes gets an empty part.
    cuts = np.searchsorted(owner, np.arange(1, len(accesses)))
    of_access = tuple(tuple(part.tolist()) for part in np.split(region, cuts)) if len(accesses) else ()
    return Regions(of_access, region_lo, region_hi, bounds, region_of)


def _group(bounds: Ints, first: Ints, last: Ints, access: Ints, n_accesses: int) -> tuple[Ints, Ints, Ints]:
    """Return (region of every elementary segment or -1, first byte, end byte of every region).

    The set of accesses that cover a segment is represented by the sum of two random 64-bit numbers per access;
    two different sets collide with a chance of 2**-128 per pair. The seed is fixed: the result is the same in
    every run.
    """
    n_segments = max(len(bounds) - 1, 0)
    keys = np.random.default_rng(0).integers(0, 2**64 - 1, size=(2, n_accesses), dtype=np.uint64, endpoint=True)
    # A range adds the key of its access where it begins and takes it off where it ends (modulo 2**64), so that
    # running sums are the sums of what covers a segment. The third row counts: a sum may be 0 by chance.
    delta = np.zeros((3, n_segments + 1), np.uint64)
    for row, value in zip(delta, (*keys[:, access], np.ones(len(access), np.uint64)), strict=True):
        # Not `row[first] += value`: that counts one of several ranges which begin at the same segment.
        np.add.at(row, first, value)
        np.subtract.at(row, last, value)
    signature = np.cumsum(delta, axis=1, dtype=np.uint64)[:, :n_segments]
    covered = np.flatnonzero(signature[2])
    # The sums are replaced by their ranks, so that both together fit in 64 bits.
    merged = np.unique(signature[0][covered], return_inverse=True)[1].reshape(-1).astype(np.int64)
    second = np.unique(signature[1][covered], return_inverse=True)[1].reshape(-1)
    code = merged * (len(covered) + 1) + second
    _, at, inverse = np.unique(code, return_index=True, return_inverse=True)
    # The order of the keys is random: regions are numbered by their first segment.
    rank = np.empty(len(at), np.int64)
    rank[np.argsort(at)] = np.arange(len(at))
    region_of = np.full(n_segments, -1, np.int64)
    region_of[covered] = rank[inverse.reshape(-1)]
    region_lo = bounds[:-1][covered[np.sort(at)]]
    # A region need not be contiguous: it ends with the last of its segments.
    region_hi = np.zeros(len(at), np.int64)
    np.maximum.at(region_hi, region_of[covered], bounds[1:][covered])
    return region_of, region_lo, region_hi
