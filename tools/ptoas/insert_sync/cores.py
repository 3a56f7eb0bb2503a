"""Which programs the cores of a launch execute, and in what order calls put them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from ptodsl.dialect import BarrierOp, KernelKind, Pipe, SectionOp, touches_memory
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.functions import callee_name, functions_of, is_entry, kernel_kind, section_kind
from tools.ptoas.insert_sync.fifo_order import has_signals, link
from tools.ptoas.insert_sync.global_memory import GlobalMemory
from tools.ptoas.insert_sync.lower import Lowering
from tools.ptoas.insert_sync.options import SyncOptions
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insertion import insert_before


@dataclass(frozen=True)
class CoreProgram:
    """What one kind of core executes of a function."""

    function: FuncOp
    kind: KernelKind | None
    memory: GlobalMemory
    """Names of the function's global memory, the buffers of accesses to it."""
    program: Program

    @property
    def name(self) -> str:
        """Symbol of the function."""
        return self.function.sym_name.data


def core_programs(module: ModuleOp, ranges: ByteRanges, options: SyncOptions = SyncOptions()) -> list[CoreProgram]:
    """The programs of all functions, not yet synchronised; those of two kinds of core know each other's signals.

    A function with sections has one program per kind of core.

    Raises:
        OperationError: see `Lowering.program`.
    """
    functions = functions_of(module)
    found = []
    for function in functions:
        lowering = Lowering(function, ranges, options)
        found += [CoreProgram(function, kind, lowering.memory, lowering.program(kind)) for kind in _kinds(function)]
    _link_cores(found, _executed_once(functions))
    return found


def _kinds(function: FuncOp) -> list[KernelKind | None]:
    """The kinds of core for which a function has code."""
    kind = kernel_kind(function)
    sections = dict.fromkeys(section_kind(op) for op in function.body.block.ops if isinstance(op, SectionOp))
    return list(sections) if kind is None and sections else [kind]


def _top_level(function: FuncOp) -> Iterator[Operation]:
    """The operations of a function and of its sections, without those in loops and branches."""
    for op in function.body.block.ops:
        if isinstance(op, SectionOp):
            yield from op.block.ops
        else:
            yield op


def _executed_once(functions: Iterable[FuncOp]) -> set[str]:
    """Names of the functions that a launch executes once: entries, and what they call once, outside of loops."""
    entries = list(filter(is_entry, functions))
    called = Counter(callee_name(op) for function in functions for op in function.walk() if isinstance(op, CallOp))
    straight = {
        callee_name(op)
        for entry in entries
        for op in _top_level(entry)
        if isinstance(op, CallOp) and called[callee_name(op)] == 1
    }
    return straight | {entry.sym_name.data for entry in entries if not called[entry.sym_name.data]}


def _link_cores(programs: Iterable[CoreProgram], executed_once: set[str]) -> None:
    """Let the cube core's program and the vector cores' learn from each other's signals, if each has but one."""
    mates: dict[KernelKind | None, list[Program]] = {}
    for core in programs:
        if has_signals(core.program):
            # A program that is executed more often, or by nobody knows whom, has no partner to count with.
            kind = core.kind if core.name in executed_once else None
            mates.setdefault(kind, []).append(core.program)
    if {kind: len(found) for kind, found in mates.items()} == {KernelKind.CUBE: 1, KernelKind.VECTOR: 1}:
        link(mates[KernelKind.CUBE][0], mates[KernelKind.VECTOR][0])


def order_calls(module: ModuleOp) -> None:
    """Separate calls of functions that work on the memory of one core: their operations are not seen together.

    The usual entry calls one function per kind of core, each once, and needs nothing.

    Raises:
        OperationError: a function that works on memory calls another one that does.
    """
    functions = functions_of(module)
    workers = {
        function.sym_name.data: kernel_kind(function)
        for function in functions
        if any(touches_memory(inner) for inner in function.walk())
    }
    for function in functions:
        _order_calls_of(function, workers)


def _order_calls_of(function: FuncOp, workers: Mapping[str, KernelKind | None]) -> None:
    calls = [op for op in function.walk() if isinstance(op, CallOp) and callee_name(op) in workers]
    if calls and function.sym_name.data in workers:
        raise OperationError(
            calls[0],
            f"@{callee_name(calls[0])} works on memory and is called by a function that does so, too; "
            "--enable-insert-sync orders operations within one function: inline the callee",
        )
    kinds = [workers[callee_name(call)] for call in calls]
    straight = set(_top_level(function))
    for call, kind in zip(calls, kinds, strict=True):
        # In a loop a call follows itself, and one for any core follows whatever was called before.
        if call not in straight or kind is None or kinds.count(kind) > 1:
            insert_before(call, BarrierOp(Pipe.ALL))
