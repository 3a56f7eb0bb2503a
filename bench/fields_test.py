"""Every reader gives back what is right, and says of what is wrong where it stands and what it should be."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fields import (
    LARGEST_WHOLE,
    SHOWN,
    Reader,
    items,
    list_of,
    mapping,
    mapping_of,
    number,
    optional,
    read_object,
    seconds,
    text,
    whole,
)

RIGHT: tuple[tuple[Reader[Any], object], ...] = (
    (text, ""),
    (text, "x"),
    (whole, 1),
    (whole, LARGEST_WHOLE),
    (number, 0),
    (number, 0.0),
    (number, math.inf),
    (number, LARGEST_WHOLE),
    (seconds, 1e-9),
    (seconds, 3),
    (mapping, {"a": [1]}),
    (items, [1, "x"]),
    (list_of(whole), []),
    (list_of(whole), [1, 2]),
    (mapping_of(text), {"a": "b"}),
    (optional(whole), None),
    (optional(whole), 7),
)


@pytest.mark.parametrize(("read", "value"), RIGHT)
def test_what_is_right_comes_back_as_it_is(read: Reader[Any], value: object) -> None:
    assert read(value, "x") == value
    assert type(read(value, "x")) is type(value)


@pytest.mark.parametrize(
    ("read", "value", "words"),
    [
        (text, 3, "x is 3, not a text"),
        (whole, 0, "x is 0, not a whole number from 1 on"),
        (whole, True, "x is True, not a whole number"),
        (whole, 1.0, "x is 1.0, not a whole number"),
        (whole, LARGEST_WHOLE + 1, "not a whole number"),
        (number, -1, "x is -1, not a number from 0 on"),
        (number, math.nan, "x is nan, not a number from 0 on"),
        (number, True, "x is True, not a number from 0 on"),
        (number, LARGEST_WHOLE + 1, "not a number from 0 on"),
        (seconds, 0, "x is 0, not a number of seconds above 0"),
        (seconds, math.inf, "x is inf, not a number of seconds above 0"),
        (mapping, [], r"x is \[\], not an object \{...\}"),
        (items, {}, r"x is \{\}, not a list \[...\]"),
        (list_of(whole), [1, 0], r"x\[1\] is 0, not a whole number"),
        (mapping_of(text), {"a": 1}, r"x\.a is 1, not a text"),
        (mapping_of(list_of(seconds)), {"a": [1, -1]}, r"x\.a\[1\] is -1, not a number from 0 on"),
        (optional(whole), "", "x is '', not a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(read: Reader[Any], value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(value, "x")


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ValueError, match=r"x is '1+\.\.\., not a whole number from 1 on") as caught:
        whole("1" * 5000, "x")
    assert len(str(caught.value)) < SHOWN + 50


FIELDS: tuple[dict[str, Reader[Any]], dict[str, Reader[Any]]] = ({"s1": whole}, {"note": text})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "row has no s1"),
        ({"note": "a"}, "row has no s1"),
        ({"s1": 1, "colour": "red"}, "row has a field 'colour', which this version does not know"),
        ({"s1": 1, "note": 3}, r"row\.note is 3, not a text"),
        ([], "row is"),
    ],
)
def test_an_object_has_its_fields_and_no_others(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_object(value, "row", *FIELDS)


def test_an_object_may_lack_what_is_not_required() -> None:
    assert read_object({"s1": 1}, "row", *FIELDS) == {"s1": 1}
    assert read_object({"note": "a", "s1": 1}, "row", *FIELDS) == {"s1": 1, "note": "a"}


def _json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    )


@given(value=_json_values())
def test_any_json_is_read_or_refused_with_its_place(value: object) -> None:
    """No other exception leaves a reader, whatever the file holds."""
    value = json.loads(json.dumps(value))
    refusals = []
    for read in (text, whole, number, seconds, mapping_of(list_of(number)), list_of(optional(text))):
        try:
            read(value, "there")
        except ValueError as error:
            refusals.append(str(error))
    assert all(refusal.startswith("there") for refusal in refusals)
    assert len(refusals) >= 3  # the readers of scalars exclude each other, and so do those of lists and objects
