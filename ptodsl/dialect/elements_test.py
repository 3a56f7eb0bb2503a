"""Element types."""

import pytest
from xdsl.dialects.builtin import bf16, f64, i1
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import ELEMENT_TYPES, element_bytes, element_name, element_type, ui16


def test_names_and_types_are_inverse() -> None:
    assert all(element_name(element_type(name)) == name for name in ELEMENT_TYPES)


def test_sizes() -> None:
    assert [element_bytes(ty) for ty in (i1, bf16, ui16, element_type("f32"), element_type("i64"))] == [1, 2, 2, 4, 8]


def test_other_types_are_named() -> None:
    with pytest.raises(VerifyException, match="f64 is not an element type"):
        element_bytes(f64)
    with pytest.raises(VerifyException, match="unknown element type 'f8'"):
        element_type("f8")
