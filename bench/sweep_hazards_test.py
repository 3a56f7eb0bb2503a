"""One action of a sweep, on an example's library in trace mode."""

from __future__ import annotations

from pathlib import Path

import pytest

import ptodsl.examples
from bench.sweep_hazards import check_all
from bench.sweep_row import OK, SKIPPED

LIBRARY = Path(ptodsl.examples.__file__).with_name("kernel_softmax.trace.so")

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="Bazel builds it: bazel test //bench:sweep_hazards_test")


def test_each_number_of_cores_is_a_row() -> None:
    one, two = check_all(LIBRARY, {"rows": 128}, ["1", "2"])
    assert (one.subject, one.status) == ("block_dim 1", OK)
    assert (two.subject, two.status) == ("block_dim 2", OK)
    assert "no hazards" in one.note


def test_a_shape_that_the_kernel_is_not_for_is_one_row() -> None:
    (row,) = check_all(LIBRARY, {"rows": 33}, ["1", "2"])
    assert (row.status, row.what) == (SKIPPED, "hazards")
