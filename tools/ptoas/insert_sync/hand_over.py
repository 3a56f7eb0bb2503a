"""Cores that share global memory: flags do not reach from one core to another, so FIFOs must carry it.

For a function with sections of both kinds the real assembler sets a flag on the one core and waits for it on the
other, which hangs (pto-facts, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from ptodsl.dialect import CrossCoreFlagOp, KernelKind
from tools.ptoas.diagnostics import OperationError, user_place, wrong
from tools.ptoas.functions import callee_name, functions_of
from tools.ptoas.insert_sync.cores import CoreProgram
from tools.ptoas.insert_sync.fifo_order import has_signals
from tools.ptoas.insert_sync.global_memory import GlobalMemory


@dataclass
class _Uses:
    """The first operation that touches each memory, and the first that writes it, on one kind of core."""

    touched: dict[str, Operation] = field(default_factory=dict)
    written: dict[str, Operation] = field(default_factory=dict)
    has_signals: bool = False
    """Whether it uses FIFOs, or flags between cores of its own."""


def check_hand_over(module: ModuleOp, programs: Iterable[CoreProgram]) -> None:
    """Refuse global memory that one kind of core writes and another one uses, with nothing to order the two.

    Functions of their own, called by one entry, may do so if both use FIFOs: their signals can order more than entries.
    Whoever sets flags between cores with `pto.sync.set` orders the cores alone.

    Raises:
        OperationError: at the use, naming the write.
    """
    by_function: dict[str, list[CoreProgram]] = {}
    for core in programs:
        by_function.setdefault(core.name, []).append(core)
    for function in functions_of(module):
        own = _uses_of_sections(by_function[function.sym_name.data])
        if not any(isinstance(op, CrossCoreFlagOp) for op in function.walk()):
            _check(own, "a flag between them would be set on one core and waited for on another, and hang")
        called = _uses_of_calls(function, by_function)
        if not all(uses.has_signals for uses in called.values()):
            _check(called, "nothing orders the two")


def _uses_of_sections(cores: Iterable[CoreProgram]) -> dict[KernelKind, _Uses]:
    found: dict[KernelKind, _Uses] = {}
    for core in cores:
        if core.kind is not None:
            _note(found.setdefault(core.kind, _Uses()), core, {name: (name,) for name in core.memory.names})
    return found


def _uses_of_calls(function: FuncOp, by_function: dict[str, list[CoreProgram]]) -> dict[KernelKind, _Uses]:
    memory = GlobalMemory(function)
    found: dict[KernelKind, _Uses] = {}
    for call in (op for op in function.walk() if isinstance(op, CallOp)):
        for core in by_function.get(callee_name(call), ()):
            if core.kind is not None:
                names = {f"arg{number}": memory.of(argument) for number, argument in enumerate(call.arguments)}
                # What the callee does not name by an argument may be any memory of the caller.
                everything = dict.fromkeys(core.memory.names, memory.names)
                _note(found.setdefault(core.kind, _Uses()), core, everything | names)
    return found


def _note(uses: _Uses, core: CoreProgram, names: Mapping[str, Iterable[str]]) -> None:
    """Add what a program touches, under the caller's names for it; FIFOs order their own memory."""
    own_flags = any(isinstance(op, CrossCoreFlagOp) for op in core.function.walk())
    uses.has_signals |= own_flags or has_signals(core.program)
    for op in core.program.ops:
        assert isinstance(op.payload, Operation)
        for access in op.accesses:
            if access.bytes.buffer in core.memory.fifos:
                continue
            for name in names.get(access.bytes.buffer, ()):
                uses.touched.setdefault(name, op.payload)
                if access.writes:
                    uses.written.setdefault(name, op.payload)


def _check(uses: dict[KernelKind, _Uses], why: str) -> None:
    for kind, mine in uses.items():
        for other, theirs in uses.items():
            for name in sorted(mine.written.keys() & theirs.touched.keys() if kind is not other else ()):
                raise _shared(mine.written[name], kind, theirs.touched[name], other, why)


def _shared(write: Operation, writer: KernelKind, use: Operation, user: KernelKind, why: str) -> OperationError:
    place = user_place(write)
    where = "" if place is None else f" ({place.file}:{place.line})"
    return wrong(
        use,
        f"the {user} core uses global memory that the {writer} core writes with {write.name}{where}, but "
        f"{why}. A FIFO hands data from core to core: pto.initialize_l2g2l_pipe, pto.tpush, pto.tpop",
    )
