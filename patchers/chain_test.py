"""Tests of patched kernels as the chain builds them: golden counts.

They need built targets, so they run under Bazel only: `tools/bazel test //patchers:chain_test`. That the hazard judge
finds nothing but the pairs of removed barriers, the build itself makes sure.
"""

import json
from pathlib import Path

import pytest

from patchers.golden import built_counts, difference

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not built_counts(ROOT), reason="the targets are not built here: run this with Bazel")


def test_the_counts_are_golden() -> None:
    golden = json.loads((ROOT / "patchers" / "golden.json").read_text(encoding="utf-8"))
    message = difference(golden, built_counts(ROOT))
    assert message is None, message
