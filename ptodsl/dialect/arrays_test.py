"""Rules of arrays of event ids and of numbers."""

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect.testing import complaint, parse

ARRAY = "%e = pto.declare_eventid_array -> !pto.eventid_array<4>\n"
NUMBERS = "%a = pto.declare_local_array -> !pto.local_array<4xf32>\n"


def test_places_may_be_known_at_run_time_only() -> None:
    set_and_get = "pto.eventid_array_set %e[%n], %c1 : !pto.eventid_array<4>\n"
    assert complaint(f"{ARRAY}{set_and_get}%i = pto.eventid_array_get %e[%n] : !pto.eventid_array<4>") == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            f"{ARRAY}pto.eventid_array_set %e[%c8], %c1 : !pto.eventid_array<4>",
            "pto.eventid_array_set: there is no place 8: places go from 0 to 3",
        ),
        (
            f"{ARRAY}%i = pto.eventid_array_get %e[%c8] : !pto.eventid_array<4>",
            "pto.eventid_array_get: there is no place 8: places go from 0 to 3",
        ),
        ("%i = pto.eventid_array_get %vec[%c0] : !vec", "array must be an array of event ids (!pto.eventid_array)"),
        (
            f"{NUMBERS}pto.local_array_set %a[%c8], %x : !pto.local_array<4xf32>, f32",
            "pto.local_array_set: there is no place 8: places go from 0 to 3",
        ),
        (
            f"{NUMBERS}pto.local_array_set %a[%c0], %m : !pto.local_array<4xf32>, i64",
            "pto.local_array_set: the array is !pto.local_array<4xf32> but the value is i64",
        ),
        (
            f"{NUMBERS}%v = pto.local_array_get %a[%n] : !pto.local_array<4xf32> -> i32",
            "pto.local_array_get: the array is !pto.local_array<4xf32> but the value is i32",
        ),
        ("%i = pto.local_array_get %vec[%c0] : !vec -> f32", "array must be an array of numbers (!pto.local_array)"),
    ],
)
def test_refuses(body: str, message: str) -> None:
    assert message in complaint(body)


def test_an_array_is_not_empty() -> None:
    with pytest.raises(ParseError, match="an array of event ids has at least one"):
        parse(ARRAY.replace("4", "0"))
    with pytest.raises(ParseError, match="an array of numbers has at least one, not 0"):
        parse(NUMBERS.replace("4", "0"))


def test_an_array_of_numbers_has_one_dimension() -> None:
    with pytest.raises(ParseError, match="unknown element type '4xf32'"):
        parse(NUMBERS.replace("<4", "<2x4"))
