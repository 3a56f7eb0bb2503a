"""The text of one C++ function while it is being written: names, hoisted constants, indentation.

Values are called v1, v2, ... in the order arguments, constants, everything else. How many constants there are is known
at the end only, so lines hold marks for names until `render`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, f64, i1
from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import MakeTensorViewOp
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import SCALARS, scalar_type

INDENT = "  "

# A control character: no C++ text holds one.
_MARK = re.compile("\x1f(\\d+)\x1f")


class Writer:
    """Lines of a function's body, and the names of its values."""

    def __init__(self, ranges: ByteRanges) -> None:
        self.ranges = ranges
        self.handles: dict[Operation, str] = {}
        """Names of FIFOs of tiles, whose handles are no values in MLIR."""
        self._names: dict[SSAValue, str] = {}
        self._constants: dict[tuple[str, str], str] = {}
        self._arguments: list[str] = []
        self._lines: list[str] = []
        self._origins: list[Operation | None] = []
        self._printing: Operation | None = None
        self._count = 0
        self._indent = 1

    def fresh(self) -> str:
        """A new name."""
        self._count += 1
        return f"\x1f{self._count}\x1f"

    def define(self, value: SSAValue) -> str:
        """A new name for `value`."""
        name = self.fresh()
        self._names[value] = name
        return name

    def argument(self, value: SSAValue) -> str:
        """A new name for a function's argument."""
        name = self.define(value)
        self._arguments.append(name)
        return name

    def alias(self, value: SSAValue, name: str) -> None:
        """Call `value` by the name of another one."""
        self._names[value] = name

    def name(self, value: SSAValue) -> str:
        """Name of a value; a constant is hoisted to the top of the function when it is first used.

        Raises:
            OperationError: the value is no variable in C++, such as a view of global memory.
        """
        known = self._names.get(value)
        if known is not None:
            return known
        owner = value.owner
        assert isinstance(owner, Operation)
        if isinstance(owner, ConstantOp):
            return self.constant(scalar_type(value.type, owner), literal(owner))
        if isinstance(owner, MakeTensorViewOp):
            raise wrong(owner, "take a slice of the view with pto.partition_view to use it")
        raise wrong(owner, "the result is no C++ variable and cannot be used like this")

    def unsigned(self, value: SSAValue) -> str:
        """A value read as unsigned; an i1 is that already."""
        name = self.name(value)
        return name if value.type == i1 else f"(u{SCALARS[value.type]}){name}"

    def constant(self, cpp_type: str, text: str) -> str:
        """Name of a hoisted constant."""
        key = cpp_type, text
        if key not in self._constants:
            self._constants[key] = self.fresh()
        return self._constants[key]

    def line(self, text: str) -> None:
        """Add a line to the body."""
        self.directive(INDENT * self._indent + text)

    def variable(self, cpp_type: str, text: str, value: SSAValue | None = None) -> str:
        """Print a variable, that of `value` if one is given; its name."""
        name = self.fresh() if value is None else self.define(value)
        self.line(f"{cpp_type} {name} = {text};")
        return name

    def call(self, function: str, arguments: Iterable[SSAValue | str | None], template: Iterable[str] = ()) -> None:
        """Print `function<template>(arguments);`; None is an operand that is not there."""
        given = [one if isinstance(one, str) else self.name(one) for one in arguments if one is not None]
        types = ", ".join(template)
        self.line(f"{function}{f'<{types}>' if types else ''}({', '.join(given)});")

    def directive(self, text: str) -> None:
        """Add a preprocessor line, which is never indented."""
        self._lines.append(text)
        self._origins.append(self._printing)

    @contextmanager
    def printing(self, op: Operation) -> Iterator[None]:
        """Lines that are added meanwhile come from `op`."""
        outer, self._printing = self._printing, op
        yield
        self._printing = outer

    @contextmanager
    def block(self, head: str, *, close: bool = True) -> Iterator[None]:
        """Lines inside braces: `head {` before them, `}` behind unless the next block's head closes this one."""
        self.line(f"{head} {{")
        self._indent += 1
        yield
        self._indent -= 1
        if close:
            self.line("}")

    def origins(self) -> list[Operation | None]:
        """The operation that each line of `render` comes from; None for signature, constants and the last brace."""
        return [None] * (1 + len(self._constants)) + self._origins + [None]

    def render(self, head: str) -> str:
        """The whole function, `head` being its signature."""
        constants = [f"{INDENT}const {ty} {name} = {text};" for (ty, text), name in self._constants.items()]
        first = [*self._arguments, *self._constants.values()]
        order = {int(name.strip("\x1f")): number for number, name in enumerate(first, 1)}
        for number in range(1, self._count + 1):
            order.setdefault(number, len(order) + 1)
        text = "\n".join([f"{head} {{", *constants, *self._lines, "}"])
        return _MARK.sub(lambda match: f"v{order[int(match[1])]}", text)


def literal(op: ConstantOp) -> str:
    """C++ literal of a constant."""
    value = op.value
    if isinstance(value, IntegerAttr):
        number = value.value.data
        return ("true" if number else "false") if value.type == i1 else str(number)
    if isinstance(value, FloatAttr):
        return float_literal(value.value.data, "" if value.type == f64 else "f")
    raise wrong(op, f"there is no C++ literal for {value}")


def float_literal(number: float, suffix: str) -> str:
    """Decimal text that reads back as the same single (or, without suffix, double) precision number."""
    if number != number:
        return '__builtin_nanf("")'
    if number in (float("inf"), float("-inf")):
        return f"{'-' if number < 0 else ''}__builtin_inf{suffix}()"
    # Nine digits tell any two singles apart; `repr` does that for doubles.
    text = f"{number:.9g}" if suffix else repr(number)
    # `1f` is no literal.
    if not any(mark in text for mark in ".e"):
        text += ".0"
    return text + suffix
