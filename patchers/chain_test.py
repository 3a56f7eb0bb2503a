"""Tests of patched kernels as the chain builds them: golden counts, and equal results.

They need built targets, so they run under Bazel only: `tools/bazel test //patchers:chain_test`. That the hazard judge
finds nothing but the pairs of removed barriers, the build itself makes sure.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from flash_atten.config import KernelConfig
from patchers.golden import built_counts, difference
from patchers.testing import attention

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not built_counts(ROOT), reason="the targets are not built here: run this with Bazel")


def test_the_counts_are_golden() -> None:
    golden = json.loads((ROOT / "patchers" / "golden.json").read_text(encoding="utf-8"))
    message = difference(golden, built_counts(ROOT))
    assert message is None, message


@pytest.mark.parametrize(("s1_tile", "qk_preload"), [(256, 3), (512, 4)])
def test_the_patched_kernel_computes_the_same_bits(s1_tile: int, qk_preload: int) -> None:
    config = KernelConfig(s1_tile, qk_preload)
    suffix = "" if qk_preload == 3 else f"_preload{qk_preload}"
    patched = ROOT / "flash_atten" / f"fa_s1tile{s1_tile}{suffix}.so"
    unpatched = ROOT / "sim" / f"fa_s1tile{s1_tile}{suffix}_unpatched.so"
    assert np.array_equal(attention(patched, config), attention(unpatched, config))
