"""What an example is: a kernel, arguments to launch it with, and what it must compute from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

Array = npt.NDArray[Any]
Arguments = dict[str, Array | int | float]
"""Arguments of an entry by parameter name, in its order. Arrays are passed as pointers; outputs start as NaN or -1."""


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
