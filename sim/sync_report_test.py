"""The report on what syncs cost: that the one in the documentation is current, and what its columns compare."""

from pathlib import Path

import pytest

from sim.sync_plans import kernels, plan_all, with_all_barriers, without_syncs
from sim.sync_report import report
from sim.timeline.testing import program
from sim.timeline.times import timeline

PAGE = Path(__file__).parents[1] / "docs" / "sync_report.md"


def test_the_page_is_current(tmp_path: Path) -> None:
    """One of the large kernels stands for all: each takes as long as all examples. `tools/bazel run //:accept` makes
    every row.
    """
    small = [kernel for kernel in kernels() if " " not in kernel.name or kernel.name == "attention 256, 3"]
    assert len(small) > 20
    made = report(small, tmp_path)
    page = PAGE.read_text().splitlines()
    assert [line for line in made.splitlines() if line not in page] == [], (
        "make it anew and look at the difference: tools/bazel run //tools/ptoas:sync_report -- "
        "--output=docs/sync_report.md"
    )


def test_no_sync_is_faster_and_barriers_everywhere_are_slower_than_flags() -> None:
    planned = program(4)
    least, most = timeline(without_syncs(planned)).cycles, timeline(with_all_barriers(planned)).cycles
    assert least < timeline(planned).cycles < most


def test_a_kernel_that_is_not_in_order_is_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.sync_plans.insert_sync", lambda *_: [])
    with pytest.raises(ValueError, match="add_0_STRICT is not in order"):
        plan_all([kernel for kernel in kernels() if kernel.name == "add"], tmp_path)
