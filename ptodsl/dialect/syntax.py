"""Pretty syntax shared by the operations: destination-passing `ins(...) outs(...)` and `name = [...]` lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Self, cast

from xdsl.dialects.builtin import DenseArrayBase, IndexType, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation, OptOperandDef
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

    BEHIND: ClassVar[Sequence[str]] = ()
    """Properties that stand behind `outs`."""

    SECOND: ClassVar[str] = ""
    """The operand behind the destination in `outs`, if there is one; a program may leave out scratch there."""

    FORM: ClassVar[Callable[[Sequence[SSAValue], Sequence[SSAValue]], str] | None] = None
    """The operation that is meant by operands, if the name alone does not say; none if it is this one."""

    INTERLEAVED: ClassVar[bool] = False
    """Whether each operand inside `ins` is followed by its type."""

    COMMA: ClassVar[str] = ""
    """What is between the operands and the attributes inside `ins`."""

    def __init__(self, *operands: Value | None, properties: Mapping[str, Attribute | None] | None = None) -> None:
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
        ins, inside = parse_group(parser, "ins", cls.COMMA, interleaved=cls.INTERLEAVED)
        outs, _ = parse_group(parser, "outs")
        attributes = parser.parse_optional_attr_dict()
        # One name in the text may be several operations here, which only their operands tell apart.
        name = cls.FORM(ins, outs) if cls.FORM is not None else ""
        meant = parser.ctx.get_op(name) if name else cls
        assert issubclass(meant, DpsOp)
        return cast(Self, meant.made(parser, ins, outs, inside, attributes, start))

    @classmethod
    def made(
        cls,
        parser: Parser,
        ins: Sequence[SSAValue],
        outs: Sequence[SSAValue],
        inside: Mapping[str, Attribute],
        attributes: dict[str, Attribute],
        start: int,
    ) -> Self:
        """Make the operation of what was parsed: operands, attributes inside `ins`, and those behind."""
        inside = {cls.ALIASES.get(name, name): value for name, value in inside.items()}
        known = cls.get_irdl_definition().properties
        # As MLIR does: what no operation knows by this name is kept, and of no effect.
        attributes |= {name: value for name, value in inside.items() if name not in known}
        properties = {**cls._segments(), **{name: value for name, value in inside.items() if name in known}}
        # In the text these stand among the other attributes.
        properties |= {name: attributes.pop(name) for name in cls.BEHIND if name in attributes}
        arguments = _arguments(parser, cls, ins, outs, start)
        required = [argument for argument in arguments if argument is not None]
        if not any(isinstance(kind, OptOperandDef) for _, kind in cls.get_irdl_definition().operands):
            return cls.create(operands=required, properties=properties, attributes=attributes)
        return cls.build(operands=arguments, properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print what follows the operation's name."""
        *ins, dst = self.operands
        outs = [dst]
        # Among the operands it stands right before the destination.
        if self.SECOND and getattr(self, self.SECOND) is not None:
            outs.append(ins.pop())
        behind = {name: value for name, value in self.properties.items() if name in self.BEHIND}
        inside = {
            name: value for name, value in self.properties.items() if name != SEGMENT_SIZES and name not in behind
        }
        print_group(printer, "ins", ins, inside, self.COMMA, interleaved=self.INTERLEAVED)
        print_group(printer, "outs", outs, {})
        printer.print_op_attributes(self.attributes | behind)

    def check_segments(self) -> None:
        """Check that the generic form gives the operands that are implemented, and no more."""
        given = tuple(self.properties[SEGMENT_SIZES].get_values())  # type: ignore[attr-defined]
        if given != tuple(self.SEGMENTS):
            raise VerifyException(
                f"{self.name}: {SEGMENT_SIZES} must be {list(self.SEGMENTS)} (optional operands are not implemented), "
                f"not {list(given)}"
            )


def _arguments(
    parser: Parser, cls: type[DpsOp], ins: Sequence[SSAValue], outs: Sequence[SSAValue], start: int
) -> Sequence[SSAValue | None]:
    """Say which operands were given; those that a program may leave out come in order."""
    kinds = cls.get_irdl_definition().operands
    optional = [isinstance(kind, OptOperandDef) for name, kind in kinds if name != cls.SECOND]
    second = [isinstance(kind, OptOperandDef) for name, kind in kinds if name == cls.SECOND]
    # The last operand is the destination, which is in `outs`.
    most, least = len(optional) - 1, optional.count(False) - 1
    most_outs, least_outs = 1 + len(second), 1 + second.count(False)
    if not least <= len(ins) <= most or not least_outs <= len(outs) <= most_outs:
        wanted = str(least) if least == most else f"{least} to {most}"
        results = str(least_outs) if least_outs == most_outs else f"{least_outs} or {most_outs}"
        parser.raise_error(f"{cls.name} takes {wanted} ins and {results} outs, not {len(ins)} and {len(outs)}", start)
    # So many of the optional operands are there. They must be the first ones, since the text does not name them.
    spare = len(ins) - least
    given: list[SSAValue | None] = []
    sources = iter(ins)
    for choice in optional[:-1]:
        given.append(None if choice and not spare else next(sources))
        spare -= choice and spare > 0
    if second:
        given.append(outs[1] if len(outs) > 1 else None)
    return [*given, outs[0]]


def parse_group(
    parser: Parser, keyword: str, comma: str = "", *, interleaved: bool = False
) -> tuple[Sequence[SSAValue], dict[str, Attribute]]:
    """Parse `keyword(%a, %b {attributes} : ta, tb)`, with `comma` before the brace; or `keyword(%a : ta, %b : tb)`."""
    parser.parse_keyword(keyword)
    parser.parse_punctuation("(")
    operands = [parser.parse_unresolved_operand()]
    attributes: dict[str, Attribute] = {}
    while parser.parse_optional_punctuation(",") is not None:
        # With `comma` the attributes may follow instead of an operand.
        operand = parser.parse_optional_unresolved_operand() if comma else parser.parse_unresolved_operand()
        if operand is None:
            attributes = parser.parse_optional_attr_dict()
            if not attributes:
                parser.raise_error("expected an operand or attributes in braces")
            break
        operands.append(operand)
    if not comma:
        attributes = parser.parse_optional_attr_dict()
    values = parse_types_of(parser, operands, several=not interleaved)
    while interleaved and parser.parse_optional_punctuation(",") is not None:
        values = [*values, parse_typed(parser)]
    parser.parse_punctuation(")")
    return values, attributes


def print_group(
    printer: Printer,
    keyword: str,
    values: Sequence[SSAValue],
    attributes: Mapping[str, Attribute],
    comma: str = "",
    *,
    interleaved: bool = False,
) -> None:
    """Print what `parse_group` reads."""
    if interleaved:
        printer.print_string(f" {keyword}(")
        printer.print_list(values, lambda value: print_typed(printer, value))
        printer.print_string(")")
        return
    printer.print_string(f" {keyword}(")
    printer.print_list(values, printer.print_ssa_value)
    if attributes:
        printer.print_string(f"{comma} ")
        printer.print_attr_dict(attributes)
    printer.print_string(" : ")
    printer.print_list([value.type for value in values], printer.print_attribute)
    printer.print_string(")")


def parse_typed(parser: Parser) -> SSAValue:
    """Parse `%a : T`."""
    (value,) = parse_types_of(parser, [parser.parse_unresolved_operand()], several=False)
    return value


def print_typed(printer: Printer, value: SSAValue) -> None:
    """Print `%a : T`."""
    printer.print_ssa_value(value)
    printer.print_string(" : ")
    printer.print_attribute(value.type)


def parse_types_of(
    parser: Parser, operands: Sequence[UnresolvedOperand], *, several: bool = True
) -> Sequence[SSAValue]:
    """Parse `: type, type`, or `: type` unless `several`, and resolve the operands before it."""
    parser.parse_punctuation(":")
    start = parser.pos
    types = [parser.parse_type()]
    while several and parser.parse_optional_punctuation(",") is not None:
        types.append(parser.parse_type())
    if len(types) != len(operands):
        parser.raise_error(f"{len(operands)} operands need as many types, not {len(types)}", start)
    return parser.resolve_operands(operands, types, start)
