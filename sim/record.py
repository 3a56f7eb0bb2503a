"""Launches a Flash Attention library that was compiled in trace mode, and reads the trace.

No tile is computed: the operands hold zeros.
"""

from __future__ import annotations

import ctypes
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flash_atten.config import HEAD, KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.launch_library import BuildInfo, KernelError, LibraryError
from runtime.loading import load_library
from sim.program import ByteRange, bytes_of
from trace.file import read_trace
from trace.format import Trace

TRACE_SUFFIX = ".trace.so"
"""How the libraries of fa_library in trace mode are called."""


@dataclass(frozen=True)
class Recording:
    """A trace, and what the judge must know of the launch."""

    trace: Trace
    scratch: tuple[ByteRange, ...]
    """The GM slots of the FIFOs: they hold no value before the launch."""


class TraceLibrary:
    """A loaded trace library."""

    def __init__(self, path: Path) -> None:
        """Load `path`. Raises LibraryError if it is not a Flash Attention library in trace mode."""
        self.path = path
        try:
            self._library = load_library(path)
        except OSError as error:
            raise LibraryError(f"{path} does not load as a kernel library: {error}") from error
        for symbol in ("pto_trace_to", "pto_last_error", "call_kernel_checked", "fa_build_info"):
            if not hasattr(self._library, symbol):
                raise LibraryError(
                    f"{path} does not export {symbol}, so it is not a Flash Attention kernel in trace mode; build and "
                    f"give the target's {TRACE_SUFFIX}"
                )
        self._library.pto_last_error.restype = ctypes.c_char_p
        self._library.fa_build_info.restype = ctypes.c_char_p
        operands, sizes = [ctypes.c_void_p] * 4, [ctypes.c_int64] * 2
        entry = self._library.call_kernel_checked
        entry.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint64, *operands, *sizes]
        self.info = BuildInfo.parse(self._library.fa_build_info().decode())
        self.config = KernelConfig(self.info.s1_tile, self.info.qk_preload, kv_split=self.info.kv_split)

    def record(self, shape: LaunchShape, block_dim: int) -> Recording:
        """Launch `shape` on `block_dim` cores and return its trace.

        Raises ValueError if the kernel cannot run the shape, KernelError with the runtime's report if it fails.
        """
        shape.check(self.config)
        if not 1 <= block_dim <= shape.q_blocks:
            raise ValueError(
                f"block_dim = {block_dim} is not possible with q_rows = {shape.q_rows}: use 1 to {shape.q_blocks}, the "
                "number of Q blocks"
            )
        slots = np.zeros(block_dim * fifo_bytes_per_core(self.config), np.uint8)
        q, k, v = (np.zeros((rows, HEAD), np.float16) for rows in (shape.q_rows, shape.s1, shape.s1))
        out = np.zeros((shape.q_rows, HEAD), np.float32)
        pointers = [array.ctypes.data for array in (q, k, v, out)]
        with tempfile.TemporaryDirectory(prefix="pto_trace_") as directory:
            path = Path(directory) / f"{self.info.name}.trace"
            self._library.pto_trace_to(str(path).encode())
            code = self._library.call_kernel_checked(
                block_dim, slots.ctypes.data, slots.nbytes, *pointers, shape.q_rows, shape.s1
            )
            if code != 0:
                report = (self._library.pto_last_error() or b"no report").decode(errors="replace")
                raise KernelError(f"the kernel {self.info.name} failed:\n{report}")
            trace = read_trace(path)
        return Recording(trace, (bytes_of(slots),))


def libraries_beside(module: str) -> list[Path]:
    """Return the trace libraries in the directory of the file `module`, where runfiles have a package's targets.

    Raises LibraryError if there are none.
    """
    directory = Path(module).parent
    paths = sorted(directory.glob(f"*{TRACE_SUFFIX}"))
    if not paths:
        raise LibraryError(
            f"there is no *{TRACE_SUFFIX} in {directory}; name a library with --so=PATH, or start this binary with "
            "`bazel run`, which brings its libraries along"
        )
    return paths
