"""The assembler as a function: parse, verify, plan memory, synchronise, print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from io import StringIO

from xdsl.printer import Printer

from tools.ptoas.barrier_all import inject_barriers
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import AssemblerError, OperationError
from tools.ptoas.emit_cpp import emit_module
from tools.ptoas.insert_sync import insert_sync
from tools.ptoas.parse import ParsedModule, parse_module
from tools.ptoas.plan_memory import MemoryPlan, apply_plan, plan_memory
from tools.ptoas.verify import verify_module


class Sync(Enum):
    """Which synchronisation the assembler adds."""

    NONE = "none"
    BARRIER_ALL = "barrier-all"
    INSERT = "insert-sync"


@dataclass(frozen=True)
class Options:
    """What the command line chooses."""

    sync: Sync = Sync.NONE
    emit_pto_ir: bool = False
    """Print the module after all passes instead of C++."""


def assemble(text: str, file: str, options: Options) -> str:
    """C++ (or, with `emit_pto_ir`, MLIR) of a module.

    Args:
        text: module in MLIR syntax.
        file: what diagnostics call it.
        options: what to do.

    Raises:
        AssemblerError: the input is wrong or does not fit; its text is what a compiler prints.
    """
    parsed = parse_module(text, file)
    if errors := list(verify_module(parsed.module)):
        raise AssemblerError([parsed.diagnose(error) for error in errors])
    try:
        return _lower(parsed, options)
    except OperationError as error:
        raise AssemblerError([parsed.diagnose(error)]) from error


def _lower(parsed: ParsedModule, options: Options) -> str:
    module = parsed.module
    plan = plan_memory(module)
    apply_plan(plan)
    _synchronise(parsed, plan, options.sync)
    if options.emit_pto_ir:
        stream = StringIO()
        Printer(stream, print_debuginfo=True).print_op(module)
        return stream.getvalue() + "\n"
    return emit_module(module, ByteRanges(plan), tail_sync=options.sync is not Sync.NONE)


def _synchronise(parsed: ParsedModule, plan: MemoryPlan, sync: Sync) -> None:
    if sync is Sync.BARRIER_ALL:
        inject_barriers(parsed.module)
    elif sync is Sync.INSERT:
        insert_sync(parsed.module, plan)
