"""A timed kernel is judged by a run of its own, on poisoned buffers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from bench.baselines import FUSED, Baseline
from bench.probe import Probe, probe
from bench.row import KERNEL
from flash_atten.backend import AttentionBackend, BoundAttention
from flash_atten.check_inputs import make_inputs
from flash_atten.reference import Float32Array, attention_reference

INPUTS = make_inputs("normal", 256, 256, 0)
RIGHT = attention_reference(INPUTS.q, INPUTS.k, INPUTS.v)


class Host:
    """A backend whose arrays are NumPy's."""

    def to_numpy(self, array: Float32Array) -> Float32Array:
        return array


@dataclass
class Bound:
    """A launch that writes `result`, or nothing."""

    result: Float32Array | None
    out: Float32Array

    def poison(self) -> None:
        self.out[:] = np.nan

    def run(self) -> None:
        if self.result is not None:
            self.out[:] = self.result


@dataclass(frozen=True)
class Other:
    """A baseline with a given result."""

    name: str
    given: Float32Array

    def result(self) -> Float32Array:
        return self.given


def probed(result: Float32Array | None, *others: Other, **options: Any) -> Probe:
    """Return what is found of a kernel with this result; before the run its output is right."""
    pair = cast(AttentionBackend, Host()), cast(BoundAttention, Bound(result, RIGHT.copy()))
    (found,) = probe([pair], INPUTS, cast("list[Baseline]", others), 0, **options)
    return found


def test_a_right_result_has_no_complaint_and_small_errors() -> None:
    found = probed(RIGHT, Other("numpy", 2 * RIGHT))
    assert (found.complaint, found.reference) == ("", "fp32")
    assert found.errors[KERNEL] == found.relative_errors[KERNEL] == 0
    assert found.relative_errors["numpy"] > 0.9


def test_a_kernel_that_writes_nothing_cannot_pass_with_what_was_there() -> None:
    assert "against the FP32 reference" in probed(None).complaint


def test_a_wrong_row_is_named() -> None:
    wrong = RIGHT.copy()
    wrong[77] += 1
    assert "1 of 256 rows are wrong; the worst value, at row 77" in probed(wrong).complaint


def test_where_rows_are_sampled_the_fused_operator_sees_the_others() -> None:
    """With so low a limit one of two Q blocks is compared."""
    few = probed(RIGHT, Other(FUSED, RIGHT), limit=1)
    assert few.complaint == ""
    assert " rows + fused, all rows, at " in few.reference
    theirs = RIGHT.copy()
    theirs[0] = np.nan
    assert (
        "against the fused operator: the reference has values" in probed(RIGHT, Other(FUSED, theirs), limit=1).complaint
    )
