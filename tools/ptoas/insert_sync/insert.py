"""The pass: every function is lowered to programs, solved, given event ids and rewritten."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import OperationWarning
from tools.ptoas.insert_sync.cores import core_programs, order_calls
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.hand_over import check_hand_over
from tools.ptoas.insert_sync.nodes import LoopNode, outwards
from tools.ptoas.insert_sync.options import SyncOptions
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.rewrite import rewrite
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.plan_memory import MemoryPlan


def insert_sync(module: ModuleOp, plan: MemoryPlan, options: SyncOptions = SyncOptions()) -> list[OperationWarning]:
    """Order all conflicting operations of each core, with no sync that the others imply; say what is slow about it.

    Adds `pto.set_flag`, `pto.wait_flag` and `pto.barrier` to the functions of `module`, whose tiles have the
    addresses of `plan`. FIFO operations order the cores, and what they tell of the other core needs no sync either.
    Flags that are there stay where they are and spare nothing; their event ids are given to no other flag.

    Raises:
        OperationError: the module has control flow other than `scf.for`, `scf.while` and `scf.if`, operations on
            memory outside of the sections of a function that has some, calls between functions that work on memory,
            or cores that share global memory without a FIFO.
    """
    programs = core_programs(module, ByteRanges(plan), options)
    check_hand_over(module, programs)
    order_calls(module)
    warnings: list[OperationWarning] = []
    for core in programs:
        solve(core.program)
        assign_event_ids(core.program, scope=options.scope)
        warnings += _barriers_in_loops(core.program)
        rewrite(core.program)
    return warnings


def _barriers_in_loops(program: Program) -> Iterator[OperationWarning]:
    """The barriers of all pipes that are executed again and again."""
    for barrier in program.syncs()[1]:
        if barrier.pipe is None and any(isinstance(block.owner, LoopNode) for block in outwards(barrier.block)):
            # A barrier behind the last node is shown at that node.
            node = barrier.block.nodes[min(barrier.gap, len(barrier.block.nodes) - 1)]
            assert isinstance(node.payload, Operation)
            yield OperationWarning(
                node.payload,
                f"{node.payload.name}: all pipes stop here in each pass of a loop: {barrier.reason}. Fewer tiles that "
                "are in use at a time may help",
            )
