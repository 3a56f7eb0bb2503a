"""The pass: every function is lowered to a `Program`, solved, given event ids and rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Block as IRBlock

from ptodsl.dialect import KernelKind, Pipe, PipeBarrierOp, SectionOp, touches_memory
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.lower import lower_block
from tools.ptoas.insert_sync.rewrite import rewrite
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.plan_memory import MemoryPlan
from tools.ptoas.verify import kernel_kind


def insert_sync(module: ModuleOp, plan: MemoryPlan) -> None:
    """Order all conflicting operations of each core, with no sync that the others imply.

    Adds `pto.set_flag`, `pto.wait_flag` and `pto.pipe_barrier` to the functions of `module`, whose tiles have the
    addresses of `plan`. FIFO operations order the bytes of FIFO entries and get nothing.

    Raises:
        OperationError: the module has flags of its own, control flow other than `scf.for` and `scf.if`, or calls
            between functions that work on memory.
    """
    ranges = ByteRanges(plan)
    workers = {
        op.sym_name.data: kernel_kind(op)
        for op in _functions(module)
        if any(touches_memory(inner) for inner in op.walk())
    }
    for function in _functions(module):
        for body in _core_bodies(function):
            program = lower_block(body, ranges)
            _order_calls(body, workers, alone=not program.ops)
            solve(program)
            assign_event_ids(program)
            rewrite(program)


def _functions(module: ModuleOp) -> list[FuncOp]:
    return [op for op in module.body.block.ops if isinstance(op, FuncOp) and not op.is_declaration]


def _core_bodies(function: FuncOp) -> Iterator[IRBlock]:
    """The blocks that one kind of core executes as a whole: the sections of an entry, else the function's body."""
    body = function.body.block
    sections = [op for op in body.ops if isinstance(op, SectionOp)]
    for section in sections:
        yield section.body.block
    if not sections:
        yield body


def _order_calls(body: IRBlock, workers: Mapping[str, KernelKind | None], *, alone: bool) -> None:
    """Separate calls of functions that work on the memory of one core: their operations are not seen together.

    The usual entry calls one function per kind of core, each once, and needs nothing.
    """
    calls = [op for op in body.walk() if isinstance(op, CallOp) and _callee(op) in workers]
    if calls and not alone:
        raise OperationError(
            calls[0],
            f"@{_callee(calls[0])} works on memory and is called by a function that does so, too; "
            "--enable-insert-sync orders operations within one function: inline the callee",
        )
    kinds = [workers[_callee(call)] for call in calls]
    for call, kind in zip(calls, kinds, strict=True):
        if call.parent is not body or kind is None or kinds.count(kind) > 1:
            barrier = PipeBarrierOp(Pipe.ALL)
            barrier.location = call.location
            block = call.parent
            assert block is not None
            block.insert_op_before(barrier, call)


def _callee(call: CallOp) -> str:
    return call.callee.root_reference.data
