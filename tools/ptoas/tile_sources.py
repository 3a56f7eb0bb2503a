"""Which allocations a tile value may stand for: through reshapes, windows, loops and ifs."""

from __future__ import annotations

from xdsl.dialects import scf
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from ptodsl.dialect import AllocationOp, MultiTileGetOp, SubviewOp, TPopTileOp, TReshapeOp
from tools.ptoas.diagnostics import wrong


def direct_sources(value: SSAValue) -> tuple[SSAValue, ...]:
    """The tile values that `value` is made from in one step; empty for an allocation.

    Raises:
        OperationError: the value comes from somewhere that has no known bytes, such as a function argument.
    """
    owner = value.owner
    if isinstance(value, BlockArgument):
        return _of_block_argument(value)
    assert isinstance(owner, Operation)
    assert isinstance(value, OpResult)
    match owner:
        case AllocationOp() | TPopTileOp():
            return ()
        case TReshapeOp():
            return (owner.src,)
        case SubviewOp() | MultiTileGetOp():
            return (owner.source,)
        case scf.ForOp():
            return (owner.iter_args[value.index], _yielded(owner.body.block, value.index))
        case scf.IfOp():
            return tuple(_yielded(region.block, value.index) for region in owner.regions)
        case _:
            raise wrong(owner, "a tile must come from pto.alloc_tile in the same function")


def allocations_of(value: SSAValue) -> tuple[AllocationOp, ...]:
    """The allocations whose bytes `value` may stand for, in order of discovery."""
    if isinstance(value.owner, AllocationOp):
        return (value.owner,)
    found: dict[AllocationOp, None] = {}
    seen: set[SSAValue] = set()
    todo = [value]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        if isinstance(current.owner, AllocationOp):
            found[current.owner] = None
        # A stack, so the first source goes on last.
        todo.extend(reversed(direct_sources(current)))
    return tuple(found)


def _of_block_argument(value: BlockArgument) -> tuple[SSAValue, ...]:
    loop = value.block.parent_op()
    assert loop is not None
    if not isinstance(loop, scf.ForOp):
        raise wrong(loop, "tiles cannot be arguments; allocate them in the function")
    index = value.index - 1
    return loop.iter_args[index], _yielded(value.block, index)


def _yielded(block: Block, index: int) -> SSAValue:
    terminator = block.last_op
    assert terminator is not None
    return terminator.operands[index]
