"""Verdicts for readers: text in paragraphs, and JSON with the same content."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import Any

from isa.repeats import SAFE_DISTANCE
from sim.findings import CONFLICTS, Counts, Finding, Verdict
from sim.replay import FindingKind
from sim.vector_repeats import is_library_scratch
from tracing.format import Buffer

WIDTH = 110
"""Columns of a text report."""

_W, _R = "writes", "reads"
ROLES = {FindingKind.RAW: (_W, _R), FindingKind.WAR: (_R, _W), FindingKind.WAW: (_W, _W)}
"""What the earlier and the later op of a conflict do with the bytes."""


def verdict_text(name: str, verdict: Verdict, accepted: tuple[Finding, ...] = ()) -> str:
    """Return the report of one kernel: a summary line, then a paragraph per finding."""
    lines = [f"{name}: {outcome(verdict)}", f"  checked {counts_text(verdict.counts)}"]
    if accepted:
        lines.append(f"  left by a barrier pattern: {in_time_text(accepted)}")
    if verdict.in_time:
        lines.append(f"  {in_time_text(verdict.in_time)}")
    if verdict.warnings:
        lines.append(f"  {plural(len(verdict.warnings), 'warning')}: {warning_text(verdict.warnings)}")
    lines += [f"\n{finding_text(finding)}" for finding in verdict.findings]
    if verdict.chained:
        lines.append(f"\n{chained_text(verdict.chained)}")
    return "\n".join(lines)


def outcome(verdict: Verdict) -> str:
    """Return "no hazards", or how many findings of which kind there are."""
    if verdict.ok:
        return "no hazards"
    kinds = [finding.kind for finding in verdict.findings]
    parts = [f"{kinds.count(kind)} {kind.value}" for kind in FindingKind if kind in kinds]
    return f"{plural(len(kinds), 'finding')} ({', '.join(parts)})"


def counts_text(counts: Counts) -> str:
    """Return what was checked, in words."""
    syncs = f"{counts.sets:,} set_flag, {counts.waits:,} wait_flag, {counts.barriers:,} barriers"
    return (
        f"{counts.ops:,} operations, {syncs}, {counts.fifo_events:,} FIFO events and {counts.accesses:,} accesses "
        f"on {plural(counts.cores, 'core')} of {plural(counts.blocks, 'block')}"
    )


def plural(count: int, noun: str) -> str:
    """Return e.g. "1 core" or "3 cores"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_time_text(findings: tuple[Finding, ...]) -> str:
    """Return pairs that nothing but the repeat rule orders, in one line."""
    pairs = sorted({(f.first.line if f.first else 0, f.second.line) for f in findings})
    names = sorted({f"{f.first.op}-{f.second.op}" for f in findings if f.first})
    where = ", ".join(f"{first}-{second}" for first, second in pairs)
    fewest = min(f.repeats for f in findings if f.repeats is not None)
    what = f"{plural(len(pairs), 'pair')} {', '.join(names)}"
    return f"in time by the repeat rule ({fewest} repeats or more): {what}, at lines {where}"


def chained_text(chained: tuple[Finding, ...]) -> str:
    """Return one paragraph with the pairs that ordering the findings would order too."""
    pairs: dict[tuple[int, int], list[str]] = {}
    for finding in chained:
        lines = finding.first.line if finding.first else 0, finding.second.line
        pairs.setdefault(lines, []).append(finding.kind.value)
    where = ", ".join(f"{first}-{second} ({'+'.join(kinds)})" for (first, second), kinds in sorted(pairs.items()))
    return _fill(f"Unordered too, until these are in order, are {plural(len(pairs), 'pair')} of lines: {where}.")


def warning_text(warnings: tuple[Finding, ...]) -> str:
    """Return the flags that are reused early, in one line."""
    where = ", ".join(f"{f.first.line if f.first else 0}-{f.second.line}" for f in warnings)
    return f"{FindingKind.REUSE.value}, at lines {where}"


def finding_text(finding: Finding) -> str:
    """Return one paragraph that says what is wrong, where, and how to correct it."""
    text = _conflict_text(finding) if finding.kind in CONFLICTS else _misuse_text(finding)
    times = f" This happens {finding.count:,} times; the first is described." if finding.count > 1 else ""
    return _fill(f"{text}{times}{_repeats_text(finding)} To correct it: {finding.advice}.")


def _repeats_text(finding: Finding) -> str:
    """Say what the repeat rule says of a pair on V."""
    if finding.repeats is None:
        return ""
    distance = plural(finding.repeats, "repeat")
    if finding.in_time:
        return f" By the repeat rule they are in time: the second comes {distance} later."
    return f" By the repeat rule, too: the second may come {distance} later, and {SAFE_DISTANCE} are needed."


def _fill(text: str) -> str:
    # Not at hyphens: pairs of lines, such as 12-57, stay whole.
    return textwrap.fill(
        text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _conflict_text(finding: Finding) -> str:
    before, after = ROLES[finding.kind]
    reason = f" ({finding.detail})" if finding.detail else ""
    return (
        f"{finding.kind.value}: {finding.first} {before} and {finding.second} {after} {_place(finding)}, and nothing "
        f"orders the two{reason}."
    )


def _misuse_text(finding: Finding) -> str:
    detail = f": {finding.detail}" if finding.detail else ""
    place = f" {_place(finding)}" if finding.buffer is not None else ""
    first = f" after {finding.first}" if finding.first else ""
    return f"{finding.kind.value.capitalize()}{place}: {finding.second}{first}{detail}."


def _place(finding: Finding) -> str:
    buffer = finding.buffer.name if finding.buffer is not None else "?"
    place = f"{buffer} bytes {finding.lo:#x} to {finding.hi - 1:#x}"
    place = place if finding.size == finding.hi - finding.lo else f"{finding.size:,} of the {place}"
    in_scratch = finding.buffer is Buffer.UB and is_library_scratch(finding.lo, finding.hi)
    return f"{place} (scratch of the device library, which no operand names)" if in_scratch else place


def verdict_json(name: str, verdict: Verdict, accepted: tuple[Finding, ...] = ()) -> dict[str, Any]:
    """Return the verdict as JSON-ready data.

    The lists of findings are: findings, accepted (what a pattern left), in_time, chained, warnings.
    """
    return {
        "name": name,
        "ok": verdict.ok,
        "v_rule": verdict.v_rule.value,
        "counts": dataclasses.asdict(verdict.counts),
        "findings": [finding_json(finding) for finding in verdict.findings],
        "accepted": [finding_json(finding) for finding in accepted],
        "in_time": [finding_json(finding) for finding in verdict.in_time],
        "chained": [finding_json(finding) for finding in verdict.chained],
        "warnings": [finding_json(finding) for finding in verdict.warnings],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON-ready data; `first`, `buffer` and `repeats` may be null."""
    data = dataclasses.asdict(finding)
    data["in_time"] = finding.in_time
    data["kind"] = finding.kind.name
    data["buffer"] = finding.buffer.name if finding.buffer is not None else None
    return data
