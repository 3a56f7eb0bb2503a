"""The conversions of `isa.conversions` by the types of the dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xdsl.ir import Attribute

from isa import conversions
from isa.conversions import Conversion
from ptodsl.dialect.elements import element_name, element_type

CONVERSIONS: Mapping[tuple[Attribute, Attribute], Conversion] = MappingProxyType(
    {(element_type(src), element_type(dst)): one for (src, dst), one in conversions.CONVERSIONS.items()}
)
"""All pairs (from, to) that the device converts."""


def targets(source: Attribute) -> tuple[str, ...]:
    """Names of the element types that `source` converts to."""
    return tuple(element_name(to) for start, to in CONVERSIONS if start == source)
