"""Reductions and broadcasts of the vector core along rows and columns of tiles in UB. All run on pipe V."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.elements import DYNAMIC
from ptodsl.dialect.syntax import DpsOp, Value
from ptodsl.dialect.tile_type import Loc, TileBufType
from ptodsl.dialect.vector import ARITHMETIC_TYPES, FLOAT_TYPES, SHORT_TYPES

FAST_ROW_REDUCTIONS = ((32, 256), (16, 512), (64, 128), (8, 1024))
"""Shapes of f32 tiles for whose rows the device library has a path of its own, if dst is column-major."""

FAST_SCRATCH_BYTES = 4 * a3.KIB
"""Scratch that this path touches, from the first byte of `tmp` on; it checks no size."""


class RowReduceOp(DpsOp, abc.ABC):
    """dst[r] = OP over c of src[r, c]; `dst` is `[rows, 1]`, col_major / none_box.

    `tmp` is scratch: what the device library leaves in it has no meaning. It has src's shape at least, but for the
    shapes in `FAST_ROW_REDUCTIONS` any shape of `FAST_SCRATCH_BYTES` does. It is never src itself.
    """

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    src = operand_def()
    tmp = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, tmp: Value, dst: Value) -> None:
        super().__init__(src, tmp, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, tmp, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "tmp", "dst"))
        checks.same_dtype(self, src=src, tmp=tmp, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.row_major(self, src=src, tmp=tmp)
        checks.row_scalars(self, "dst", dst, src.valid_shape[0])
        self._check_scratch(src, tmp)

    def _check_scratch(self, src: TileBufType, tmp: TileBufType) -> None:
        """Check that the scratch holds what the library's path for this shape touches, and is not the source."""
        if self.tmp in (self.src, self.dst):
            raise VerifyException(f"{self.name}: tmp is overwritten while src is read: use a tile of its own")
        if self.is_fast(src):
            if not is_contiguous(tmp) or tmp.byte_size < FAST_SCRATCH_BYTES:
                raise VerifyException(
                    f"{self.name}: tmp is {checks.describe(tmp)}, but for src {checks.describe(src)} the device "
                    f"overwrites {FAST_SCRATCH_BYTES} bytes from its start: use a tile with so many in one piece"
                )
        elif any(DYNAMIC not in (s, t) and t < s for s, t in zip(src.valid_shape, tmp.valid_shape, strict=True)):
            raise VerifyException(
                f"{self.name}: tmp is {checks.describe(tmp)}, but the device overwrites as much as src has, "
                f"{checks.describe(src)}: use a tile of that shape"
            )

    @staticmethod
    def is_fast(src: TileBufType) -> bool:
        """Whether the device library has a path for this source; `dst` is column-major always."""
        return src.dtype == f32 and src.shape == src.valid_shape and src.shape in FAST_ROW_REDUCTIONS


def is_contiguous(tile: TileBufType) -> bool:
    """Whether the valid part of a row-major tile is one run of bytes."""
    return tile.shape[1] == tile.valid_shape[1] or tile.valid_shape[0] == 1


class ColReduceOp(DpsOp, abc.ABC):
    """dst[c] = OP over r of src[r, c]; `dst` is `[1, cols]`, row-major."""

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    src = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.row_major(self, src=src, dst=dst)
        checks.expect_shape(self, "dst", dst, (1, src.valid_shape[1]), "one value per column")


class RowExpandBinaryOp(DpsOp, abc.ABC):
    """dst[r, c] = src[r, c] OP row[r]; `row` is `[rows, 1]`, col_major / none_box."""

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    src = operand_def()
    row = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, row: Value, dst: Value) -> None:
        super().__init__(src, row, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, row, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "row", "dst"))
        checks.same_dtype(self, src=src, row=row, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, dst=dst)
        checks.row_scalars(self, "row", row, src.valid_shape[0])


class ColExpandBinaryOp(DpsOp, abc.ABC):
    """dst[r, c] = src[r, c] OP col[c]; `col` is `[1, cols]`, row-major."""

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    src = operand_def()
    col = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, col: Value, dst: Value) -> None:
        super().__init__(src, col, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, col, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "col", "dst"))
        checks.same_dtype(self, src=src, col=col, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, col=col, dst=dst)
        checks.expect_shape(self, "col", col, (1, src.valid_shape[1]), "one value per column")


@irdl_op_definition
class TRowMaxOp(RowReduceOp):
    """dst[r] = maximum of row r."""

    name = "pto.trowmax"


@irdl_op_definition
class TRowMinOp(RowReduceOp):
    """dst[r] = minimum of row r."""

    name = "pto.trowmin"


@irdl_op_definition
class TRowSumOp(RowReduceOp):
    """dst[r] = sum of row r."""

    name = "pto.trowsum"


@irdl_op_definition
class TRowExpandOp(DpsOp):
    """dst[r, c] = src[r]; `src` is `[rows, 1]`, col_major / none_box."""

    ALLOWED: ClassVar[Sequence[Attribute]] = SHORT_TYPES
    name = "pto.trowexpand"

    src = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.row_major(self, dst=dst)
        checks.row_scalars(self, "src", src, dst.valid_shape[0])


@irdl_op_definition
class TRowExpandAddOp(RowExpandBinaryOp):
    """dst[r, c] = src[r, c] + row[r]."""

    name = "pto.trowexpandadd"


@irdl_op_definition
class TRowExpandSubOp(RowExpandBinaryOp):
    """dst[r, c] = src[r, c] - row[r]."""

    name = "pto.trowexpandsub"


@irdl_op_definition
class TRowExpandMulOp(RowExpandBinaryOp):
    """dst[r, c] = src[r, c] * row[r]."""

    name = "pto.trowexpandmul"


@irdl_op_definition
class TRowExpandDivOp(RowExpandBinaryOp):
    """dst[r, c] = src[r, c] / row[r]."""

    ALLOWED: ClassVar[Sequence[Attribute]] = FLOAT_TYPES
    name = "pto.trowexpanddiv"


@irdl_op_definition
class TRowExpandMaxOp(RowExpandBinaryOp):
    """dst[r, c] = max(src[r, c], row[r])."""

    name = "pto.trowexpandmax"


@irdl_op_definition
class TRowExpandMinOp(RowExpandBinaryOp):
    """dst[r, c] = min(src[r, c], row[r])."""

    name = "pto.trowexpandmin"


@irdl_op_definition
class TColSumOp(ColReduceOp):
    """dst[c] = sum of column c."""

    name = "pto.tcolsum"


@irdl_op_definition
class TColMaxOp(ColReduceOp):
    """dst[c] = maximum of column c."""

    name = "pto.tcolmax"


@irdl_op_definition
class TColMinOp(ColReduceOp):
    """dst[c] = minimum of column c."""

    name = "pto.tcolmin"


@irdl_op_definition
class TColExpandOp(DpsOp):
    """dst[r, c] = src[c]; `src` is `[1, cols]`, row-major."""

    ALLOWED: ClassVar[Sequence[Attribute]] = SHORT_TYPES
    name = "pto.tcolexpand"

    src = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.row_major(self, src=src, dst=dst)
        checks.expect_shape(self, "src", src, (1, dst.valid_shape[1]), "one value per column")


@irdl_op_definition
class TColExpandAddOp(ColExpandBinaryOp):
    """dst[r, c] = src[r, c] + col[c]."""

    name = "pto.tcolexpandadd"


@irdl_op_definition
class TColExpandSubOp(ColExpandBinaryOp):
    """dst[r, c] = src[r, c] - col[c]."""

    name = "pto.tcolexpandsub"


@irdl_op_definition
class TColExpandMulOp(ColExpandBinaryOp):
    """dst[r, c] = src[r, c] * col[c]."""

    name = "pto.tcolexpandmul"


@irdl_op_definition
class TColExpandDivOp(ColExpandBinaryOp):
    """dst[r, c] = src[r, c] / col[c]."""

    ALLOWED: ClassVar[Sequence[Attribute]] = FLOAT_TYPES
    name = "pto.tcolexpanddiv"


@irdl_op_definition
class TColExpandMaxOp(ColExpandBinaryOp):
    """dst[r, c] = max(src[r, c], col[c])."""

    name = "pto.tcolexpandmax"


@irdl_op_definition
class TColExpandMinOp(ColExpandBinaryOp):
    """dst[r, c] = min(src[r, c], col[c])."""

    name = "pto.tcolexpandmin"
