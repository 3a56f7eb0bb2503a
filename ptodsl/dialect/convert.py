"""Conversion of the vector core between element types, on tiles in UB."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, traits_def

from isa import conversions
from isa.conversions import Conversion
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import RoundMode, RoundModeAttr, SaturationMode, SaturationModeAttr, round_mode, to_enum
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import element_name, element_type
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.syntax import DpsOp, Value
from ptodsl.dialect.tile_type import Loc, TileBufType

CONVERSIONS: Mapping[tuple[Attribute, Attribute], Conversion] = MappingProxyType(
    {(element_type(src), element_type(dst)): one for (src, dst), one in conversions.CONVERSIONS.items()}
)
"""All pairs (from, to) that the device converts."""


def targets(source: Attribute) -> tuple[str, ...]:
    """Names of the element types that `source` converts to."""
    return tuple(element_name(to) for start, to in CONVERSIONS if start == source)


@irdl_op_definition
class TCvtOp(DpsOp):
    """dst = src converted to dst's element type, rounded by `rmode` (RINT); `sat_mode` as in `isa.conversions`.

    Without `sat_mode` it is OFF, which matters for those pairs only that honour it. In the pretty form both stand
    inside `ins`: `ins(%a {rmode = #pto<round_mode FLOOR>} : T)`.
    """

    name = "pto.tcvt"
    traits = traits_def(tile_effects("tcvt"))

    ALIASES: ClassVar[Mapping[str, str]] = {"satmode": "sat_mode"}

    src = operand_def()
    dst = operand_def()
    rmode = opt_prop_def(RoundModeAttr)
    sat_mode = opt_prop_def(SaturationModeAttr)

    def __init__(
        self, src: Value, dst: Value, rmode: RoundMode | str | None = None, sat_mode: SaturationMode | str | None = None
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
    def uses_library_scratch(self) -> bool:
        """Whether the device library works in scratch of its own for this pair."""
        conversion = self.conversion
        return conversion is not None and conversion.uses_library_scratch

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
        checks.same_shape(self, src=src, dst=dst)
        checks.lines(self, "TCVT", {"src": src, "dst": dst})
        # ptoas 0.48 takes every pair; of the others the device makes nothing, and dst keeps its old bytes.
        if self.conversion is None:
            names = ", ".join(targets(src.dtype))
            raise DeviceLimit(
                f"{self.name}: the device has no conversion from {element_name(src.dtype)} to "
                f"{element_name(dst.dtype)}; "
                + (f"it converts {element_name(src.dtype)} to {names}" if names else "it converts this type to nothing")
            )
