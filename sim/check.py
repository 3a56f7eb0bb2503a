"""One launch of a Flash Attention library: recorded, judged, and what its barrier patterns leave set apart."""

from __future__ import annotations

from flash_atten.config import LaunchShape
from patchers.patterns import left_to_the_repeat_rule
from sim.findings import Finding, Verdict
from sim.hazards import judge
from sim.record import TraceLibrary
from sim.vector_repeats import VRule


def check(
    library: TraceLibrary, shape: LaunchShape, block_dim: int, v_rule: VRule = VRule.STRICT
) -> tuple[Verdict, tuple[Finding, ...]]:
    """Record and judge one launch; return the verdict without what the library's patterns leave, and that.

    A pattern leaves what is in time by the repeat rule, between the operations that it is about.
    Raises ValueError for a shape that the kernel cannot run, KernelError if it fails.
    """
    recording = library.record(shape, block_dim)
    verdict = judge(recording.trace, scratch=recording.scratch, v_rule=v_rule)
    patterns = library.info.fields().get("remove_barriers", ())
    accepted = tuple(
        finding
        for finding in verdict.findings
        if finding.in_time and finding.first and left_to_the_repeat_rule(patterns, finding.first.op, finding.second.op)
    )
    return verdict.without(accepted), accepted
