"""The pass: every function is lowered to a `Program`, solved, given event ids and rewritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Block as IRBlock

from ptodsl.dialect import KernelKind, Pipe, PipeBarrierOp, SectionOp, touches_memory
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.fifo_order import has_signals, link
from tools.ptoas.insert_sync.lower import lower_block
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.rewrite import rewrite
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.plan_memory import MemoryPlan
from tools.ptoas.verify import ENTRY, kernel_kind, section_kind


def insert_sync(module: ModuleOp, plan: MemoryPlan) -> None:
    """Order all conflicting operations of each core, with no sync that the others imply.

    Adds `pto.set_flag`, `pto.wait_flag` and `pto.pipe_barrier` to the functions of `module`, whose tiles have the
    addresses of `plan`. FIFO operations order the bytes of FIFO entries, and what they tell of the other core needs no
    sync either.

    Raises:
        OperationError: the module has flags of its own, control flow other than `scf.for` and `scf.if`, or calls
            between functions that work on memory.
    """
    ranges = ByteRanges(plan)
    functions = [op for op in module.body.block.ops if isinstance(op, FuncOp) and not op.is_declaration]
    workers = {
        function.sym_name.data: kernel_kind(function)
        for function in functions
        if any(touches_memory(inner) for inner in function.walk())
    }
    bodies = [body for function in functions for body in _core_bodies(function)]
    programs = [lower_block(body.block, ranges) for body in bodies]
    _link_cores(bodies, programs, _executed_once(functions))
    for body, program in zip(bodies, programs, strict=True):
        _order_calls(body.block, workers, alone=not program.ops)
        solve(program)
        assign_event_ids(program)
        rewrite(program)


@dataclass(frozen=True)
class _CoreBody:
    """A block that one kind of core executes as a whole."""

    block: IRBlock
    kind: KernelKind | None
    function: FuncOp


def _core_bodies(function: FuncOp) -> Iterator[_CoreBody]:
    """The sections of an entry, else the function's body."""
    block = function.body.block
    sections = [op for op in block.ops if isinstance(op, SectionOp)]
    for section in sections:
        yield _CoreBody(section.body.block, section_kind(section), function)
    if not sections:
        yield _CoreBody(block, kernel_kind(function), function)


def _executed_once(functions: Iterable[FuncOp]) -> set[str]:
    """Names of the functions that a launch executes once: entries, and what they call once, outside of loops."""
    entries = [function for function in functions if ENTRY in function.attributes]
    called = Counter(_callee(op) for function in functions for op in function.walk() if isinstance(op, CallOp))
    straight = {
        _callee(op)
        for entry in entries
        for body in _core_bodies(entry)
        for op in body.block.ops
        if isinstance(op, CallOp) and called[_callee(op)] == 1
    }
    return straight | {entry.sym_name.data for entry in entries if not called[entry.sym_name.data]}


def _link_cores(bodies: Iterable[_CoreBody], programs: Iterable[Program], executed_once: Container[str]) -> None:
    """Let the cube core's program and the vector cores' learn from each other's signals, if each has but one."""
    mates: dict[KernelKind | None, list[Program]] = {}
    for body, program in zip(bodies, programs, strict=True):
        if has_signals(program):
            # A program that is executed more often, or by nobody knows whom, has no partner to count with.
            kind = body.kind if body.function.sym_name.data in executed_once else None
            mates.setdefault(kind, []).append(program)
    if {kind: len(found) for kind, found in mates.items()} == {KernelKind.CUBE: 1, KernelKind.VECTOR: 1}:
        link(mates[KernelKind.CUBE][0], mates[KernelKind.VECTOR][0])


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
