"""Bars of any kernel are told apart by their operations."""

from __future__ import annotations

from bench.timeline_any import operation_labels
from sim.timeline.stages import Label
from sim.timeline.testing import program
from sim.timeline.times import Scale, timeline


def test_bars_are_counted_by_operation_and_core() -> None:
    run = timeline(program(3), Scale())
    labels, names = operation_labels(run)
    assert len(labels) == len(run.bars)
    assert [label for label in labels if label and label.stage == "TEXP"] == [
        Label("TEXP", number) for number in range(3)
    ]
    of_stores = [label.tile for label in labels if label and label.stage == "TSTORE"]
    assert sorted(of_stores) == [0, 0, 1, 1, 2, 2], "the cube's stores and the vector core's are counted apart"
    assert set(names) >= {"TLOAD", "TSTORE", "TEXP"}
    assert names.index("TLOAD") < names.index("TEXP")
