"""One interface to both backends.

Which backend a program can use is decided when it is built: `bazel run` brings host-built libraries along, `bazel run
--config=npu` device-built ones. `auto` follows the library; asking for the other one is an error that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from kernels.host import HostBackend
from kernels.library import HOST, NPU, KernelLibrary, LibraryError
from kernels.npu import NpuBackend, import_torch_npu
from kernels.plan import LaunchPlan
from runtime.host_kernel import HostOptions

AUTO = "auto"
BACKENDS = (AUTO, HOST, NPU)
"""Values of --backend."""


class BoundLaunch(Protocol):
    """A plan with its buffers."""

    def run(self) -> None:
        """Launch. The host returns when the results are there; the device when the launches are queued on the current
        stream.
        """

    def poison(self) -> None:
        """Fill scratch and outputs with NaN, so that nothing of an earlier run can pass for the next one's."""

    def scratch_floats(self, first: int, count: int) -> Any:
        """Return a copy of FP32 values that the last run has left in the plan's first scratch, from element `first`."""


class Backend(Protocol):
    """Launches one library. Arrays are NumPy's on the host, torch_npu tensors on the device."""

    name: str
    library: KernelLibrary

    def cube_cores(self, array: Any) -> int:
        """Return the number of cube cores of the device that `array` is on. Raises LibraryError if it is unknown."""

    def bind(self, plan: LaunchPlan, arrays: Mapping[str, Any]) -> BoundLaunch:
        """Take a plan and an array for each pointer of its entries. Raises ValueError if one is missing."""

    def empty(self, shape: tuple[int, ...], dtype: str, like: Any) -> Any:
        """Return a new array on the device that `like` is on."""

    def from_numpy(self, array: npt.NDArray[Any]) -> Any:
        """Return the array as this backend takes it."""

    def to_numpy(self, array: Any) -> npt.NDArray[Any]:
        """Return an array as NumPy's, after everything queued before is done."""

    def synchronize(self) -> None:
        """Wait until everything that was queued is done."""


@dataclass(frozen=True)
class Opened:
    """A backend and, in a few words, why it is this one."""

    backend: Backend
    why: str


@dataclass(frozen=True)
class Choice:
    """What a user may ask of a launch besides its kernel and operands."""

    backend: str = AUTO
    """One of BACKENDS."""

    cube_cores: int | None = None
    """Cube cores of the device, instead of what it says."""

    interleave: int | None = None
    """Seed of a random order of the host's simulated cores."""

    cpu: str | None = None
    """Level of CPU whose loops the host computes with, instead of the best."""

    threads: int | None = None
    """Threads of the host at most."""

    fill: bool = True
    """Whether the host makes NaN of what has no meaning; see HostOptions."""

    def host_options(self) -> HostOptions:
        """Return what concerns the host."""
        return HostOptions(self.cpu, self.threads, self.fill, self.interleave)


DEFAULT_CHOICE = Choice()
"""What the library is built for, on all its cores."""


def open_library(library: KernelLibrary, choice: Choice = DEFAULT_CHOICE) -> Opened:
    """Return the backend for a loaded library. Raises LibraryError if it cannot run here, or not as chosen."""
    built, name = library.info.backend, library.path.name
    if choice.backend not in (AUTO, built):
        raise LibraryError(
            f"--backend={choice.backend} was asked for, but {name} is built for the {built} backend; "
            + ("build and run with --config=npu" if choice.backend == NPU else "build and run without --config=npu")
        )
    asked = "asked for" if choice.backend != AUTO else "auto"
    doubt = "; NOT AUDITED, since it was built with --no//flash_atten:audit" if library.info.unaudited else ""
    if built == HOST and choice.cube_cores is not None:
        raise LibraryError(
            f"--cube_cores={choice.cube_cores} is about the device, but {name} is built for the {built} backend; leave "
            "it out"
        )
    if built == HOST:
        host = HostBackend(library, choice.host_options())
        filled = "" if choice.fill else ", memories not filled with NaN"
        return Opened(host, f"host ({asked}: {name} is built for CPUs; loops for {host.cpu}{filled}{doubt})")
    for flag, value, what in (
        ("interleave", choice.interleave, "orders the simulated cores"),
        ("cpu", choice.cpu, "chooses the loops"),
        ("threads", choice.threads, "limits the threads"),
    ):
        if value is not None:
            raise LibraryError(
                f"--{flag}={value} {what} of the host, but {name} is built for the {built} backend; leave it out"
            )
    backend = NpuBackend(library, import_torch_npu(), cube_cores=choice.cube_cores)
    return Opened(backend, f"npu ({asked}: {name} is built for the device, and {backend.device_name} is usable{doubt})")
