"""One launch of a Flash Attention library: recorded, judged, and what its barrier patterns explain set apart."""

from __future__ import annotations

from flash_atten.config import LaunchShape
from sim.hazards import Finding, Verdict, judge, spaced_pairs
from sim.record import TraceLibrary

ACCEPTED_PAIRS = {"gu": ("TROWEXPANDMUL", "TADD"), "trowexpandmul-tadd": ("TROWEXPANDMUL", "TADD")}
"""Pairs of ops that a barrier pattern leaves unordered. The recipe accepts them on the evidence of hardware runs."""


def check(library: TraceLibrary, shape: LaunchShape, block_dim: int) -> tuple[Verdict, tuple[Finding, ...]]:
    """Record and judge one launch; return the verdict without what the library's patterns explain, and that.

    Raises ValueError for a shape that the kernel cannot run, KernelError if it fails.
    """
    recording = library.record(shape, block_dim)
    verdict = judge(recording.trace, scratch=recording.scratch)
    patterns = library.info.fields().get("remove_barriers", ())
    pairs = {ACCEPTED_PAIRS[pattern] for pattern in patterns if pattern in ACCEPTED_PAIRS}
    accepted = tuple(finding for pair in pairs for finding in spaced_pairs(recording.trace, verdict, *pair))
    return verdict.without(accepted), accepted
