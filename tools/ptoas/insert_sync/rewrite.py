"""From a solved `Program` back to the dialect: the syncs become operations around those they order.

The event ids of flags that take turns with several are computed at run time from the number of a loop's pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import BarrierOp, SetFlagDynOp, SetFlagOp, WaitFlagDynOp, WaitFlagOp
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.insert_sync.nodes import Block, LoopNode, iter_code
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.rings import Ring
from tools.ptoas.insert_sync.syncs import Action, Flag, Gap, Rotation, Sync
from tools.ptoas.insertion import insert_before

INDEX = IndexType()


class EventNumbers:
    """Adds the arithmetic for computed event ids; each value is computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[LoopNode, int, int, int], SSAValue] = {}
        self._passes: dict[LoopNode, SSAValue] = {}
        self._anchors: dict[LoopNode, Operation] = {}

    def in_loop(self, flag: Flag, *, waits: bool) -> SSAValue:
        """The id that a flag sets, or waits for, in a pass of its loop; computed at the head of the body."""
        rotation = flag.rotation
        assert rotation is not None
        # Not negative, so that the remainder at run time is the modulus.
        shift = -rotation.distance % rotation.ids if waits else 0
        key = rotation.loop, rotation.ids, shift, flag.event_id
        if key not in self._known:
            add = self._adder(rotation.loop)
            self._known[key] = _number(add, self._pass(rotation.loop), shift, rotation, flag.event_id)
        return self._known[key]

    def _adder(self, node: LoopNode) -> Callable[[Operation], SSAValue]:
        loop = node.payload
        assert isinstance(loop, scf.ForOp)
        if node not in self._anchors:
            first = loop.body.block.first_op
            assert first is not None
            # Always the same one, so that what is added later stands behind what it uses.
            self._anchors[node] = first
        return _inserter(self._anchors[node])

    def _pass(self, node: LoopNode) -> SSAValue:
        """The number of the pass, at the head of the body, which may be counted from another than the first."""
        if node not in self._passes:
            loop, ring = node.payload, node.numbering
            assert isinstance(loop, scf.ForOp)
            assert isinstance(ring, Ring)
            add = self._adder(node)
            self._passes[node] = _count(add, loop) if ring.start is not None else _residue(add, ring)
        return self._passes[node]


def ids_behind_loop(flag: Flag) -> tuple[list[Operation], list[SSAValue]]:
    """The ids that are set behind the loop, oldest first, where the number of passes decides; and their arithmetic."""
    rotation = flag.rotation
    assert rotation is not None
    loop = rotation.loop.payload
    assert isinstance(loop, scf.ForOp)
    ops: list[Operation] = []

    def add(op: Operation) -> SSAValue:
        ops.append(op)
        return op.results[0]

    length = add(arith.SubiOp(loop.ub, loop.lb, INDEX))
    # The passes made are length / step, rounded up, and none where the bounds cross.
    rounded = add(arith.AddiOp(length, add(arith.SubiOp(loop.step, _constant(add, 1), INDEX)), INDEX))
    passes = add(arith.MaxSIOp(add(arith.DivSIOp(rounded, loop.step, INDEX)), _constant(add, 0)))
    # The pass after the last one would wait for the id set `distance` passes before it, the oldest that is set.
    numbers = [
        _number(add, passes, (age - rotation.distance) % rotation.ids, rotation, flag.event_id)
        for age in range(rotation.distance)
    ]
    return ops, numbers


def _count(add: Callable[[Operation], SSAValue], loop: scf.ForOp) -> SSAValue:
    """(counter - lower bound) / step."""
    counter = add(arith.SubiOp(loop.body.block.args[0], loop.lb, INDEX))
    return add(arith.DivSIOp(counter, loop.step, INDEX))


def _residue(add: Callable[[Operation], SSAValue], ring: Ring) -> SSAValue:
    """From the value of a series, by the inverse of its step; not negative."""
    series = ring.series
    # The value is constant + step * pass. A ring with an unknown has a period of the whole modulus (`rings`), so that
    # the step has an inverse.
    inverse = pow(series.step, -1, series.modulus)
    form = series.form * inverse
    value = _constant(add, (form.constant - inverse * series.constant) % series.modulus)
    for term, coefficient in form.modulo(series.modulus).terms.items():
        index = term if term.type == INDEX else add(arith.IndexCastOp(term, INDEX))
        product = add(arith.MuliOp(index, _constant(add, coefficient), INDEX))
        value = add(arith.AddiOp(value, product, INDEX))
    modulus = _constant(add, series.modulus)
    # A remainder has the sign of the dividend.
    value = add(arith.AddiOp(add(arith.RemSIOp(value, modulus, INDEX)), modulus, INDEX))
    return add(arith.RemSIOp(value, modulus, INDEX))


def _number(
    add: Callable[[Operation], SSAValue], passes: SSAValue, shift: int, rotation: Rotation, first: int
) -> SSAValue:
    """`first` plus (passes + shift) mod ids."""
    value = add(arith.AddiOp(passes, _constant(add, shift), INDEX)) if shift else passes
    value = add(arith.RemSIOp(value, _constant(add, rotation.ids), INDEX))
    return add(arith.AddiOp(value, _constant(add, first), INDEX)) if first else value


def _constant(add: Callable[[Operation], SSAValue], value: int) -> SSAValue:
    return add(arith.ConstantOp(IntegerAttr(value, INDEX)))


def _inserter(anchor: Operation) -> Callable[[Operation], SSAValue]:
    """A function that adds an operation before an anchor."""

    def add(op: Operation) -> SSAValue:
        insert_before(anchor, op)
        return op.results[0]

    return add


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
