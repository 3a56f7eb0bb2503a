"""The event ids of flags that take turns with several, computed at run time from the number of a loop's pass."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Operation, SSAValue

from tools.ptoas.insert_sync.nodes import LoopNode
from tools.ptoas.insert_sync.rings import Ring
from tools.ptoas.insert_sync.syncs import Flag, Rotation
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
