"""Loads a kernel library that was compiled for the host, and launches it on numpy arrays."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.loading import interruptible_launch, load_library

Argument = NDArray[np.generic] | int | float


class KernelFailure(RuntimeError):
    """The kernel did what the machine cannot do; the text is the runtime's report (deadlock, out of bounds, ...)."""


class HostKernel:
    """A kernel library. Arrays are passed without a copy, so the kernel writes into them."""

    def __init__(self, path: Path) -> None:
        self._library = load_library(path)
        self._library.pto_last_error.restype = ctypes.c_char_p
        self._library.pto_entries.restype = ctypes.c_char_p
        self._library.pto_interleave.argtypes = [ctypes.c_uint64]

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of the entries; the first one is launched if none is named."""
        return tuple(self._library.pto_entries().decode().splitlines())

    def launch(
        self, block_dim: int, *arguments: Argument, entry: str | None = None, interleave: int | None = None
    ) -> None:
        """Runs `block_dim` blocks of `entry`; every access to global memory must lie in one of the arrays.

        `arguments` are those of the entry in its order: contiguous arrays for pointers, int for integers, float for
        f32. With the seed `interleave` the simulated cores run in a random order. Raises KernelFailure, and
        KeyboardInterrupt when Ctrl-C ends it.
        """
        values = [_bits(argument) for argument in arguments]
        sizes = [argument.nbytes if isinstance(argument, np.ndarray) else 0 for argument in arguments]
        array = ctypes.c_uint64 * len(arguments)
        if interleave is not None:
            self._library.pto_interleave(interleave)
        name = None if entry is None else entry.encode()
        with interruptible_launch(self._library):
            code = self._library.pto_launch_entry(name, block_dim, array(*values), array(*sizes), len(arguments))
        if code != 0:
            raise KernelFailure(self._library.pto_last_error().decode())

    def trace(self, path: Path, block_dim: int, *arguments: Argument, entry: str | None = None) -> None:
        """As `launch`, of a library compiled in trace mode: writes the trace to `path`.

        Tiles are not computed and no array is written to. Scalars are: what the scalar unit loads, it finds in the
        arrays as they are given.
        """
        self._library.pto_trace_to(str(path).encode())
        self.launch(block_dim, *arguments, entry=entry)


def _bits(argument: Argument) -> int:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise ValueError(f"an array of shape {argument.shape} is not contiguous: pass np.ascontiguousarray of it")
        return argument.ctypes.data
    if isinstance(argument, float):
        return int.from_bytes(struct.pack("<f", argument), "little")
    return argument & 0xFFFFFFFFFFFFFFFF
