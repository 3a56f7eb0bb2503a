"""Results are compared with a tolerance, and what is wrong is told."""

import numpy as np
import pytest

from kernels.kernel import Array, Judgement, Size, near
from kernels.plan import Launch, LaunchPlan

WANTED = {"z": np.arange(6, dtype=np.float32).reshape(2, 3)}


def _judge(result: Array) -> Judgement:
    return near(WANTED, rtol=1e-5, atol=1e-5)({"z": result})


def test_a_result_within_the_tolerance_is_right() -> None:
    assert _judge(WANTED["z"] * np.float32(1 + 5e-6)) == Judgement(True, "z as the reference")


@pytest.mark.parametrize("value", [5.1, np.nan, np.inf])
def test_a_wrong_value_is_told_with_its_place(value: float) -> None:
    result = WANTED["z"].copy()
    result[1, 2] = value
    found = _judge(result)
    assert not found.ok
    assert found.text == f"1 of 6 values of z are wrong; the first, at [1, 2], is {result[1, 2]} instead of 5.0"


def test_a_plan_launches_something_on_some_core() -> None:
    with pytest.raises(ValueError, match="at least one launch"):
        LaunchPlan(())
    with pytest.raises(ValueError, match=r"block_dim = 0 for add: an entry is launched on 1 core or more"):
        Launch("add", 0)


@pytest.mark.parametrize("value", [0, -32, 33])
def test_a_size_is_a_positive_multiple(value: int) -> None:
    with pytest.raises(ValueError, match=rf"rows = {value} is not supported: give a positive multiple of 32, such as"):
        Size("rows", 64, 32).check(value)
