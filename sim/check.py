"""The launches of a kernel library: recorded, judged, and what its barrier patterns leave set apart."""

from __future__ import annotations

from typing import NamedTuple

from kernels.kernel import Trial
from patchers.patterns import left_to_the_repeat_rule
from sim.findings import Finding, Verdict
from sim.hazards import judge
from sim.record import Recording, TraceLibrary
from sim.vector_repeats import VRule


class Checked(NamedTuple):
    """What is said of one launch."""

    entry: str
    verdict: Verdict
    """Without what the library's patterns leave."""
    accepted: tuple[Finding, ...]
    """That."""


def check(library: TraceLibrary, trial: Trial, v_rule: VRule = VRule.STRICT) -> list[Checked]:
    """Record and judge the launches of a shape, one for each of the plan.

    Raises ValueError for a shape that the kernel cannot run, KernelError if it fails.
    """
    return [check_recording(library, recording, v_rule) for recording in library.record_trial(trial)]


def check_recording(library: TraceLibrary, recording: Recording, v_rule: VRule) -> Checked:
    """Judge one launch.

    A pattern leaves what is in time by the repeat rule, between the operations that it is about. Patterns are for the
    kernel's first entry: what Flash Attention has behind it combines the parts of S1 and keeps its barriers.
    """
    verdict = judge(recording.trace, scratch=recording.scratch, v_rule=v_rule)
    first = recording.entry == library.info.entries[0].name
    patterns = library.info.fields().get("remove_barriers", ()) if first else ()
    accepted = tuple(
        finding
        for finding in verdict.findings
        if finding.in_time and finding.first and left_to_the_repeat_rule(patterns, finding.first.op, finding.second.op)
    )
    return Checked(recording.entry, verdict.without(accepted), accepted)
