"""What is generated from the operation table is as the table says."""

from pathlib import Path

import pytest

from isa.generate import HOW_TO_ACCEPT, stale, with_reference
from isa.header import header
from isa.op import Order
from isa.ops import BY_CPP, OPS


def test_generated_files_are_current() -> None:
    assert stale(Path()) == [], HOW_TO_ACCEPT


def test_a_row_more_is_seen_in_what_is_generated() -> None:
    row = BY_CPP["TADD"]
    more = (*OPS, type(row)(**{**vars(row), "cpp": "TMEAN", "dialect": "tmean", "dsl": "mean", "function": "Mean"}))
    assert "    X(TMEAN, Mean)" in header(more)
    assert header(more).count("TMEAN") == 3
    page = "<!-- From isa/ops.py, by `tools/bazel run //isa:generate`: --><!-- End of what is generated. -->"
    assert "| `mean(lhs, rhs, out)` | out = lhs + rhs | f16 f32 i16 i32 | TMEAN |" in with_reference(page, more)
    with pytest.raises(ValueError, match=r"docs/dsl\.md must have the lines"):
        with_reference("# The DSL", OPS)


def test_a_row_with_a_type_that_does_not_exist_is_no_row() -> None:
    row = vars(BY_CPP["TADD"])
    with pytest.raises(ValueError, match=r"TADD: f8 is no element type"):
        type(BY_CPP["TADD"])(**{**row, "types": ("f8",)})
    with pytest.raises(ValueError, match="family BINARY has no operand src"):
        type(BY_CPP["TADD"])(**{**row, "distinct": (("dst", "src"),)})


def test_a_forgotten_field_is_an_error() -> None:
    row = vars(BY_CPP["TADD"])
    for name in row:
        with pytest.raises(TypeError, match=name):
            type(BY_CPP["TADD"])(**{field: value for field, value in row.items() if field != name})


def test_names_are_unique() -> None:
    assert len(BY_CPP) == len(OPS)
    names = [op.dsl for op in OPS if op.dsl is not None]
    assert len(set(names)) == len(names)
    assert all(op.order is Order.UNKNOWN or len(op.cost) == 1 for op in OPS)
