"""GM pointers: arithmetic, and single elements read and written by the scalar unit."""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.directives import Index
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.gm_type import PtrType
from ptodsl.dialect.syntax import Value


@irdl_op_definition
class AddPtrOp(IRDLOperation):
    """result = ptr advanced by `offset` elements: `pto.addptr %p, %n : T -> T`."""

    name = "pto.addptr"
    assembly_format = "$ptr `,` custom<Index>($offset, type($offset)) attr-dict `:` type($ptr) `->` type($result)"
    custom_directives = (Index,)

    ptr = operand_def()
    offset = operand_def()
    result = result_def(PtrType)

    def __init__(self, ptr: Value, offset: Value) -> None:
        super().__init__(operands=[ptr, offset], result_types=[SSAValue.get(ptr).type])

    def verify_(self) -> None:
        """Check that a pointer is advanced by an integer and keeps its type."""
        checks.pointer(self, self.ptr)
        if self.result.type != self.ptr.type:
            raise VerifyException(f"{self.name}: the result is {self.result.type} but the pointer is {self.ptr.type}")
        checks.index(self, "offset", self.offset)


@irdl_op_definition
class PtrToIntOp(IRDLOperation):
    """result = the address of a GM pointer: `pto.ptrtoint %p : !pto.ptr<f32> -> i64`."""

    name = "pto.ptrtoint"
    traits = traits_def(Pure())
    assembly_format = "$ptr attr-dict `:` type($ptr) `->` type($result)"

    ptr = operand_def()
    result = result_def(i64)

    def verify_(self) -> None:
        """Check that a pointer is read."""
        checks.pointer(self, self.ptr)


@irdl_op_definition
class IntToPtrOp(IRDLOperation):
    """result = the GM pointer with that address: `pto.inttoptr %n : i64 -> !pto.ptr<i32>`.

    Only load_scalar and store_scalar may use it.
    """

    name = "pto.inttoptr"
    traits = traits_def(Pure())
    assembly_format = "$address attr-dict `:` type($address) `->` type($result)"

    address = operand_def()
    result = result_def(PtrType)

    def verify_(self) -> None:
        """Check that an address is read, and who uses the pointer."""
        if self.address.type != i64:
            raise VerifyException(f"{self.name}: the address must be i64, not {self.address.type}")
        for use in self.result.uses:
            if not isinstance(use.operation, LoadScalarOp | StoreScalarOp):
                raise VerifyException(
                    f"{self.name}: only pto.load_scalar and pto.store_scalar may use the pointer, not "
                    f"{use.operation.name}; pass a pointer of this type to the kernel instead"
                )


@irdl_op_definition
class LoadScalarOp(IRDLOperation):
    """result = ptr[offset], read from GM by the scalar unit: `pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32`."""

    name = "pto.load_scalar"
    traits = traits_def(tile_effects("load_scalar"))
    assembly_format = "$ptr `[` custom<Index>($offset, type($offset)) `]` attr-dict `:` type($ptr) `->` type($result)"
    custom_directives = (Index,)

    ptr = operand_def()
    offset = operand_def()
    result = result_def()

    def __init__(self, ptr: Value, offset: Value) -> None:
        dtype = checks.pointer(self, SSAValue.get(ptr)).dtype
        super().__init__(operands=[ptr, offset], result_types=[dtype])

    def verify_(self) -> None:
        """Check that an element of the pointer's type is read."""
        _check_scalar_access(self, self.ptr, self.offset, self.result)


@irdl_op_definition
class StoreScalarOp(IRDLOperation):
    """ptr[offset] = value, written to GM by the scalar unit: `pto.store_scalar %v, %p[%n] : !pto.ptr<f32>, f32`."""

    name = "pto.store_scalar"
    traits = traits_def(tile_effects("store_scalar"))
    assembly_format = (
        "$value `,` $ptr `[` custom<Index>($offset, type($offset)) `]` attr-dict `:` type($ptr) `,` type($value)"
    )
    custom_directives = (Index,)

    ptr = operand_def()
    offset = operand_def()
    value = operand_def()

    def __init__(self, ptr: Value, offset: Value, value: Value) -> None:
        super().__init__(operands=[ptr, offset, value])

    def verify_(self) -> None:
        """Check that an element of the pointer's type is written."""
        _check_scalar_access(self, self.ptr, self.offset, self.value)


def _check_scalar_access(op: Operation, ptr: SSAValue, offset: SSAValue, value: SSAValue) -> None:
    ty = checks.pointer(op, ptr)
    if value.type != ty.dtype:
        raise VerifyException(f"{op.name}: the pointer is {ty} but the value is {value.type}")
    checks.index(op, "offset", offset)
