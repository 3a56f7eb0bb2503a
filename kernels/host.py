"""The host backend: NumPy arrays, the kernel compiled for this computer's CPU.

What it computes is what the device would; how long it takes says nothing about the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from isa.a3 import CUBE_CORES
from kernels.arguments import arguments_of, check_arrays
from kernels.host_scratch import IdleScratch
from kernels.library import HOST, KernelLibrary, LibraryError, LibraryLaunch
from kernels.plan import Launch, LaunchPlan
from runtime.host_kernel import DEFAULT_HOST_OPTIONS, HostOptions, RawArgument

NOT_A_NUMBER = 0xFF
"""Byte that makes every floating-point type NaN when repeated: what a broken kernel then reads, or fails to write, is
seen.
"""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class HostLaunch:
    """A plan with its buffers, ready to run any number of times. The outputs among `arrays` then hold the results."""

    library: KernelLibrary
    plan: LaunchPlan
    arrays: Mapping[str, Array]
    """By parameter of the entries."""
    scratch: tuple[Array, ...] = field(repr=False)
    """In the plan's order."""
    options: HostOptions = DEFAULT_HOST_OPTIONS

    @cached_property
    def _launches(self) -> tuple[LibraryLaunch, ...]:
        """The plan's. The arrays stay where they are."""
        arrays = {name: RawArgument.of(array) for name, array in self.arrays.items()}
        scratch = list(map(RawArgument.of, self.scratch))

        def prepared(launch: Launch) -> LibraryLaunch:
            parameters = self.library.info.entry(launch.entry).parameters
            arguments = arguments_of(parameters, self.plan, arrays, scratch)
            return self.library.prepare_on_host(launch.entry, launch.block_dim, arguments, options=self.options)

        return tuple(map(prepared, self.plan.launches))

    def run(self) -> None:
        """Run the launches to their end. Raises KernelError with the runtime's report if one fails; the outputs are
        then meaningless.
        """
        for launch in self._launches:
            launch.run()

    def poison(self) -> None:
        """Fill scratch and outputs with NaN, so that nothing of an earlier run can pass for this one's."""
        for array in (*self.scratch, *(self.arrays[name] for name in self.plan.outputs)):
            array.view(np.uint8).fill(NOT_A_NUMBER)

    def scratch_floats(self, first: int, count: int) -> Array:
        """Return a copy of FP32 values that the last run has left in the plan's first scratch, from element `first`."""
        return self.scratch[0].view(np.float32)[first : first + count].copy()


class HostBackend:
    """Launches a host-built library on NumPy arrays."""

    name = HOST

    def __init__(self, library: KernelLibrary, options: HostOptions = DEFAULT_HOST_OPTIONS) -> None:
        """Take a loaded library. Raises LibraryError if it is for another backend, or has no such level of CPU."""
        if library.info.backend != HOST:
            raise LibraryError(
                f"{library.path.name} is built for the {library.info.backend} backend and cannot run on the host; "
                "build it without --config=npu"
            )
        cpus = library.cpus()
        if options.cpu is not None and options.cpu not in cpus:
            raise LibraryError(f"--cpu={options.cpu} is no level that this machine has; it has {', '.join(cpus)}")
        self.library = library
        self.options = options
        self.cpu = options.cpu or cpus[0]
        """The level of CPU that launches compute with."""
        self._idle = IdleScratch()

    def facts(self) -> dict[str, object]:
        """Return how launches compute, for reports."""
        return {"cpu": self.cpu, "threads": self.options.threads, "memories_filled": self.options.fill}

    def cube_cores(self, array: Array) -> int:
        """Return the number of simulated cube cores."""
        return CUBE_CORES

    def bind(self, plan: LaunchPlan, arrays: Mapping[str, Array]) -> HostLaunch:
        """Take a plan and an array for each pointer of its entries, and scratch. Nothing is copied. When the launch is
        gone, the next one has its scratch.

        Raises ValueError if an array is missing, or is not contiguous.
        """
        check_arrays(self.library.info, plan, list(arrays))
        for name, array in arrays.items():
            if not array.flags.c_contiguous:
                raise ValueError(f"{name} is not contiguous: pass np.ascontiguousarray of it")
        sizes = [part.bytes for part in plan.scratch]
        areas = self._idle.take(sizes)
        scratch = tuple(area[:size] for area, size in zip(areas, sizes, strict=True))
        launch = HostLaunch(self.library, plan, dict(arrays), scratch, self.options)
        self._idle.lend(areas, launch)
        return launch

    def empty(self, shape: tuple[int, ...], dtype: str, like: Array) -> Array:
        """Return a new array."""
        return np.empty(shape, dtype=dtype)

    def from_numpy(self, array: Array) -> Array:
        """Return the array itself."""
        return array

    def to_numpy(self, array: Array) -> Array:
        """Return the array itself."""
        return array

    def synchronize(self) -> None:
        """Nothing to wait for: a host launch returns when it is done."""
