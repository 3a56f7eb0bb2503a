"""Tests of the division in regions, against one byte at a time (hypothesis)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.regions import divide, merge_ranges, row_ranges
from tracing.format import ACCESS_DTYPE, Buffer, Records, Rw

ACCESSES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 5), st.integers(0, 3), st.integers(0, 8)), max_size=6
).map(lambda rows: np.array([(a, n, r, n + gap, Buffer.UB, Rw.READ, 0, 0) for a, n, r, gap in rows], ACCESS_DTYPE))


def bytes_of(accesses: Records) -> list[set[int]]:
    return [
        {start + row * stride + byte for row in range(rows) for byte in range(row_bytes)}
        for start, row_bytes, rows, stride, *_ in accesses.tolist()
    ]


@given(ACCESSES)
def test_regions_are_the_bytes_that_the_same_accesses_touch(accesses: Records) -> None:
    touched = bytes_of(accesses)
    divided = divide(accesses)
    region_of: dict[int, frozenset[int]] = {}
    for byte in set().union(*touched):
        region_of[byte] = frozenset(i for i, part in enumerate(touched) if byte in part)
    expected = sorted(set(region_of.values()), key=lambda owners: min(b for b in region_of if region_of[b] == owners))
    assert len(divided.lo) == len(expected)
    for number, owners in enumerate(expected):
        own = [byte for byte in region_of if region_of[byte] == owners]
        assert (divided.lo[number], divided.hi[number]) == (min(own), max(own) + 1)
        assert [byte for lo, hi in divided.ranges(number) for byte in range(lo, hi)] == sorted(own)
        assert {i for i, regions in enumerate(divided.of_access) if number in regions} == owners


@given(ACCESSES)
def test_row_ranges_and_their_union_have_the_bytes_of_the_accesses(accesses: Records) -> None:
    lo, hi, access = row_ranges(accesses)
    for number, touched in enumerate(bytes_of(accesses)):
        own = access == number
        assert {b for first, end in zip(lo[own], hi[own], strict=True) for b in range(first, end)} == touched
    merged_lo, merged_hi = merge_ranges(lo, hi)
    assert (merged_lo[1:] > merged_hi[:-1]).all()
    merged = {b for first, end in zip(merged_lo, merged_hi, strict=True) for b in range(first, end)}
    assert merged == set().union(*bytes_of(accesses))


def test_contiguous_rows_are_one_range() -> None:
    accesses = np.array([(64, 32, 4, 32, Buffer.UB, Rw.READ, 0, 0)], ACCESS_DTYPE)
    lo, hi, _ = row_ranges(accesses)
    assert (lo.tolist(), hi.tolist()) == ([64], [192])
