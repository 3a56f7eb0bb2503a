"""The judge: every two conflicting accesses of a launch must be ordered by something.

    verdict = judge(read_trace(path))
    for finding in verdict.findings: ...

A finding is a pair of accesses to the same bytes, one of them a write, that no flag, barrier or FIFO signal
orders; or a misuse of flags or FIFOs; or a read of bytes that nobody wrote; or a deadlock. The rules are those
of `sim.happens_before`. Blocks are ordered by nothing, so any GM byte that one block writes and another touches
is a finding too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.cross_block import BlockConflict, block_conflicts
from sim.exhaustive import ExhaustiveReplay
from sim.program import BlockProgram, ByteRange, distinct_programs, prepare
from sim.replay import FindingKind, Key, Place, RawFinding, Replay
from sim.trace import DTYPE_NAMES, FIFO_KINDS, Buffer, Kind, Pipe, Trace

CONFLICTS = (FindingKind.RAW, FindingKind.WAR, FindingKind.WAW)


@dataclass(frozen=True)
class Site:
    """An event that takes part in a finding."""

    core: str
    """E.g. ``block 0 vec1``."""
    op: str
    pipe: str
    line: int
    """Line of the generated C++."""
    event: int
    """Number of the event in the trace."""
    tile: str
    """Shape and type of the op's tile, e.g. ``32x256 f32``; empty if it has none."""

    def __str__(self) -> str:
        """E.g. ``line 120 TADD 32x256 f32 (V, block 0 vec0)``."""
        tile = f" {self.tile}" if self.tile else ""
        return f"line {self.line} {self.op}{tile} ({self.pipe}, {self.core})"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; occurrences at the same lines are counted, the first one is described."""

    kind: FindingKind
    first: Site | None
    """Earlier event of a pair, None if only one event is at fault."""
    second: Site
    buffer: Buffer | None
    """Where the conflicting bytes are, None if the finding is not about bytes."""
    lo: int
    """First conflicting byte: offset in the core's buffer, or GM address."""
    hi: int
    """One past the last conflicting byte."""
    detail: str
    """What the signals lack, for FIFO findings and deadlocks."""
    advice: str
    """How to order the pair, or what to correct."""
    count: int


@dataclass(frozen=True)
class Counts:
    """What was checked."""

    blocks: int
    distinct_blocks: int
    """Blocks that differ in more than addresses; the others need no judging of their own."""
    cores: int
    ops: int
    sets: int
    waits: int
    barriers: int
    fifo_events: int
    accesses: int


@dataclass(frozen=True)
class Verdict:
    """Findings, worst first: conflicts in order of the later line, then misuse."""

    findings: tuple[Finding, ...]
    counts: Counts
    chained: tuple[Finding, ...] = ()
    """Further unordered conflicts: ordering the pairs of `findings` orders them too."""
    warnings: tuple[Finding, ...] = ()
    """Flags whose reuse relies on the hardware holding back the second set; no error by the rules."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def without(self, findings: Sequence[Finding]) -> Verdict:
        """Return the verdict without `findings`."""
        return replace(self, findings=tuple(finding for finding in self.findings if finding not in findings))


Found = dict[tuple[Key, str], Finding]

EXHAUSTIVE_EVENTS = 300_000
"""Blocks with more events have only the findings listed, without those chained to them: minutes are too long."""


def judge(trace: Trace, *, scratch: Sequence[ByteRange] = (), stop_at_first: bool = False) -> Verdict:
    """Judge all blocks of `trace`.

    `scratch` are GM byte ranges [lo, hi) that hold no value before the launch (the slots of the FIFOs): reading
    a byte of them that no op wrote is a finding. With `stop_at_first` the verdict has at least one finding if
    there is one.
    """
    programs = prepare(trace, scratch)
    groups = distinct_programs(programs)
    findings: Found = {}
    every: Found = {}
    warnings: Found = {}
    for alike in groups:
        replay = Replay(alike[0], stop_at_first=stop_at_first)
        replay.run()
        _collect(trace, alike, replay.findings, findings)
        _collect(trace, alike, replay.warnings, warnings)
        if stop_at_first and findings:
            break
        if any(key.kind in CONFLICTS for key in replay.findings) and alike[0].n_events <= EXHAUSTIVE_EVENTS:
            conflicts = {k: v for k, v in ExhaustiveReplay(alike[0]).run().items() if k.kind in CONFLICTS}
            _collect(trace, alike, conflicts, every)
    across = [_describe_blocks(trace, conflict) for conflict in block_conflicts(trace)]
    return Verdict(
        findings=tuple(sorted((*findings.values(), *across), key=_rank)),
        counts=_count(trace, programs, len(groups)),
        chained=tuple(sorted((every[key] for key in every.keys() - findings.keys()), key=_rank)),
        warnings=tuple(sorted(warnings.values(), key=_rank)),
    )


def _collect(trace: Trace, alike: Sequence[BlockProgram], raw: Mapping[Key, RawFinding], found: Found) -> None:
    """Add what was found in the first of the blocks `alike` to `found`, once for each of them."""
    for key, one in raw.items():
        finding = _describe(trace, alike[0], key, one, len(alike))
        identity = key, _core_kinds(finding)
        known = found.get(identity)
        found[identity] = replace(known, count=known.count + finding.count) if known else finding


def _rank(finding: Finding) -> tuple[bool, int, int, str]:
    first_line = finding.first.line if finding.first else 0
    return finding.kind not in CONFLICTS, finding.second.line, first_line, finding.kind.value


def _core_kinds(finding: Finding) -> str:
    return "/".join(site.core.split()[-1].rstrip("01") for site in (finding.first, finding.second) if site)


def spaced_pairs(trace: Trace, verdict: Verdict, first_op: str, second_op: str) -> tuple[Finding, ...]:
    """Return the conflicts of `first_op` with a later `second_op` on V of the same core that a wait for MTE2 spaces.

    That is what removing the barrier of such a pair leaves, if V has to wait for a load between the two anyway.
    """
    return tuple(f for f in verdict.findings if _is_pair(f, first_op, second_op) and _waits_between(trace, f))


def _is_pair(finding: Finding, first_op: str, second_op: str) -> bool:
    if finding.kind not in CONFLICTS or finding.first is None:
        return False
    first, second = finding.first, finding.second
    on_v = first.core == second.core and first.pipe == second.pipe == Pipe.V.name
    return on_v and (first.op, second.op) == (first_op, second_op)


def _waits_between(trace: Trace, finding: Finding) -> bool:
    assert finding.first is not None
    between = trace.events[finding.first.event : finding.second.event]
    waits = (between["kind"] == Kind.WAIT_FLAG) & (between["pipe"] == Pipe.MTE2) & (between["dst_pipe"] == Pipe.V)
    return bool(waits.any())


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


def _site(trace: Trace, core: str, event: int) -> Site:
    record = trace.events[event]
    rows, cols, dtype = int(record["rows"]), int(record["cols"]), int(record["dtype"])
    name = DTYPE_NAMES[dtype] if dtype < len(DTYPE_NAMES) else f"dtype {dtype}"
    tile = f"{rows}x{cols} {name}".strip() if rows and cols else ""
    return Site(core, trace.op_name(event), Pipe(record["pipe"]).name, int(record["line"]), event, tile)


def _describe(trace: Trace, program: BlockProgram, key: Key, raw: RawFinding, times: int) -> Finding:
    def site(place: Place) -> Site:
        part = program.cores[place.core]
        return _site(trace, part.core.name, part.event_number(place.position))

    first, second = site(raw.first) if raw.first else None, site(raw.second)
    buffer, lo, hi = _bytes(program, raw)
    advice = _advice(trace, key.kind, first, second)
    return Finding(key.kind, first, second, buffer, lo, hi, key.detail, advice, raw.count * times)


def _bytes(program: BlockProgram, raw: RawFinding) -> tuple[Buffer | None, int, int]:
    """Return the buffer and the bounds of the bytes that both events touch there."""
    if raw.region < 0:
        return None, 0, 0
    where = program.regions[raw.region]
    common = _touched(program, raw.second)
    if raw.first:
        common &= _touched(program, raw.first)
    regions = [program.regions[i] for i in common]
    alike = [r for r in regions if (r.core, r.buffer) == (where.core, where.buffer)]
    return where.buffer, min(r.lo for r in alike), max(r.hi for r in alike)


def _touched(program: BlockProgram, place: Place) -> set[int]:
    reads, writes = program.patterns[int(program.cores[place.core].patterns[place.position])]
    return {*reads, *writes}


def _advice(trace: Trace, kind: FindingKind, first: Site | None, second: Site) -> str:
    if kind in CONFLICTS and first is not None:
        return _ordering_advice(first, second)
    record = trace.events[second.event]
    src, dst = Pipe(record["pipe"]).name, Pipe(record["dst_pipe"]).name
    flag = f"(PIPE_{src}, PIPE_{dst}, EVENT_ID{record['event_id']})"
    return {
        FindingKind.UNWRITTEN: "write (load) the whole tile first, or shrink the valid shape of the reader",
        FindingKind.SET_TWICE: f"a flag counts to one: wait_flag{flag} between the two, or use another event id",
        FindingKind.WAIT_WITHOUT_SET: f"set_flag{flag} must be issued before this wait on every path that leads to it",
        FindingKind.LEFT_SET: f"drain it: wait_flag{flag} after the last use",
        FindingKind.EVENT_ID: f"{flag} is not in EVENT_ID0..EVENT_ID7: reuse an id whose flag has been waited for",
        FindingKind.FLAG_PIPES: f"within a pipe pipe_barrier(PIPE_{src}) orders; a flag needs two pipes",
        FindingKind.FIFO: "every slot goes through TALLOC, TPUSH on one side and TPOP, TFREE on the other, once each",
        FindingKind.REUSE: f"use another event id, or a flag back from PIPE_{dst} to PIPE_{src} before this set",
        FindingKind.DEADLOCK: "send the missing signal, on both vector subblocks if the slot is split",
    }[kind]


def _ordering_advice(first: Site, second: Site) -> str:
    if first.core != second.core:
        return (
            f"order them through a FIFO: TPUSH or TFREE after line {first.line} on {first.core}, "
            f"TPOP or TALLOC before line {second.line} on {second.core}"
        )
    if first.pipe == second.pipe:
        return f"put pipe_barrier(PIPE_{first.pipe}) between line {first.line} and line {second.line}"
    pair = f"(PIPE_{first.pipe}, PIPE_{second.pipe}, id)"
    return f"put set_flag{pair} after line {first.line} and wait_flag{pair} before line {second.line}"


def _describe_blocks(trace: Trace, conflict: BlockConflict) -> Finding:
    first = _site(trace, conflict.first_core.name, conflict.first_event)
    second = _site(trace, conflict.second_core.name, conflict.second_event)
    kind = FindingKind.WAW if conflict.both_write else FindingKind.RAW
    detail = f"blocks {conflict.first_core.block} and {conflict.second_core.block} run at the same time"
    advice = "nothing orders blocks: let each write its own part of GM, or launch twice"
    return Finding(kind, first, second, Buffer.GM, conflict.lo, conflict.hi, detail, advice, 1)
