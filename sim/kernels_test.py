"""The Flash Attention kernels, as assembled (unpatched) and as shipped: no hazards, nothing redundant, mutants killed.

Bazel builds the libraries; without it there are none, and these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import flash_atten
from kernels.kernel import Trial
from sim.barriers import redundant_barriers
from sim.check import check
from sim.confirm import confirm
from sim.hazards import judge
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants, sample, summary
from sim.record import TRACE_SUFFIX, Recording, TraceLibrary
from sim.v_pairs import pairs_of, table

UNPATCHED = sorted(Path(__file__).parent.glob(f"*{TRACE_SUFFIX}"))
SHIPPED = sorted(Path(flash_atten.__file__).parent.glob(f"*{TRACE_SUFFIX}"))
KNOB_PAIRS = 4

SAMPLE = 200
"""Mutants judged of each kernel; `tools/bazel run //sim:mutation` judges all."""

pytestmark = pytest.mark.skipif(not UNPATCHED, reason="Bazel builds the kernels: bazel test //sim:kernels_test")


@pytest.fixture(scope="module", params=UNPATCHED, ids=lambda path: path.name)
def unpatched(request: pytest.FixtureRequest) -> TraceLibrary:
    return TraceLibrary(request.param)


@pytest.fixture(scope="module")
def recordings(unpatched: TraceLibrary) -> list[Recording]:
    return [unpatched.record_trial(trial)[0] for trial in unpatched.kernel.trials]


def test_all_knob_pairs_are_here() -> None:
    assert len(UNPATCHED) == len(SHIPPED) == KNOB_PAIRS


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize(("q_rows", "s1", "block_dim"), [(256, 4096, 1), (384, 4096, 3), (128, 16384, 1)])
def test_shipped_kernel_has_only_the_pairs_that_its_pattern_leaves(
    path: Path, q_rows: int, s1: int, block_dim: int
) -> None:
    library = TraceLibrary(path)
    ((entry, verdict, accepted),) = check(library, Trial({"q_rows": q_rows, "s1": s1}, block_dim))
    assert (entry, verdict.findings) == ("call_both", ())
    assert bool(accepted) == ("gu" in library.info.fields()["remove_barriers"])
    assert verdict.counts.blocks == block_dim


def test_the_table_of_pairs_in_the_documentation_is_true() -> None:
    document = Path(__file__).parents[1] / "docs" / "barriers.md"
    printed = table(row for path in SHIPPED for row in pairs_of(TraceLibrary(path)))
    assert printed in document.read_text(encoding="utf-8"), (
        f"docs/barriers.md has another table than this, which `tools/bazel run //:accept` writes there:\n{printed}"
    )


def test_assembled_kernel_has_no_hazard_on_any_shape(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert judge(recording.trace, scratch=recording.scratch).findings == ()


def test_no_barrier_is_redundant(recordings: list[Recording]) -> None:
    assert redundant_barriers(recording.trace for recording in recordings) == set()


def test_sampled_mutants_are_killed(recordings: list[Recording]) -> None:
    found = mutants(take_inventory(recording.trace for recording in recordings))
    outcomes = judge_mutants(recordings, sample(found, SAMPLE))
    single = (Mutation.DELETE_FLAG, Mutation.DELETE_BARRIER, Mutation.DELETE_SIGNAL, Mutation.EVENT_ID)
    assert [o.mutant.text for o in outcomes if not o.killed and o.mutant.mutation in single] == []
    assert [o.mutant.text for o in outcomes if o.redundant] == []
    assert summary(outcomes)["score"] > 0.98


def test_no_flag_is_redundant(recordings: list[Recording]) -> None:
    found = mutants(take_inventory(recording.trace for recording in recordings))
    outcomes = judge_mutants(recordings, [mutant for mutant in found if mutant.mutation is Mutation.DELETE_PAIR])
    assert outcomes
    assert [outcome.mutant.text for outcome in outcomes if not outcome.killed] == []


@pytest.mark.parametrize("mutation", [Mutation.DELETE_BARRIER, Mutation.WRONG_PIPE])
def test_edited_trace_is_the_trace_of_the_edited_cpp(mutation: Mutation, tmp_path: Path) -> None:
    cpp = Path(__file__).with_name("fa_s1tile256_unpatched.cpp")
    library = TraceLibrary(cpp.with_suffix(TRACE_SUFFIX))
    trial = library.kernel.trials[1]
    found = mutants(take_inventory([library.record_trial(trial)[0].trace]))
    (mutant,) = sample([m for m in found if m.mutation == mutation], 1)
    assert confirm(cpp, mutant, library, trial, tmp_path) == []
