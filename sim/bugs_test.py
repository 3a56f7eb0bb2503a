"""The bug suite: every fault is caught by the check that must, no mended kernel is complained about, docs say so."""

from __future__ import annotations

from pathlib import Path

from sim.bugs import CASES, table
from sim.bugs_case import Check
from sim.bugs_run import run_all

DOCUMENT = Path(__file__).parents[1] / "docs" / "checks.md"


def test_no_fault_is_missed_and_no_mended_kernel_raises_an_alarm(tmp_path: Path) -> None:
    rows = list(run_all(CASES, tmp_path))
    assert [(row.case.name, row.faulty) for row in rows if not row.caught] == []
    assert [(row.case.name, row.mended) for row in rows if row.mended] == []
    assert table(rows) in DOCUMENT.read_text(encoding="utf-8"), (
        f"tools/bazel run //sim:bugs prints another table than docs/checks.md has:\n{table(rows)}"
    )


def test_the_suite_has_at_least_seventy_pairs_that_differ() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 70
    for case in CASES:
        same_text = case.kernel(mended=False) == case.kernel(mended=True)
        assert same_text == case.unordered, case.name


def test_each_check_has_faults_to_catch() -> None:
    assert {case.check for case in CASES} == set(Check)
