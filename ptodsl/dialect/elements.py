"""Element types and dimensions: what tiles, views and pointers are made of, and how their type bodies are parsed.

Type bodies are flat, so one regular expression finds them and a cache holds what they mean: a module repeats few types
thousands of times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType, Signedness, bf16, f16, f32, i1
from xdsl.ir import Attribute
from xdsl.parser import AttrParser
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from isa.elements import ELEMENTS, Element

T = TypeVar("T")

E = TypeVar("E", bound=StrEnum)

DYNAMIC = -1
"""A dimension known at run time only; printed `?`."""

ElementType = BFloat16Type | Float16Type | Float32Type | IntegerType

ui8 = IntegerType(8, Signedness.UNSIGNED)
ui16 = IntegerType(16, Signedness.UNSIGNED)
ui32 = IntegerType(32, Signedness.UNSIGNED)

_FLOATS: dict[str, ElementType] = {"f16": f16, "bf16": bf16, "f32": f32}


def _element_type(element: Element) -> ElementType:
    if element.mlir in _FLOATS:
        return _FLOATS[element.mlir]
    unsigned = element.mlir.startswith("u")
    return IntegerType(8 * element.bytes, Signedness.UNSIGNED if unsigned else Signedness.SIGNLESS)


ELEMENT_TYPES: dict[str, ElementType] = {**{element.mlir: _element_type(element) for element in ELEMENTS}, "i1": i1}
"""Element types of tiles, views and pointers, by their MLIR spelling."""

_ELEMENT_NAMES: dict[Attribute, str] = {dtype: name for name, dtype in ELEMENT_TYPES.items()}

_ELEMENT_BYTES = {**{element.mlir: element.bytes for element in ELEMENTS}, "i1": 1}


def element_name(dtype: Attribute) -> str:
    """MLIR spelling of an element type, `f16`."""
    name = _ELEMENT_NAMES.get(dtype)
    if name is None:
        raise VerifyException(f"{dtype} is not an element type: use one of {', '.join(ELEMENT_TYPES)}")
    return name


def element_bytes(dtype: Attribute) -> int:
    """Size of one element in bytes."""
    return _ELEMENT_BYTES[element_name(dtype)]


def element_type(name: str) -> ElementType:
    """Element type of an MLIR spelling."""
    if name not in ELEMENT_TYPES:
        raise VerifyException(f"unknown element type '{name}': use one of {', '.join(ELEMENT_TYPES)}")
    return ELEMENT_TYPES[name]


_FLAT_BODY = re.compile(r"\s*<([^<>\"]*)>")


def parse_body(parser: AttrParser, parse: Callable[[str], T]) -> T:
    """Parse `<...>` without brackets inside by handing the text between the brackets to `parse`.

    Raises:
        ParseError: at the opening bracket, with the message of the VerifyException that `parse` raised.
    """
    start = parser.pos
    # From the parser's position, not the lexer's, which has read a token ahead.
    match = _FLAT_BODY.match(parser.lexer.input.content, start)
    if match is None:
        parser.raise_error("expected '<' and the parameters of the type")
    try:
        result = parse(match[1])
    except VerifyException as error:
        parser.raise_error(str(error), start, match.end())
    # The text was read past the lexer, which has to go on behind it.
    parser._resume_from(match.end())
    return result


def dim_text(dim: int) -> str:
    """A dimension as it is printed."""
    return "?" if dim == DYNAMIC else str(dim)


def parse_dim(text: str) -> int:
    """Inverse of `dim_text`."""
    return DYNAMIC if text == "?" else parse_int(text, "dimension")


def parse_int(text: str, what: str) -> int:
    """A number of a type body; `what` names it in the error."""
    if not text.isdecimal():
        raise VerifyException(f"{what} must be a number, not '{text}'")
    return int(text)


def parse_member(enum: type[E], text: str, key: str) -> E:
    """The member that is spelled `text`; `key` names it in the error."""
    for member in enum:
        if member.value == text:
            return member
    raise VerifyException(f"{key}={text} is unknown: use one of {', '.join(member.value for member in enum)}")
