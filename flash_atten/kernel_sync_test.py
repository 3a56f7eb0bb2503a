"""How much synchronisation the kernel needs, against what the real assembler needs for the reference kernel."""

from collections import Counter

import pytest
from xdsl.dialects.builtin import ModuleOp

from flash_atten.config import FAST, FAST_PRELOAD, SINGLE, KernelConfig
from flash_atten.kernel import build_module
from ptodsl.dialect import BarrierOp, Pipe, SetFlagOp, WaitFlagOp
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.plan_memory import plan_memory

REFERENCE_V_BARRIERS = {(256, 3): 129, (256, 4): 176, (512, 3): 247, (512, 4): 338}
"""PIPE_V barriers that ptoas 0.48 prints for the reference kernel, by S1_TILE and QK_PRELOAD."""

EXPECTED = {(256, 3): (28, 102), (256, 4): (28, 102), (512, 3): (65, 183), (512, 4): (65, 183)}
"""Ours: PIPE_V barriers and set_flags (as many wait_flags). After a change of the kernel or of the pass, look at the
difference in the C++, see that `tools/bazel test //sim/...` finds no hazard, and write the new counts here."""


FAST_EXPECTED = {(FAST, 256): (68, 235), (FAST, 512): (259, 904), (SINGLE, 512): (103, 377)}
"""The same of other schedules, by schedule and S1_TILE."""


def _counts(module: ModuleOp) -> tuple[Counter[Pipe], int, int]:
    """Assemble; return barriers by pipe, set_flags and wait_flags."""
    insert_sync(module, plan_memory(module))
    ops = list(module.walk())
    barriers = Counter(op.pipe.data for op in ops if isinstance(op, BarrierOp))
    sets, waits = (sum(isinstance(op, kind) for op in ops) for kind in (SetFlagOp, WaitFlagOp))
    return barriers, sets, waits


@pytest.mark.parametrize("knobs", REFERENCE_V_BARRIERS)
def test_synchronisation_is_as_expected_and_below_the_reference(knobs: tuple[int, int]) -> None:
    s1_tile, qk_preload = knobs
    barriers, sets, waits = _counts(build_module(KernelConfig(s1_tile=s1_tile, qk_preload=qk_preload)))
    assert (barriers[Pipe.V], sets) == EXPECTED[knobs]
    assert sets == waits
    assert barriers[Pipe.V] <= REFERENCE_V_BARRIERS[knobs]
    assert set(barriers) == {Pipe.V}, "an event id ran out, or a pipe other than V got a barrier"


@pytest.mark.parametrize(("schedule", "s1_tile"), FAST_EXPECTED)
def test_synchronisation_of_other_schedules_is_as_expected(schedule: str, s1_tile: int) -> None:
    barriers, sets, waits = _counts(build_module(KernelConfig(s1_tile, FAST_PRELOAD, schedule=schedule)))
    assert (barriers[Pipe.V], sets) == FAST_EXPECTED[schedule, s1_tile]
    assert sets == waits
    assert set(barriers) == {Pipe.V}, "an event id ran out, or a pipe other than V got a barrier"
