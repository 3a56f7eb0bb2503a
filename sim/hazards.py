"""The judge: every two conflicting accesses of a launch must be ordered by something.

    verdict = judge(read_trace(path))
    for finding in verdict.findings: ...

A finding is a pair of accesses to the same bytes, one of them a write, that no flag, barrier or FIFO signal
orders; or a misuse of flags or FIFOs; or a read of bytes that nobody wrote; or a deadlock. The rules are those
of `sim.happens_before`. Blocks are ordered by nothing, so any GM byte that one block writes and another touches
is a finding too.

By the repeat rule (`v_rule=VRule.REPEATS`) conflicts within V that are far enough apart are no findings but listed as
`in_time`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from isa.pipes import Kind
from sim.cross_block import block_conflicts
from sim.describe import describe, describe_blocks
from sim.findings import CONFLICTS, Counts, Finding, Verdict
from sim.program import BlockProgram, ByteRange, distinct_programs, prepare
from sim.replay import ExhaustiveReplay, Key, RawFinding, Replay
from sim.vector_repeats import VRule
from tracing.format import FIFO_KINDS, Trace

Found = dict[tuple[Key, str], Finding]

EXHAUSTIVE_EVENTS = 300_000
"""Blocks with more events have only the findings listed, without those chained to them: minutes are too long."""


def judge(trace: Trace, *, scratch: Sequence[ByteRange] = (), v_rule: VRule = VRule.STRICT) -> Verdict:
    """Judge all blocks of `trace`.

    `scratch` are GM byte ranges [lo, hi) that hold no value before the launch (the slots of the FIFOs): reading
    a byte of them that no op wrote is a finding.
    """
    programs = prepare(trace, scratch)
    groups = distinct_programs(programs)
    findings: Found = {}
    in_time: Found = {}
    every: Found = {}
    warnings: Found = {}
    for alike in groups:
        replay = Replay(alike[0], v_rule=v_rule)
        replay.run()
        _collect(trace, alike, replay.findings, findings)
        _collect(trace, alike, replay.in_time, in_time)
        _collect(trace, alike, replay.warnings, warnings)
        # Without an unordered conflict there is nothing that could be chained to one.
        if any(key.kind in CONFLICTS for key in replay.findings) and alike[0].n_events <= EXHAUSTIVE_EVENTS:
            more = ExhaustiveReplay(alike[0], v_rule=v_rule).run()
            _collect(trace, alike, {key: raw for key, raw in more.items() if key.kind in CONFLICTS}, every)
    across = [describe_blocks(trace, conflict) for conflict in block_conflicts(trace)]
    return Verdict(
        findings=tuple(sorted((*findings.values(), *across), key=_rank)),
        counts=_count(trace, programs, len(groups)),
        v_rule=v_rule,
        in_time=_without(in_time, findings),
        chained=_without(every, findings),
        warnings=_without(warnings, {}),
    )


def _without(found: Found, others: Found) -> tuple[Finding, ...]:
    """Return what is in `found` and not in `others`."""
    return tuple(sorted((found[key] for key in found.keys() - others.keys()), key=_rank))


def _collect(trace: Trace, alike: Sequence[BlockProgram], raw: Mapping[Key, RawFinding], found: Found) -> None:
    """Add what was found in the first of the blocks `alike` to `found`, once for each of them."""
    for key, one in raw.items():
        finding = describe(trace, alike[0], key, one, len(alike))
        identity = key, _core_kinds(finding)
        known = found.get(identity)
        found[identity] = _merged(known, finding) if known else finding


def _merged(one: Finding, other: Finding) -> Finding:
    """Return two findings at the same lines as one."""
    nearest = min(one, other, key=lambda finding: math.inf if finding.repeats is None else finding.repeats)
    return replace(nearest, count=one.count + other.count)


def _rank(finding: Finding) -> tuple[bool, int, int, str]:
    first_line = finding.first.line if finding.first else 0
    return finding.kind not in CONFLICTS, finding.second.line, first_line, finding.kind.value


def _core_kinds(finding: Finding) -> str:
    # Both vector cores run the same lines: what is wrong on either is one finding.
    return "/".join(site.core.split()[-1].rstrip("01") for site in (finding.first, finding.second) if site)


def _count(trace: Trace, programs: Sequence[BlockProgram], distinct: int) -> Counts:
    kinds = np.bincount(trace.events["kind"], minlength=len(Kind)).tolist()
    return Counts(
        blocks=len(programs),
        distinct_blocks=distinct,
        cores=len(trace.cores),
        ops=kinds[Kind.OP],
        sets=kinds[Kind.SET_FLAG],
        waits=kinds[Kind.WAIT_FLAG],
        barriers=kinds[Kind.BARRIER],
        fifo_events=sum(kinds[kind] for kind in FIFO_KINDS),
        accesses=sum(program.n_accesses for program in programs),
    )
