"""Element-wise operations and conversion of the vector core, on tiles in UB. All run on pipe V."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import bf16, f16, f32, i8, i16, i32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.attributes import RoundMode, RoundModeAttr, SaturationMode, SaturationModeAttr, round_mode, to_enum
from ptodsl.dialect.conversions import CONVERSIONS, Conversion, targets
from ptodsl.dialect.elements import element_name, ui8, ui16, ui32
from ptodsl.dialect.syntax import DpsOp, Value
from ptodsl.dialect.tile_type import Loc, TileBufType

ARITHMETIC_TYPES = (f16, f32, i16, i32)
"""Element types of the vector ALU's arithmetic."""

FLOAT_TYPES = (f16, f32)
"""Element types of division, roots and the transcendental functions."""

BIT_TYPES = (i8, i16, ui8, ui16)
"""Element types of bitwise operations."""

SHORT_TYPES = (f16, bf16, f32, i8, i16, i32, ui8, ui16, ui32)
"""Element types of 1, 2 and 4 bytes: those of broadcasts."""


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

    ALLOWED: ClassVar[Sequence[Attribute]] = ARITHMETIC_TYPES

    src = operand_def()
    scalar = operand_def()
    dst = operand_def()

    def __init__(self, src: Value, scalar: Value, dst: Value) -> None:
        super().__init__(src, scalar, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        checks.same_dtype(self, src=src, dst=dst)
        checks.dtype_in(self, "src", src, self.ALLOWED)
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
class TXorOp(DpsOp):
    """dst = lhs ^ rhs; `tmp` is scratch like dst."""

    ALLOWED: ClassVar[Sequence[Attribute]] = BIT_TYPES
    name = "pto.txor"

    lhs = operand_def()
    rhs = operand_def()
    tmp = operand_def()
    dst = operand_def()

    def __init__(self, lhs: Value, rhs: Value, tmp: Value, dst: Value) -> None:
        super().__init__(lhs, rhs, tmp, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        operands = {name: checks.tile(self, name, Loc.VEC) for name in ("lhs", "rhs", "tmp", "dst")}
        checks.same_dtype(self, **operands)
        checks.dtype_in(self, "lhs", operands["lhs"], self.ALLOWED)
        checks.same_shape(self, **operands)
        checks.row_major(self, **operands)


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
    """dst = 1 / src; not in place."""

    name = "pto.trecip"

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts, and that dst is another tile."""
        super().verify_()
        if self.src is self.dst:
            raise VerifyException(f"{self.name}: dst must be another tile than src: it does not work in place")


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
class TExpandsOp(DpsOp):
    """dst = scalar in every element: what dst held before, a NaN too, is gone."""

    ALLOWED: ClassVar[Sequence[Attribute]] = (*ARITHMETIC_TYPES, bf16)
    name = "pto.texpands"

    scalar = operand_def()
    dst = operand_def()

    def __init__(self, scalar: Value, dst: Value) -> None:
        super().__init__(scalar, dst)

    def verify_(self) -> None:
        """Check buffer, dtype and layout."""
        dst = checks.tile(self, "dst", Loc.VEC)
        checks.dtype_in(self, "dst", dst, self.ALLOWED)
        checks.scalar(self, "scalar", dst.dtype)
        checks.row_major(self, dst=dst)


@irdl_op_definition
class TCvtOp(DpsOp):
    """dst = src converted to dst's element type, rounded by `rmode` (RINT); `sat_mode` as in `conversions`.

    Without `sat_mode` it is OFF, which matters for those pairs only that honour it. In the pretty form both stand
    inside `ins`: `ins(%a {rmode = #pto<round_mode FLOOR>} : T)`.
    """

    name = "pto.tcvt"

    ALIASES: ClassVar[Mapping[str, str]] = {"satmode": "sat_mode"}

    src = operand_def()
    dst = operand_def()
    rmode = opt_prop_def(RoundModeAttr)
    sat_mode = opt_prop_def(SaturationModeAttr)

    def __init__(
        self,
        src: Value,
        dst: Value,
        rmode: RoundMode | str | None = None,
        sat_mode: SaturationMode | str | None = None,
    ) -> None:
        properties: dict[str, Attribute | None] = {}
        if rmode is not None:
            properties["rmode"] = RoundModeAttr(round_mode(rmode))
        if sat_mode is not None:
            mode = to_enum(SaturationMode, sat_mode, "saturation mode")
            properties["sat_mode"] = SaturationModeAttr(mode)
        super().__init__(src, dst, properties=properties)

    @property
    def conversion(self) -> Conversion | None:
        """What the device does for this pair of element types; None if it has no code for it."""
        src, dst = self.src.type, self.dst.type
        if not (isinstance(src, TileBufType) and isinstance(dst, TileBufType)):
            return None
        return CONVERSIONS.get((src.dtype, dst.dtype))

    @property
    def rounding(self) -> RoundMode:
        """How it rounds: to the nearest, ties to even, when not given."""
        return RoundMode.RINT if self.rmode is None else self.rmode.data

    @property
    def saturation(self) -> SaturationMode:
        """The mode that is asked for."""
        return SaturationMode.OFF if self.sat_mode is None else self.sat_mode.data

    def verify_(self) -> None:
        """Check buffers, the pair of dtypes, shapes and layouts."""
        src, dst = (checks.tile(self, name, Loc.VEC) for name in ("src", "dst"))
        if self.conversion is None:
            names = ", ".join(targets(src.dtype))
            raise VerifyException(
                f"{self.name}: the device has no conversion from {element_name(src.dtype)} to "
                f"{element_name(dst.dtype)}; "
                + (f"it converts {element_name(src.dtype)} to {names}" if names else "it converts this type to nothing")
            )
        checks.same_shape(self, src=src, dst=dst)
        checks.row_major(self, src=src, dst=dst)
