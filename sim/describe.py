"""From the raw findings of a replay to what a reader can use: where, which bytes, and how to correct it."""

from __future__ import annotations

from isa.pipes import Pipe
from sim.cross_block import BlockConflict
from sim.findings import CONFLICTS, Finding, Site
from sim.program import BlockProgram
from sim.replay import FindingKind, Key, Place, RawFinding
from tracing.format import DTYPE_NAMES, Buffer, Trace


def _site(trace: Trace, core: str, event: int) -> Site:
    record = trace.events[event]
    rows, cols, dtype = int(record["rows"]), int(record["cols"]), int(record["dtype"])
    name = DTYPE_NAMES[dtype] if dtype < len(DTYPE_NAMES) else f"dtype {dtype}"
    tile = f"{rows}x{cols} {name}".strip() if rows and cols else ""
    return Site(core, trace.op_name(event), Pipe(record["pipe"]).name, int(record["line"]), event, tile)


def describe(trace: Trace, program: BlockProgram, key: Key, raw: RawFinding, times: int) -> Finding:
    """Return the finding `raw` of `key` in `program`, which stands for `times` blocks that are alike."""

    def site(place: Place) -> Site:
        part = program.cores[place.core]
        return _site(trace, part.core.name, part.event_number(place.position))

    first, second = site(raw.first) if raw.first else None, site(raw.second)
    place = _bytes(program, key.kind, raw)
    advice = _advice(trace, key.kind, first, second)
    return Finding(key.kind, first, second, *place, key.detail, advice, raw.count * times, raw.repeats)


def _bytes(program: BlockProgram, kind: FindingKind, raw: RawFinding) -> tuple[Buffer | None, int, int, int]:
    """Return the buffer, the bounds and the number of the bytes that are in conflict there."""
    if raw.region < 0:
        return None, 0, 0, 0
    where = program.regions[raw.region]
    common = {raw.region} if raw.first is None else _conflicting(program, kind, raw.first, raw.second)
    regions = (program.regions[number] for number in common)
    # The two may conflict in other memories, too: bounds make sense within one.
    ranges = [r for region in regions if region.memory is where.memory for r in region.ranges]
    lo, hi = min(lo for lo, _ in ranges), max(hi for _, hi in ranges)
    return where.buffer, lo, hi, sum(hi - lo for lo, hi in ranges)


def _conflicting(program: BlockProgram, kind: FindingKind, first: Place, second: Place) -> set[int]:
    """Return the regions that the two events touch so that it makes a conflict of this kind."""
    one, other = (
        program.patterns[int(program.cores[place.core].patterns[place.position])] for place in (first, second)
    )
    earlier = one.reading if kind is FindingKind.WAR else one.writing
    later = other.reading if kind in (FindingKind.RAW, FindingKind.SPOILT) else other.writing
    return earlier & later


def _advice(trace: Trace, kind: FindingKind, first: Site | None, second: Site) -> str:
    if kind in CONFLICTS and first is not None:
        return _ordering_advice(first, second)
    record = trace.events[second.event]
    src, dst = Pipe(record["pipe"]).name, Pipe(record["dst_pipe"]).name
    flag = f"(PIPE_{src}, PIPE_{dst}, EVENT_ID{record['event_id']})"
    return {
        FindingKind.OVERLAP: "let the result begin exactly where the operand does, or lie outside of it",
        FindingKind.SPOILT: "scratch holds nothing afterwards: keep values elsewhere, and not in the last 8 KiB of "
        "UB either, where the device library works",
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


def describe_blocks(trace: Trace, conflict: BlockConflict) -> Finding:
    """Return the finding for a conflict between two blocks."""
    first = _site(trace, conflict.first_core.name, conflict.first_event)
    second = _site(trace, conflict.second_core.name, conflict.second_event)
    kind = FindingKind.WAW if conflict.both_write else FindingKind.RAW
    detail = f"blocks {conflict.first_core.block} and {conflict.second_core.block} run at the same time"
    advice = "nothing orders blocks: let each write its own part of GM, or launch twice"
    size = conflict.hi - conflict.lo
    return Finding(kind, first, second, Buffer.GM, conflict.lo, conflict.hi, size, detail, advice, 1)
