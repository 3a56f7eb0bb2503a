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
class Size:
    """A size that a launch may choose."""

    name: str
    default: int
    """A size at which everything that the kernel does is done."""

    multiple_of: int = 1
    """What it is a multiple of; also the least."""

    def check(self, value: int) -> None:
        """Raise ValueError unless `value` is such a size."""
        if value < 1 or value % self.multiple_of:
            raise ValueError(
                f"{self.name} = {value} is not supported: give a positive multiple of {self.multiple_of}, such as "
                f"{self.default}"
            )


@dataclass(frozen=True)
class Trial:
    """A shape, and on how many cores it is launched."""

    shape: Shape
    cores: int = 1

    def as_json(self) -> dict[str, int]:
        """Return it for reports."""
        return {**self.shape, "block_dim": self.cores}


@dataclass(frozen=True)
class Judgement:
    """Whether results are right, and in words how far off they are."""

    ok: bool
    text: str


Judge = Callable[[Mapping[str, Array]], Judgement]
"""Takes the outputs by name."""


@dataclass(frozen=True)
class Case:
    """One call of a kernel: its plan, operands and outputs, and what the outputs must hold."""

    plan: LaunchPlan

    arrays: Mapping[str, Array]
    """By parameter of the entries. Outputs are among them, and hold NaN or another wrong value."""

    judge: Callable[[], Judge]
    """Computes the reference from the operands, as they are before the launch; returns what judges results by it."""


def near(expected: Mapping[str, Array], rtol: float, atol: float) -> Judge:
    """Return a judge that wants all of `expected` within the tolerances; NaN is never right."""

    def judge(results: Mapping[str, Array]) -> Judgement:
        wrong = [text for name in expected if (text := _difference(name, results[name], expected[name], rtol, atol))]
        return Judgement(not wrong, "; ".join(wrong) or f"{', '.join(expected)} as the reference")

    return judge


def _difference(name: str, result: Array, wanted: Array, rtol: float, atol: float) -> str:
    """Return what is wrong with an output, in words; empty if nothing is."""
    right = np.isclose(result, wanted, rtol=rtol, atol=atol)
    if right.all():
        return ""
    at = tuple(int(index) for index in np.argwhere(~right)[0])
    return (
        f"{int(right.size - right.sum())} of {right.size} values of {name} are wrong; the first, at {list(at)}, is "
        f"{result[at]} instead of {wanted[at]}"
    )


class Kernel(Protocol):
    """A kernel as programs see it."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def sizes(self) -> Sequence[Size]:
        """What a launch may choose."""

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of operands that it can draw, the usual one first."""

    @property
    def traced_kind(self) -> str:
        """The kind that is drawn where only order and addresses count: it may be cheap."""

    @property
    def trials(self) -> Sequence[Trial]:
        """A few launches that execute everything, for what is judged very often."""

    @property
    def proof_trials(self) -> Sequence[Trial]:
        """Launches on which a barrier must be redundant to count as redundant."""

    @property
    def audit_trials(self) -> Sequence[Trial]:
        """Launches on which patched C++ is judged: others than those of proofs, where there are others."""

    def case(self, shape: Shape, seed: int, cube_cores: int, kind: str = "") -> Case:
        """Return a call for one of its shapes on at most so many cores, on operands of the kind, or of the usual one.

        Raises ValueError for a shape or kind that it does not have.
        """


def shape_of(kernel: Kernel, given: Mapping[str, int]) -> Shape:
    """Return a shape with the sizes that are given, and the defaults of the others.

    Raises ValueError for a size that the kernel does not have; what values may be says its `case`.
    """
    known = {size.name: size.default for size in kernel.sizes}
    if unknown := [name for name in given if name not in known]:
        has = f"its sizes are {', '.join(known)}" if known else "it has none to choose"
        raise ValueError(f"{kernel.name} has no size {unknown[0]}: {has}")
    return {**known, **given}
