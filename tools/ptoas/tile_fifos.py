"""FIFOs of tiles in a module: what their two ends must agree on, their cross-core flags, whether slots are split.

The two ends are in functions of their own; they find each other through the ring that the consumer reserves and the
producer imports. ptoas 0.48 checks that they agree. What it does not check and the device's library serves wrongly is
refused here, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, ModuleOp, i32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from isa import a3
from ptodsl import dialect as pto
from ptodsl.dialect.tile_fifo import enclosing_function
from tools.ptoas.complete_fifos import flag_bases
from tools.ptoas.diagnostics import OperationError, wrong
from tools.ptoas.functions import core_of, together


def verify_tile_fifos(module: ModuleOp, *, addresses: bool) -> Iterator[OperationError]:
    """All violations; `addresses` says whether the program places its tiles itself."""
    for op in module.walk():
        match op:
            case pto.ReserveBufferOp() if not op.auto.value.data and not addresses:
                yield wrong(op, "auto = false: the assembler places buffers unless --pto-level=level3")
            case pto.ImportReservedBufferOp() if op.reserved is None:
                name = op.buffer_name.data
                yield wrong(op, f"@{op.peer_func.root_reference.data} reserves no buffer {name!r}")
            case pto.TileFifoOp():
                yield from (wrong(op, problem) for problem in _of_end(op))
            case pto.TileFifoStepOp():
                yield from (wrong(op, problem) for problem in _of_step(op))
    yield from _of_flags(module)


def complete_tile_fifos(module: ModuleOp) -> None:
    """Give both ends of every FIFO of a verified module `flag_base` and `nosplit`.

    Those of functions that are launched together are numbered in the order of the module, after those of entries in GM.
    """
    for base, ends in _numbered(module):
        unsplit = all(step.split_axis is pto.Split.NONE for end in ends for step in _steps(end))
        for end in ends:
            end.flag_base = IntegerAttr(base, i32)
            end.nosplit = BoolAttr.from_bool(unsplit)


def ring_of(end: pto.TileFifoOp, way: int) -> pto.ReserveBufferOp | None:
    """The reservation of the ring of the core that consumes what goes `way`, seen from either end."""
    address = end.ring(way)
    match None if address is None else address.owner:
        case pto.ImportReservedBufferOp() as imported:
            return imported.reserved
        case pto.ReserveBufferOp() as ring:
            return ring
        case _:
            return None


def _numbered(module: ModuleOp) -> Iterator[tuple[int, list[pto.TileFifoOp]]]:
    """First flag and ends of each FIFO, or pair of them both ways: as said, or the next behind all that are said.

    Functions that can be in one launch share the flags; those of other launches have flags of their own.
    """
    fifos: dict[Operation, list[pto.TileFifoOp]] = {}
    for op in module.walk():
        if isinstance(op, pto.TileFifoOp):
            # Both ends know one ring. Of an end that is opened by address alone no other end is known.
            fifos.setdefault(ring_of(op, op.ways[0]) or op, []).append(op)
    groups = together(module, [[_function(end) for end in ends] for ends in fifos.values()])
    free = dict.fromkeys(groups.values(), 0)
    for function, group in groups.items():
        taken = [base + fifo.fifos * a3.FLAGS_PER_FIFO for fifo, base in flag_bases(function).items()]
        said = [end for end in function.walk() if isinstance(end, pto.TileFifoOp) and end.flag_base is not None]
        taken += [end.flag_base.value.data + _flags(end) for end in said if end.flag_base is not None]
        # Behind all numbers that are taken, not in gaps between them.
        free[group] = max([free[group], *taken])
    for ends in fifos.values():
        group, bases = groups[_function(ends[0])], [_flag(end) for end in ends if end.flag_base is not None]
        yield (free[group] if not bases or bases[0] is None else bases[0]), ends
        free[group] += 0 if bases else _flags(ends[0])


def _flags(end: pto.TileFifoOp) -> int:
    return len(end.ways) * a3.FLAGS_PER_FIFO


def _of_flags(module: ModuleOp) -> Iterator[OperationError]:
    for base, ends in _numbered(module):
        if (problem := pto.flag_problem(base, len(ends[0].ways))) is not None:
            yield wrong(ends[0], f"the FIFOs that are launched together are numbered, and {problem}")


def _of_end(end: pto.TileFifoOp) -> Iterator[str]:
    """What is wrong with one end, and between it and the other."""
    if core_of(end) is not end.CORE:
        yield f"must be inside a {end.CORE} kernel function or section"
        return
    function = _function(end)
    twins = [op for op in function.walk() if isinstance(op, type(end)) and op.number == end.number]
    if twins[0] is not end:
        yield f"id = {end.number} is taken by another FIFO of this function: give each an id of its own"
    for way in end.ways:
        yield from _of_way(end, way)


def _of_way(end: pto.TileFifoOp, way: int) -> Iterator[str]:
    """What is wrong with what goes one way."""
    address, ring = end.ring(way), ring_of(end, way)
    kind = pto.ImportReservedBufferOp if end.produces(way) else pto.ReserveBufferOp
    if end.flag_base is not None and end.produces(way) and ring is None:
        return  # opened by address and flag: the other end is not known
    if ring is None or address is None or not isinstance(address.owner, kind):
        yield f"the consumer's ring must come from {kind.name}: the consumer reserves it, the producer imports it"
        return
    place = pto.Loc.VEC if way == pto.CUBE_TO_VECTOR else pto.Loc.MAT
    if ring.loc is not place:
        yield f"the ring must be in {place}, not in {ring.loc}"
    if (needed := end.local_slots * end.slot_size.value.data) > ring.byte_size:
        yield (
            f"{end.local_slots} tiles of {end.slot_size.value.data} bytes need {needed} bytes on the consumer's chip, "
            f"but the buffer {ring.buffer_name.data!r} has {ring.byte_size}; reserve more, or give local_slot_num"
        )
    module = end.get_toplevel_object()
    assert isinstance(module, ModuleOp)
    ends = (op for op in module.walk() if isinstance(op, pto.TileFifoOp) and op is not end)
    peers = [op for op in ends if way in op.ways and ring_of(op, way) is ring]
    others = [peer for peer in peers if peer.CORE is not end.CORE]
    if end.flag_base is not None and not peers:
        return
    if len(others) != 1 or len(peers) != 1:
        yield f"the buffer {ring.buffer_name.data!r} must join one producer and one consumer"
        return
    yield from _between(end, others[0])


def _between(end: pto.TileFifoOp, other: pto.TileFifoOp) -> Iterator[str]:
    for name, ours, theirs in (
        ("slot_size", end.slot_size.value.data, other.slot_size.value.data),
        ("slot_num", end.slots, other.slots),
        ("local_slot_num", end.local_slots, other.local_slots),
        ("dir_mask", end.direction, other.direction),
        ("flag_base", _flag(end), _flag(other)),
    ):
        if ours != theirs:
            yield f"{name} is {ours}, but {theirs} at the other end"
    splits = {step.split_axis is pto.Split.NONE for fifo in (end, other) for step in _steps(fifo)}
    if len(splits) > 1:
        yield "some operations split its slots and others do not"
    if end.nosplit is not None and splits - {bool(end.nosplit.value.data)}:
        yield "nosplit contradicts the split of its operations; leave it out"


def _of_step(step: pto.TileFifoStepOp) -> Iterator[str]:
    if core_of(step) is not step.CORE:
        yield f"must be inside a {step.CORE} kernel function or section"
        return
    fifo = step.fifo
    if fifo is None:
        verb = "produces" if step.PRODUCES else "consumes"
        yield f"no FIFO with id = {step.number} that this core {verb} is initialised in this function"
        return
    if isinstance(step, pto.TFreeTileOp):
        return
    assert isinstance(step, pto.TPushTileOp | pto.TPopTileOp)
    ty = step.src.type if isinstance(step, pto.TPushTileOp) else step.result.type
    assert isinstance(ty, pto.TileBufType)
    if pto.DYNAMIC in ty.valid_shape:
        return  # the runtime sees whether it fits
    size, slot = prod(ty.valid_shape) * pto.element_bytes(ty.dtype), fifo.slot_size.value.data
    half = ty.loc is pto.Loc.VEC and step.split_axis is not pto.Split.NONE
    if size > (room := slot // 2 if half else slot):
        yield f"the tile has {size} bytes, but {'half of a slot' if half else 'a slot'} has {room}"


def _flag(end: pto.TileFifoOp) -> int | None:
    return None if end.flag_base is None else int(end.flag_base.value.data)


def _steps(end: pto.TileFifoOp) -> Iterator[pto.TileFifoStepOp]:
    return (op for op in _function(end).walk() if isinstance(op, pto.TileFifoStepOp) and op.fifo is end)


def _function(op: Operation) -> FuncOp:
    function = enclosing_function(op)
    assert function is not None, f"{op.name} outside of a function"
    return function
