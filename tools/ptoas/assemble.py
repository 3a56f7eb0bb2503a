"""The assembler as a function: parse, verify, complete FIFOs, plan memory, synchronise, print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from io import StringIO

from xdsl.printer import Printer

from isa.repeats import VRule
from ptodsl.dialect import do_not_infer_layouts
from tools.ptoas.barrier_all import inject_barriers
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.check_overlaps import check_overlaps
from tools.ptoas.complete_fifos import complete_fifos
from tools.ptoas.complete_scratch import complete_scratch
from tools.ptoas.dead_tiles import dead_tiles
from tools.ptoas.diagnostics import AssemblerError, Diagnostic, OperationError, OperationWarning, user_place
from tools.ptoas.emit_cpp.module import Emitted, emit_module
from tools.ptoas.expand_sums import expand_sums
from tools.ptoas.fifo_forms import rewrite_fifos
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.options import Scope, SyncOptions
from tools.ptoas.memref_forms import rewrite_memrefs
from tools.ptoas.parse import ParsedModule, parse_module
from tools.ptoas.plan_memory import apply_plan, plan_memory
from tools.ptoas.tile_fifos import complete_tile_fifos
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
    addresses: bool = False
    """Whether the program places its tiles itself (`--pto-level=level3`)."""
    event_scope: Scope = Scope.PAIR
    """What the event ids of inserted flags are of."""
    v_rule: VRule = VRule.STRICT
    """What spares a barrier between dependent operations on V."""
    infer_layout: bool = True
    """Whether constant sizes and strides say the layout of a view that does not say it; else it is ND."""


@dataclass(frozen=True)
class LineOrigin:
    """Where a line of the C++ comes from."""

    cpp: int
    """The line, counted from 1."""
    mlir: int
    """Line of the operation in the input."""
    operation: str
    file: str
    """Of the user's program; empty if the operation does not say."""
    line: int


@dataclass(frozen=True)
class Assembled:
    """What the assembler printed, and where its lines come from (none with `emit_pto_ir`)."""

    text: str
    origins: tuple[LineOrigin, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def assemble(text: str, file: str, options: Options) -> str:
    """The text alone of `assemble_with_origins`."""
    return assemble_with_origins(text, file, options).text


def assemble_with_origins(text: str, file: str, options: Options) -> Assembled:
    """C++ (or, with `emit_pto_ir`, MLIR) of a module.

    Args:
        text: module in MLIR syntax.
        file: what diagnostics call it.
        options: what to do.

    Raises:
        AssemblerError: the input is wrong or does not fit; its text is what a compiler prints.
    """
    parsed = parse_module(text, file)
    try:
        # In front of all others, since the verifier and the passes know only what comes out of these.
        rewrite_memrefs(parsed.module, parsed.adopt)
        rewrite_fifos(parsed.module, parsed.adopt)
        if not options.infer_layout:
            do_not_infer_layouts(parsed.module)
        found = list(verify_module(parsed.module, addresses=options.addresses))
        if errors := [error for error in found if not isinstance(error, OperationWarning)]:
            raise AssemblerError(list(map(parsed.diagnose, errors)))
        return _lower(parsed, options, list(map(parsed.diagnose, found)))
    except OperationError as error:
        raise AssemblerError([parsed.diagnose(error)]) from error


def _lower(parsed: ParsedModule, options: Options, limits: list[Diagnostic]) -> Assembled:
    module = parsed.module
    expand_sums(module, parsed.adopt)
    complete_fifos(module)
    complete_tile_fifos(module)
    # Scratch needs a place in the plan; overlaps are known when there is one.
    complete_scratch(module, addresses=options.addresses)
    plan = plan_memory(module)
    apply_plan(plan)
    check_overlaps(module, ByteRanges(plan))
    warnings = (*limits, *map(parsed.diagnose, dead_tiles(module)))
    if options.sync is Sync.BARRIER_ALL:
        inject_barriers(module)
    elif options.sync is Sync.INSERT:
        slow = insert_sync(module, plan, SyncOptions(options.event_scope, options.v_rule))
        warnings += tuple(map(parsed.diagnose, slow))
    if options.emit_pto_ir:
        stream = StringIO()
        Printer(stream, print_debuginfo=True).print_op(module)
        return Assembled(stream.getvalue() + "\n", warnings=warnings)
    emitted = emit_module(module, ByteRanges(plan), tail_sync=options.sync is not Sync.NONE)
    return Assembled(emitted.text, tuple(_origins(parsed, emitted)), warnings)


def _origins(parsed: ParsedModule, emitted: Emitted) -> Iterator[LineOrigin]:
    for number, op in enumerate(emitted.origins, 1):
        if op is not None:
            user = user_place(op)
            where = ("", 0) if user is None else (user.file, user.line)
            yield LineOrigin(number, parsed.place(op).line, op.name, *where)
