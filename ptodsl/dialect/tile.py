"""On-chip tiles, and other names for their bytes. None of these operations moves data."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, i32, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.directives import ByteOffset, Index, Sizes
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import DYNAMIC, element_bytes
from ptodsl.dialect.syntax import Value
from ptodsl.dialect.tile_type import TileBufType
from ptodsl.dialect.view import static_shape


class AllocationOp(IRDLOperation, abc.ABC):
    """What takes bytes of an on-chip buffer: one tile, or several of one type."""

    addr = opt_operand_def()
    valid_row = opt_operand_def()
    valid_col = opt_operand_def()

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "(`addr` `=` custom<ByteOffset>($addr, type($addr))^)? "
        "(`valid_row` `=` custom<Index>($valid_row, type($valid_row))^)? "
        "(`valid_col` `=` custom<Index>($valid_col, type($valid_col))^)? attr-dict `:` type($result)"
    )
    custom_directives = (ByteOffset, Index)

    def __init__(
        self,
        result_type: Attribute,
        *,
        addr: Value | None = None,
        valid_row: Value | None = None,
        valid_col: Value | None = None,
    ) -> None:
        super().__init__(operands=[addr, valid_row, valid_col], result_types=[result_type])

    @property
    @abc.abstractmethod
    def tile_type(self) -> TileBufType:
        """Type of its tiles."""

    @property
    @abc.abstractmethod
    def byte_size(self) -> int:
        """Bytes that it takes."""

    def verify_(self) -> None:
        """Check the address and the run-time valid shape."""
        ty = self.tile_type
        if self.addr is not None:
            self._check_address(self.addr)
        for name, value, valid in zip(
            ("valid_row", "valid_col"), (self.valid_row, self.valid_col), ty.valid_shape, strict=True
        ):
            if (value is None) == (valid == DYNAMIC):
                raise VerifyException(
                    f"{self.name}: {name} must be given exactly when the type's {name.replace('alid', '')} is '?'"
                )
            if value is not None:
                checks.index(self, name, value)
        ty.data.check_storage()

    def _check_address(self, addr: SSAValue) -> None:
        if addr.type != i64:
            raise VerifyException(f"{self.name}: addr must be an i64 byte offset, not {addr.type}")
        buffer, start = self.tile_type.loc.buffer, checks.constant_int(addr)
        if start is None:
            return
        if start % buffer.alignment:
            raise VerifyException(f"{self.name}: addr {start} is not a multiple of {buffer.alignment} bytes")
        if start < 0 or start + self.byte_size > buffer.size:
            raise VerifyException(
                f"{self.name}: addr {start} plus the tile's {self.byte_size} bytes is outside {buffer.name}, "
                f"which has {buffer.size}"
            )

    def set_address(self, addr: SSAValue) -> None:
        """Give the tile an address after it was built; uses of the tile stay as they are."""
        valid = [self.valid_row, self.valid_col]
        self.operands = [addr, *(value for value in valid if value is not None)]
        # A property counts which of the optional operands are there; assigning the operands leaves it as it was.
        sizes = [1, *(int(value is not None) for value in valid)]
        self.properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)


@irdl_op_definition
class DeclareTileOp(IRDLOperation):
    """A tile without bytes of its own, which `pto.tpop` places: `pto.declare_tile -> T`."""

    name = "pto.declare_tile"
    assembly_format = "`->` type($result) attr-dict"

    result = result_def(TileBufType)

    def __init__(self, tile_type: TileBufType) -> None:
        super().__init__(result_types=[tile_type])


@irdl_op_definition
class AllocTileOp(AllocationOp):
    """A tile in an on-chip buffer: `pto.alloc_tile addr = %a valid_row = %r valid_col = %c : T`, each part optional.

    `addr` is a byte offset (i64); without it the assembler chooses one. `valid_row` and `valid_col` (index) are given
    exactly for the dimensions that are `?` in the type.
    """

    name = "pto.alloc_tile"

    result = result_def(TileBufType)

    @property
    def tile_type(self) -> TileBufType:
        """Type of the tile."""
        return self.result.type

    @property
    def byte_size(self) -> int:
        """Bytes of the tile."""
        return self.tile_type.byte_size


@irdl_op_definition
class TReshapeOp(IRDLOperation):
    """The same bytes as another shape, no data moves: `pto.treshape %a : T -> T`."""

    name = "pto.treshape"
    traits = traits_def(tile_effects("treshape"))
    assembly_format = "$src `:` type($src) `->` type($result) attr-dict"

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
        # One row is one run of bytes, also in a window.
        if row_distance(self.src) != src.shape[1] and src.shape[0] > 1:
            raise VerifyException(f"{self.name}: src is a window whose rows are not next to each other")
        if src.byte_size != result.byte_size:
            raise VerifyException(
                f"{self.name}: shapes {list(src.shape)} and {list(result.shape)} must have the same number of elements"
            )
        result.data.check_storage()


@irdl_op_definition
class SubviewOp(IRDLOperation):
    """A window of an unboxed row-major tile: `pto.subview %t[%r, %c] sizes [8, 64] valid [%m, %n] : T -> T`.

    Its type has the sizes as shape; its rows keep the distance that they have in the tile (`row_distance`). Without
    `valid` the valid shape is the part of the window that the tile's covers; at an offset that is known at run time
    only, that is all of it. A row of the window starts at a multiple of 32 bytes.
    """

    name = "pto.subview"
    assembly_format = (
        "$source `[` custom<Index>($offsets, type($offsets)) `]` `sizes` custom<Sizes>($sizes) "
        "(`valid` `[` custom<Index>($valid, type($valid))^ `]`)? attr-dict `:` type($source) `->` type($result)"
    )
    custom_directives = (Index, Sizes)

    source = operand_def()
    offsets = var_operand_def()
    valid = var_operand_def()
    sizes = prop_def(ArrayAttr[IntegerAttr])
    result = result_def(TileBufType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self, source: Value, offsets: Sequence[Value], sizes: Sequence[int], valid: Sequence[Value] = ()
    ) -> None:
        ty = window_type(
            SSAValue.get(source), [SSAValue.get(o) for o in offsets], sizes, [SSAValue.get(v) for v in valid]
        )
        super().__init__(
            operands=[source, offsets, valid],
            result_types=[ty],
            properties={"sizes": ArrayAttr([IntegerAttr(size, i64) for size in sizes])},
        )

    def verify_(self) -> None:
        """Check layout, the window's type and, for constant offsets, bounds."""
        checks.index(self, "offsets", *self.offsets)
        checks.index(self, "valid", *self.valid)
        sizes = [size.value.data for size in self.sizes]
        wanted = window_type(self.source, self.offsets, sizes, self.valid)
        if self.result.type != wanted:
            raise VerifyException(f"{self.name}: the result must be {wanted}, not {self.result.type}")


def window_type(
    source: SSAValue, offsets: Sequence[SSAValue], sizes: Sequence[int], valid: Sequence[SSAValue]
) -> TileBufType:
    """Type of the window of `source` with constant `sizes` at `offsets`.

    Raises:
        VerifyException: there is no such window.
    """
    ty = source.type
    if not isinstance(ty, TileBufType):
        raise VerifyException(f"pto.subview: source must be a tile (!pto.tile_buf), not {ty}")
    if not ty.is_row_major:
        raise VerifyException("pto.subview: source must be row_major / none_box to have rectangular windows")
    if len(offsets) != 2 or len(sizes) != 2 or len(valid) not in (0, 2):
        raise VerifyException("pto.subview: a window of a tile has two offsets, two sizes, and none or two valid sizes")
    starts = static_shape(offsets)
    for axis, start, size, limit in zip(("row", "column"), starts, sizes, ty.shape, strict=True):
        if not 0 < size <= limit or (start != DYNAMIC and not 0 <= start <= limit - size):
            where = "?" if start == DYNAMIC else start
            raise VerifyException(f"pto.subview: {axis} {where} and size {size} reach outside the tile's {limit}")
    if starts[1] != DYNAMIC and starts[1] * element_bytes(ty.dtype) % a3.BLOCK_BYTES:
        raise VerifyException(
            f"pto.subview: column {starts[1]} is not at a multiple of {a3.BLOCK_BYTES} bytes within its row"
        )
    # A valid size that is given and not constant is `?` in the window's type.
    given = static_shape(valid) if valid else _covered(ty, starts, sizes)
    return TileBufType(replace(ty.data, rows=sizes[0], cols=sizes[1], v_row=given[0], v_col=given[1]))


def _covered(ty: TileBufType, starts: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Valid shape of a window that does not say it."""
    covered = []
    for axis, start, size, valid in zip(("rows", "columns"), starts, sizes, ty.valid_shape, strict=True):
        if valid == DYNAMIC:
            raise VerifyException(f"pto.subview: valid {axis} of the tile are known at run time only: write valid [..]")
        part = size if start == DYNAMIC else min(valid - start, size)
        if part <= 0:
            raise VerifyException(f"pto.subview: the window has none of the tile's {valid} valid {axis}")
        covered.append(part)
    return covered


def row_distance(tile: SSAValue) -> int:
    """Elements from one row of an unboxed row-major tile to the next; in a window it is that of its tile."""
    while isinstance(tile.owner, SubviewOp):
        tile = tile.owner.source
    ty = tile.type
    assert isinstance(ty, TileBufType)
    return ty.shape[1]
