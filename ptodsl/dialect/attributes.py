"""Attributes of the `pto` dialect: enumerations that print as MLIR and know the C++ spelling of their values."""

from __future__ import annotations

from typing import TypeVar

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Data, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from ptodsl.dialect import a3

E = TypeVar("E", bound=StrEnum)


class KernelKind(StrEnum):
    """Which core of an AI core runs a function."""

    CUBE = "cube"
    VECTOR = "vector"


class Layout(StrEnum):
    """Order of a GM view: ND is row-major, DN is column-major (the first stride is 1), NZ is fractal."""

    ND = "nd"
    DN = "dn"
    NZ = "nz"


class RoundMode(StrEnum):
    """Rounding of `pto.tcvt`."""

    NONE = "CAST_NONE"
    RINT = "CAST_RINT"
    ROUND = "CAST_ROUND"
    FLOOR = "CAST_FLOOR"
    CEIL = "CAST_CEIL"
    TRUNC = "CAST_TRUNC"
    ODD = "CAST_ODD"


class SaturationMode(StrEnum):
    """What `pto.tcvt` makes of a value out of range: the nearest one in range, or the low bits of the exact integer."""

    ON = "ON"
    OFF = "OFF"


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


@irdl_attr_definition
class KernelKindAttr(EnumAttribute[KernelKind]):
    """`#pto.kernel_kind<cube>`: on a `func.func`, the core it runs on."""

    name = "pto.kernel_kind"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> KernelKind:
        """Parse `<cube>`."""
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<cube>`."""
        with printer.in_angle_brackets():
            super().print_parameter(printer)


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout]):
    """`#pto.layout<dn>`: on a `pto.make_tensor_view`, the order of its elements."""

    name = "pto.layout"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Layout:
        """Parse `<dn>`."""
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<dn>`."""
        with printer.in_angle_brackets():
            super().print_parameter(printer)


@irdl_attr_definition
class RoundModeAttr(EnumAttribute[RoundMode], SpacedOpaqueSyntaxAttribute):
    """`#pto<round_mode CAST_RINT>`: the rounding of a `pto.tcvt`."""

    name = "pto.round_mode"


@irdl_attr_definition
class SaturationModeAttr(EnumAttribute[SaturationMode], SpacedOpaqueSyntaxAttribute):
    """`#pto<saturation_mode ON>`: what a `pto.tcvt` does with values out of range."""

    name = "pto.saturation_mode"


@irdl_attr_definition
class PipeAttr(EnumAttribute[Pipe]):
    """`#pto.pipe<PIPE_V>`: a queue in a sync op."""

    name = "pto.pipe"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Pipe:
        """Parse `<PIPE_V>`."""
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<PIPE_V>`."""
        with printer.in_angle_brackets():
            super().print_parameter(printer)


_EVENT_PREFIX = "EVENT_ID"


@irdl_attr_definition
class EventAttr(Data[int]):
    """`#pto.event<EVENT_ID3>`: one of the eight flags of a pair of pipes."""

    name = "pto.event"

    def verify(self) -> None:
        """Check that the id is in range."""
        if not 0 <= self.data < a3.EVENT_IDS:
            raise VerifyException(f"event id {self.data} is out of range: a pair of pipes has 0 to {a3.EVENT_IDS - 1}")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> int:
        """Parse `<EVENT_ID3>`."""
        with parser.in_angle_brackets():
            return parse_event(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<EVENT_ID3>`."""
        with printer.in_angle_brackets():
            printer.print_string(self.spelling)

    @property
    def spelling(self) -> str:
        """The C++ enumerator, `EVENT_ID3`."""
        return f"{_EVENT_PREFIX}{self.data}"


def parse_event(parser: AttrParser) -> int:
    """Parse the keyword `EVENT_IDn` and return n."""
    names = {f"{_EVENT_PREFIX}{i}": i for i in range(a3.EVENT_IDS)}
    return names[parser.parse_keyword_in(names, " as event id")]
