"""C++ of a whole module: includes, prototypes where they are needed, functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.control import emit_block, emit_flush, emit_guarded
from tools.ptoas.emit_cpp.spelling import scalar_type, type_name
from tools.ptoas.emit_cpp.writer import Writer
from tools.ptoas.functions import callee_name, has_c_linkage, is_entry, kernel_kind

PREAMBLE = '#include "pto/pto-inst.hpp"\nusing namespace pto;\n'

TAIL_SYNC = "ptoas_tail_sync"
"""Helper that an entry ends with: the core is done when all its pipes are."""

TAIL_SYNC_DEFINITION = f"static AICORE inline void {TAIL_SYNC}() {{\n  pipe_barrier(PIPE_ALL);\n}}\n"


@dataclass(frozen=True)
class Emitted:
    """C++ text, and the operation that each of its lines comes from, None for lines of no operation."""

    text: str
    origins: tuple[Operation | None, ...]


def emit_module(module: ModuleOp, ranges: ByteRanges, *, tail_sync: bool) -> Emitted:
    """C++ of a module whose tiles have addresses.

    Args:
        module: verified module.
        ranges: byte ranges of its tiles under its memory plan.
        tail_sync: whether entries end with a barrier of all pipes.

    Raises:
        OperationError: something has no C++.
    """
    functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp)]
    parts = [PREAMBLE]
    if tail_sync and any(is_entry(function) for function in functions):
        parts.append(TAIL_SYNC_DEFINITION)
    if prototypes := _prototypes(functions):
        parts.append(prototypes)
    origins: list[Operation | None] = []
    for part in parts:
        # The line break that joins two parts ends a line, too.
        origins += [None] * (part.count("\n") + 1)
    for function in functions:
        emitted = _function(function, ranges, tail_sync)
        parts.append(emitted.text)
        origins += emitted.origins
    return Emitted("\n".join(parts), tuple(origins))


def _prototypes(functions: list[func.FuncOp]) -> str:
    """Prototypes of the functions that are called before they are defined."""
    by_name = {function.sym_name.data: function for function in functions}
    defined: set[str] = set()
    early: dict[str, func.FuncOp] = {}
    for function in functions:
        for op in function.body.walk():
            if isinstance(op, func.CallOp) and (callee := callee_name(op)) not in defined:
                early[callee] = by_name[callee]
        defined.add(function.sym_name.data)
    return "".join(map(_prototype, early.values()))


def _prototype(function: func.FuncOp) -> str:
    return f"{_head(function, [''] * len(function.function_type.inputs))};\n"


def _function(function: func.FuncOp, ranges: ByteRanges, tail_sync: bool) -> Emitted:
    if function.is_declaration:
        return Emitted(_prototype(function), (function, None))
    writer = Writer(ranges)
    names = [writer.argument(argument) for argument in function.args]
    block, kind = function.body.block, kernel_kind(function)
    if kind is None:
        emit_block(writer, block)
        emit_flush(writer, block)
    else:
        emit_guarded(writer, kind, block)
    # Outside of the guards, so that both kinds of core end with it.
    if tail_sync and is_entry(function):
        writer.line(f"{TAIL_SYNC}();")
    returned = block.last_op
    if isinstance(returned, func.ReturnOp) and returned.arguments:
        writer.line(f"return {writer.name(returned.arguments[0])};")
    text = writer.render(_head(function, names)) + "\n"
    return Emitted(text, (*writer.origins(), None))


def _head(function: func.FuncOp, names: Sequence[str]) -> str:
    """Signature; an entry has C linkage and is what the host launches."""
    results = function.function_type.outputs.data
    if len(results) > 1 or (results and kernel_kind(function) is not None):
        raise wrong(function, f"@{function.sym_name.data} can return one value at most, and a kernel none")
    parameters = ", ".join(
        f"{type_name(ty, function)} {name}".rstrip(" ")
        for ty, name in zip(function.function_type.inputs, names, strict=True)
    )
    result = scalar_type(results[0], function) if results else "void"
    linkage = 'extern "C" ' if has_c_linkage(function) else ""
    launched = "__global__ " if is_entry(function) else ""
    return f"{linkage}{launched}AICORE {result} {function.sym_name.data}({parameters})"
