"""The kernels of other schedules than the recipe's: no hazards on any shape, and no sync can be deleted unnoticed.

Bazel builds the libraries; without it there are none, and these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import flash_atten
from flash_atten.config import FAST, SINGLE
from flash_atten.described import attention_of
from sim.barriers import redundant_barriers
from sim.hazards import judge
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants
from sim.record import TRACE_SUFFIX, Recording, TraceLibrary

LIBRARIES = sorted(
    path
    for schedule in (FAST, SINGLE)
    for path in Path(flash_atten.__file__).parent.glob(f"*_{schedule}{TRACE_SUFFIX}")
)

DELETIONS = (Mutation.DELETE_BARRIER, Mutation.DELETE_PAIR, Mutation.DELETE_SIGNAL)
"""Judged of each kernel; `tools/bazel run //sim:mutation` judges all mutations."""

pytestmark = pytest.mark.skipif(not LIBRARIES, reason="Bazel builds the kernels: bazel test //sim:fast_kernels_test")


@pytest.fixture(scope="module", params=LIBRARIES, ids=lambda path: path.name)
def recordings(request: pytest.FixtureRequest) -> list[Recording]:
    library = TraceLibrary(request.param)
    return [library.record_trial(trial)[0] for trial in library.kernel.trials]


def test_all_are_here_with_all_their_barriers() -> None:
    libraries = [TraceLibrary(path) for path in LIBRARIES]
    configs = [attention_of(library.kernel).config for library in libraries]
    assert sorted((config.schedule, config.s1_tile) for config in configs) == [
        (FAST, 256),
        (FAST, 512),
        (SINGLE, 256),
        (SINGLE, 512),
    ]
    assert [library.removed_barriers for library in libraries] == [[]] * len(libraries)


def test_no_kernel_has_a_hazard_on_any_shape(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert judge(recording.trace, scratch=recording.scratch).findings == ()


def test_no_barrier_is_redundant(recordings: list[Recording]) -> None:
    assert redundant_barriers(recording.trace for recording in recordings) == set()


def test_no_barrier_flag_or_signal_can_be_deleted_unnoticed(recordings: list[Recording]) -> None:
    found = mutants(take_inventory(recording.trace for recording in recordings))
    outcomes = judge_mutants(recordings, [mutant for mutant in found if mutant.mutation in DELETIONS])
    assert {outcome.mutant.mutation for outcome in outcomes} == set(DELETIONS)
    assert [outcome.mutant.text for outcome in outcomes if not outcome.killed] == []
