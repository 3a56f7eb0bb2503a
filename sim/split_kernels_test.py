"""Kernels that split S1 or take many heads: both launches have no hazards, and the judge sees what is taken away there.

Bazel builds the libraries; without it there are none, and these tests are skipped.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import flash_atten
from flash_atten.config import S0, LaunchShape
from flash_atten.described import attention_of
from flash_atten.kernel import REDUCE_KERNEL
from flash_atten.plan import ENTRY, REDUCE_ENTRY
from kernels.kernel import Trial
from patchers.patch import ByPatterns, patch
from patchers.patterns import PATTERNS, select_patterns
from sim.barriers import redundant_barriers
from sim.check import check
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants, summary
from sim.record import TRACE_SUFFIX, Recording, TraceLibrary

FOLDER = Path(flash_atten.__file__).parent
SPLIT = sorted(FOLDER.glob(f"*_kvsplit*{TRACE_SUFFIX}"))
SHIPPED = sorted({*SPLIT, *FOLDER.glob(f"*_heads{TRACE_SUFFIX}")})
UNPATCHED = sorted(Path(__file__).parent.glob(f"*_kvsplit2_unpatched{TRACE_SUFFIX}"))

pytestmark = pytest.mark.skipif(not UNPATCHED, reason="Bazel builds the kernels: bazel test //sim:split_kernels_test")


def test_all_are_here() -> None:
    assert (len(SPLIT), len(SHIPPED), len(UNPATCHED)) == (10, 12, 2)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("block_dim", [1, 2, 5])
def test_both_launches_have_only_what_the_pattern_leaves(path: Path, block_dim: int) -> None:
    library = TraceLibrary(path)
    config = attention_of(library.kernel).config
    shape = {"q_rows": 3 * S0, "s1": 2 * config.least_s1} | ({"heads": 2} if config.heads else {})
    checked = check(library, Trial(shape, block_dim))
    assert [found.entry for found in checked] == [ENTRY, REDUCE_ENTRY][: 1 + (config.kv_split > 1)]
    for found in checked:
        assert found.verdict.findings == ()
        assert found.verdict.counts.blocks == block_dim
    assert all(found.accepted == () for found in checked[1:])


def test_the_combining_launch_reads_nothing_that_the_first_has_not_written() -> None:
    """Of the scratch only the FIFOs and the log-sum-exps, which nobody reads, are blank by then."""
    library = TraceLibrary(FOLDER / f"fa_s1tile256_kvsplit2{TRACE_SUFFIX}")
    kernel = attention_of(library.kernel)
    first, second = library.record_trial(kernel.trial(LaunchShape(3 * S0, 2 * kernel.config.least_s1), 2))
    (before,) = first.scratch
    assert all(hi <= before[1] - 6 * (S0 * 130 * 4) for _, hi in second.scratch)


@pytest.fixture(scope="module", params=UNPATCHED, ids=lambda path: path.name)
def recordings(request: pytest.FixtureRequest) -> list[Recording]:
    library = TraceLibrary(request.param)
    return [each for trial in library.kernel.trials for each in library.record_trial(trial)]


def test_no_barrier_is_redundant(recordings: list[Recording]) -> None:
    assert redundant_barriers(recording.trace for recording in recordings) == set()


def test_every_mutant_of_the_combining_launch_is_killed(recordings: list[Recording]) -> None:
    """Nothing but barriers and flags orders it: there is no FIFO whose signals could hide one."""
    combining = [recording for recording in recordings if recording.entry == REDUCE_ENTRY]
    outcomes = judge_mutants(combining, mutants(take_inventory(recording.trace for recording in combining)))
    single = (Mutation.DELETE_FLAG, Mutation.DELETE_BARRIER, Mutation.DELETE_PAIR, Mutation.EVENT_ID)
    assert len(outcomes) > 100
    assert [o.mutant.text for o in outcomes if not o.killed and o.mutant.mutation in single] == []
    assert summary(outcomes)["score"] > 0.98


def test_no_pattern_takes_a_barrier_of_the_combining_kernel() -> None:
    """Some would, if the kernel were not spared: its TADD is in time by the repeat rule."""
    text = Path(__file__).with_name("fa_s1tile256_kvsplit2_unpatched.cpp").read_text(encoding="utf-8")
    begin = text[: text.index(f"void {REDUCE_KERNEL}(")].count("\n") + 1
    everything = ByPatterns(select_patterns([pattern.name for pattern in PATTERNS]), guard=True)

    def taken(selection: ByPatterns) -> list[int]:
        return [b.line for b in patch(text, selection).barriers if b.outcome == "removed" and b.line > begin]

    assert taken(everything)
    assert taken(replace(everything, spared=(REDUCE_KERNEL,))) == []
