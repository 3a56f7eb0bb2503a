"""On-chip tiles, and other names for their bytes. None of these operations moves data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import DenseArrayBase, i32, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import a3, checks
from ptodsl.dialect.elements import DYNAMIC, element_bytes
from ptodsl.dialect.syntax import INDEX, Value, print_conversion
from ptodsl.dialect.tile_type import TileBufType, TileSpec
from ptodsl.dialect.view import WindowOp, static_shape


@irdl_op_definition
class AllocTileOp(IRDLOperation):
    """A tile in an on-chip buffer: `pto.alloc_tile addr = %a valid_row = %r valid_col = %c : T`, each part optional.

    `addr` is a byte offset (i64); without it the assembler chooses one. `valid_row` and `valid_col` (index) are given
    exactly for the dimensions that are `?` in the type.
    """

    name = "pto.alloc_tile"

    addr = opt_operand_def()
    valid_row = opt_operand_def()
    valid_col = opt_operand_def()
    result = result_def(TileBufType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        result_type: TileBufType,
        *,
        addr: Value | None = None,
        valid_row: Value | None = None,
        valid_col: Value | None = None,
    ) -> None:
        super().__init__(operands=[addr, valid_row, valid_col], result_types=[result_type])

    def verify_(self) -> None:
        """Check the address and the run-time valid shape."""
        ty = self.result.type
        assert isinstance(ty, TileBufType)
        if self.addr is not None:
            self._check_address(ty, self.addr)
        for name, value, valid in zip(
            ("valid_row", "valid_col"), (self.valid_row, self.valid_col), ty.valid_shape, strict=True
        ):
            if (value is None) == (valid == DYNAMIC):
                raise VerifyException(
                    f"{self.name}: {name} must be given exactly when the type's {name.replace('alid', '')} is '?'"
                )
            if value is not None:
                checks.index(self, name, value)

    def _check_address(self, ty: TileBufType, addr: SSAValue) -> None:
        if addr.type != i64:
            raise VerifyException(f"{self.name}: addr must be an i64 byte offset, not {addr.type}")
        buffer, start = ty.loc.buffer, checks.constant_int(addr)
        if start is None:
            return
        if start % buffer.alignment:
            raise VerifyException(f"{self.name}: addr {start} is not a multiple of {buffer.alignment} bytes")
        if start < 0 or start + ty.byte_size > buffer.size:
            raise VerifyException(
                f"{self.name}: addr {start} plus the tile's {ty.byte_size} bytes is outside {buffer.name}, "
                f"which has {buffer.size}"
            )

    def set_address(self, addr: SSAValue) -> None:
        """Give the tile an address after it was built; uses of the tile stay as they are."""
        valid = [self.valid_row, self.valid_col]
        self.operands = [addr, *(value for value in valid if value is not None)]
        sizes = [1, *(int(value is not None) for value in valid)]
        self.properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `addr = %a valid_row = %r valid_col = %c : T`."""
        operands: list[SSAValue | None] = []
        for keyword, ty in (("addr", i64), ("valid_row", INDEX), ("valid_col", INDEX)):
            operand = None
            if parser.parse_optional_keyword(keyword) is not None:
                parser.parse_punctuation("=")
                operand = parser.parse_operand(ty)
            operands.append(operand)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        return cls.build(operands=operands, result_types=[parser.parse_type()], attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print `addr = %a valid_row = %r valid_col = %c : T`."""
        for keyword, value in (("addr", self.addr), ("valid_row", self.valid_row), ("valid_col", self.valid_col)):
            if value is not None:
                printer.print_string(f" {keyword} = ")
                printer.print_ssa_value(value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)


@irdl_op_definition
class TReshapeOp(IRDLOperation):
    """The same bytes as another shape, no data moves: `pto.treshape %a : T -> T`."""

    name = "pto.treshape"

    src = operand_def()
    result = result_def(TileBufType)

    def __init__(self, src: Value, result_type: TileBufType) -> None:
        super().__init__(operands=[src], result_types=[result_type])

    def verify_(self) -> None:
        """Check that buffer, element type and size stay."""
        src, result = checks.tile(self, "src"), checks.tile(self, "result")
        if src.loc is not result.loc:
            raise VerifyException(f"{self.name}: a tile stays in its buffer: src is in {src.loc}, not {result.loc}")
        checks.same_dtype(self, src=src, result=result)
        if src.byte_size != result.byte_size:
            raise VerifyException(
                f"{self.name}: shapes {list(src.shape)} and {list(result.shape)} must have the same number of elements"
            )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `%a : T -> T`."""
        src = parser.parse_unresolved_operand()
        parser.parse_punctuation(":")
        ty = parser.parse_type()
        parser.parse_punctuation("->")
        return cls.create(operands=[parser.resolve_operand(src, ty)], result_types=[parser.parse_type()])

    def print(self, printer: Printer) -> None:
        """Print `%a : T -> T`."""
        printer.print_string(" ")
        printer.print_ssa_value(self.src)
        print_conversion(printer, self)


@irdl_op_definition
class SubviewOp(WindowOp):
    """A window of an unboxed row-major tile: `pto.subview %t, offsets = [%r, %c], sizes = [%m, %n] : T -> T`.

    The result stores m rows of the source's width, so that rows keep their distance; its valid shape is [m, n]. Sizes
    are constants; a row of the window starts at a multiple of 32 bytes.
    """

    name = "pto.subview"

    result = result_def(TileBufType)

    def __init__(
        self,
        source: Value,
        offsets: Sequence[Value],
        sizes: Sequence[Value],
        result_type: TileBufType | None = None,
    ) -> None:
        if result_type is None:
            result_type = subview_type(SSAValue.get(source), sizes)
        super().__init__(operands=[source, offsets, sizes], result_types=[result_type])

    def verify_(self) -> None:
        """Check layout, the window's type and, for constant offsets, bounds."""
        source = checks.tile(self, "source")
        if not source.is_row_major:
            raise VerifyException(f"{self.name}: source must be row_major / none_box to have rectangular windows")
        if len(self.offsets) != 2 or len(self.sizes) != 2:
            raise VerifyException(f"{self.name}: a window of a tile has two offsets and two sizes")
        checks.index(self, "offsets", *self.offsets)
        checks.index(self, "sizes", *self.sizes)
        wanted = subview_type(self.source, self.sizes)
        if self.result.type != wanted:
            raise VerifyException(f"{self.name}: the result must be {wanted}, not {self.result.type}")
        for name, offset, size, limit in zip(
            ("row", "column"), self.offsets, wanted.valid_shape, source.shape, strict=True
        ):
            start = checks.constant_int(offset)
            if start is not None and not 0 <= start <= limit - size:
                raise VerifyException(f"{self.name}: {name} {start} and size {size} reach outside the tile's {limit}")
        column = checks.constant_int(self.offsets[1])
        if column is not None and column * element_bytes(source.dtype) % a3.BLOCK_BYTES:
            raise VerifyException(
                f"{self.name}: column {column} is not at a multiple of {a3.BLOCK_BYTES} bytes within its row"
            )


def subview_type(source: SSAValue, sizes: Sequence[Value]) -> TileBufType:
    """Type of the window of `source` with constant `sizes`."""
    ty = source.type
    if not isinstance(ty, TileBufType):
        raise VerifyException(f"pto.subview: source must be a tile (!pto.tile_buf), not {ty}")
    window = static_shape(sizes)
    if len(window) != 2 or DYNAMIC in window:
        raise VerifyException("pto.subview: sizes must be two constants")
    old = ty.data
    spec = TileSpec(old.loc, old.dtype, window[0], old.cols, *window, old.blayout, old.slayout, old.fractal, old.pad)
    return TileBufType(spec)
