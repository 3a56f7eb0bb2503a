"""One interface to both backends, and the choice between them.

Which backend a program can use is decided when it is built: `bazel run` brings host-built libraries along, `bazel run
--config=npu` device-built ones. `auto` follows the library; asking for the other one is an error that says so.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from flash_atten.config import S0, KernelConfig, LaunchShape, auto_s1_tile
from flash_atten.launch_host import HostBackend
from flash_atten.launch_library import HOST, NPU, KernelLibrary, LibraryError, library_path
from flash_atten.launch_npu import NpuBackend, import_torch_npu

AUTO = "auto"
BACKENDS = (AUTO, HOST, NPU)
"""Values of --backend."""

AUTO_TILE = "auto"
"""Value of --s1_tile that leaves the choice to `auto_s1_tile`."""


class BoundLaunch(Protocol):
    """A checked launch with its buffers."""

    @property
    def out(self) -> Any:
        """The result's array."""
        ...

    def run(self) -> None:
        """Launch. The host returns when the result is there; the device when the launch is queued on the current
        stream.
        """
        ...

    def poison(self) -> None:
        """Fill FIFO slots and result with NaN, so that nothing of an earlier run can pass for the next one's."""
        ...


class Backend(Protocol):
    """Launches one library. Arrays are NumPy's on the host, torch_npu tensors on the device."""

    name: str
    library: KernelLibrary

    def bind(self, q: Any, k: Any, v: Any, out: Any = None) -> BoundLaunch:
        """Check the operands and allocate what a launch needs. Raises ValueError."""
        ...

    def launch(self, q: Any, k: Any, v: Any, out: Any = None) -> Any:
        """Bind and run once; return the result's array."""
        ...

    def empty_like(self, q: Any) -> Any:
        """Return a new FP32 array of this backend in the shape of q, on its device."""
        ...

    def from_numpy(self, array: npt.NDArray[np.float16]) -> Any:
        """Return the array as this backend takes it."""
        ...

    def to_numpy(self, out: Any) -> npt.NDArray[np.float32]:
        """Return a result as a NumPy array, after everything queued before is done."""
        ...

    def synchronize(self) -> None:
        """Wait until everything that was queued is done."""
        ...


@dataclasses.dataclass(frozen=True)
class Opened:
    """A backend and, in a few words, why it is this one."""

    backend: Backend
    why: str


def choose_config(s1_tile: str, qk_preload: int, *, q_rows: int, s1: int) -> KernelConfig:
    """Return the configuration for a shape; `s1_tile` is a number or `auto`. Raises ValueError for what cannot run.

    The rules for s1 come first: where q_rows follows s1, they are what the user can mend.
    """
    keys_only = LaunchShape(q_rows=S0, s1=s1)
    if s1_tile == AUTO_TILE:
        tile = auto_s1_tile(keys_only)
    else:
        try:
            tile = int(s1_tile)
        except ValueError:
            raise ValueError(f"s1_tile = {s1_tile!r} is not supported: use auto, or a tile size in rows of K") from None
    config = KernelConfig(s1_tile=tile, qk_preload=qk_preload)
    keys_only.check(config)
    LaunchShape(q_rows=q_rows, s1=s1).check(config)
    return config


def open_backend(
    config: KernelConfig,
    choice: str = AUTO,
    *,
    path: Path | None = None,
    cube_cores: int | None = None,
    interleave: int | None = None,
) -> Opened:
    """Load the library for `config` (or the one at `path`) and return the backend for it.

    `choice` is one of `BACKENDS`. `cube_cores` overrides the device's count; `interleave` is the seed of a random order
    of the host's simulated cores. Raises LibraryError if the library is missing, is not built for `config`, or cannot
    run here.
    """
    library = KernelLibrary(path or library_path(config), config)
    built = library.info.backend
    if choice not in (AUTO, built):
        raise LibraryError(
            f"--backend={choice} was asked for, but {library.path.name} is built for the {built} backend; "
            + ("build and run with --config=npu" if choice == NPU else "build and run without --config=npu")
        )
    asked = "asked for" if choice != AUTO else "auto"
    if built == HOST:
        return Opened(
            HostBackend(library, interleave),
            f"host ({asked}: {library.path.name} is built for the CPU of this computer)",
        )
    if interleave is not None:
        raise LibraryError(
            f"--interleave={interleave} orders the simulated cores of the host, but {library.path.name} is built for "
            f"the {built} backend; leave it out"
        )
    torch_npu = import_torch_npu()
    backend = NpuBackend(library, torch_npu, cube_cores=cube_cores)
    return Opened(
        backend, f"npu ({asked}: {library.path.name} is built for the device, and {backend.device_name} is usable)"
    )
