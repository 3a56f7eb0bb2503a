"""Arrays of the scalar unit: numbers on its stack, and event ids for flags that a program places itself."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from xdsl.ir import Data, SSAValue, TypeAttribute
from xdsl.irdl import IRDLOperation, irdl_attr_definition, irdl_op_definition, operand_def, result_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.directives import Index
from ptodsl.dialect.elements import ElementType, element_name, element_type, parse_body, parse_int
from ptodsl.dialect.syntax import INDEX, Value


@irdl_attr_definition
class EventIdArrayType(Data[int], TypeAttribute):
    """`!pto.eventid_array<4>`: so many event ids."""

    name = "pto.eventid_array"
    WHAT: ClassVar = "an array of event ids"

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


@dataclass(frozen=True)
class LocalArraySpec:
    """How many numbers of which type an array has."""

    size: int
    dtype: ElementType

    def __post_init__(self) -> None:
        """Check the size."""
        if self.size < 1:
            raise VerifyException(f"an array of numbers has at least one, not {self.size}")


@irdl_attr_definition
class LocalArrayType(Data[LocalArraySpec], TypeAttribute):
    """`!pto.local_array<4xi32>`: numbers that only the scalar unit sees."""

    name = "pto.local_array"
    WHAT: ClassVar = "an array of numbers"

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return self.data.size

    @property
    def dtype(self) -> ElementType:
        """Their type."""
        return self.data.dtype

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> LocalArraySpec:
        """Parse `<4xi32>`."""
        return parse_body(parser, _local_array)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<4xi32>`."""
        printer.print_string(f"<{self.size}x{element_name(self.dtype)}>")


def _local_array(text: str) -> LocalArraySpec:
    size, _, dtype = text.strip().partition("x")
    return LocalArraySpec(parse_int(size, "the size of an array of numbers"), element_type(dtype))


ArrayType = TypeVar("ArrayType", EventIdArrayType, LocalArrayType)


@irdl_op_definition
class DeclareEventIdArrayOp(IRDLOperation):
    """`pto.declare_eventid_array -> !pto.eventid_array<4>`: its ids have no value before they are set."""

    name = "pto.declare_eventid_array"
    assembly_format = "attr-dict `->` type($result)"

    result = result_def(EventIdArrayType)

    def __init__(self, size: int) -> None:
        super().__init__(result_types=[EventIdArrayType(size)])


@irdl_op_definition
class DeclareLocalArrayOp(IRDLOperation):
    """`pto.declare_local_array -> !pto.local_array<4xi32>`: its numbers have no value before they are set."""

    name = "pto.declare_local_array"
    assembly_format = "attr-dict `->` type($result)"

    result = result_def(LocalArrayType)


class PlaceOp(IRDLOperation, abc.ABC):
    """What sets or gets the number at a place of an array."""

    custom_directives = (Index,)

    array = operand_def()
    index = operand_def()

    def check_place(self, kind: type[ArrayType]) -> ArrayType:
        """Check that the place is one of an array of the kind; return the array's type."""
        ty = self.array.type
        if not isinstance(ty, kind):
            raise VerifyException(f"{self.name}: array must be {kind.WHAT} (!{kind.name}), not {ty}")
        checks.index(self, "index", self.index)
        number = checks.constant_int(self.index)
        if number is not None and not 0 <= number < ty.size:
            raise VerifyException(f"{self.name}: there is no place {number}: places go from 0 to {ty.size - 1}")
        return ty

    def check_number(self, value: SSAValue) -> None:
        """Check that the place is one of an array of numbers of the value's type."""
        ty = self.check_place(LocalArrayType)
        if value.type != ty.dtype:
            raise VerifyException(f"{self.name}: the array is {ty} but the value is {value.type}")


class SetPlaceOp(PlaceOp, abc.ABC):
    """What sets it."""

    # Again, since xDSL puts what a class has itself before what it inherits.
    array = operand_def()
    index = operand_def()
    value = operand_def()

    def __init__(self, array: Value, index: Value, value: Value) -> None:
        super().__init__(operands=[array, index, value])


@irdl_op_definition
class EventIdArraySetOp(SetPlaceOp):
    """`pto.eventid_array_set %e[%i], %v : T`: put the event id `%v`, an index, at a place."""

    name = "pto.eventid_array_set"
    assembly_format = (
        "$array `[` custom<Index>($index, type($index)) `]` `,` custom<Index>($value, type($value)) attr-dict "
        "`:` type($array)"
    )

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        self.check_place(EventIdArrayType)
        checks.index(self, "value", self.value)


@irdl_op_definition
class EventIdArrayGetOp(PlaceOp):
    """`%v = pto.eventid_array_get %e[%i] : T`: the event id at a place, an index for the flags with a computed id."""

    name = "pto.eventid_array_get"
    assembly_format = "$array `[` custom<Index>($index, type($index)) `]` attr-dict `:` type($array)"

    result = result_def(INDEX)

    def __init__(self, array: Value, index: Value) -> None:
        super().__init__(operands=[array, index], result_types=[INDEX])

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        self.check_place(EventIdArrayType)


@irdl_op_definition
class LocalArraySetOp(SetPlaceOp):
    """`pto.local_array_set %a[%i], %v : T, i32`: put a number at a place."""

    name = "pto.local_array_set"
    assembly_format = (
        "$array `[` custom<Index>($index, type($index)) `]` `,` $value attr-dict `:` type($array) `,` type($value)"
    )

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        self.check_number(self.value)


@irdl_op_definition
class LocalArrayGetOp(PlaceOp):
    """`%v = pto.local_array_get %a[%i] : T -> i32`: the number at a place."""

    name = "pto.local_array_get"
    assembly_format = "$array `[` custom<Index>($index, type($index)) `]` attr-dict `:` type($array) `->` type($result)"

    result = result_def()

    def verify_(self) -> None:
        """Check the types, and a place that is known."""
        self.check_number(self.result)
