"""The NPU backend: torch_npu tensors, the current stream, the kernel compiled by bisheng.

Everything it needs of torch and torch_npu is one object, so that a test can stand in for both: `torch.npu`'s functions,
and `empty` to allocate. Nothing here has run on hardware yet; docs/npu.md has the checklist for the first who does.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.arguments import arguments_of, check_arrays
from kernels.host import NOT_A_NUMBER
from kernels.library import NPU, KernelLibrary, LibraryError
from kernels.plan import LaunchPlan
from runtime.host_kernel import RawArgument


def import_torch_npu() -> Any:
    """Import torch with torch_npu; return the torch module. Raises LibraryError if they do not fit together, or there
    is no usable device.
    """
    try:
        torch = importlib.import_module("torch")
        torch_npu = importlib.import_module("torch_npu")
    except (ImportError, OSError, RuntimeError) as error:  # torch loads torch_npu itself, and wraps what that raises
        raise LibraryError(
            "the npu backend needs torch, torch_npu of the same minor version and CANN, and importing them failed: "
            f"{error.__cause__ or error}; source CANN's set_env.sh, install torch_npu for your CANN, or build and run "
            "without --config=npu to use the host"
        ) from error
    if minor_version(torch) != minor_version(torch_npu):
        raise LibraryError(
            f"torch is {torch.__version__} and torch_npu is {torch_npu.__version__}; their minor versions must be the "
            f"same: install torch_npu {minor_version(torch)}, or build and run without --config=npu to use the host"
        )
    try:
        torch.from_numpy(np.zeros(1, dtype=np.float32))
    except RuntimeError as error:  # a torch built for numpy 1
        raise LibraryError(
            f"torch {torch.__version__} cannot use this build's numpy {np.__version__} ({error}); install torch 2.3 or "
            "newer with its torch_npu, or build and run without --config=npu to use the host"
        ) from error
    if not torch.npu.is_available():
        raise LibraryError(
            "the npu backend needs a device, and torch_npu sees none (torch.npu.is_available() is False); check "
            "`npu-smi info` and that "
            "CANN's set_env.sh was sourced, or build and run without --config=npu to use the host"
        )
    return torch


def minor_version(module: Any) -> str:
    """Return major and minor version of a module: 2.13 for 2.13.0+cpu and 2.13.0.post1."""
    return ".".join(str(module.__version__).split(".")[:2])


def device_cube_cores(torch: Any, device: Any, given: int | None) -> int:
    """Return the number of cube cores of `device`: `given` if it is not None, else what torch_npu says.

    Raises LibraryError if torch_npu does not say it: a guess would leave cores idle or ask for too many.
    """
    if given is not None:
        if given <= 0:
            raise ValueError(f"cube_cores = {given} is not a number of cores; leave it out to ask the device")
        return given
    properties = torch.npu.get_device_properties(device)
    cores = getattr(properties, "cube_core_num", 0)
    if not cores:
        raise LibraryError(
            "this torch_npu does not tell how many cube cores the device has (no cube_core_num in its properties); "
            "give it with "
            "--cube_cores=24 for an A3 die with all cores (`npu-smi info -t board` and the data sheet tell)"
        )
    return int(cores)


def current_device_cube_cores() -> int:
    """Return the number of cube cores of the current device. Raises LibraryError if there is none, or it is unknown."""
    torch = import_torch_npu()
    return device_cube_cores(torch, f"{NPU}:{torch.npu.current_device()}", None)


@dataclass(frozen=True)
class NpuLaunch:
    """A plan on device tensors. `run` queues its launches on the stream that is current then on their device."""

    backend: NpuBackend = field(repr=False)
    plan: LaunchPlan
    arrays: Mapping[str, Any]
    """Tensors by parameter of the entries."""

    @property
    def device(self) -> Any:
        """The device of all tensors. A machine with an A3 has several dies, each a device of its own."""
        return next(iter(self.arrays.values())).device

    def run(self) -> None:
        """Queue the launches and return. Raises KernelError if one is refused."""
        npu, library = self.backend.torch.npu, self.backend.library
        with npu.device(self.device):  # the runtime launches on the current device, whatever the stream's is
            stream = npu.current_stream()
            scratch = self.backend.scratch(self.device, stream.npu_stream, self.plan)
            arrays = {name: RawArgument(tensor.data_ptr()) for name, tensor in self.arrays.items()}
            areas = [RawArgument(tensor.data_ptr()) for tensor in scratch]
            for launch in self.plan.launches:
                arguments = arguments_of(library.info.entry(launch.entry).parameters, self.plan, arrays, areas)
                library.launch_on_stream(launch.entry, launch.block_dim, stream.npu_stream, arguments)
            for tensor in (*scratch, *self.arrays.values()):
                tensor.record_stream(stream)  # the allocator may not hand their memory out before the kernel is done

    def poison(self) -> None:
        """Fill this launch's scratch and its outputs with NaN."""
        npu = self.backend.torch.npu
        with npu.device(self.device):
            for tensor in self.backend.scratch(self.device, npu.current_stream().npu_stream, self.plan):
                tensor.fill_(NOT_A_NUMBER)
            for name in self.plan.outputs:
                self.arrays[name].fill_(float("nan"))

    def scratch_floats(self, first: int, count: int) -> Any:
        """Return a copy of FP32 values that the last run leaves in the plan's first scratch, from element `first`.

        It is queued on the stream that is current, which must be that of the run.
        """
        npu = self.backend.torch.npu
        with npu.device(self.device):
            scratch = self.backend.scratch(self.device, npu.current_stream().npu_stream, self.plan)[0]
            return scratch.view(self.backend.torch.float32)[first : first + count].clone()


class NpuBackend:
    """Launches a device-built library on torch_npu tensors."""

    name = NPU

    def __init__(self, library: KernelLibrary, torch: Any, *, cube_cores: int | None = None) -> None:
        """Take a loaded library and torch with torch_npu. Raises LibraryError if they do not fit or the core count is
        unknown.
        """
        if library.info.backend != NPU:
            raise LibraryError(
                f"{library.path.name} is built for the {library.info.backend} backend; build it with --config=npu"
            )
        self.library = library
        self.torch = torch
        self.device_name = str(torch.npu.get_device_name())
        self._given_cores = cube_cores
        self._cores: dict[str, int] = {}
        self._scratch: dict[tuple[str, int, tuple[int, ...]], tuple[Any, ...]] = {}
        self._cores_of(f"{NPU}:{torch.npu.current_device()}")  # an unknown number is said before anything is launched

    def cube_cores(self, array: Any) -> int:
        """Return the number of cube cores of the device that `array` is on. Raises LibraryError if it is unknown."""
        return self._cores_of(array.device)

    def _cores_of(self, device: Any) -> int:
        key = str(device)
        if key not in self._cores:
            self._cores[key] = device_cube_cores(self.torch, device, self._given_cores)
        return self._cores[key]

    def scratch(self, device: Any, stream: int, plan: LaunchPlan) -> tuple[Any, ...]:
        """Return the scratch of a plan for launches on a stream of `device`; allocated once, then reused.

        Launches on one stream follow each other, so they can share it; two streams may overlap, so each has its own.
        """
        sizes = tuple(part.bytes for part in plan.scratch)
        key = (str(device), stream, sizes)  # two devices may have streams with the same handle
        if key not in self._scratch:
            make = self.torch.empty
            self._scratch[key] = tuple(make(size, dtype=self.torch.uint8, device=device) for size in sizes)
        return self._scratch[key]

    def bind(self, plan: LaunchPlan, arrays: Mapping[str, Any]) -> NpuLaunch:
        """Take a plan and a tensor for each pointer of its entries, all on one device. Raises ValueError."""
        check_arrays(self.library.info, plan, list(arrays))
        devices = {name: str(tensor.device) for name, tensor in arrays.items()}
        if len(set(devices.values())) != 1 or not all(device.startswith(NPU) for device in devices.values()):
            places = ", ".join(f"{name} on {device}" for name, device in devices.items())
            raise ValueError(f"the npu backend takes tensors on one device (tensor.npu()); given are {places}")
        return NpuLaunch(self, plan, dict(arrays))

    def empty(self, shape: tuple[int, ...], dtype: str, like: Any) -> Any:
        """Return a new tensor on the device that `like` is on."""
        return self.torch.empty(shape, dtype=getattr(self.torch, dtype), device=like.device)

    def from_numpy(self, array: npt.NDArray[Any]) -> Any:
        """Copy an array to the current device."""
        return self.torch.from_numpy(array).npu()

    def to_numpy(self, array: Any) -> npt.NDArray[Any]:
        """Copy a tensor to the host; that waits for the stream."""
        result: npt.NDArray[Any] = array.cpu().numpy()
        return result

    def synchronize(self) -> None:
        """Wait for the current device."""
        self.torch.npu.synchronize()
