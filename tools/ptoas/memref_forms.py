"""Global memory as `memref`, rewritten into the pointers and views that all passes know.

A parameter `memref<16x64xf32, #pto.address_space<gm>>` (no address space means the same) becomes a pointer, and where
it is loaded or stored as a whole, or a FIFO lies in it, a view of its shape and strides. `memref<256xi64>`, the
cross-core flags, stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FunctionType,
    IndexType,
    IntAttr,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    NoneAttr,
    StridedLayoutAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.rewriter import Rewriter

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.insertion import Adopt, insert_before


def rewrite_memrefs(module: ModuleOp, adopt: Adopt) -> None:
    """Rewrite the parameters of a parsed module.

    Raises:
        OperationError: a memref is loaded or stored whose sizes or strides are not constant.
    """
    for function in module.body.block.ops:
        if not isinstance(function, FuncOp):
            continue
        inputs = [_pointer(ty) or ty for ty in function.function_type.inputs]
        if inputs == list(function.function_type.inputs):
            continue
        function.function_type = FunctionType.from_lists(inputs, list(function.function_type.outputs))
        if function.is_declaration:
            continue
        for argument, ty in zip(function.body.block.args, inputs, strict=True):
            if ty != argument.type:
                _rewrite(argument, ty, adopt)


def _pointer(ty: Attribute) -> pto.PtrType | None:
    """The pointer in the place of a memref in GM; None for all else."""
    if not isinstance(ty, MemRefType) or ty == pto.FFTS_TYPE:
        return None
    space = ty.memory_space
    if not isinstance(space, NoneAttr) and space != pto.AddressSpaceAttr(pto.AddressSpace.GM):
        return None
    return pto.PtrType(ty.element_type) if ty.element_type in pto.ELEMENT_TYPES.values() else None


def _rewrite(argument: BlockArgument, ty: Attribute, adopt: Adopt) -> None:
    memref = argument.type
    assert isinstance(memref, MemRefType)
    users = (pto.TLoadOp, pto.TStoreOp, pto.InitializeL2G2LPipeOp)
    transfers = [use for use in reversed(list(argument.uses)) if isinstance(use.operation, users)]
    # The uses go over to the new value, so they have been noted before.
    pointer = Rewriter.replace_value_with_new_type(argument, ty)
    for use in transfers:
        made = _whole(use.operation, pointer, memref)
        insert_before(use.operation, *made, adopt=adopt)
        use.operation.operands[use.index] = made[-1].results[0]


def _whole(user: Operation, pointer: SSAValue, memref: MemRefType[Attribute]) -> Sequence[Operation]:
    """Operations of which the last makes a slice of all that a memref is, or the view that a FIFO lies in."""
    shape, strides = memref.get_shape(), _strides(memref)
    if strides is None or DYNAMIC_INDEX in shape:
        raise wrong(user, f"{memref} has sizes or strides that are not constant: make a view of a pointer instead")
    numbers = {value: ConstantOp(IntegerAttr(value, IndexType())) for value in dict.fromkeys((0, *shape, *strides))}
    view = pto.MakeTensorViewOp(pointer, [numbers[n].result for n in shape], [numbers[n].result for n in strides])
    if isinstance(user, pto.InitializeL2G2LPipeOp):
        return [*numbers.values(), view]
    zeros = [numbers[0].result] * len(shape)
    return [*numbers.values(), view, pto.PartitionViewOp(view.result, zeros, [numbers[n].result for n in shape])]


def _strides(memref: MemRefType[Attribute]) -> tuple[int, ...] | None:
    """Strides in elements; None where one is not constant."""
    layout, shape = memref.layout, memref.get_shape()
    if isinstance(layout, NoneAttr):
        return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
    if not isinstance(layout, StridedLayoutAttr) or layout.offset != IntAttr(0):
        return None
    strides = [stride.data if isinstance(stride, IntAttr) else None for stride in layout.strides]
    return tuple(stride for stride in strides if stride is not None) if None not in strides else None
