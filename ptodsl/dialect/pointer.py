"""GM pointers: arithmetic, and single elements read and written by the scalar unit."""

from __future__ import annotations

from typing import Self

from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.gm_type import PtrType
from ptodsl.dialect.syntax import INDEX, Value, parse_types_of, print_conversion


@irdl_op_definition
class AddPtrOp(IRDLOperation):
    """result = ptr advanced by `offset` elements: `pto.addptr %p, %n : T -> T`."""

    name = "pto.addptr"

    ptr = operand_def()
    offset = operand_def()
    result = result_def(PtrType)

    def __init__(self, ptr: Value, offset: Value) -> None:
        super().__init__(operands=[ptr, offset], result_types=[SSAValue.get(ptr).type])

    def verify_(self) -> None:
        """Check that a pointer is advanced by an integer and keeps its type."""
        if not isinstance(self.ptr.type, PtrType):
            raise VerifyException(f"{self.name}: ptr must be a GM pointer (!pto.ptr), not {self.ptr.type}")
        if self.result.type != self.ptr.type:
            raise VerifyException(f"{self.name}: the result is {self.result.type} but the pointer is {self.ptr.type}")
        checks.index(self, "offset", self.offset)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `%p, %n : T -> T`; the offset is an index."""
        ptr = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        offset = parser.parse_operand(INDEX)
        parser.parse_punctuation(":")
        ty = parser.parse_type()
        parser.parse_punctuation("->")
        result = parser.parse_type()
        return cls.create(operands=[parser.resolve_operand(ptr, ty), offset], result_types=[result])

    def print(self, printer: Printer) -> None:
        """Print `%p, %n : T -> T`."""
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        print_conversion(printer, self)


@irdl_op_definition
class LoadScalarOp(IRDLOperation):
    """result = ptr[offset], read from GM by the scalar unit: `pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32`."""

    name = "pto.load_scalar"
    traits = traits_def(tile_effects("load_scalar"))

    ptr = operand_def()
    offset = operand_def()
    result = result_def()

    def __init__(self, ptr: Value, offset: Value) -> None:
        ty = SSAValue.get(ptr).type
        if not isinstance(ty, PtrType):
            raise VerifyException(f"{self.name}: ptr must be a GM pointer (!pto.ptr), not {ty}")
        super().__init__(operands=[ptr, offset], result_types=[ty.dtype])

    def verify_(self) -> None:
        """Check that an element of the pointer's type is read."""
        _check_scalar_access(self, self.ptr, self.offset, self.result)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `%p[%n] : T -> dtype`."""
        ptr = parser.parse_unresolved_operand()
        with parser.in_square_brackets():
            offset = parser.parse_operand(INDEX)
        parser.parse_punctuation(":")
        ty = parser.parse_type()
        parser.parse_punctuation("->")
        result = parser.parse_type()
        return cls.create(operands=[parser.resolve_operand(ptr, ty), offset], result_types=[result])

    def print(self, printer: Printer) -> None:
        """Print `%p[%n] : T -> dtype`."""
        printer.print_string(" ")
        printer.print_ssa_value(self.ptr)
        with printer.in_square_brackets():
            printer.print_ssa_value(self.offset)
        print_conversion(printer, self)


@irdl_op_definition
class StoreScalarOp(IRDLOperation):
    """ptr[offset] = value, written to GM by the scalar unit: `pto.store_scalar %v, %p[%n] : !pto.ptr<f32>, f32`."""

    name = "pto.store_scalar"
    traits = traits_def(tile_effects("store_scalar"))

    ptr = operand_def()
    offset = operand_def()
    value = operand_def()

    def __init__(self, ptr: Value, offset: Value, value: Value) -> None:
        super().__init__(operands=[ptr, offset, value])

    def verify_(self) -> None:
        """Check that an element of the pointer's type is written."""
        _check_scalar_access(self, self.ptr, self.offset, self.value)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `%v, %p[%n] : T, dtype`."""
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        ptr = parser.parse_unresolved_operand()
        with parser.in_square_brackets():
            offset = parser.parse_operand(INDEX)
        attributes = parser.parse_optional_attr_dict()
        pointer, stored = parse_types_of(parser, [ptr, value])
        return cls.create(operands=[pointer, offset, stored], attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print `%v, %p[%n] : T, dtype`."""
        printer.print_string(" ")
        printer.print_list([self.value, self.ptr], printer.print_ssa_value)
        with printer.in_square_brackets():
            printer.print_ssa_value(self.offset)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_list([self.ptr.type, self.value.type], printer.print_attribute)


def _check_scalar_access(op: Operation, ptr: SSAValue, offset: SSAValue, value: SSAValue) -> None:
    if not isinstance(ptr.type, PtrType):
        raise VerifyException(f"{op.name}: ptr must be a GM pointer (!pto.ptr), not {ptr.type}")
    if value.type != ptr.type.dtype:
        raise VerifyException(f"{op.name}: the pointer is {ptr.type} but the value is {value.type}")
    checks.index(op, "offset", offset)
