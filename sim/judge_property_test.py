"""Random programs: the judge agrees with a slow one that searches a graph (hypothesis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from isa.pipes import Kind, Pipe
from sim.findings import CONFLICTS, Finding, Verdict
from sim.hazards import judge
from sim.reference_judge import Pair, ReferenceJudge
from sim.replay import FindingKind
from tracing.builder import CoreBuilder, Span, TraceBuilder, span
from tracing.format import Buffer, Trace

GM_BYTES = 1 << 20
"""GM of a block."""
WRITE = "write"
PIPES = st.sampled_from([Pipe.V, Pipe.V, Pipe.MTE2, Pipe.MTE3, Pipe.S])
OFFSETS = st.integers(0, 11)
SPANS = st.builds(
    lambda gm, start, size, rows, gap: span(Buffer.GM if gm else Buffer.UB, start, size, rows, size + gap),
    gm=st.sampled_from([False, False, True]),
    start=OFFSETS,
    size=st.integers(1, 3),
    rows=st.integers(1, 2),
    gap=st.integers(0, 2),
)
CORES = st.sampled_from([0, 1, 1, 1, 2])
ATOMIC = st.builds(
    lambda start, size, adds: span(Buffer.GM, start, size, adds=adds),
    start=OFFSETS,
    size=st.integers(1, 3),
    adds=st.sampled_from(["f32", "f32", "f16"]),
)
OPS = st.tuples(st.just("op"), CORES, PIPES, st.lists(SPANS, max_size=2), st.lists(SPANS, max_size=1))
ADDS = st.tuples(st.just("op"), CORES, PIPES, st.lists(SPANS, max_size=1), st.lists(ATOMIC, min_size=1, max_size=1))
STEPS = st.one_of(
    OPS,
    OPS,
    OPS,
    ADDS,
    st.tuples(st.sampled_from(["set", "wait", "both", "both", "both"]), CORES, PIPES, PIPES, st.integers(0, 1)),
    st.tuples(st.just("barrier"), CORES, st.sampled_from([Pipe.V, Pipe.V, Pipe.MTE2, Pipe.ALL])),
    st.tuples(st.just("send"), st.integers(0, 1), PIPES, OFFSETS, st.sampled_from([None] * 6 + [*Kind][4:])),
)
Step = tuple[Any, ...]
Cores = list[CoreBuilder]


def issue(cores: Cores, step: Step, line: int, gm: int) -> None:
    """Issue one random step; `gm` is where the block's GM begins."""
    what, *rest = step
    if what == "send":
        send(cores, rest[0], rest[1], span(Buffer.GM, gm + rest[2], 2), rest[3], line)
        return
    core = cores[rest.pop(0)]
    if what == "op":
        reads, writes = ([_move(item, gm) for item in part] for part in rest[1:])
        core.op("OP", rest[0], reads=reads, writes=writes, line=line)
    elif what == "barrier":
        core.barrier(*rest, line=line)
    if what in ("set", "both"):
        core.set_flag(*rest, line=line)
    if what in ("wait", "both"):
        core.wait_flag(*rest, line=line)


def send(cores: Cores, fifo: int, pipe: Pipe, slot: Span, omitted: Kind | None, line: int) -> None:
    """Send `slot` through FIFO `fifo` (0 cube to vector, 1 back); the last core of a side forgets event `omitted`."""
    for number, core in enumerate(cores):
        kept = set(Kind) - ({omitted} if number in (0, 2) else set())
        produces = (core.kind == "cube") == (fifo == 0)
        if produces:
            if Kind.TALLOC in kept:
                core.talloc(fifo, line=line)
            core.op("STORE", pipe, writes=[slot], line=line)
            if Kind.TPUSH in kept:
                core.tpush(fifo, pipe, line=line)
        else:
            if Kind.TPOP in kept:
                core.tpop(fifo, line=line)
            core.op("LOAD", Pipe.MTE2, reads=[slot], line=line)
            if Kind.TFREE in kept:
                core.tfree(fifo, line=line)


def _move(item: Span, offset: int) -> Span:
    return replace(item, start=item.start + offset) if item.buffer == Buffer.GM else item


def program(steps: list[Step], blocks: int = 1) -> Trace:
    """Return the trace of `steps` on a cube and two vector cores; every block has its own GM."""
    build = TraceBuilder()
    build.fifo("c2v", slots=1)
    build.fifo("v2c", slots=2)
    for block in range(blocks):
        cores = [build.core("cube", block=block), *(build.core("vec", block=block, subblock=i) for i in (0, 1))]
        for line, step in enumerate(steps):
            issue(cores, step, line, block * GM_BYTES)
    return build.build()


def judge_events(trace: Trace) -> Verdict:
    """Return the verdict where every event is a line of its own, so that no two are counted as one."""
    events = trace.events.copy()
    events["line"] = np.arange(len(events))
    return judge(replace(trace, events=events))


def reported_pairs(findings: Sequence[Finding]) -> set[Pair]:
    """Return the event pairs of all conflicts found."""
    pairs = ((f.first.event, f.second.event) for f in findings if f.kind in CONFLICTS and f.first)
    return {(min(pair), max(pair)) for pair in pairs}


def expected_on_chip(slow: ReferenceJudge) -> set[Pair]:
    """Return the unordered conflicts with the last write, and with the last read of every pipe since, of every byte."""
    found: set[Pair] = set()
    last: dict[tuple[int, int], dict[object, int]] = {}
    for event, (reads, writes) in sorted(slow.touched.items()):
        for byte in sorted(reads | writes):
            known = last.setdefault(byte, {}) if byte[0] >= 0 else {}
            relevant = known.values() if byte in writes else [known[WRITE]] if WRITE in known else []
            found |= {(earlier, event) for earlier in relevant} & slow.conflicts
            if byte in writes:
                known.clear()
                known[WRITE] = event
            if byte in reads:
                known[slow.pipe(event)] = event
    return found


@settings(max_examples=200)
@given(st.lists(STEPS, min_size=10, max_size=40))
def test_judge_agrees_with_graph_search(steps: list[Step]) -> None:
    trace = program(steps)
    slow = ReferenceJudge(trace)
    verdict = judge_events(trace)
    reported = reported_pairs(verdict.findings)
    assert reported | reported_pairs(verdict.chained) == slow.conflicts
    assert expected_on_chip(slow) <= reported
    assert {f.second.event for f in verdict.findings if f.kind == FindingKind.DEADLOCK} == slow.stuck
    for byte in {byte for pair in slow.conflicts for byte in slow.contested(pair)}:
        assert any(byte in slow.contested(pair) for pair in reported), f"nothing reported about {byte}"


@settings(max_examples=100)
@given(st.lists(STEPS, max_size=25), st.integers(2, 3))
def test_blocks_alike_are_judged_once_with_the_verdict_of_one(steps: list[Step], blocks: int) -> None:
    one, many = judge(program(steps)), judge(program(steps, blocks))
    assert many.counts.distinct_blocks == 1
    assert many.findings == tuple(replace(f, count=f.count * blocks) for f in one.findings)
