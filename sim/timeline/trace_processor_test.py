"""Both files of a timeline, opened by Perfetto's own trace processor and asked in SQL.

Its program is no part of the package `perfetto`, which would fetch it from outside the package registries; so this test
is `manual` and is told where the program lies:

    tools/bazel test //sim/timeline:trace_processor_test --test_env=TRACE_PROCESSOR=/path/of/trace_processor_shell
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig

from sim.timeline.perfetto import CYCLES_PER_US, arrows, slices, tracks
from sim.timeline.perfetto_json import perfetto_json
from sim.timeline.perfetto_proto import perfetto_proto
from sim.timeline.testing import program
from sim.timeline.times import Timeline, timeline

NS_PER_CYCLE = 1e3 / CYCLES_PER_US

THREADS = "select process.name as core, thread.name as pipe from thread join process using (upid) where tid != 0"
SLICES = """
    select process.name as core, thread.name as pipe, slice.name as name, slice.ts as ts, slice.dur as dur,
        slice.depth as depth
    from slice join thread_track on slice.track_id = thread_track.id join thread using (utid) join process using (upid)
    order by slice.ts
"""
FLOWS = """
    select source.name as source, source.ts as begins, target.name as target, target.ts as ends
    from flow join slice source on flow.slice_out = source.id join slice target on flow.slice_in = target.id
"""


@pytest.fixture(scope="module")
def run() -> Timeline:
    return timeline(program(20))


@pytest.fixture(scope="module", params=["json", "perfetto-trace"])
def opened(run: Timeline, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    program_path = os.environ.get("TRACE_PROCESSOR", "")
    if not os.access(program_path, os.X_OK):
        pytest.fail(f"TRACE_PROCESSOR={program_path!r} is no program; say --test_env=TRACE_PROCESSOR=/path/of/it")
    labels = [None] * len(run.bars)
    file = Path(tmp_path_factory.mktemp("trace"), f"x.{request.param}")
    if request.param == "json":
        file.write_text(perfetto_json(run, labels, {}))
    else:
        file.write_bytes(perfetto_proto(run, labels, {}))
    with TraceProcessor(trace=str(file), config=TraceProcessorConfig(bin_path=program_path)) as processor:
        yield processor


def test_it_has_the_cores_and_pipes(opened: Any, run: Timeline) -> None:
    found = {(row.core, row.pipe) for row in opened.query(THREADS)}
    assert {(core, track.name) for core, pipes in tracks(run) for track in pipes} <= found


def test_it_has_every_slice_at_its_time_and_none_inside_another(opened: Any, run: Timeline) -> None:
    names = {track.thread: (core, track.name) for core, pipes in tracks(run) for track in pipes}
    expected = sorted(
        (
            *names[one.track.thread],
            one.name,
            one.start / CYCLES_PER_US * 1e3,
            (one.end - one.start) / CYCLES_PER_US * 1e3,
        )
        for one in slices(run, [None] * len(run.bars), {})
    )
    found = sorted((row.core, row.pipe, row.name, row.ts, row.dur) for row in opened.query(SLICES))
    assert [one[:3] for one in found] == [one[:3] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[3:] == pytest.approx(other[3:], abs=1.01)  # whole nanoseconds
    assert {row.depth for row in opened.query(SLICES)} == {0}


def test_it_has_every_hand_over_as_a_flow(opened: Any, run: Timeline) -> None:
    shown = list(slices(run, [None] * len(run.bars), {}))
    expected = sorted((shown[arrow.source].name, shown[arrow.target].name) for arrow in arrows(run))
    assert sorted((row.source, row.target) for row in opened.query(FLOWS)) == expected
    assert all(row.begins < row.ends for row in opened.query(FLOWS))


def test_nothing_was_dropped_on_reading(opened: Any) -> None:
    wrong = opened.query("select name, value from stats where severity in ('error', 'data_loss') and value > 0")
    assert [(row.name, row.value) for row in wrong] == []
