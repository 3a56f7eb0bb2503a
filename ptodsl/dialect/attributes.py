"""Attributes of the `pto` dialect: enumerations that print as MLIR and know the C++ spelling of their values."""

from __future__ import annotations

from types import new_class
from typing import Any, TypeVar

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Data, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from isa.pipes import EVENT_IDS

E = TypeVar("E", bound=StrEnum)
A = TypeVar("A", "PipeAttr", "EventAttr")


class InAngles(Data[E]):
    """Mixin, before EnumAttribute: the value stands in angle brackets, `#pto.pipe<PIPE_V>`."""

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> E:
        """Parse `<PIPE_V>`."""
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<PIPE_V>`."""
        with printer.in_angle_brackets():
            super().print_parameter(printer)  # type: ignore[safe-super]


def attribute_of(enum: type[E], name: str, *, angles: bool = False) -> type[EnumAttribute[E]]:
    """Return the attribute `#pto<name value>`, or with `angles` `#pto.name<value>`, for a member of `enum`."""
    generic: Any = EnumAttribute
    bases = (InAngles, generic[enum]) if angles else (generic[enum], SpacedOpaqueSyntaxAttribute)
    # Not `type`: xDSL asks the bases as they are written for the enumeration, and `type` forgets that.
    called = name.title().replace("_", "") + "Attr"
    made = new_class(called, bases, exec_body=lambda body: body.update(name=f"pto.{name}"))
    return irdl_attr_definition(made)


class KernelKind(StrEnum):
    """Which core of an AI core runs a function."""

    CUBE = "cube"
    VECTOR = "vector"


KernelKindAttr = attribute_of(KernelKind, "kernel_kind", angles=True)
"""`#pto.kernel_kind<cube>`: on a `func.func`, the core it runs on."""


class Layout(StrEnum):
    """Order of a GM view: ND is row-major, DN is column-major (the first stride is 1), NZ is fractal."""

    ND = "nd"
    DN = "dn"
    NZ = "nz"


LayoutAttr = attribute_of(Layout, "layout", angles=True)
"""`#pto.layout<dn>`: on a `pto.make_tensor_view`, the order of its elements."""


class AddressSpace(StrEnum):
    """Where memory is."""

    GM = "gm"
    VEC = "vec"
    MAT = "mat"
    LEFT = "left"
    RIGHT = "right"
    ACC = "acc"
    BIAS = "bias"
    SCALING = "scaling"


AddressSpaceAttr = attribute_of(AddressSpace, "address_space", angles=True)
"""`#pto.address_space<vec>`: where a buffer is."""


class RoundMode(StrEnum):
    """Rounding of `pto.tcvt`. `CAST_RINT` is read, too: it is RINT, and the only one with that prefix."""

    NONE = "NONE"
    RINT = "RINT"
    ROUND = "ROUND"
    FLOOR = "FLOOR"
    CEIL = "CEIL"
    TRUNC = "TRUNC"
    ODD = "ODD"

    @property
    def spelling(self) -> str:
        """The C++ enumerator, `CAST_RINT`."""
        return f"{CAST_PREFIX}{self.value}"


CAST_PREFIX = "CAST_"
"""Of rounding modes in C++."""


def round_mode(name: RoundMode | str) -> RoundMode:
    """The rounding that a program calls `name`: in any case, with or without `CAST_`."""
    return to_enum(RoundMode, name.upper().removeprefix(CAST_PREFIX), "round mode")


@irdl_attr_definition
class RoundModeAttr(EnumAttribute[RoundMode], SpacedOpaqueSyntaxAttribute):
    """`#pto<round_mode RINT>`: the rounding of a `pto.tcvt`."""

    name = "pto.round_mode"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> RoundMode:
        """Parse `RINT`, or `CAST_RINT`."""
        if parser.parse_optional_keyword(RoundMode.RINT.spelling) is not None:
            return RoundMode.RINT
        return super().parse_parameter(parser)


class SaturationMode(StrEnum):
    """What `pto.tcvt` makes of a value out of range: the nearest one in range, or the low bits of the exact integer."""

    ON = "ON"
    OFF = "OFF"


SaturationModeAttr = attribute_of(SaturationMode, "saturation_mode")
"""`#pto<saturation_mode ON>`: what a `pto.tcvt` does with values out of range."""


class CmpMode(StrEnum):
    """How `pto.tcmp` compares."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"


CmpModeAttr = attribute_of(CmpMode, "cmp")
"""`#pto<cmp lt>`: how a `pto.tcmp` compares."""


class MaskPattern(StrEnum):
    """Which columns a gather keeps: from the right, a digit for each of four columns, or of two."""

    P0101 = "P0101"
    P1010 = "P1010"
    P0001 = "P0001"
    P0010 = "P0010"
    P0100 = "P0100"
    P1000 = "P1000"
    P1111 = "P1111"

    def kept(self, cols: int) -> int:
        """How many of `cols` columns."""
        # The four digits follow the P; the rightmost one is of column 0.
        return sum(self.value[4 - c % 4] == "1" for c in range(cols))


MaskPatternAttr = attribute_of(MaskPattern, "mask_pattern", angles=True)
"""`#pto.mask_pattern<P0101>`: which columns a `pto.tgather` keeps."""


class QuantType(StrEnum):
    """What `pto.tquant` makes: signed bytes, or unsigned ones with an offset."""

    INT8_SYM = "INT8_SYM"
    INT8_ASYM = "INT8_ASYM"


QuantTypeAttr = attribute_of(QuantType, "quant_type")
"""`#pto<quant_type INT8_SYM>`: what a `pto.tquant` makes."""


class Pipe(StrEnum):
    """A queue of a core: each runs concurrently to the others. ALL is for barriers only."""

    S = "PIPE_S"
    V = "PIPE_V"
    M = "PIPE_M"
    MTE1 = "PIPE_MTE1"
    MTE2 = "PIPE_MTE2"
    MTE3 = "PIPE_MTE3"
    FIX = "PIPE_FIX"
    ALL = "PIPE_ALL"


@irdl_attr_definition
class PipeAttr(InAngles[Pipe], EnumAttribute[Pipe]):
    """`#pto.pipe<PIPE_V>`: a queue in a sync op."""

    name = "pto.pipe"


class Split(StrEnum):
    """How a FIFO slot is divided between the two vector subblocks."""

    NONE = "TILE_NO_SPLIT"
    UP_DOWN = "TILE_UP_DOWN"
    LEFT_RIGHT = "TILE_LEFT_RIGHT"


SPLITS = (Split.NONE, Split.UP_DOWN, Split.LEFT_RIGHT)
"""The integer `split` attribute of the FIFO ops indexes this."""


def to_enum(enum: type[E], value: E | str, what: str) -> E:
    """`value` as a member of `enum`; ValueError listing the allowed spellings when it is none of them."""
    try:
        return enum(value)
    except ValueError:
        allowed = ", ".join(member.value for member in enum)
        raise ValueError(f"unknown {what} {value!r}: use one of {allowed}") from None


_EVENTS = {f"EVENT_ID{number}": number for number in range(EVENT_IDS)}
"""Flags of a pair of pipes by their names."""


@irdl_attr_definition
class EventAttr(Data[int]):
    """`#pto.event<EVENT_ID3>`: one of the eight flags of a pair of pipes."""

    name = "pto.event"

    def verify(self) -> None:
        """Check that the id is in range."""
        if not 0 <= self.data < EVENT_IDS:
            raise VerifyException(f"event id {self.data} is out of range: a pair of pipes has 0 to {EVENT_IDS - 1}")

    @staticmethod
    def of(text: str) -> EventAttr:
        """The flag that is called `text`, `EVENT_ID3`."""
        if text not in _EVENTS:
            raise ValueError(f"unknown event {text!r}: use one of {', '.join(_EVENTS)}")
        return EventAttr(_EVENTS[text])

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> int:
        """Parse `<EVENT_ID3>`."""
        with parser.in_angle_brackets():
            return _EVENTS[parser.parse_keyword_in(_EVENTS, " as event id")]

    def print_parameter(self, printer: Printer) -> None:
        """Print `<EVENT_ID3>`."""
        with printer.in_angle_brackets():
            printer.print_string(self.spelling)

    @property
    def spelling(self) -> str:
        """The C++ enumerator, `EVENT_ID3`."""
        return tuple(_EVENTS)[self.data]


def parse_pipe_attr(parser: AttrParser) -> PipeAttr:
    """Parse `<PIPE_V>` or `#pto.pipe<PIPE_V>`."""
    return _parse_short(parser, PipeAttr)


def parse_event_attr(parser: AttrParser) -> EventAttr:
    """Parse `<EVENT_ID0>` or `#pto.event<EVENT_ID0>`."""
    return _parse_short(parser, EventAttr)


def _parse_short(parser: AttrParser, attribute: type[A]) -> A:
    """Parse an attribute of a type that the place determines, so that only its parameter must be written."""
    start = parser.pos
    if parser.parse_optional_punctuation("<") is not None:
        # The bracket was only looked at: parse_parameter reads it itself.
        parser._resume_from(start)
        return attribute(attribute.parse_parameter(parser))
    given = parser.parse_attribute()
    if not isinstance(given, attribute):
        parser.raise_error(f"expected <...> or #{attribute.name}<...>", start)
    return given
