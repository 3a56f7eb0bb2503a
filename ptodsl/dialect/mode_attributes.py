"""Attributes that choose how an operation works: phases, atomics, what FIX does on the way, precision."""

from __future__ import annotations

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum


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


@irdl_attr_definition
class AccPhaseAttr(EnumAttribute[Phase], SpacedOpaqueSyntaxAttribute):
    """`#pto<acc_phase final>`: on a product."""

    name = "pto.acc_phase"


@irdl_attr_definition
class StPhaseAttr(EnumAttribute[Phase], SpacedOpaqueSyntaxAttribute):
    """`#pto<st_phase final>`: on the store of an accumulator."""

    name = "pto.st_phase"


@irdl_attr_definition
class AtomicTypeAttr(EnumAttribute[AtomicType], SpacedOpaqueSyntaxAttribute):
    """`#pto<atomic_type atomic_add>`: on a `pto.tstore`."""

    name = "pto.atomic_type"


@irdl_attr_definition
class ReluPreModeAttr(EnumAttribute[ReluPreMode], SpacedOpaqueSyntaxAttribute):
    """`#pto<relu_pre_mode normal_relu>`: on what FIX moves or stores."""

    name = "pto.relu_pre_mode"


@irdl_attr_definition
class DivPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<div_precision high_precision>`: on a division."""

    name = "pto.div_precision"


@irdl_attr_definition
class RecipPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<recip_precision high_precision>`: on a `pto.trecip`."""

    name = "pto.recip_precision"


@irdl_attr_definition
class SqrtPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<sqrt_precision high_precision>`: on a `pto.tsqrt`."""

    name = "pto.sqrt_precision"


@irdl_attr_definition
class RsqrtPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<rsqrt_precision high_precision>`: on a `pto.trsqrt`."""

    name = "pto.rsqrt_precision"


@irdl_attr_definition
class ExpPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<exp_precision high_precision>`: on a `pto.texp`."""

    name = "pto.exp_precision"


@irdl_attr_definition
class LogPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<log_precision high_precision>`: on a `pto.tlog`."""

    name = "pto.log_precision"


@irdl_attr_definition
class RemPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<rem_precision high_precision>`: on a `pto.trem`."""

    name = "pto.rem_precision"


@irdl_attr_definition
class FmodPrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    """`#pto<fmod_precision high_precision>`: on a `pto.tfmod`."""

    name = "pto.fmod_precision"


PrecisionAttr = (
    DivPrecisionAttr
    | RecipPrecisionAttr
    | SqrtPrecisionAttr
    | RsqrtPrecisionAttr
    | ExpPrecisionAttr
    | LogPrecisionAttr
    | RemPrecisionAttr
    | FmodPrecisionAttr
)

PRECISIONS: dict[str, tuple[type[PrecisionAttr], str]] = {
    **dict.fromkeys(("tdiv", "tdivs", "trowexpanddiv", "tcolexpanddiv"), (DivPrecisionAttr, "Div")),
    "trecip": (RecipPrecisionAttr, "Recip"),
    "tsqrt": (SqrtPrecisionAttr, "Sqrt"),
    "trsqrt": (RsqrtPrecisionAttr, "Rsqrt"),
    "texp": (ExpPrecisionAttr, "Exp"),
    "tlog": (LogPrecisionAttr, "Log"),
    **dict.fromkeys(("trem", "trems"), (RemPrecisionAttr, "Rem")),
    **dict.fromkeys(("tfmod", "tfmods"), (FmodPrecisionAttr, "Fmod")),
}
"""The attribute `precisionType` of operations, by their names without `pto.`, and the C++ enumeration before
`Algorithm`."""

MODE_ATTRIBUTES = (
    AccPhaseAttr,
    StPhaseAttr,
    AtomicTypeAttr,
    ReluPreModeAttr,
    *dict.fromkeys(attribute for attribute, _ in PRECISIONS.values()),
)
"""All of this file."""
