"""C++ of operations that are one line: a text with the names of their operands in it.

In a template `{0}` is the name of the first operand, `{operands}` are the names of all, `{type}` is the C++ type of the
result, and `{op.pipe.data}` is what an attribute says.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation

from tools.ptoas.emit_cpp.spelling import value_type
from tools.ptoas.emit_cpp.writer import Writer

Emitter = Callable[..., None]
"""Prints an operation of some class: called with the writer and the operation."""


def statement(template: str) -> Emitter:
    """Print a statement."""

    def emit(writer: Writer, op: Operation) -> None:
        names = [writer.name(operand) for operand in op.operands]
        writer.line(template.format(*names, operands=", ".join(names), op=op) + ";")

    return emit


def value(template: str, *, unsigned: bool = False) -> Emitter:
    """Print a variable with the value of an expression; `unsigned` if it reads its operands so."""

    def emit(writer: Writer, op: Operation) -> None:
        read = writer.unsigned if unsigned else writer.name
        names, ty = [read(operand) for operand in op.operands], value_type(op.results[0], op)
        writer.variable(ty, template.format(*names, type=ty, op=op), op.results[0])

    return emit
