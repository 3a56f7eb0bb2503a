"""The bug suite: every fault is caught by the check that must, and no mended kernel is complained about."""

from __future__ import annotations

from pathlib import Path

from sim.bugs import CASES
from sim.bugs_run import run_all


def test_no_fault_is_missed_and_no_mended_kernel_raises_an_alarm(tmp_path: Path) -> None:
    rows = list(run_all(tmp_path))
    assert [(row.case.name, row.faulty) for row in rows if not row.caught] == []
    assert [(row.case.name, row.mended) for row in rows if row.mended] == []


def test_the_suite_has_at_least_forty_pairs_that_differ() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    for case in CASES:
        assert case.kernel(mended=False) != case.kernel(mended=True), case.name
