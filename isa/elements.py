"""Element types of tiles, and of global memory: names, sizes and numbers in traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Element:
    """An element type."""

    mlir: str
    """Its spelling in MLIR, `ui8`."""

    trace: str
    """Its name in traces and in messages of the runtime, `u8`."""

    cpp: str
    """Its C++ type."""

    code: int
    """Its number in traces, where 0 is of what has no element type."""

    bytes: int


ELEMENTS = (
    Element("f32", "f32", "float", 1, 4),
    Element("f16", "f16", "half", 2, 2),
    Element("i32", "i32", "int32_t", 3, 4),
    Element("ui32", "u32", "uint32_t", 4, 4),
    Element("i16", "i16", "int16_t", 5, 2),
    Element("ui16", "u16", "uint16_t", 6, 2),
    Element("i8", "i8", "int8_t", 7, 1),
    Element("ui8", "u8", "uint8_t", 8, 1),
    Element("i64", "i64", "int64_t", 9, 8),
    Element("ui64", "u64", "uint64_t", 10, 8),
    Element("bf16", "bf16", "bfloat16_t", 11, 2),
)
"""All of them, by number."""

BY_MLIR: Mapping[str, Element] = {element.mlir: element for element in ELEMENTS}

SINGLE = ("f32",)
"""Of remainders and quantisation."""

FLOATS = ("f16", "f32")
"""Of division, roots and the transcendental functions."""

NUMBERS = ("f16", "f32", "i16", "i32")
"""Of the vector unit's arithmetic."""

BITS = ("i8", "i16", "ui8", "ui16")
"""Of bitwise operations."""

SHORT = ("f16", "bf16", "f32", "i8", "i16", "i32", "ui8", "ui16", "ui32")
"""Of 1, 2 and 4 bytes."""

WHOLE_NUMBERS = ("i8", "i16", "i32", "ui8", "ui16", "ui32")
"""Of shifts by another tile, and of masks."""

MASK_TYPES = ("ui8",)
"""Of the bits that the device's headers want in masks."""

BYTES = ("i8", "ui8")
"""Of the bits that comparisons write; the device's headers want the unsigned one."""

INDEX_TYPES = ("i32", "ui32")
"""Of positions in a tile."""

TWO_OR_FOUR_BYTES = ("f16", "bf16", "f32", "i16", "i32", "ui16", "ui32")
"""Of selections and gathers."""
