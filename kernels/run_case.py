"""A case of any kernel on a backend: bound, run, judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernels.backend import Backend, BoundLaunch
from kernels.kernel import Case, Judge, Judgement


@dataclass(frozen=True)
class BoundCase:
    """A case with its operands on a backend."""

    launch: BoundLaunch
    judge: Judge
    results: Callable[[], dict[str, Any]]

    def run(self) -> None:
        """Run it once. Raises KernelError."""
        self.launch.run()

    def check(self) -> Judgement:
        """Run it once on poisoned buffers and judge what it leaves. Raises KernelError."""
        self.launch.poison()
        self.launch.run()
        return self.judge(self.results())


def bind_case(backend: Backend, case: Case) -> BoundCase:
    """Compute the reference, then put the operands on the backend. Raises ValueError if one is missing."""
    # First: on the host the backend works on these very arrays, and a launch may overwrite an operand.
    judge = case.judge()
    arrays = {name: backend.from_numpy(array) for name, array in case.arrays.items()}
    bound = backend.bind(case.plan, arrays)
    return BoundCase(bound, judge, lambda: {name: backend.to_numpy(arrays[name]) for name in case.plan.outputs})
