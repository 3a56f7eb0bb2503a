"""One action of a sweep, on an example's library."""

from __future__ import annotations

from pathlib import Path

import pytest

import ptodsl.examples
from bench.sweep_check import check
from bench.sweep_row import OK, SKIPPED

LIBRARY = Path(ptodsl.examples.__file__).with_name("kernel_softmax.so")

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="Bazel builds it: bazel test //bench:sweep_check_test")


def test_each_kind_of_operands_is_a_row() -> None:
    (row,) = check(LIBRARY, {"rows": 64}, [""])
    assert (row.library, row.shape, row.what, row.status) == ("kernel_softmax", "rows=64", "check", OK)
    assert row.note.endswith("as the reference")


def test_a_shape_that_the_kernel_is_not_for_is_one_row() -> None:
    (row,) = check(LIBRARY, {"rows": 33}, ["", ""])
    assert row.status == SKIPPED
    assert "rows = 33 is not supported" in row.note
