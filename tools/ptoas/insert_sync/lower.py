"""From a function in the `pto` dialect to the `Program` that the solver works on."""

from __future__ import annotations

from xdsl.dialects import func, scf
from xdsl.ir import Block as IRBlock
from xdsl.ir import BlockArgument, Operation, SSAValue

from ptodsl.dialect import (
    AddPtrOp,
    DeclareGlobalOp,
    FlagOp,
    MakeTensorViewOp,
    PartitionViewOp,
    TileBufType,
    checks,
    effects_of,
)
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.insert_sync.program import Access, Block, IfNode, LoopNode, Node, OpNode, Pipe, Program, build_program

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
        return LoopNode(body, op, _runs_at_least_once(op)) if body.nodes else None
    if isinstance(op, scf.IfOp):
        branches = tuple(
            _lower(region.block, ranges) if region.blocks else Block() for region in (op.true_region, op.false_region)
        )
        return IfNode(branches, op) if any(branch.nodes for branch in branches) else None
    effects = effects_of(op)
    if effects is None:
        _check_supported(op)
        return None
    accesses = [access for value in effects.reads for access in _accesses(value, ranges, writes=False)]
    accesses += [access for value in effects.writes for access in _accesses(value, ranges, writes=True)]
    return OpNode(PIPE_NUMBERS[effects.pipe], tuple(accesses), op) if accesses else None


def _runs_at_least_once(loop: scf.ForOp) -> bool:
    first, end = checks.constant_int(loop.lb), checks.constant_int(loop.ub)
    return first is not None and end is not None and first < end


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
