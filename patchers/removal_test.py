"""Tests of what fa_library does around the patcher: proofs before it, the audit after it.

They need built targets, so they run under Bazel only: `tools/bazel test //patchers:removal_test`.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.testing import run_program

HERE = Path(__file__).parent
UNPATCHED = HERE.parent / "sim" / "fa_s1tile256_unpatched.barriers.json"
pytestmark = pytest.mark.skipif(not UNPATCHED.exists(), reason="the targets are not built here: run this with Bazel")


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_proof_removes_what_a_generous_assembler_adds() -> None:
    """About as many stay as a thrifty one prints, and those in branches that are never taken."""
    needed = report(UNPATCHED)["pipe_v_barriers"]["before"]
    proved = report(HERE / "fa_proved.barriers.json")
    found = proved["pipe_v_barriers"]
    assert found["before"] > 3 * needed
    assert found["after"] < 1.5 * needed
    assert proved["counts"] == {"proved": found["removed"]}


def test_gu_goes_on_where_the_proof_stops() -> None:
    both = report(HERE / "fa_proved_gu.barriers.json")
    assert both["patterns"] == ["proved", "gu"]
    assert both["counts"]["proved"] == report(HERE / "fa_proved.barriers.json")["counts"]["proved"]
    assert both["counts"]["gu"] > 0
    pairs = report(HERE / "fa_proved_gu.audit.json")["in_time_by_the_repeat_rule"]
    assert len(pairs) == both["counts"]["gu"]


def test_a_kernel_that_lacks_a_barrier_does_not_pass(tmp_path: Path) -> None:
    output = tmp_path / "audit.json"
    arguments = [f"--so={HERE / 'fa_broken.trace.so'}", f"--report={HERE / 'fa_broken.barriers.json'}"]
    done = run_program("sim.audit_main", *arguments, f"--output={output}")
    assert done.returncode == 1
    error = " ".join(done.stderr.split())
    assert "the audit of fa_broken failed; lines are those of fa_broken.cpp. " in error
    assert re.search(
        r"RAW line \d+ TROWMAX -> line \d+ TROWEXPANDSUB on block 0 vec0: put pipe_barrier\(PIPE_V\)", error
    )
    assert not output.exists()
