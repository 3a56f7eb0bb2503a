"""Launches libraries that were compiled in trace mode, and reads the traces.

No tile is computed: the operands of Flash Attention hold zeros.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flash_atten.config import HEAD, KernelConfig, LaunchShape
from flash_atten.plan import launch_plan
from kernels.arguments import arguments_of, check_arrays
from kernels.library import TRACE, Argument, KernelLibrary, LibraryError
from kernels.plan import LaunchPlan
from sim.program import ByteRange, bytes_of
from trace.file import read_trace
from trace.format import Trace

TRACE_SUFFIX = ".trace.so"
"""How libraries in trace mode are called."""


@dataclass(frozen=True)
class Recording:
    """A trace, and what the judge must know of the launch."""

    trace: Trace
    scratch: tuple[ByteRange, ...]
    """Scratch memory, such as the GM slots of FIFOs: it holds no value before the first launch."""


class TraceLibrary:
    """A loaded trace library of any kernel."""

    def __init__(self, path: Path) -> None:
        """Load `path`. Raises LibraryError if it is not a kernel library in trace mode."""
        self.path = path
        self._library = KernelLibrary(path, mode=TRACE)
        self.info = self._library.info

    @cached_property
    def config(self) -> KernelConfig:
        """The configuration of a Flash Attention library. Raises LibraryError if it is of another kernel."""
        try:
            return KernelConfig.of(self.info.knobs)
        except (TypeError, ValueError) as error:
            raise LibraryError(f"{self.path} is not a Flash Attention library: {error}") from error

    def record(self, shape: LaunchShape, block_dim: int) -> Recording:
        """Launch Flash Attention of `shape` on `block_dim` cores and return its trace.

        Raises ValueError if the kernel cannot run the shape, KernelError with the runtime's report if it fails.
        """
        plan = launch_plan(self.config, shape, block_dim)
        q, k, v = (np.zeros((rows, HEAD), np.float16) for rows in (shape.q_rows, shape.s1, shape.s1))
        (recording,) = self.record_plan(plan, {"q": q, "k": k, "v": v, "o": np.zeros((shape.q_rows, HEAD), np.float32)})
        return recording

    def record_plan(self, plan: LaunchPlan, arrays: Mapping[str, NDArray[Any]]) -> list[Recording]:
        """Make the launches of `plan` and return their traces. Scalars that a kernel loads, it finds in the arrays.

        Raises ValueError if an array is missing, KernelError with the runtime's report if a launch fails.
        """
        check_arrays(self.info, plan, list(arrays))
        areas = [np.zeros(part.bytes, np.uint8) for part in plan.scratch]
        operands = {name: Argument(array.ctypes.data, array.nbytes) for name, array in arrays.items()}
        scratch = [Argument(area.ctypes.data, area.nbytes) for area in areas]
        recordings = []
        with tempfile.TemporaryDirectory(prefix="pto_trace_") as directory:
            path = Path(directory) / f"{self.info.name}.trace"
            for launch in plan.launches:
                arguments = arguments_of(self.info.entry(launch.entry).parameters, plan, operands, scratch)
                self._library.launch_on_host(launch.entry, launch.block_dim, arguments, trace=path)
                recordings.append(Recording(read_trace(path), tuple(map(bytes_of, areas))))
        return recordings


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
