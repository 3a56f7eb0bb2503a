"""From a function in the `pto` dialect to the `Program` that the solver works on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from xdsl.dialects import arith, func, scf
from xdsl.ir import Block as IRBlock
from xdsl.ir import BlockArgument, Operation, SSAValue

from ptodsl.dialect import (
    DIRECTIONS,
    AddPtrOp,
    DeclareGlobalOp,
    FifoOp,
    FlagOp,
    InitializeL2G2LPipeOp,
    MakeTensorViewOp,
    PartitionViewOp,
    SectionOp,
    Split,
    TileBufType,
    TPopOp,
    TPushOp,
    checks,
    effects_of,
    pipe_of,
)
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.insert_sync.program import (
    Access,
    Block,
    FifoNode,
    IfNode,
    LoopNode,
    Node,
    OpNode,
    Pipe,
    Program,
    build_program,
)

PIPE_NUMBERS = {
    PipeName.S: Pipe.S,
    PipeName.V: Pipe.V,
    PipeName.M: Pipe.M,
    PipeName.MTE1: Pipe.MTE1,
    PipeName.MTE2: Pipe.MTE2,
    PipeName.MTE3: Pipe.MTE3,
    PipeName.FIX: Pipe.FIX,
}
"""The dialect's pipes as the solver numbers them."""

WHOLE = 1 << 62
"""End of a range of unknown extent."""


def lower_block(block: IRBlock, ranges: ByteRanges) -> Program:
    """The program of a function body or of a section's body.

    Raises OperationError for flags of the program's own, and for control flow other than `scf.for` and `scf.if`.
    """
    return build_program(_lower(block, ranges))


def _lower(block: IRBlock, ranges: ByteRanges) -> Block:
    return Block([node for op in block.ops if (node := _node(op, ranges)) is not None])


def _node(op: Operation, ranges: ByteRanges) -> Node | None:
    if isinstance(op, scf.ForOp):
        body = _lower(op.body.block, ranges)
        return LoopNode(body, op, *_trips(op)) if body.nodes else None
    if isinstance(op, scf.IfOp):
        branches = tuple(
            _lower(region.block, ranges) if region.blocks else Block() for region in (op.true_region, op.false_region)
        )
        return IfNode(branches, op) if any(branch.nodes for branch in branches) else None
    if isinstance(op, TPushOp | TPopOp):
        return _fifo_node(op)
    effects = effects_of(op)
    if effects is None:
        _check_supported(op)
        return None
    accesses = [access for value in effects.reads for access in _accesses(value, ranges, writes=False)]
    accesses += [access for value in effects.writes for access in _accesses(value, ranges, writes=True)]
    return OpNode(PIPE_NUMBERS[effects.pipe], tuple(accesses), op) if accesses else None


def _trips(loop: scf.ForOp) -> tuple[int, float]:
    """The fewest and the most passes of a loop: exact for constant bounds, and for `end - constant` to `end`."""
    length = _length(loop)
    step = checks.constant_int(loop.step)
    if length is None:
        return 0, math.inf
    if length <= 0:
        return 0, 0
    if step is None or step < 1:
        return 1, math.inf
    trips = -(-length // step)
    return trips, trips


def _length(loop: scf.ForOp) -> int | None:
    first, end, lower = checks.constant_int(loop.lb), checks.constant_int(loop.ub), loop.lb.owner
    if first is not None and end is not None:
        return end - first
    if isinstance(lower, arith.SubiOp) and lower.lhs is loop.ub:
        return checks.constant_int(lower.rhs)
    return None


def _fifo_node(op: TPushOp | TPopOp) -> FifoNode | None:
    """A signal of a FIFO whose signals can be counted: opened once, for both vector cores; None for others.

    Both cores know a FIFO by its direction and its first flag.
    """
    handle = op.pipe.owner
    if not isinstance(handle, InitializeL2G2LPipeOp) or not isinstance(handle.parent_op(), func.FuncOp | SectionOp):
        return None
    same = [other for other in _siblings(handle) if (other.dir_mask, other.flag) == (handle.dir_mask, handle.flag)]
    ends = [use.operation for use in handle.pipe.uses]
    if len(same) > 1 or handle.nosplit is not None or any(_is_unsplit(end) for end in ends):
        return None
    name = f"{DIRECTIONS[handle.dir_mask.value.data]}{handle.flag}"
    return FifoNode(name, isinstance(op, TPushOp), PIPE_NUMBERS[pipe_of(op)], op)


def _siblings(handle: InitializeL2G2LPipeOp) -> Iterator[InitializeL2G2LPipeOp]:
    block = handle.parent
    return (op for op in (block.ops if block else ()) if isinstance(op, InitializeL2G2LPipeOp))


def _is_unsplit(op: Operation) -> bool:
    return isinstance(op, FifoOp) and op.split_axis is Split.NONE


def _check_supported(op: Operation) -> None:
    if isinstance(op, FlagOp):
        raise OperationError(
            op, f"{op.name}: --enable-insert-sync owns all flags; remove this one, or assemble without the option"
        )
    if op.regions:
        raise OperationError(op, f"{op.name}: --enable-insert-sync knows scf.for and scf.if only")


def _accesses(value: SSAValue, ranges: ByteRanges, *, writes: bool) -> list[Access]:
    if isinstance(value.type, TileBufType):
        return [Access(item, writes) for item in ranges.of(value)]
    root = gm_root(value)
    return [] if root is None else [Access(ByteRange(root, 0, WHOLE), writes)]


def gm_root(value: SSAValue) -> str | None:
    """Name of the pointer argument behind a GM value; None for the entry of a FIFO, which its operations order.

    Slices of one argument count as one range, since their offsets are known at run time only; arguments do not alias.
    """
    while not isinstance(value, BlockArgument):
        owner = value.owner
        if isinstance(owner, PartitionViewOp):
            value = owner.source
        elif isinstance(owner, MakeTensorViewOp | AddPtrOp):
            value = owner.ptr
        elif isinstance(owner, DeclareGlobalOp):
            return None
        else:
            return "unknown"
    return f"arg{value.index}" if isinstance(value.block.parent_op(), func.FuncOp) else "unknown"
