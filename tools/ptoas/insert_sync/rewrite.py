"""From a solved `Program` back to the dialect: the syncs become operations around those they order."""

from __future__ import annotations

from xdsl.ir import Operation

from ptodsl.dialect import BarrierOp, SetFlagOp, WaitFlagOp
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.insert_sync.lower import PIPE_NUMBERS
from tools.ptoas.insert_sync.program import Barrier, Block, Flag, Gap, Pipe, Program, iter_code

PIPE_NAMES = {number: name for name, number in PIPE_NUMBERS.items()}


def rewrite(program: Program) -> None:
    """Insert the syncs of `program` into the IR whose operations are its nodes' payloads."""
    for block in iter_code(program.code):
        for place, gap in enumerate(block.gaps):
            if gap:
                _insert_gap(block, place, gap)


def _insert_gap(block: Block, place: int, gap: Gap) -> None:
    """Drains and sets go right behind the node before the gap, the rest right before the node behind it."""
    behind = _flags(WaitFlagOp, gap.drains) + _flags(SetFlagOp, [pair.flag for pair in gap.sets])
    ahead = _flags(WaitFlagOp, [pair.flag for pair in gap.waits])
    ahead += [_barrier(barrier) for barrier in gap.barriers]
    ahead += _flags(SetFlagOp, gap.primes)
    if behind:
        _insert(_payload(block, place - 1), behind, before=False)
    if ahead:
        _insert(_payload(block, place), ahead, before=True)


def _insert(anchor: Operation, ops: list[Operation], *, before: bool) -> None:
    block = anchor.parent
    if block is None:
        raise AssertionError("an operation of a program must stand in a block")
    for op in ops:
        op.location = anchor.location
    if before:
        block.insert_ops_before(ops, anchor)
    else:
        block.insert_ops_after(ops, anchor)


def _payload(block: Block, place: int) -> Operation:
    payload = block.nodes[place].payload
    if not isinstance(payload, Operation):
        raise AssertionError("nodes of a program made from IR carry their operation")
    return payload


def _flags(op: type[SetFlagOp | WaitFlagOp], flags: list[Flag]) -> list[Operation]:
    ordered = sorted(flags, key=lambda flag: (flag.src, flag.dst, flag.event_id))
    return [op(PIPE_NAMES[flag.src], PIPE_NAMES[flag.dst], flag.event_id) for flag in ordered]


def _barrier(barrier: Barrier) -> Operation:
    return BarrierOp(PipeName.ALL if barrier.pipe is None else PIPE_NAMES[Pipe(barrier.pipe)])
