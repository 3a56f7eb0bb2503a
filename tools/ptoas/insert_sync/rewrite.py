"""From a solved `Program` back to the dialect: the syncs become operations around those they order."""

from __future__ import annotations

from xdsl.ir import Operation

from ptodsl.dialect import Pipe as PipeName
from ptodsl.dialect import PipeBarrierOp, SetFlagOp, WaitFlagOp
from tools.ptoas.insert_sync.lower import PIPE_NUMBERS
from tools.ptoas.insert_sync.program import Barrier, Block, FlagPair, Gap, Pipe, Program, iter_blocks

PIPE_NAMES = {number: name for name, number in PIPE_NUMBERS.items()}


def rewrite(program: Program) -> None:
    """Insert the syncs of `program` into the IR whose operations are its nodes' payloads."""
    for block in iter_blocks(program.root):
        for place, gap in enumerate(block.gaps):
            if gap:
                _insert_gap(block, place, gap)


def _insert_gap(block: Block, place: int, gap: Gap) -> None:
    """Drains and sets go right behind the node before the gap, the rest right before the node behind it."""
    behind = [_wait(pair) for pair in _ordered(gap.drains)] + [_set(pair) for pair in _ordered(gap.sets)]
    ahead = [_wait(pair) for pair in _ordered(gap.waits)]
    ahead += [_barrier(barrier) for barrier in gap.barriers]
    ahead += [_set(pair) for pair in _ordered(gap.primes)]
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


def _ordered(pairs: list[FlagPair]) -> list[FlagPair]:
    return sorted(pairs, key=lambda pair: (pair.src, pair.dst, pair.event_id))


def _set(pair: FlagPair) -> Operation:
    return SetFlagOp(PIPE_NAMES[pair.src], PIPE_NAMES[pair.dst], pair.event_id)


def _wait(pair: FlagPair) -> Operation:
    return WaitFlagOp(PIPE_NAMES[pair.src], PIPE_NAMES[pair.dst], pair.event_id)


def _barrier(barrier: Barrier) -> Operation:
    return PipeBarrierOp(PipeName.ALL if barrier.pipe is None else PIPE_NAMES[Pipe(barrier.pipe)])
