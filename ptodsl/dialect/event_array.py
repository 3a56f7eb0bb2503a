"""Arrays of event ids, for programs that place their flags themselves and choose ids at run time."""

from __future__ import annotations

from xdsl.ir import Data, TypeAttribute
from xdsl.irdl import IRDLOperation, irdl_attr_definition, irdl_op_definition, operand_def, result_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.directives import Index
from ptodsl.dialect.syntax import INDEX, Value


@irdl_attr_definition
class EventIdArrayType(Data[int], TypeAttribute):
    """`!pto.eventid_array<4>`: so many event ids."""

    name = "pto.eventid_array"

    @property
    def size(self) -> int:
        """How many ids it holds."""
        return self.data

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> int:
        """Parse `<4>`."""
        with parser.in_angle_brackets():
            size = parser.parse_integer(allow_boolean=False, allow_negative=False)
            if size == 0:
                parser.raise_error("an array of event ids has at least one")
            return size

    def print_parameter(self, printer: Printer) -> None:
        """Print `<4>`."""
        printer.print_string(f"<{self.data}>")


@irdl_op_definition
class DeclareEventIdArrayOp(IRDLOperation):
    """`pto.declare_eventid_array -> !pto.eventid_array<4>`: its ids have no value before they are set."""

    name = "pto.declare_eventid_array"
    assembly_format = "attr-dict `->` type($result)"

    result = result_def(EventIdArrayType)

    def __init__(self, size: int) -> None:
        super().__init__(result_types=[EventIdArrayType(size)])


def _check_place(op: EventIdArraySetOp | EventIdArrayGetOp) -> None:
    """Check that an operation names a place of an array."""
    ty = op.array.type
    if not isinstance(ty, EventIdArrayType):
        raise VerifyException(f"{op.name}: array must be an array of event ids (!pto.eventid_array), not {ty}")
    checks.index(op, "index", op.index)
    number = checks.constant_int(op.index)
    if number is not None and not 0 <= number < ty.size:
        raise VerifyException(f"{op.name}: there is no place {number}: places go from 0 to {ty.size - 1}")


@irdl_op_definition
class EventIdArraySetOp(IRDLOperation):
    """`pto.eventid_array_set %e[%i], %v : T`: put the event id `%v`, an index, at a place."""

    name = "pto.eventid_array_set"
    assembly_format = (
        "$array `[` custom<Index>($index, type($index)) `]` `,` custom<Index>($value, type($value)) attr-dict "
        "`:` type($array)"
    )
    custom_directives = (Index,)

    array = operand_def()
    index = operand_def()
    value = operand_def()

    def __init__(self, array: Value, index: Value, value: Value) -> None:
        super().__init__(operands=[array, index, value])

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        _check_place(self)
        checks.index(self, "value", self.value)


@irdl_op_definition
class EventIdArrayGetOp(IRDLOperation):
    """`%v = pto.eventid_array_get %e[%i] : T`: the event id at a place, an index for the flags with a computed id."""

    name = "pto.eventid_array_get"
    assembly_format = "$array `[` custom<Index>($index, type($index)) `]` attr-dict `:` type($array)"
    custom_directives = (Index,)

    array = operand_def()
    index = operand_def()
    result = result_def(INDEX)

    def __init__(self, array: Value, index: Value) -> None:
        super().__init__(operands=[array, index], result_types=[INDEX])

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        _check_place(self)
