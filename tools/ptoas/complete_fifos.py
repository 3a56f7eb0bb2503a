"""What a FIFO's handle leaves unsaid: its cross-core flags, and whether its slots are split."""

from __future__ import annotations

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, ModuleOp, i32
from xdsl.dialects.func import FuncOp

from isa import a3
from ptodsl.dialect import FifoOp, InitializeL2G2LPipeOp, Split
from tools.ptoas.functions import functions_of


def complete_fifos(module: ModuleOp) -> None:
    """Give every FIFO of a verified module `flag_base` and `nosplit`.

    FIFOs without a flag base are numbered in the order of their function, as ptoas 0.48 does: 0, 2, 4, ... Both ends of
    a FIFO therefore have the same one if both functions initialise the same FIFOs in the same order.
    """
    for function in functions_of(module):
        for fifo, base in flag_bases(function).items():
            fifo.flag_base = IntegerAttr(base, i32)
            if fifo.nosplit is None:
                fifo.nosplit = BoolAttr.from_bool(_never_split(fifo))


def flag_bases(function: FuncOp) -> dict[InitializeL2G2LPipeOp, int]:
    """First flag of each FIFO of a function: the one it gives, or the one that its number gives it."""
    bases: dict[InitializeL2G2LPipeOp, int] = {}
    next_base = 0
    for op in function.walk():
        if isinstance(op, InitializeL2G2LPipeOp):
            bases[op] = next_base if op.flag is None else op.flag
            next_base += op.fifos * a3.FLAGS_PER_FIFO
    return bases


def _never_split(fifo: InitializeL2G2LPipeOp) -> bool:
    """Whether there are operations on a FIFO and none of them splits a slot."""
    operations = [use.operation for use in fifo.pipe.uses]
    return bool(operations) and all(isinstance(op, FifoOp) and op.split_axis is Split.NONE for op in operations)
