"""What an example is: a kernel, arguments to launch it with, and what it must compute from them.

It is a `kernels.kernel.Kernel`, so the programs for any kernel run it like Flash Attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

from kernels.kernel import Case, Shape, Size, Trial, near, shape_of
from kernels.plan import Launch, LaunchPlan, Scratch
from ptodsl import to_ir_module

Array = npt.NDArray[Any]
Arguments = dict[str, Array | int | float]
"""Arguments of an entry by parameter name, in its order. Arrays are passed as pointers; outputs start as NaN or -1."""

SLOTS = "slots"
"""The parameter of a kernel with FIFOs that points to their slots: scratch."""


DRAWN = "drawn"
"""The one kind of operands that an example has."""


@dataclass(frozen=True)
class Example:
    """A kernel with its reference."""

    name: str
    """Symbol of the entry."""

    build: Callable[[], ModuleOp]
    """Returns the module."""

    arguments: Callable[..., Arguments]
    """Draws arguments for one launch: takes a generator, and by name each of `sizes`."""

    expected: Callable[[Mapping[str, Any]], dict[str, Array]]
    """Computes what each output array must hold after the launch."""

    block_dim: int = 1
    """Number of AI cores to launch it on."""

    rtol: float = 1e-5
    """Relative tolerance of the comparison, beyond the order of additions."""

    atol: float = 1e-5
    """Absolute tolerance."""

    sizes: Sequence[Size] = ()
    """What a launch may choose; without any the arguments have one shape."""

    kinds: ClassVar[Sequence[str]] = (DRAWN,)
    traced_kind: ClassVar[str] = DRAWN

    @classmethod
    def of(cls, kernel: Callable[..., object], arguments: Callable[..., Arguments], *rest: Any, **more: Any) -> Example:
        """Return the example of a kernel that is a function, under the name of that; otherwise as the class."""
        return cls(kernel.__name__, lambda: to_ir_module(kernel).op, arguments, *rest, **more)

    @property
    def library(self) -> str:
        """The name of its target in this folder."""
        return f"kernel_{self.name}"

    @property
    def shapes(self) -> Sequence[Shape]:
        """The default one, and the smallest."""
        default, least = (
            {size.name: getattr(size, field) for size in self.sizes} for field in ("default", "multiple_of")
        )
        return (default,) if least == default else (default, least)

    @property
    def trials(self) -> Sequence[Trial]:
        """All shapes, on one core."""
        return [Trial(shape) for shape in self.shapes]

    @property
    def proof_trials(self) -> Sequence[Trial]:
        """The same."""
        return self.trials

    @property
    def audit_trials(self) -> Sequence[Trial]:
        """A shape that is a step larger than the default one, on as many cores as the example is for."""
        return [Trial({size.name: size.default + size.multiple_of for size in self.sizes}, self.block_dim)]

    def draw(self, seed: int, shape: Shape = MappingProxyType({})) -> Arguments:
        """Return arguments of the seed, for a shape with the defaults where it says nothing.

        Raises ValueError for a size that the kernel does not have, or that has no such value.
        """
        full = shape_of(self, shape)
        for size in self.sizes:
            size.check(full[size.name])
        return self.arguments(np.random.default_rng(seed), **full)

    def case(self, shape: Shape, seed: int, cube_cores: int, kind: str = DRAWN) -> Case:
        """Return a call on arguments of the seed. Raises ValueError for a shape that it cannot have, as `draw`."""
        if kind not in ("", DRAWN):
            raise ValueError(f"the example {self.name} draws its operands in one way, {DRAWN!r}; asked for is {kind!r}")
        arguments = self.draw(seed, shape)
        arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
        scalars = {name: value for name, value in arguments.items() if not isinstance(value, np.ndarray)}
        slots = arrays.pop(SLOTS, None)
        plan = LaunchPlan(
            launches=(Launch(self.name, min(self.block_dim, cube_cores)),),
            scratch=() if slots is None else (Scratch(slots.nbytes, (SLOTS,)),),
            scalars=scalars,
            outputs=tuple(self.expected(arguments)),
        )
        return Case(plan, arrays, lambda: near(self.expected(arguments), self.rtol, self.atol))

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
