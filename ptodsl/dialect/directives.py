"""Parts of assembly formats that several operations have and xDSL's own directives cannot say.

An operation declares what it uses as `custom_directives` and names it in its `assembly_format`:
`custom<Index>($offset, type($offset))`, `custom<Braces>($id, $split)`.
"""

from __future__ import annotations

import abc
from collections.abc import Container, Iterable
from typing import ClassVar, cast

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, i1, i8, i32, i64
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    OperandDirective,
    OptionalOperandVariable,
    ParsingState,
    PrintingState,
    TypeDirective,
    VariableDirective,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

from ptodsl.dialect.syntax import INDEX

NUMBER_TYPES = {"dir_mask": i8, "split": i8}
"""Types of numbers in braces that are not i32."""


class _Untyped(CustomDirective, abc.ABC):
    """`%a`, or `%a, %b`: operands that have one type, which is not written.

    The operation does not constrain them, so that a wrong type in the generic form meets the operation's own message.
    """

    TYPE: ClassVar[Attribute]

    values: OperandDirective
    types: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        """Parse the operands; in an optional group, which has begun with a keyword, there must be one."""
        if isinstance(self.values, OptionalOperandVariable):
            self.values.set(state, parser.parse_unresolved_operand())
        else:
            self.values.parse(parser, state)
        assert isinstance(self.values, VariableDirective)
        given = state.operands[self.values.index]
        self.types.set(state, [self.TYPE] * len(given or ()))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        """Print the operands."""
        self.values.print(printer, state, op)

    def is_anchorable(self) -> bool:
        """Whether an optional group can depend on it."""
        return self.values.is_anchorable()

    def is_present(self, op: IRDLOperation) -> bool:
        """Whether there are operands."""
        return self.values.is_present(op)

    def set_empty(self, state: ParsingState) -> None:
        """Say that there are none."""
        self.values.set_empty(state)
        self.types.set_empty(state)


@irdl_custom_directive
class Index(_Untyped):
    """Operands of type index."""

    TYPE: ClassVar[Attribute] = INDEX

    values: OperandDirective
    types: TypeDirective


@irdl_custom_directive
class ByteOffset(_Untyped):
    """An operand of type i64."""

    TYPE: ClassVar[Attribute] = i64

    values: OperandDirective
    types: TypeDirective


@irdl_custom_directive
class Sizes(CustomDirective):
    """`[8, 64]`: an array of i64 numbers, without their types."""

    numbers: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        """Parse the numbers."""
        sizes = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
        self.numbers.set(state, ArrayAttr([IntegerAttr(size, i64) for size in sizes]))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        """Print the numbers."""
        state.print_whitespace(printer)
        with printer.in_square_brackets():
            sizes = cast("ArrayAttr[IntegerAttr]", self.numbers.get(op))
            printer.print_list(sizes, lambda size: printer.print_int(size.value.data))


class _Braces(CustomDirective, abc.ABC):
    """`{slot_size = 8192, id = 3}` in any order: properties whose numbers have no types, and other attributes."""

    def parse(self, parser: Parser, state: ParsingState) -> None:
        """Parse the braces, which may be left out where nothing is needed."""
        start = parser.pos
        variables = self._variables()
        known, others = parse_braces(parser, variables)
        if missing := [name for name, one in variables.items() if not one.is_optional and name not in known]:
            parser.raise_error(f"{state.op_type.name} needs {{{' = .., '.join(missing)} = ..}}", start)
        state.properties |= known
        state.attributes |= others

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        """Print the braces."""
        print_braces(printer, op, self._variables())
        # What follows the brace is set apart by a space.
        state.last_was_punctuation = state.should_emit_space = True

    def _variables(self) -> dict[str, AttributeVariable]:
        variables = (getattr(self, name) for name in self.parameters)
        return {variable.name: variable for variable in variables}


def braces(count: int) -> type[CustomDirective]:
    """The directive `Braces` with so many properties."""
    # xDSL reads the parameters of a directive from the annotations of its class: each count needs a class.
    parameters = {f"property{number}": AttributeVariable for number in range(count)}
    return irdl_custom_directive(type("Braces", (_Braces,), {"__annotations__": parameters}))


def parse_braces(parser: Parser, names: Container[str]) -> tuple[dict[str, Attribute], dict[str, Attribute]]:
    """Parse `{slot_size = 8192, ..}`: what is in `names`, with the types of properties, and all else."""
    known: dict[str, Attribute] = {}
    others: dict[str, Attribute] = {}
    for name, attr in parser.parse_optional_attr_dict().items():
        if name not in names:
            others[name] = attr
        # A boolean is a number of type i1, and stays one.
        elif isinstance(attr, IntegerAttr) and attr.type != i1:
            known[name] = IntegerAttr(attr.value.data, NUMBER_TYPES.get(name, i32))
        else:
            known[name] = attr
    return known, others


def print_braces(printer: Printer, op: IRDLOperation, names: Iterable[str]) -> None:
    """Print `{slot_size = 8192, ..}`, numbers without their types."""

    def item(pair: tuple[str, Attribute]) -> None:
        name, attr = pair
        printer.print_string(f"{name} = ")
        if isinstance(attr, IntegerAttr) and attr.type != i1:
            printer.print_string(str(attr.value.data))
        else:
            printer.print_attribute(attr)

    printer.print_string(" {")
    printer.print_list([(name, op.properties[name]) for name in names if name in op.properties], item)
    printer.print_string("}")
