"""Tests of patched kernels as the chain builds them: golden counts, the hazard judge's audit, and equal results.

They need built targets, so they run under Bazel only: `tools/bazel test //patchers:chain_test`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flash_atten.config import HEAD, KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from patchers.audit import audit, summary
from patchers.golden import built_counts, difference
from runtime.host_kernel import HostKernel
from sim.hazards import judge
from sim.record import TraceLibrary
from sim.report import verdict_json

ROOT = Path(__file__).parents[1]
REPORTS = sorted((ROOT / "flash_atten").glob("fa_*.barriers.json"))
pytestmark = pytest.mark.skipif(not REPORTS, reason="the targets are not built here: run this test with Bazel")
IDS = [path.name.split(".")[0] for path in REPORTS]
# S1 / S1_TILE is a multiple of the preload or not, and as small as the preload allows: other ring slots at the seams.
TILES = (4, 8, 9)


def test_the_counts_are_golden() -> None:
    golden = json.loads((ROOT / "patchers" / "golden.json").read_text(encoding="utf-8"))
    message = difference(golden, built_counts(ROOT))
    assert message is None, message


@pytest.mark.parametrize("report", REPORTS, ids=IDS)
def test_the_judge_finds_the_pairs_of_removed_barriers_and_nothing_else(report: Path) -> None:
    library = TraceLibrary(report.with_name(report.name.replace(".barriers.json", ".trace.so")))
    verdicts = []
    for tiles in TILES:
        recording = library.record(LaunchShape(256, tiles * library.config.s1_tile), 1)
        verdicts.append(verdict_json(report.name, judge(recording.trace, scratch=recording.scratch)))
    outcome = audit(json.loads(report.read_text(encoding="utf-8")), verdicts)
    assert not outcome.unexplained, summary(outcome)
    assert outcome.explained


@pytest.mark.parametrize(("s1_tile", "qk_preload"), [(256, 3), (512, 4)])
def test_the_patched_kernel_computes_the_same_bits(s1_tile: int, qk_preload: int) -> None:
    config = KernelConfig(s1_tile, qk_preload)
    suffix = "" if qk_preload == 3 else f"_preload{qk_preload}"
    patched = ROOT / "flash_atten" / f"fa_s1tile{s1_tile}{suffix}.so"
    unpatched = ROOT / "sim" / f"fa_s1tile{s1_tile}{suffix}_unpatched.so"
    assert np.array_equal(attention(patched, config), attention(unpatched, config))


def attention(library: Path, config: KernelConfig) -> NDArray[np.uint32]:
    """Return the bits of the kernel's output, uint32 [256, 128], for fixed random inputs."""
    shape = LaunchShape(256, 5 * config.s1_tile)
    random = np.random.default_rng(7)
    q, k, v = (random.standard_normal((rows, HEAD)).astype(np.float16) for rows in (shape.q_rows, shape.s1, shape.s1))
    out = np.full((shape.q_rows, HEAD), np.nan, np.float32)
    slots = np.zeros(2 * fifo_bytes_per_core(config), np.uint8)
    HostKernel(library).launch(2, 0, slots, q, k, v, out, shape.q_rows, shape.s1)
    assert np.isfinite(out).all()
    return out.view(np.uint32)
