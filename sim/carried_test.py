"""Tests of what a launch leaves for the next one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isa.pipes import Pipe
from sim.carried import still_blank
from sim.hazards import judge
from sim.replay import FindingKind
from tracing.builder import Span, TraceBuilder, span
from tracing.format import Buffer, Trace


def _launch(*writes: Span, reads: tuple[Span, ...] = ()) -> Trace:
    build = TraceBuilder()
    vec = build.core("vec")
    for read in reads:
        vec.op("TLOAD", Pipe.MTE2, reads=[read], writes=[span(Buffer.UB, 0, read.row_bytes)])
    for write in writes:
        vec.op("TSTORE", Pipe.MTE3, writes=[write])
    return build.build()


@pytest.mark.parametrize(
    ("writes", "blank"),
    [
        ((), ((100, 200), (300, 400))),
        ((span(Buffer.UB, 100, 300),), ((100, 200), (300, 400))),
        ((span(Buffer.GM, 0, 500),), ()),
        ((span(Buffer.GM, 150, 200),), ((100, 150), (350, 400))),
        ((span(Buffer.GM, 100, 10, rows=3, row_stride=20),), ((110, 120), (130, 140), (150, 200), (300, 400))),
        ((span(Buffer.GM, 180, 20), span(Buffer.GM, 120, 60)), ((100, 120), (300, 400))),
    ],
)
def test_only_what_is_stored_to_holds_a_value(writes: tuple[Span, ...], blank: tuple[tuple[int, int], ...]) -> None:
    assert still_blank([(100, 200), (300, 400)], _launch(*writes)) == blank


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6))
def test_it_is_the_difference_of_the_sets_of_bytes(writes: list[tuple[int, int]]) -> None:
    area = (10, 50)
    rest = still_blank([area], _launch(*(span(Buffer.GM, start, size) for start, size in writes)))
    bytes_left = set(range(*area)) - {byte for start, size in writes for byte in range(start, start + size)}
    assert {byte for lo, hi in rest for byte in range(lo, hi)} == bytes_left
    assert all(first[1] < second[0] for first, second in pairwise(rest))


def test_the_second_launch_may_read_what_the_first_has_written_and_nothing_else() -> None:
    scratch = [(0, 256)]
    first = _launch(span(Buffer.GM, 0, 128))
    for start, kinds in ((0, []), (64, [FindingKind.UNWRITTEN])):
        second = _launch(reads=(span(Buffer.GM, start, 128),))
        found = judge(second, scratch=still_blank(scratch, first)).findings
        assert [finding.kind for finding in found] == kinds
