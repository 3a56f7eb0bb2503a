"""What a kernel brings for the programs that run, judge and time any kernel.

A kernel says how it is called and what it must compute; how it is built says its `generate.py`. Nothing here needs the
DSL: a kernel can be launched where it cannot be built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernels.plan import LaunchPlan

Array = npt.NDArray[Any]
Shape = Mapping[str, int]
"""What a launch may choose, by name."""


@dataclass(frozen=True)
class Case:
    """One call of a kernel: its plan, operands and outputs, and what the outputs must hold."""

    plan: LaunchPlan

    arrays: Mapping[str, Array]
    """By parameter of the entries. Outputs are among them, and hold NaN or another wrong value."""

    expected: Callable[[], Mapping[str, Array]]
    """Computes the outputs from the operands as they are before the launch."""

    rtol: float = 1e-5
    """Relative tolerance of a right result, beyond the order of additions."""

    atol: float = 1e-5
    """Absolute tolerance."""

    def problems(self, expected: Mapping[str, Array], results: Mapping[str, Array]) -> list[str]:
        """Return a line for each output that is not as expected; NaN is never right."""
        found = []
        for name, wanted in expected.items():
            result = results[name]
            right = np.isclose(result, wanted, rtol=self.rtol, atol=self.atol)
            if not right.all():
                at = tuple(int(index) for index in np.argwhere(~right)[0])
                wrong = int(right.size - right.sum())
                found.append(
                    f"{wrong} of {right.size} values of {name} are wrong; the first, at {list(at)}, is {result[at]} "
                    f"instead of {wanted[at]}"
                )
        return found


class Kernel(Protocol):
    """A kernel as programs see it."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    @property
    def library(self) -> str:
        """The name of its Bazel target, hence of its library's file."""
        ...

    @property
    def shapes(self) -> Sequence[Shape]:
        """Shapes on which a claim about it is checked."""
        ...

    def case(self, shape: Shape, seed: int, cube_cores: int) -> Case:
        """Return a call for one of its shapes on at most so many cores. Raises ValueError for another shape."""
        ...
