"""What is to be run: a case, and one or several variants of the kernel that run it in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.barrier_sets import GU
from bench.cases import Case
from bench.variant import NO_BARRIERS, Variant
from flash_atten.config import KernelConfig
from kernels.backend import AUTO, DEFAULT_CHOICE, Choice
from kernels.library import HOST, BuildInfo

ONLY_ON_THE_DEVICE = (
    "on the host a comparison of barriers measures nothing: its pipes run in program order, and barriers do nothing "
    "there. Every variant was checked; for their speed run on the device (--config=npu), or see what //bench:timeline "
    "predicts"
)
"""Said instead of a ratio."""


@dataclass(frozen=True)
class Settings:
    """How cases are run. `iterations` None: `AUTO_ITERATIONS` within `CASE_SECONDS`. Times in seconds."""

    choice: Choice = DEFAULT_CHOICE
    """Where the kernels run."""
    timing: str = AUTO
    cache: str | None = None
    """One of `bench.clock.CACHES`; None: what the clock does by default."""
    iterations: int | None = None
    warmup: int = 1
    max_seconds: float | None = None
    baselines: tuple[str, ...] | None = ()
    """Names, or None for those of the backend."""
    seed: int = 0
    """Of the inputs, and of the rows that are compared."""


@dataclass(frozen=True)
class Kernel:
    """A variant of the kernel: its knobs, and where its library is."""

    config: KernelConfig
    barriers: str = GU
    """Which barriers the patcher removed, of `bench.barrier_sets`."""

    library: Path | None = None
    """None: the one that was built for these knobs."""


@dataclass(frozen=True)
class Job:
    """A case and the kernels that run it. They are timed in turns: A B A B."""

    case: Case
    kernels: tuple[Kernel, ...]


def variant_of(kernel: Kernel, info: BuildInfo | None, others: Sequence[Kernel] = ()) -> Variant:
    """Return the key of a kernel: what its library says of itself, if it could be loaded, else what was asked for.

    Libraries that the user names are told apart by their paths, if there are several.
    """
    name, barriers = "", kernel.barriers
    if info is not None:
        removed = info.fields().get("remove_barriers")
        name = info.name
        barriers = barriers if removed is None else "+".join(map(str, removed)) or NO_BARRIERS
    if kernel.library is not None and len({other.library for other in others}) > 1:
        name = str(kernel.library)
    return Variant(kernel.config, barriers, name)


def comparable(backend: str, one: Variant, other: Variant) -> bool:
    """Whether a ratio of the latencies of two variants means anything: not if only barriers differ, on the host."""
    return not (backend == HOST and one.config == other.config and one.barriers != other.barriers)
