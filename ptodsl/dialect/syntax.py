"""Pretty syntax shared by the operations: destination-passing `ins(...) outs(...)` and `name = [...]` lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from xdsl.dialects.builtin import DenseArrayBase, IndexType, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.effects import row_of

INDEX = IndexType()

Value = SSAValue | Operation
"""What constructors accept as an operand."""


SEGMENT_SIZES = "operandSegmentSizes"
"""Property that says, in the generic form, how many operands each argument of an operation has."""


class DpsOp(IRDLOperation):
    """Base of operations `pto.OP ins(a, b {attributes} : ta, tb) outs(d : td)`: operands are inputs, then one output.

    The properties, if the operation has any, are the attributes inside `ins`.
    """

    SEGMENTS: ClassVar[Sequence[int]] = ()
    """Operands per argument, where the real operation has optional ones; those that are 0 are not implemented."""

    ALIASES: ClassVar[Mapping[str, str]] = {}
    """Properties by their second names inside `ins`."""

    def __init__(self, *operands: Value, properties: Mapping[str, Attribute | None] | None = None) -> None:
        super().__init__(operands=operands, properties={**self._segments(), **(properties or {})})

    @property
    def instruction(self) -> str:
        """Its name in the tile ISA: `TADD`."""
        return row_of(self).cpp

    @classmethod
    def _segments(cls) -> dict[str, Attribute]:
        return {SEGMENT_SIZES: DenseArrayBase.from_list(i32, cls.SEGMENTS)} if cls.SEGMENTS else {}

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse what follows the operation's name."""
        start = parser.pos
        ins, inside = _parse_group(parser, "ins")
        outs, _ = _parse_group(parser, "outs")
        attributes = parser.parse_optional_attr_dict()
        expected = len(cls.get_irdl_definition().operands)
        if len(ins) + 1 != expected or len(outs) != 1:
            parser.raise_error(f"{cls.name} takes {expected - 1} ins and 1 outs, not {len(ins)} and {len(outs)}", start)
        properties = {**cls._segments(), **{cls.ALIASES.get(name, name): value for name, value in inside.items()}}
        return cls.create(operands=[*ins, *outs], properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print what follows the operation's name."""
        operands = self.operands
        inside = {name: value for name, value in self.properties.items() if name != SEGMENT_SIZES}
        _print_group(printer, "ins", operands[:-1], inside)
        _print_group(printer, "outs", operands[-1:], {})
        printer.print_op_attributes(self.attributes)

    def check_segments(self) -> None:
        """Check that the generic form gives the operands that are implemented, and no more."""
        given = tuple(self.properties[SEGMENT_SIZES].get_values())  # type: ignore[attr-defined]
        if given != tuple(self.SEGMENTS):
            raise VerifyException(
                f"{self.name}: {SEGMENT_SIZES} must be {list(self.SEGMENTS)} (optional operands are not implemented), "
                f"not {list(given)}"
            )


def _parse_group(parser: Parser, keyword: str) -> tuple[Sequence[SSAValue], dict[str, Attribute]]:
    """Parse `keyword(%a, %b {attributes} : ta, tb)`."""
    parser.parse_keyword(keyword)
    parser.parse_punctuation("(")
    operands = [parser.parse_unresolved_operand()]
    while parser.parse_optional_punctuation(",") is not None:
        operands.append(parser.parse_unresolved_operand())
    attributes = parser.parse_optional_attr_dict()
    values = parse_types_of(parser, operands)
    parser.parse_punctuation(")")
    return values, attributes


def _print_group(
    printer: Printer, keyword: str, values: Sequence[SSAValue], attributes: Mapping[str, Attribute]
) -> None:
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_ssa_value)
    if attributes:
        printer.print_string(" ")
        printer.print_attr_dict(attributes)
    printer.print_string(" : ")
    printer.print_list([value.type for value in values], printer.print_attribute)
    printer.print_string(")")


def parse_types_of(parser: Parser, operands: Sequence[UnresolvedOperand]) -> Sequence[SSAValue]:
    """Parse `: type, type` and resolve the operands before it."""
    parser.parse_punctuation(":")
    start = parser.pos
    types = [parser.parse_type()]
    while parser.parse_optional_punctuation(",") is not None:
        types.append(parser.parse_type())
    if len(types) != len(operands):
        parser.raise_error(f"{len(operands)} operands need as many types, not {len(types)}", start)
    return parser.resolve_operands(operands, types, start)


def parse_value_list(parser: Parser, keyword: str, ty: Attribute) -> list[SSAValue]:
    """Parse `keyword = [%a, %b]`, all of type `ty`."""
    parser.parse_keyword(keyword)
    parser.parse_punctuation("=")
    return parser.parse_comma_separated_list(parser.Delimiter.SQUARE, lambda: parser.parse_operand(ty))


def print_value_list(printer: Printer, keyword: str, values: Sequence[SSAValue]) -> None:
    """Print `keyword = [%a, %b]`."""
    printer.print_string(f" {keyword} = [")
    printer.print_list(values, printer.print_ssa_value)
    printer.print_string("]")


def print_conversion(printer: Printer, op: Operation) -> None:
    """Print ` : operand type -> result type`."""
    printer.print_string(" : ")
    printer.print_attribute(op.operands[0].type)
    printer.print_string(" -> ")
    printer.print_attribute(op.results[0].type)
