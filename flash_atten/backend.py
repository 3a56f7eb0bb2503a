"""Flash Attention on a backend: operands checked, planned and bound; and the choice of a library for a shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flash_atten.config import KernelConfig
from flash_atten.libraries import libraries_beside, library_path
from flash_atten.operands import Operand, check_operands, check_out, numpy_operand, torch_operand
from flash_atten.plan import block_dim, launch_plan
from flash_atten.scratch import scratch_of
from isa.a3 import CUBE_CORES
from kernels.backend import DEFAULT_CHOICE, Backend, BoundLaunch, Choice, open_library
from kernels.library import HOST, KernelLibrary, LibraryError
from kernels.npu import current_device_cube_cores


@dataclass(frozen=True)
class BoundAttention:
    """A checked launch with its buffers. `out` is the result's array."""

    launch: BoundLaunch
    out: Any
    rows: int
    """Rows of the result."""
    lse_at: int | None
    """Where the log-sum-exps begin in the scratch, in FP32 elements; None if the kernel leaves none."""

    def lse(self) -> Any:
        """Return a copy of the log-sum-exps that `run` has left, [rows] FP32. Raises ValueError if there are none."""
        if self.lse_at is None:
            raise ValueError("this kernel leaves no log-sum-exps: build it with heads = True")
        return self.launch.scratch_floats(self.lse_at, self.rows)

    def run(self) -> None:
        """Launch. The host returns when the result is there; the device when the launch is queued on the current
        stream.
        """
        self.launch.run()

    def poison(self) -> None:
        """Fill FIFO slots and result with NaN, so that nothing of an earlier run can pass for the next one's."""
        self.launch.poison()


class AttentionBackend:
    """Launches one Flash Attention library. Arrays are NumPy's on the host, torch_npu tensors on the device."""

    def __init__(self, backend: Backend, config: KernelConfig) -> None:
        """Take the backend of a library that is built for `config`."""
        self.backend, self.config = backend, config
        self.name, self.library = backend.name, backend.library
        self.from_numpy, self.to_numpy, self.synchronize = backend.from_numpy, backend.to_numpy, backend.synchronize

    def bind(self, q: Any, k: Any, v: Any, out: Any = None, *, heads: int = 1) -> BoundAttention:
        """Check q [q rows, 128], k and v [s1, 128] (FP16, contiguous, on one device), allocate what the launch needs.

        `out` [q rows, 128] FP32 receives the result; without it a new array does. Of several heads the rows are one
        below the other. Nothing is copied. Raises ValueError.
        """
        describe = numpy_operand if self.name == HOST else torch_operand
        operands = [describe(name, array) for name, array in (("q", q), ("k", k), ("v", v))]
        shape = check_operands(self.config, *operands, heads=heads)
        if self.name != HOST and not operands[0].device.startswith(self.name):
            raise ValueError(
                f"q, k and v are on {operands[0].device}; the npu backend takes tensors on the device (tensor.npu())"
            )
        if out is None:
            out = self.empty_like(q)
        check_out(describe("out", out), Operand("out", "float32", operands[0].shape, True, operands[0].device))
        cores = block_dim(self.config, shape, self.backend.cube_cores(q))
        plan = launch_plan(self.config, shape, cores)
        lse_at = scratch_of(self.config, shape, cores).lse if self.config.heads else None
        return BoundAttention(self.backend.bind(plan, {"q": q, "k": k, "v": v, "o": out}), out, shape.rows, lse_at)

    def launch(self, q: Any, k: Any, v: Any, out: Any = None) -> Any:
        """Bind and run once; return the result's array. Raises ValueError or KernelError."""
        bound = self.bind(q, k, v, out)
        bound.run()
        return bound.out

    def empty_like(self, q: Any) -> Any:
        """Return a new FP32 array of this backend in the shape of q, on its device."""
        return self.backend.empty(tuple(q.shape), "float32", q)


@dataclass(frozen=True)
class OpenedAttention:
    """A backend and, in a few words, why it is this one."""

    backend: AttentionBackend
    why: str


def cube_cores(choice: Choice, library: Path | None = None) -> int:
    """Return the cube cores that a launch has: of the device if `library`, or the first one beside this file, is built
    for it, else those that the host simulates.

    Raises ValueError if the device does not tell.
    """
    if choice.cube_cores is not None:
        return choice.cube_cores
    path = library or next(iter(libraries_beside()), None)
    try:
        if path is None or KernelLibrary(path).info.backend == HOST:
            return CUBE_CORES
        return current_device_cube_cores()
    except LibraryError as error:
        raise ValueError(f"{error}. Or choose yourself, with --kv_split=1") from error


def open_backend(config: KernelConfig, choice: Choice = DEFAULT_CHOICE, *, path: Path | None = None) -> OpenedAttention:
    """Load the library for `config` (or the one at `path`) and return the backend for it.

    Raises LibraryError if the library is missing, is not built for `config`, or cannot run here, or not as chosen.
    """
    opened = open_library(KernelLibrary(path or library_path(config), config.knobs), choice)
    return OpenedAttention(AttentionBackend(opened.backend, config), opened.why)
