"""The NPU backend: torch_npu tensors, the current stream, the kernel compiled by bisheng.

Everything it needs of torch and torch_npu is one object, so that a test can stand in for both: `torch.npu`'s functions,
and `empty` to allocate. Nothing here has run on hardware yet; docs/npu.md has the checklist for the first who does.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.launch_arrays import Operand, check_operands, torch_operand
from flash_atten.launch_library import NPU, KernelLibrary, LibraryError

NOT_A_NUMBER = 0xFF
"""Byte that makes FP32 and FP16 NaN when repeated."""


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


@dataclass(frozen=True)
class NpuLaunch:
    """A checked launch on device tensors. `run` queues it on the stream that is current then on their device."""

    backend: NpuBackend = field(repr=False)
    shape: LaunchShape
    q: Any
    k: Any
    v: Any
    out: Any

    @property
    def device(self) -> Any:
        """The device of all operands. A machine with an A3 has several dies, each a device of its own."""
        return self.q.device

    @property
    def block_dim(self) -> int:
        """Cores that the launch asks for: a block each, as far as the device has cores."""
        return min(self.shape.q_blocks, self.backend.cube_cores(self.device))

    def run(self) -> None:
        """Queue the kernel and return. Raises KernelError if the launch is refused."""
        npu = self.backend.torch.npu
        with npu.device(self.device):  # the runtime launches on the current device, whatever the stream's is
            stream = npu.current_stream()
            slots = self.backend.slots(self.device, stream.npu_stream, self.block_dim)
            tensors = (slots, self.q, self.k, self.v, self.out)
            pointers = tuple(tensor.data_ptr() for tensor in tensors)
            self.backend.library.call(self.block_dim, stream.npu_stream, pointers, self.shape.q_rows, self.shape.s1)
            for tensor in tensors:
                tensor.record_stream(stream)  # the allocator may not hand their memory out before the kernel is done

    def poison(self) -> None:
        """Fill this launch's FIFO slots and its result with NaN."""
        npu = self.backend.torch.npu
        with npu.device(self.device):
            slots = self.backend.slots(self.device, npu.current_stream().npu_stream, self.block_dim)
            slots.fill_(NOT_A_NUMBER)
            self.out.fill_(float("nan"))


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
        self._slots: dict[tuple[str, int, int], Any] = {}
        self.cube_cores(f"{NPU}:{torch.npu.current_device()}")  # an unknown number is said before anything is launched

    @property
    def config(self) -> KernelConfig:
        """The configuration that the library was built for."""
        return self.library.config

    def cube_cores(self, device: Any) -> int:
        """Return the number of cube cores of `device`. Raises LibraryError if it is unknown."""
        key = str(device)
        if key not in self._cores:
            self._cores[key] = device_cube_cores(self.torch, device, self._given_cores)
        return self._cores[key]

    def slots(self, device: Any, stream: int, block_dim: int) -> Any:
        """Return the GM slot buffer for launches of `block_dim` cores on a stream of `device`; allocated once, then
        reused.

        Launches on one stream follow each other, so they can share it; two streams may overlap, so each has its own.
        """
        key = (str(device), stream, block_dim)  # two devices may have streams with the same handle
        if key not in self._slots:
            size = block_dim * fifo_bytes_per_core(self.config)
            self._slots[key] = self.torch.empty(size, dtype=self.torch.uint8, device=device)
        return self._slots[key]

    def bind(self, q: Any, k: Any, v: Any, out: Any = None) -> NpuLaunch:
        """Check q [q rows, 128], k and v [s1, 128] (FP16, contiguous, on one NPU); `out` is FP32 [q rows, 128] or made
        here.

        Raises ValueError.
        """
        operands = [torch_operand(name, tensor) for name, tensor in (("q", q), ("k", k), ("v", v))]
        shape = check_operands(self.config, *operands)
        if not operands[0].device.startswith(NPU):
            raise ValueError(
                f"q, k and v are on {operands[0].device}; the npu backend takes tensors on the device (tensor.npu())"
            )
        if out is None:
            out = self.empty_like(q)
        given, needed = (
            torch_operand("out", out),
            Operand("out", "float32", operands[0].shape, True, operands[0].device),
        )
        if given != needed:
            raise ValueError(f"out is {_in_words(given)}; the result needs {_in_words(needed)}")
        return NpuLaunch(self, shape, q, k, v, out)

    def launch(self, q: Any, k: Any, v: Any, out: Any = None) -> Any:
        """Bind and queue once; return the result tensor, [q rows, 128] FP32. Raises ValueError or KernelError."""
        bound = self.bind(q, k, v, out)
        bound.run()
        return bound.out

    def empty_like(self, q: Any) -> Any:
        """Return a new FP32 tensor in the shape of q, on its device."""
        return self.torch.empty(tuple(q.shape), dtype=self.torch.float32, device=q.device)

    def from_numpy(self, array: npt.NDArray[np.float16]) -> Any:
        """Copy an array to the current device."""
        return self.torch.from_numpy(array).npu()

    def to_numpy(self, out: Any) -> npt.NDArray[np.float32]:
        """Copy a result to the host; that waits for the stream."""
        result: npt.NDArray[np.float32] = out.cpu().numpy()
        return result

    def synchronize(self) -> None:
        """Wait for the current device."""
        self.torch.npu.synchronize()


def _in_words(operand: Operand) -> str:
    order = "contiguous" if operand.contiguous else "not contiguous"
    return f"{operand.dtype} {list(operand.shape)} on {operand.device}, {order}"
