"""Deliberately broken kernels, for tests: what a check of the results, or the runtime, has to notice.

Each variant edits a module that `build_module` made, so the kernel itself has no hooks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, ModuleOp, f32
from xdsl.dialects.func import FuncOp
from xdsl.dialects.scf import ForOp
from xdsl.ir import Operation, SSAValue

from flash_atten.config import KernelConfig
from flash_atten.kernel import build_module
from ptodsl.dialect import PartitionViewOp, TensorViewType, TPopOp, TRowExpandMulOp, TStoreOp

Op = TypeVar("Op", bound=Operation)


def swap_sub_tiles(module: ModuleOp, config: KernelConfig) -> None:
    """Store the scores of the first two sub-tiles into each other's columns in the steady state."""
    loop = _loops(_function(module, "cube_kernel"))[2]
    first, second, *_ = _score_views(loop, config)
    columns = first.offsets[1], second.offsets[1]
    assert columns[0] != columns[1]
    first.operands[2], second.operands[2] = columns[1], columns[0]


def shift_ring_slot(module: ModuleOp, config: KernelConfig) -> None:
    """Rescale the output by the factors in the slot after the right one."""
    multiplications = list(_all(_function(module, "vector_kernel"), TRowExpandMulOp))
    factors: list[SSAValue] = list(dict.fromkeys(op.row for op in multiplications))
    assert len(factors) == config.exp_ring * config.tile_factor
    for op in multiplications:
        op.operands[1] = _next_slot(factors, op.row, config)


def _next_slot(factors: list[SSAValue], factor: SSAValue, config: KernelConfig) -> SSAValue:
    """Return the factor of the same row slice in the next ring slot; an operation's order is the allocation's."""
    ordered = sorted(factors, key=_allocation_order)
    return ordered[(ordered.index(factor) + config.tile_factor) % len(ordered)]


def _allocation_order(value: SSAValue) -> int:
    owner = value.owner
    assert isinstance(owner, Operation)
    assert owner.parent is not None
    return owner.parent.get_operation_index(owner)


def drop_scale(module: ModuleOp, config: KernelConfig) -> None:
    """Multiply by 1 where the scores should be scaled."""
    del config
    scales = [op for op in _all(_function(module, "vector_kernel"), ConstantOp) if op.result.type == f32]
    assert scales
    for op in scales:
        op.properties["value"] = FloatAttr(1.0, f32)


def pop_once_too_often(module: ModuleOp, config: KernelConfig) -> None:
    """Wait for one more PV at the end of each Q block."""
    del config
    blocks = _loops(_function(module, "vector_kernel"))[0].body.block
    pops = list(_all(blocks.parent_op(), TPopOp))
    assert blocks.last_op is not None
    blocks.insert_op_before(TPopOp(pops[-1].entry, pops[-1].pipe, split=1), blocks.last_op)


Variant = Callable[[ModuleOp, KernelConfig], None]

WRONG_RESULTS: dict[str, Variant] = {
    "swapped sub-tiles": swap_sub_tiles,
    "ring slot off by one": shift_ring_slot,
    "scale missing": drop_scale,
}
"""Variants that run to their end and compute something else."""


def build_variant(config: KernelConfig, variant: Variant) -> ModuleOp:
    """Return the kernel of `config`, broken by `variant`."""
    module = build_module(config)
    variant(module, config)
    module.verify()
    return module


def _function(module: ModuleOp, name: str) -> FuncOp:
    return next(op for op in module.body.block.ops if isinstance(op, FuncOp) and op.sym_name.data == name)


def _all(parent: Operation | None, kind: type[Op]) -> Iterator[Op]:
    assert parent is not None
    return (op for op in parent.walk() if isinstance(op, kind))


def _loops(function: FuncOp) -> list[ForOp]:
    """Return the loops of a kernel in order: Q blocks, then prologue, steady state and epilogue."""
    return list(_all(function, ForOp))


def _score_views(loop: ForOp, config: KernelConfig) -> Iterator[PartitionViewOp]:
    """Return the parts of the QK slot that are stored to in a loop, in order."""
    for store in _all(loop, TStoreOp):
        view = store.dst.owner
        assert isinstance(view, PartitionViewOp)
        slot = view.source.type
        assert isinstance(slot, TensorViewType)
        if slot.shape[1] == config.s1_tile:
            yield view
