"""What a launcher knows of a kernel: which entries run on how many cores, and in which scratch memory.

A kernel makes the plan of a shape. Backends fill it in with arrays and launch it; they know nothing else of the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Launch:
    """One entry of a library on a number of cores. Raises ValueError for none."""

    entry: str
    """Symbol of the entry."""

    block_dim: int
    """Cube cores that it is launched on, each with its vector cores."""

    def __post_init__(self) -> None:
        """Check the number of cores."""
        if self.block_dim < 1:
            raise ValueError(f"block_dim = {self.block_dim} for {self.entry}: an entry is launched on 1 core or more")


@dataclass(frozen=True)
class Scratch:
    """Global memory that a plan's launches work in. It holds no value before the first of them."""

    bytes: int

    parameters: tuple[str, ...]
    """Parameters of the entries that get its address; several if entries see it under several element types."""


@dataclass(frozen=True)
class LaunchPlan:
    """Launches one after the other on one stream, for one shape. Raises ValueError for a plan without launches."""

    launches: tuple[Launch, ...]

    scratch: tuple[Scratch, ...] = ()

    scalars: Mapping[str, int | float] = field(default_factory=lambda: MappingProxyType({}))
    """Values of the entries' scalar parameters, by name."""

    outputs: tuple[str, ...] = ()
    """Parameters whose arrays the launches write."""

    def __post_init__(self) -> None:
        """Check that there is something to launch."""
        if not self.launches:
            raise ValueError("a launch plan needs at least one launch")

    @property
    def scratch_bytes(self) -> int:
        """Global memory that must be there besides the operands."""
        return sum(scratch.bytes for scratch in self.scratch)

    @property
    def block_dim(self) -> int:
        """Most cores that a launch asks for."""
        return max(launch.block_dim for launch in self.launches)
