"""Values read from JSON, checked: a wrong one raises ValueError that says where it stands and what it should be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Value = TypeVar("Value")

Reader = Callable[[object, str], Value]
"""A JSON value and where it stands -> the value, checked."""

LARGEST_WHOLE = 2**53
"""Whole numbers up to this are floats, too."""

SHOWN = 60
"""Characters of a wrong value that a message shows."""


def wrong(value: object, where: str, expected: str) -> ValueError:
    """Return the error for a value that is not what is expected."""
    shown = repr(value)
    return ValueError(f"{where} is {shown if len(shown) <= SHOWN else shown[:SHOWN] + '...'}, not {expected}")


def text(value: object, where: str) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise wrong(value, where, "a text")
    return value


def whole(value: object, where: str) -> int:
    """Read a whole number from 1 on that floats can hold."""
    # Not isinstance: `true` is read as a bool, which would be a number then.
    if type(value) is not int or not 1 <= value <= LARGEST_WHOLE:
        raise wrong(value, where, "a whole number from 1 on")
    return value


def number(value: object, where: str) -> float:
    """Read a number that is neither negative nor NaN; it may be infinite."""
    if type(value) is int and 0 <= value <= LARGEST_WHOLE:
        return value
    # Not `value < 0`, which is false for NaN, too.
    if not isinstance(value, float) or not value >= 0:
        raise wrong(value, where, "a number from 0 on")
    return value


def seconds(value: object, where: str) -> float:
    """Read a latency: a finite number above 0."""
    found = number(value, where)
    if found == 0 or math.isinf(found):
        raise wrong(value, where, "a number of seconds above 0")
    return found


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Read an object with any values."""
    if not isinstance(value, dict):
        raise wrong(value, where, "an object {...}")
    return value


def mapping_of(read: Reader[Value]) -> Reader[dict[str, Value]]:
    """Return a reader of an object whose values `read` reads."""
    return lambda value, where: {name: read(item, f"{where}.{name}") for name, item in mapping(value, where).items()}


def items(value: object, where: str) -> Sequence[Any]:
    """Read a list with any values."""
    if not isinstance(value, list):
        raise wrong(value, where, "a list [...]")
    return value


def list_of(read: Reader[Value]) -> Reader[list[Value]]:
    """Return a reader of a list whose values `read` reads."""
    return lambda value, where: [read(item, f"{where}[{index}]") for index, item in enumerate(items(value, where))]


def optional(read: Reader[Value]) -> Reader[Value | None]:
    """Return a reader of null or of what `read` reads."""
    return lambda value, where: None if value is None else read(value, where)


def read_object(
    value: object, where: str, required: Mapping[str, Reader[Any]], others: Mapping[str, Reader[Any]]
) -> dict[str, Any]:
    """Read an object with all of the `required` fields, any of the `others`, and no more."""
    found = mapping(value, where)
    readers = {**required, **others}
    if missing := [name for name in required if name not in found]:
        raise ValueError(f"{where} has no {missing[0]}")
    if unknown := [name for name in found if name not in readers]:
        raise ValueError(f"{where} has a field {unknown[0]!r}, which this version does not know")
    return {name: readers[name](item, f"{where}.{name}") for name, item in found.items()}
