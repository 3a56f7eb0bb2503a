"""Which `pipe_barrier(PIPE_V)` are implied by other ordering, so that removing all of them together is safe.

By the rules a V barrier orders V against V on its own core and nothing else: a flag from V carries everything issued to
V with or without barriers. So with all V barriers ignored, every conflict of two V ops that flags do not order needs at
least one kept barrier line between the two. Those intervals are found in one replay per trace; a line may go if every
interval that it stands in keeps another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from isa.pipes import Kind, Pipe
from sim.happens_before import queue_number
from sim.program import BlockProgram, CoreProgram, Ints, Mask, distinct_programs, edited, prepare
from sim.replay import FindingKind, Replay
from sim.vector_repeats import VRule, is_in_time
from tracing.format import Records, Trace

Need = frozenset[int]
"""Lines of barriers of which one must stay."""


class UnorderedTraceError(ValueError):
    """The trace has unordered conflicts already: which barriers are needed is then no question."""


def redundant_barriers(traces: Iterable[Trace], v_rule: VRule = VRule.STRICT) -> set[int]:
    """Return the C++ lines of the V barriers that may be removed together without leaving a conflict unordered.

    By VRule.REPEATS, conflicts that are in time need no barrier.
    `traces` are launches of one kernel on different shapes: a line that none of them executed is not returned, as
    nothing is known about it. Raises UnorderedTraceError if a trace has findings before anything is removed.
    """
    programs = [group[0] for trace in traces for group in distinct_programs(prepare(trace))]
    needs: set[Need] = set()
    lines: set[int] = set()
    for program in programs:
        _require_clean(program, set(), v_rule)
        needs |= barrier_needs(program, v_rule)
        lines |= {int(line) for part in program.cores for line in part.events["line"][_is_v_barrier(part.events)]}
    redundant = lines - _keep(lines, needs)
    # The needs come from a replay without any barrier: what is proposed is judged once more, as a whole.
    for program in programs:
        _require_clean(program, redundant, v_rule)
    return redundant


def barrier_needs(program: BlockProgram, v_rule: VRule = VRule.STRICT) -> set[Need]:
    """Return for every conflict within V that only barriers order the lines of the barriers in between."""
    replay = _WithoutBarriers(edited(program, lambda events: (events, ~_is_v_barrier(events))), v_rule=v_rule)
    replay.run()
    needs: set[Need] = set()
    for part, intervals in zip(program.cores, replay.intervals, strict=True):
        lines, before = _barriers(part)
        # Many conflicts lie between the same barriers: each such interval is one need.
        spans = {(int(before[first]), int(before[last])) for first, last in intervals}
        needs |= {frozenset(lines[first:last]) for first, last in spans}
    return needs


class _WithoutBarriers(Replay):
    """Collects the conflicts within V of each core: event positions in the program with its barriers."""

    def __init__(self, program: BlockProgram, *, v_rule: VRule) -> None:
        super().__init__(program, v_rule=v_rule)
        self._by_repeats = v_rule is VRule.REPEATS
        self.intervals: list[set[tuple[int, int]]] = [set() for _ in program.cores]
        self._positions = [part.positions.tolist() for part in program.cores]

    def _conflict(self, kind: FindingKind, queue: int, earlier: int, core: int, position: int, region: int) -> None:
        if queue != queue_number(core, Pipe.V) or self.pipe(core, position) != Pipe.V:
            return
        if not (self._by_repeats and is_in_time(self.repeats(queue, earlier, core, position))):
            places = self._positions[core]
            self.intervals[core].add((places[earlier], places[position]))


def _keep(lines: set[int], needs: set[Need]) -> set[int]:
    """Return a small subset of `lines` that meets every need: drop lines one by one, least needed first."""
    needing: dict[int, list[Need]] = {line: [] for line in lines}
    for need in needs:
        for line in need:
            needing[line].append(need)
    kept = set(lines)
    # The line number decides between equals, as the order of a set is not the same in every run.
    for line in sorted(lines, key=lambda line: (len(needing[line]), line)):
        # More than one, as the line itself is in each of its needs.
        if all(len(need & kept) > 1 for need in needing[line]):
            kept.remove(line)
    return kept


def _is_v_barrier(events: Records) -> Mask:
    mask: Mask = (events["kind"] == Kind.BARRIER) & (events["pipe"] == Pipe.V)
    return mask


def _barriers(part: CoreProgram) -> tuple[Sequence[int], Ints]:
    """Return (lines of the executed V barriers in order, number of them before each event)."""
    mask = _is_v_barrier(part.events)
    return part.events["line"][mask].tolist(), np.cumsum(mask) - mask


def _require_clean(program: BlockProgram, removed: set[int], v_rule: VRule) -> None:
    def edit(events: Records) -> tuple[Records, Mask]:
        return events, ~(_is_v_barrier(events) & np.isin(events["line"], list(removed)))

    findings = Replay(edited(program, edit), v_rule=v_rule, stop_at_first=True).run()
    if findings:
        key = next(iter(findings))
        raise UnorderedTraceError(
            f"{key.kind.value} between line {key.first_line} and line {key.second_line} of block {program.block} with "
            f"{len(removed)} barriers removed: make the kernel free of findings first (//sim:hazards lists them)"
        )
