"""What was published of changes to the kernel, against the model on recordings of our own kernels.

Directions and rough sizes only: the model errs on a kernel by about 3 %. Where it disagrees with a publication
docs/timeline.md says so, and the test here is about what holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Hypothesis, Workload, microseconds
from sim.timeline.pairs import PairTimes
from sim.timeline.parameters import load_fits
from sim.timeline.program import TimedProgram
from sim.timeline.recorded import RecordedKernel

ROOT = Path(__file__).parent.parent.parent
FITS = load_fits()

both = pytest.mark.parametrize("hypothesis", list(Hypothesis))


@cache
def kernel(tile: int, *, kept: bool = False) -> RecordedKernel:
    """Return our kernel of a tile, with its `gu` barriers removed or `kept`."""
    name = f"sim/fa_s1tile{tile}_unpatched" if kept else f"flash_atten/fa_s1tile{tile}"
    return RecordedKernel.load(ROOT / f"{name}.trace.so")


def time(blocks: BlockTimes | PairTimes, work: Workload, hypothesis: Hypothesis) -> float:
    """Return predicted microseconds."""
    return microseconds(blocks, work, FITS[hypothesis].fitted, hypothesis)


def square(tile: int, s: int, hypothesis: Hypothesis, *, kept: bool = False) -> float:
    """Return the predicted microseconds of S0 = S1 = `s`."""
    return time(kernel(tile, kept=kept).blocks(s), Workload(s, s), hypothesis)


@both
def test_the_large_tile_wins_from_16384_on(hypothesis: Hypothesis) -> None:
    assert square(512, 16384, hypothesis) < 0.97 * square(256, 16384, hypothesis)


@both
def test_the_large_tile_does_not_win_by_more_than_the_models_error_at_4096_and_loses_below(
    hypothesis: Hypothesis,
) -> None:
    assert square(512, 4096, hypothesis) > (1 - FITS[hypothesis].mape / 100) * square(256, 4096, hypothesis)
    assert square(512, 2048, hypothesis) > 1.02 * square(256, 2048, hypothesis)


def with_batches(blocks: BlockTimes, batches: dict[int, int]) -> BlockTimes:
    """Return `blocks` with FIFOs that hand back as many slots at a time as `batches` says."""

    def changed(program: TimedProgram) -> TimedProgram:
        rings = {
            number: replace(ring, free_batch=batches.get(number, ring.free_batch))
            for number, ring in program.rings.items()
        }
        return replace(program, rings=rings)

    assert blocks.two is not None
    return BlockTimes(changed(blocks.one), changed(blocks.two))


def dearer(tile: int, s: int, hypothesis: Hypothesis, fifos: Sequence[int]) -> float:
    """Return by how many percent a launch takes longer if `fifos` hand slots back every 8 instead of every 4."""
    blocks = kernel(tile).blocks(s)
    assert isinstance(blocks, BlockTimes)
    slow, usual = (
        time(each, Workload(s, s), hypothesis) for each in (with_batches(blocks, dict.fromkeys(fifos, 8)), blocks)
    )
    return 100 * (slow / usual - 1)


FIFOS = (0, 1, 2)
QK, PV, P = FIFOS
"""In the order in which the kernel declares them."""


@both
@pytest.mark.parametrize("s", [1024, 2048])
def test_slots_that_come_back_every_8_cost_nothing_while_8_slots_hold_all_tiles(hypothesis: Hypothesis, s: int) -> None:
    assert dearer(256, s, hypothesis, FIFOS) == 0


@both
def test_slots_that_come_back_every_8_cost_a_tenth_or_more_at_32768(hypothesis: Hypothesis) -> None:
    """Published: 10 to 12 %. The model says 14 to 17, most of it on one FIFO, and none on the FIFO of PV."""
    all_of_them = dearer(512, 32768, hypothesis, FIFOS)
    assert 10 < all_of_them < 20
    assert 5 < dearer(512, 32768, hypothesis, [QK]) < 12
    assert 2 < dearer(512, 32768, hypothesis, [P]) < 12
    assert dearer(512, 32768, hypothesis, [PV]) == pytest.approx(0, abs=0.5)


@both
@pytest.mark.parametrize("tile", [256, 512])
def test_removing_gu_barriers_helps_a_little_and_never_harms(hypothesis: Hypothesis, tile: int) -> None:
    gained = square(tile, 8192, hypothesis, kept=True) / square(tile, 8192, hypothesis) - 1
    assert -1e-9 <= gained < 0.02


def test_removing_gu_barriers_gains_something_where_the_vector_pipe_binds() -> None:
    assert square(256, 8192, Hypothesis.SLOWDOWN, kept=True) > 1.001 * square(256, 8192, Hypothesis.SLOWDOWN)


@both
def test_from_one_core_to_eight_a_block_takes_little_longer_then_comes_a_step(hypothesis: Hypothesis) -> None:
    blocks = kernel(256).blocks(8192, several=False)
    one, eight, sixteen = (time(blocks, Workload(128 * n, 8192, n), hypothesis) for n in (1, 8, 16))
    assert 1 < eight / one < 1.15
    assert sixteen / eight > 1.1
