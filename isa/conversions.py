"""Which element types the device converts into which, and how: the one table of `pto.tcvt`.

The real assembler accepts every pair. The device headers have code for those below only; of any other pair they make
nothing, and the destination keeps its old bytes. So all others are refused here. Source: the A3 headers of the PTO tile
ISA, August 2026, as read; rounding and saturation have not been tried on hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

ROUND_MODES = ("RINT", "ROUND", "FLOOR", "CEIL", "TRUNC", "ODD", "NONE")
"""The order of the letters in `Conversion.rounding`."""

NEAREST, TO_ODD, TO_ZERO = "rafczrr", "rafczor", "rafczzz"
"""How modes round. They differ in what ODD and NONE do: r to nearest even, a to nearest with halves away from zero, f
down, c up, z to zero, o to odd.
"""

EXACT = "rrrrrrr"
"""Any mode does the same, since there is nothing to round or since the device ignores it."""


class Saturation(Enum):
    """What decides whether a value out of range is clamped."""

    ALWAYS = "always"
    """The device sets the control bit whatever is asked."""

    AS_ASKED = "as asked"
    """The saturation mode. OFF, which is the default, keeps the low bits of the exact integer: 300.0 is 44 as i8."""


@dataclass(frozen=True)
class Conversion:
    """What the device does for one pair of element types."""

    rounding: str
    """A letter per mode, in the order of `ROUND_MODES`."""

    saturation: Saturation = Saturation.ALWAYS

    uses_library_scratch: bool = False
    """Whether it works in `a3.LIBRARY_SCRATCH`."""


_EXACT = Conversion(EXACT)
_WRAPS = Saturation.AS_ASKED

CONVERSIONS: Mapping[tuple[str, str], Conversion] = {
    ("f32", "f16"): Conversion(TO_ODD),
    ("f32", "f32"): Conversion(NEAREST),
    ("f32", "bf16"): Conversion(NEAREST),
    ("f32", "i32"): Conversion(TO_ZERO),
    ("f32", "i64"): Conversion(TO_ZERO),
    ("f32", "i16"): Conversion(TO_ZERO, _WRAPS),
    ("f16", "i32"): Conversion(TO_ZERO),
    ("f16", "i16"): Conversion(TO_ZERO, _WRAPS),
    ("f16", "i8"): Conversion(TO_ZERO, _WRAPS, uses_library_scratch=True),
    ("f16", "ui8"): Conversion(TO_ZERO, _WRAPS),
    ("bf16", "i32"): Conversion(TO_ZERO),
    ("i16", "f16"): Conversion(NEAREST),
    ("i32", "f32"): Conversion(NEAREST),
    ("i64", "f32"): Conversion(NEAREST),
    ("f16", "f32"): _EXACT,
    ("bf16", "f32"): _EXACT,
    ("ui8", "f16"): _EXACT,
    ("i8", "f16"): _EXACT,
    ("i16", "f32"): _EXACT,
    ("i32", "i64"): _EXACT,
    ("i32", "f16"): Conversion(EXACT),
    ("i64", "i32"): Conversion(EXACT, _WRAPS),
    ("i32", "i16"): Conversion(EXACT, _WRAPS),
}
"""All pairs (from, to). f32 to f32 rounds to an integral value."""
