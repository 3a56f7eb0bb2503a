"""From a solved `Program` back to the dialect: the syncs become operations around those they order."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import Operation

from ptodsl.dialect import BarrierOp, SetFlagDynOp, SetFlagOp, WaitFlagDynOp, WaitFlagOp
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.insert_sync.nodes import Block, iter_code
from tools.ptoas.insert_sync.numbering import EventNumbers, ids_behind_loop
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.syncs import Action, Gap, Sync


def rewrite(program: Program) -> None:
    """Insert the syncs of `program` into the IR whose operations are its nodes' payloads."""
    numbers = EventNumbers()
    for block in iter_code(program.code):
        for place, gap in enumerate(block.gaps):
            if gap:
                _insert_gap(block, place, gap, numbers)


def _insert_gap(block: Block, place: int, gap: Gap, numbers: EventNumbers) -> None:
    """What belongs to the node before the gap goes right behind it, the rest right before the node behind."""
    behind = [op for sync in _in_order(gap.behind()) for op in _operations(sync, numbers)]
    ahead = [op for sync in _in_order(gap.ahead()) for op in _operations(sync, numbers)]
    if place == 0:
        _insert(_payload(block, 0), behind + ahead, before=True)
    elif place == len(block.nodes):
        _insert(_payload(block, place - 1), behind + ahead, before=False)
    else:
        _insert(_payload(block, place - 1), behind, before=False)
        _insert(_payload(block, place), ahead, before=True)


def _in_order(syncs: list[Sync]) -> list[Sync]:
    """Syncs of one kind that follow each other, in an order that does not depend on how they were found."""
    ordered: list[Sync] = []
    for sync in syncs:
        place = len(ordered)
        # An insertion sort that never crosses another action: between sets and waits the order has a meaning.
        while place and ordered[place - 1].action is sync.action and _key(sync) < _key(ordered[place - 1]):
            place -= 1
        ordered.insert(place, sync)
    return ordered


def _key(sync: Sync) -> tuple[int, int, int]:
    flag = sync.flag
    return (0, 0, 0) if flag is None else (flag.src, flag.dst, flag.event_id)


def _operations(sync: Sync, numbers: EventNumbers) -> Iterator[Operation]:
    flag, barrier = sync.flag, sync.barrier
    if flag is None:
        assert barrier is not None
        yield BarrierOp(PipeName.ALL if barrier.pipe is None else PipeName[barrier.pipe.name])
        return
    pipes = PipeName[flag.src.name], PipeName[flag.dst.name]
    rotation = flag.rotation
    if sync.action is Action.PRIME:
        yield from (SetFlagOp(*pipes, flag.event_id + number) for number in flag.primed())
    elif sync.action is Action.DRAIN:
        if rotation is None or rotation.is_whole:
            yield from (WaitFlagOp(*pipes, flag.event_id + number) for number in range(flag.ids))
        else:
            # Which ids are set here depends on the number of passes that were made.
            arithmetic, ids = ids_behind_loop(flag)
            yield from (*arithmetic, *(WaitFlagDynOp(*pipes, number) for number in ids))
    elif rotation is None:
        yield (SetFlagOp if sync.action is Action.SET else WaitFlagOp)(*pipes, flag.event_id)
    else:
        waits = sync.action is Action.WAIT
        yield (WaitFlagDynOp if waits else SetFlagDynOp)(*pipes, numbers.in_loop(flag, waits=waits))


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
