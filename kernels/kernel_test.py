"""Results are compared with a tolerance, and what is wrong is told."""

import numpy as np
import pytest

from kernels.kernel import Array, Case
from kernels.plan import Launch, LaunchPlan

PLAN = LaunchPlan((Launch("add", 1),))
WANTED = {"z": np.arange(6, dtype=np.float32).reshape(2, 3)}


def _problems(result: Array) -> list[str]:
    return Case(PLAN, {}, lambda: WANTED).problems(WANTED, {"z": result})


def test_a_result_within_the_tolerance_is_right() -> None:
    assert _problems(WANTED["z"] * np.float32(1 + 5e-6)) == []


@pytest.mark.parametrize("value", [5.1, np.nan, np.inf])
def test_a_wrong_value_is_told_with_its_place(value: float) -> None:
    result = WANTED["z"].copy()
    result[1, 2] = value
    (problem,) = _problems(result)
    assert problem == f"1 of 6 values of z are wrong; the first, at [1, 2], is {result[1, 2]} instead of 5.0"


def test_a_plan_launches_something_on_some_core() -> None:
    with pytest.raises(ValueError, match="at least one launch"):
        LaunchPlan(())
    with pytest.raises(ValueError, match=r"block_dim = 0 for add: an entry is launched on 1 core or more"):
        Launch("add", 0)
