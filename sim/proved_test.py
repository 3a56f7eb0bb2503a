"""Kernels whose barriers the prover removed are in order on many more launches than those of the proof.

The C++ before is as a generous assembler prints it, a barrier after every vector operation, so that there is much to
remove. Bazel builds the libraries; without it there are none, and these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import patchers
from flash_atten.config import S0, LaunchShape
from flash_atten.described import attention_of
from sim.hazards import judge
from sim.record import TRACE_SUFFIX, TraceLibrary

PROVED = sorted(Path(patchers.__file__).parent.glob(f"*{TRACE_SUFFIX}"))
TILE_COUNTS = 33
"""Tiles from the fewest on: more than a turn of both rings."""

pytestmark = pytest.mark.skipif(not PROVED, reason="Bazel builds the kernels: bazel test //sim:proved_test")


@pytest.fixture(scope="module", params=PROVED, ids=lambda path: path.name)
def library(request: pytest.FixtureRequest) -> TraceLibrary:
    return TraceLibrary(request.param)


@pytest.mark.parametrize("more", range(TILE_COUNTS))
@pytest.mark.parametrize("q_blocks", [1, 2])
def test_a_kernel_with_proved_barriers_removed_has_no_hazard(library: TraceLibrary, q_blocks: int, more: int) -> None:
    kernel = attention_of(library.kernel)
    s1 = (kernel.config.qk_preload + more) * kernel.config.part_rows
    recording = library.record_trial(kernel.trial(LaunchShape(q_blocks * S0, s1)))[0]
    assert judge(recording.trace, scratch=recording.scratch).findings == ()


def test_both_preloads_are_here() -> None:
    assert {attention_of(TraceLibrary(path).kernel).config.qk_preload for path in PROVED} == {3, 4}
