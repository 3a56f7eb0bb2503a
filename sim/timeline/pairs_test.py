"""Cycles of cores that take their Q blocks in pairs."""

from __future__ import annotations

import pytest

from sim.timeline.pairs import PairTimes
from sim.timeline.testing import TILE_COLUMNS, program
from sim.timeline.times import Scale, timeline

TILES = 6
S1 = TILES * TILE_COLUMNS


@pytest.fixture(scope="module")
def times() -> PairTimes:
    one, two, three, four = (program(TILES, blocks) for blocks in range(1, 5))
    return PairTimes.of((one, two, three, four))


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_what_is_recorded_takes_what_it_takes(times: PairTimes, blocks: int) -> None:
    assert times.core(blocks, S1, Scale()) == pytest.approx(timeline(program(TILES, blocks), Scale()).cycles)


@pytest.mark.parametrize("blocks", [5, 6, 7])
def test_more_blocks_are_further_pairs(times: PairTimes, blocks: int) -> None:
    assert times.core(blocks, S1, Scale()) == pytest.approx(timeline(program(TILES, blocks), Scale()).cycles, rel=1e-3)


def test_a_longer_s1_is_extrapolated() -> None:
    one, two, three, four = (program(48, blocks) for blocks in range(1, 5))
    long = PairTimes.of((one, two, three, four)).core(3, 96 * TILE_COLUMNS, Scale())
    assert long == pytest.approx(timeline(program(96, 3), Scale()).cycles, rel=1e-3)


def test_the_launch_is_its_longest_core_and_that_goes_on_among_fewer(times: PairTimes) -> None:
    def slower_among_many(cores: int) -> Scale:
        return Scale(slowdown=1.0 + cores)

    alone, pair = (times.core(blocks, S1, Scale()) for blocks in (1, 2))
    assert times.launch(8, 4, S1, slower_among_many) == pytest.approx(5 * pair)
    assert times.launch(3, 4, S1, slower_among_many) == pytest.approx(4 * alone)
    assert times.launch(5, 4, S1, slower_among_many) == pytest.approx(5 * alone + 2 * (pair - alone))


def test_traces_that_do_not_belong_together_are_refused() -> None:
    one, two = program(TILES), program(TILES, 2)
    with pytest.raises(ValueError, match="the traces have 6, 12, 12, 12 tiles: they must be"):
        PairTimes.of((one, two, two, two))
