"""The pass: every function is lowered to programs, solved, given event ids and rewritten."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.insert_sync.cores import core_programs, order_calls
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.hand_over import check_hand_over
from tools.ptoas.insert_sync.rewrite import rewrite
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.plan_memory import MemoryPlan


def insert_sync(module: ModuleOp, plan: MemoryPlan) -> None:
    """Order all conflicting operations of each core, with no sync that the others imply.

    Adds `pto.set_flag`, `pto.wait_flag` and `pto.barrier` to the functions of `module`, whose tiles have the
    addresses of `plan`. FIFO operations order the cores, and what they tell of the other core needs no sync either.

    Raises:
        OperationError: the module has flags of its own, control flow other than `scf.for` and `scf.if`, operations on
            memory outside of the sections of a function that has some, calls between functions that work on memory,
            or cores that share global memory without a FIFO.
    """
    programs = core_programs(module, ByteRanges(plan))
    check_hand_over(module, programs)
    order_calls(module)
    for core in programs:
        solve(core.program)
        assign_event_ids(core.program)
        rewrite(core.program)
