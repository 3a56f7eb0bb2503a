"""Element-wise operations and conversion of the vector core, on tiles in UB. All run on pipe V."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import bf16, f16, f32, i8, i16, i32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, prop_def

from ptodsl.dialect import checks
from ptodsl.dialect.attributes import RoundMode, RoundModeAttr, to_enum
from ptodsl.dialect.elements import ui8, ui16, ui32
from ptodsl.dialect.syntax import DpsOp, Value
from ptodsl.dialect.tile_type import Loc

ARITHMETIC_TYPES = (f16, f32, i16, i32)
"""Element types of the vector ALU's arithmetic."""

FLOAT_TYPES = (f16, f32)
"""Element types of division, roots and the transcendental functions."""

BIT_TYPES = (i16, i32, ui16, ui32)
"""Element types of bitwise operations."""

CONVERTIBLE_TYPES = (f16, bf16, f32, i8, i16, i32, ui8)
"""Element types of `pto.tcvt`."""


class BinaryOp(DpsOp, abc.ABC):
    """dst = lhs OP rhs, element by element; one dtype, one valid shape, row-major."""

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    lhs = operand_def()
    rhs = operand_def()
    dst = operand_def()

    def __init__(self, lhs: Value, rhs: Value, dst: Value) -> None:
        super().__init__(lhs, rhs, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        lhs, rhs, dst = (checks.tile(self, name, Loc.VEC) for name in ("lhs", "rhs", "dst"))
        checks.same_dtype(self, lhs=lhs, rhs=rhs, dst=dst)
        checks.dtype_in(self, "lhs", lhs, self.ALLOWED)
        checks.same_shape(self, lhs=lhs, rhs=rhs, dst=dst)
        checks.row_major(self, lhs=lhs, rhs=rhs, dst=dst)


class UnaryOp(DpsOp, abc.ABC):
    """dst = OP(src), element by element; one dtype, one valid shape, row-major."""

    ALLOWED: ClassVar[Sequence[Attribute]] = FLOAT_TYPES

    src = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, dst=dst)


class TileScalarOp(DpsOp, abc.ABC):
    """dst = src OP scalar, element by element; the scalar has the tile's element type."""

    src = operand_def()
    scalar = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, scalar: Value, dst: Value) -> None:
        super().__init__(src, scalar, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, ARITHMETIC_TYPES)
        checks.scalar(self, "scalar", src.dtype)
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, dst=dst)


@irdl_op_definition
class TAddOp(BinaryOp):
    """dst = lhs + rhs."""

    name = "pto.tadd"


@irdl_op_definition
class TSubOp(BinaryOp):
    """dst = lhs - rhs."""

    name = "pto.tsub"


@irdl_op_definition
class TMulOp(BinaryOp):
    """dst = lhs * rhs."""

    name = "pto.tmul"


@irdl_op_definition
class TDivOp(BinaryOp):
    """dst = lhs / rhs."""

    ALLOWED: ClassVar[Sequence[Attribute]] = FLOAT_TYPES
    name = "pto.tdiv"


@irdl_op_definition
class TMaxOp(BinaryOp):
    """dst = max(lhs, rhs)."""

    name = "pto.tmax"


@irdl_op_definition
class TMinOp(BinaryOp):
    """dst = min(lhs, rhs)."""

    name = "pto.tmin"


@irdl_op_definition
class TAndOp(BinaryOp):
    """dst = lhs & rhs."""

    ALLOWED: ClassVar[Sequence[Attribute]] = BIT_TYPES
    name = "pto.tand"


@irdl_op_definition
class TOrOp(BinaryOp):
    """dst = lhs | rhs."""

    ALLOWED: ClassVar[Sequence[Attribute]] = BIT_TYPES
    name = "pto.tor"


@irdl_op_definition
class TXorOp(BinaryOp):
    """dst = lhs ^ rhs."""

    ALLOWED: ClassVar[Sequence[Attribute]] = BIT_TYPES
    name = "pto.txor"


@irdl_op_definition
class TExpOp(UnaryOp):
    """dst = exp(src)."""

    name = "pto.texp"


@irdl_op_definition
class TLogOp(UnaryOp):
    """dst = log(src)."""

    name = "pto.tlog"


@irdl_op_definition
class TSqrtOp(UnaryOp):
    """dst = sqrt(src)."""

    name = "pto.tsqrt"


@irdl_op_definition
class TRsqrtOp(UnaryOp):
    """dst = 1 / sqrt(src)."""

    name = "pto.trsqrt"


@irdl_op_definition
class TRecipOp(UnaryOp):
    """dst = 1 / src."""

    name = "pto.trecip"


@irdl_op_definition
class TReluOp(UnaryOp):
    """dst = max(src, 0)."""

    ALLOWED: ClassVar[Sequence[Attribute]] = (f16, f32, i32)
    name = "pto.trelu"


@irdl_op_definition
class TAbsOp(UnaryOp):
    """dst = |src|."""

    name = "pto.tabs"


@irdl_op_definition
class TNegOp(UnaryOp):
    """dst = -src."""

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES
    name = "pto.tneg"


@irdl_op_definition
class TMulsOp(TileScalarOp):
    """dst = src * scalar."""

    name = "pto.tmuls"


@irdl_op_definition
class TAddsOp(TileScalarOp):
    """dst = src + scalar."""

    name = "pto.tadds"


@irdl_op_definition
class TCvtOp(DpsOp):
    """dst = src converted to dst's element type, rounded by `rmode`."""

    name = "pto.tcvt"

    src = operand_def()
    dst = operand_def()
    rmode = prop_def(RoundModeAttr)

    def __init__(self, src: Value, dst: Value, rmode: RoundMode | str = RoundMode.RINT) -> None:
        super().__init__(src, dst, properties={"rmode": RoundModeAttr(to_enum(RoundMode, rmode, "round mode"))})

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.dtype_in(self, "src", src, CONVERTIBLE_TYPES)
        checks.dtype_in(self, "dst", dst, CONVERTIBLE_TYPES)
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, dst=dst)
