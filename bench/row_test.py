"""What a row says of itself."""

from __future__ import annotations

import json

from bench.row import KERNEL, Row, Turns, knob_cell, turns_text
from bench.sample_rows import row
from bench.stats import Ratio


def test_a_row_is_read_as_it_was_written() -> None:
    right = row(4096, knobs={"s1_tile": 512, "qk_preload": 4}, barriers="none", note="again")
    assert Row.from_json(json.loads(json.dumps(right.to_json())), "rows[0]") == right


def test_knobs_are_cells_of_their_own() -> None:
    right = row(4096, knobs={"s1_tile": 512})
    assert (knob_cell("s1_tile")(right), knob_cell("schedule")(right)) == ("512", "recipe")
    assert right.tiles == 8


def test_the_clock_says_what_the_cache_held() -> None:
    assert row(timing="event", cache="cold").clock == "event cold"
    assert row().clock == "wall"


def test_other_programs_disturb_the_host_and_not_the_device() -> None:
    assert row(load={"others": 0.5}).busy
    assert not row(load={"others": 0.1}).busy
    assert not row(backend="npu", load={"others": 0.5}).busy


def test_the_first_baseline_is_the_one_that_counts() -> None:
    assert row().speedup == 2.0
    alone = row(timings={KERNEL: row().timings[KERNEL]})
    assert (alone.primary_baseline, alone.speedup) == (None, None)


def test_turns_name_what_differs_from_the_first() -> None:
    second = row(barriers="none", turns=Turns("without gu", Ratio(1.1, 1.05, 1.2)))
    text = turns_text(second, [row(), second])
    assert text == "timed in turns: all barriers takes 1.100 (1.050 .. 1.200) of the time of without gu"
