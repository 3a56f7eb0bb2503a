"""The host backend: NumPy arrays, the kernel compiled for this computer's CPU.

What it computes is what the device would; how long it takes says nothing about the device.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.launch_arrays import check_operands, check_out, numpy_operand
from flash_atten.launch_library import HOST, KernelLibrary, LibraryError

A3_CUBE_CORES = 24
"""Cube cores of one A3 die. The host simulates as many, so that blocks meet the same cores as on the device."""

Float16Array = npt.NDArray[np.float16]
Float32Array = npt.NDArray[np.float32]

NOT_A_NUMBER = 0xFF
"""Byte that makes FP16 and FP32 NaN when repeated: what a broken kernel then reads, or fails to write, is seen."""


def block_dim(shape: LaunchShape) -> int:
    """Return the number of cores that a host launch of `shape` uses."""
    return min(shape.q_blocks, A3_CUBE_CORES)


@dataclass(frozen=True)
class HostLaunch:
    """A checked launch with its buffers, ready to run any number of times. `out` holds the result after `run`."""

    library: KernelLibrary
    shape: LaunchShape
    q: Float16Array
    k: Float16Array
    v: Float16Array
    out: Float32Array
    slots: npt.NDArray[np.uint8] = field(repr=False)
    interleave: int | None = None
    """Seed of a random order of the simulated cores; without it each runs until a FIFO makes it wait."""

    def run(self) -> None:
        """Run the kernel to its end. Raises KernelError with the runtime's report if it fails; `out` is then
        meaningless.
        """
        pointers = [array.ctypes.data for array in (self.slots, self.q, self.k, self.v, self.out)]
        cores, shape = block_dim(self.shape), self.shape
        self.library.call_checked(cores, self.slots.nbytes, pointers, shape.q_rows, shape.s1, self.interleave)

    def poison(self) -> None:
        """Fill the FIFO slots and the result with NaN, so that nothing of an earlier run can pass for this one's."""
        self.slots.fill(NOT_A_NUMBER)
        self.out.fill(np.nan)


class HostBackend:
    """Launches a host-built library on NumPy arrays."""

    name = HOST

    def __init__(self, library: KernelLibrary, interleave: int | None = None) -> None:
        """Take a loaded library; for `interleave` see HostLaunch. Raises LibraryError if it is built for another
        backend.
        """
        if library.info.backend != HOST:
            raise LibraryError(
                f"{library.path.name} is built for the {library.info.backend} backend and cannot run on the host; "
                "build it without --config=npu"
            )
        self.library = library
        self._interleave = interleave

    @property
    def config(self) -> KernelConfig:
        """The configuration that the library was built for."""
        return self.library.config

    def bind(self, q: Float16Array, k: Float16Array, v: Float16Array, out: Float32Array | None = None) -> HostLaunch:
        """Check q [q rows, 128], k and v [s1, 128] (FP16, contiguous) and allocate what the launch needs.

        `out` [q rows, 128] FP32 receives the result; without it a new array does. Nothing is copied. Raises ValueError.
        """
        operands = [numpy_operand(name, array) for name, array in (("q", q), ("k", k), ("v", v))]
        shape = check_operands(self.config, *operands)
        if out is None:
            out = self.empty_like(q)
        check_out(out, shape.q_rows)
        slots = np.empty(block_dim(shape) * fifo_bytes_per_core(self.config), dtype=np.uint8)
        return HostLaunch(self.library, shape, q, k, v, out, slots, self._interleave)

    def launch(
        self, q: Float16Array, k: Float16Array, v: Float16Array, out: Float32Array | None = None
    ) -> Float32Array:
        """Bind and run once; return the result, [q rows, 128] FP32. Raises ValueError or KernelError."""
        bound = self.bind(q, k, v, out)
        bound.run()
        return bound.out

    def empty_like(self, q: Float16Array) -> Float32Array:
        """Return a new FP32 array in the shape of q."""
        return np.empty(q.shape, dtype=np.float32)

    def from_numpy(self, array: Float16Array) -> Float16Array:
        """Return the array itself."""
        return array

    def to_numpy(self, out: Float32Array) -> Float32Array:
        """Return the array itself."""
        return out

    def synchronize(self) -> None:
        """Nothing to wait for: a host launch returns when it is done."""
