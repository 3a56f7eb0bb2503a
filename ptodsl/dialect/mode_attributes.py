"""Attributes that choose how an operation works: phases, atomics, what FIX does on the way, precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute
from xdsl.utils.str_enum import StrEnum

from ptodsl.dialect.attributes import attribute_of


class _Spelled(StrEnum):
    """An enumeration of words with underscores."""

    @property
    def spelling(self) -> str:
        """The C++ enumerator, `AtomicAdd`."""
        return "".join(word.capitalize() for word in self.value.split("_"))


class Phase(StrEnum):
    """Whether a product is one of several that are summed, or the last: the matrix unit then tells FIX."""

    UNSPECIFIED = "unspecified"
    PARTIAL = "partial"
    FINAL = "final"


class AtomicType(_Spelled):
    """What a store does with what was there."""

    NONE = "atomic_none"
    ADD = "atomic_add"


class ReluPreMode(_Spelled):
    """Whether FIX makes negative numbers 0."""

    NO = "no_relu"
    NORMAL = "normal_relu"


class Precision(StrEnum):
    """How exact a function is; the device's headers of an A3 have one for most."""

    DEFAULT = "default"
    HIGH = "high_precision"


AccPhaseAttr = attribute_of(Phase, "acc_phase")
"""`#pto<acc_phase final>`: on a product."""
StPhaseAttr = attribute_of(Phase, "st_phase")
"""`#pto<st_phase final>`: on the store of an accumulator."""
AtomicTypeAttr = attribute_of(AtomicType, "atomic_type")
"""`#pto<atomic_type atomic_add>`: on a `pto.tstore`."""
ReluPreModeAttr = attribute_of(ReluPreMode, "relu_pre_mode")
"""`#pto<relu_pre_mode normal_relu>`: on what FIX moves or stores."""

_PRECISE: Mapping[str, Sequence[str]] = {
    "Div": ("tdiv", "tdivs", "trowexpanddiv", "tcolexpanddiv"),
    "Recip": ("trecip",),
    "Sqrt": ("tsqrt",),
    "Rsqrt": ("trsqrt",),
    "Exp": ("texp",),
    "Log": ("tlog",),
    "Rem": ("trem", "trems"),
    "Fmod": ("tfmod", "tfmods"),
}
_PRECISION_ATTRIBUTES = {kind: attribute_of(Precision, f"{kind.lower()}_precision") for kind in _PRECISE}
"""`#pto<div_precision high_precision>` and the like."""

PRECISIONS: Mapping[str, tuple[type[EnumAttribute[Precision]], str]] = {
    name: (_PRECISION_ATTRIBUTES[kind], kind) for kind, names in _PRECISE.items() for name in names
}
"""The attribute `precisionType` of operations, by their names without `pto.`, and the C++ enumeration before
`Algorithm`."""

MODE_ATTRIBUTES: tuple[type[Attribute], ...] = (
    AccPhaseAttr,
    StPhaseAttr,
    AtomicTypeAttr,
    ReluPreModeAttr,
    *_PRECISION_ATTRIBUTES.values(),
)
"""All of this file."""
