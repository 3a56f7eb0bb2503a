"""What an example is: a kernel, arguments to launch it with, and what it must compute from them.

It is a `kernels.kernel.Kernel`, so the programs for any kernel run it like Flash Attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

from kernels.kernel import Case, Shape
from kernels.plan import Launch, LaunchPlan, Scratch

Array = npt.NDArray[Any]
Arguments = dict[str, Array | int | float]
"""Arguments of an entry by parameter name, in its order. Arrays are passed as pointers; outputs start as NaN or -1."""

SLOTS = "slots"
"""The parameter of a kernel with FIFOs that points to their slots: scratch."""


@dataclass(frozen=True)
class Example:
    """A kernel with its reference."""

    name: str
    """Symbol of the entry."""

    build: Callable[[], ModuleOp]
    """Returns the module."""

    arguments: Callable[[np.random.Generator], Arguments]
    """Draws arguments for one launch."""

    expected: Callable[[Mapping[str, Any]], dict[str, Array]]
    """Computes what each output array must hold after the launch."""

    block_dim: int = 1
    """Number of AI cores to launch it on."""

    rtol: float = 1e-5
    """Relative tolerance of the comparison, beyond the order of additions."""

    atol: float = 1e-5
    """Absolute tolerance."""

    @property
    def library(self) -> str:
        """The name of its target in this folder."""
        return f"kernel_{self.name}"

    @property
    def shapes(self) -> Sequence[Shape]:
        """An example has one, that of its arguments."""
        return ({},)

    def case(self, shape: Shape, seed: int, cube_cores: int) -> Case:
        """Return a call on arguments of the seed. Raises ValueError for a shape: the arguments have their own."""
        if shape:
            raise ValueError(f"the example {self.name} has no sizes to choose; given are {', '.join(shape)}")
        arguments = self.arguments(np.random.default_rng(seed))
        arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
        scalars = {name: value for name, value in arguments.items() if not isinstance(value, np.ndarray)}
        slots = arrays.pop(SLOTS, None)
        plan = LaunchPlan(
            launches=(Launch(self.name, min(self.block_dim, cube_cores)),),
            scratch=() if slots is None else (Scratch(slots.nbytes, (SLOTS,)),),
            scalars=scalars,
            outputs=tuple(self.expected(arguments)),
        )
        return Case(plan, arrays, lambda: self.expected(arguments), self.rtol, self.atol)

    def check(self, arguments: Mapping[str, Any], expected: Mapping[str, Array]) -> None:
        """Raise AssertionError if an output array among `arguments` is not as `expected`."""
        for name, wanted in expected.items():
            np.testing.assert_allclose(arguments[name], wanted, rtol=self.rtol, atol=self.atol, err_msg=name)


def unset(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return an output array in which nothing has been computed: NaN."""
    return np.full(shape, np.nan, dtype)


def normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
    """Return standard normal numbers."""
    return rng.standard_normal(shape).astype(dtype)
