"""Whatever a trace holds, its costs are numbers or an error that says what is wrong with it."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sim.timeline.program import timed_program
from sim.timeline.testing import pipeline
from sim.timeline.times import timeline
from tracing.file import validate
from tracing.format import ACCESS_DTYPE, EVENT_DTYPE, Records

TRACE = pipeline(3)
VALUES = st.sampled_from([0, 1, 2, 3, 5, 7, 9, 11, 12, 200, 255, 2**16 - 1, 2**31, 2**32 - 1])
SLOTS = st.sampled_from([8, 8, 8, 0, 1, 2, 3, -1])


Changes = list[tuple[str, int, int]]
"""(field, record, value)."""


def changed(records: Records, changes: Changes) -> Records:
    """Return a copy with `changes`; a value that is too large for its field is cut."""
    copy = records.copy()
    for field, record, value in changes:
        copy[field][record] = min(value, 2 ** (8 * records.dtype[field].itemsize - 1) - 1)
    return copy


def change(fields: tuple[str, ...], records: int) -> st.SearchStrategy[Changes]:
    """Return changes of a few numbers."""
    return st.lists(st.tuples(st.sampled_from(fields), st.integers(0, records - 1), VALUES), max_size=3)


@given(
    change(EVENT_DTYPE.names or (), len(TRACE.events)),
    change(ACCESS_DTYPE.names or (), len(TRACE.accesses)),
    SLOTS,
)
def test_a_damaged_trace_is_timed_or_refused_in_words(events: Changes, accesses: Changes, slots: int) -> None:
    trace = replace(
        TRACE,
        events=changed(TRACE.events, events),
        accesses=changed(TRACE.accesses, accesses),
        fifos=tuple(replace(fifo, slots=slots) for fifo in TRACE.fifos),
    )
    with contextlib.suppress(ValueError):  # anything else is a traceback for a user
        validate(trace)
        assert math.isfinite(timeline(timed_program(trace)).cycles)
