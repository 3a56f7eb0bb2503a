"""For tests of the judge: tiles, and the few steps that most programs have."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.findings import Verdict
from sim.replay import FindingKind
from tracing.builder import CoreBuilder, Span, TraceBuilder, span
from tracing.format import Buffer

UB0 = span(Buffer.UB, 0, 256)
UB1 = span(Buffer.UB, 256, 256)
UB2 = span(Buffer.UB, 512, 256)


def gm(offset: int, size: int = 256) -> Span:
    """Return `size` bytes of GM."""
    return span(Buffer.GM, 1 << 40 | offset, size)


def kinds(verdict: Verdict) -> list[FindingKind]:
    """Return the kinds of the findings."""
    return [finding.kind for finding in verdict.findings]


def load(core: CoreBuilder, to: Span = UB0) -> None:
    """Issue a TLOAD."""
    core.op("TLOAD", Pipe.MTE2, reads=[gm(0)], writes=[to])


def order(core: CoreBuilder, src: Pipe, dst: Pipe, event_id: int = 0) -> None:
    """Issue a set_flag, and the wait_flag for it."""
    core.set_flag(src, dst, event_id)
    core.wait_flag(src, dst, event_id)


def one_vec() -> tuple[TraceBuilder, CoreBuilder]:
    """Return a builder with one vector core, and that core."""
    build = TraceBuilder()
    return build, build.core("vec")
