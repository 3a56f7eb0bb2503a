"""Launches libraries that were compiled in trace mode, and reads the traces.

No tile is computed.
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

from kernels.arguments import arguments_of, check_arrays
from kernels.described import kernel_of
from kernels.kernel import Kernel, Trial
from kernels.library import TRACE, KernelLibrary, LibraryError
from kernels.plan import LaunchPlan
from runtime.host_kernel import RawArgument
from sim.carried import still_blank
from sim.program import ByteRange, bytes_of
from tracing.file import read_trace
from tracing.format import Trace

TRACE_SUFFIX = ".trace.so"
"""How libraries in trace mode are called."""


@dataclass(frozen=True)
class Recording:
    """A trace, and what the judge must know of the launch."""

    trace: Trace
    scratch: tuple[ByteRange, ...]
    """Scratch memory that holds no value before the launch, such as the GM slots of FIFOs."""
    entry: str = ""
    """What was launched, if that is known."""


class TraceLibrary:
    """A loaded trace library of any kernel."""

    def __init__(self, path: Path) -> None:
        """Load `path`. Raises LibraryError if it is not a kernel library in trace mode."""
        self.path = path
        self._library = KernelLibrary(path, mode=TRACE)
        self.info = self._library.info

    @cached_property
    def kernel(self) -> Kernel:
        """What the library says that it is a kernel of. Raises LibraryError."""
        return kernel_of(self.info)

    def record_trial(self, trial: Trial) -> list[Recording]:
        """Make the launches of a shape on at most so many cores; return a trace for each.

        Raises ValueError for a shape that the kernel cannot run, KernelError with the runtime's report if it fails.
        """
        case = self.kernel.case(trial.shape, 0, trial.cores, self.kernel.traced_kind)
        return self.record_plan(case.plan, case.arrays)

    @property
    def removed_barriers(self) -> list[str]:
        """The patterns of barriers that the patcher removed."""
        return list(map(str, self.info.fields().get("remove_barriers", [])))

    def record_plan(self, plan: LaunchPlan, arrays: Mapping[str, NDArray[Any]]) -> list[Recording]:
        """Make the launches of `plan` and return their traces. Scalars that a kernel loads, it finds in the arrays.

        What a launch has written in the scratch holds a value for those behind it.

        Raises ValueError if an array is missing, KernelError with the runtime's report if a launch fails.
        """
        check_arrays(self.info, plan, list(arrays))
        areas = [np.zeros(part.bytes, np.uint8) for part in plan.scratch]
        operands = {name: RawArgument.of(array) for name, array in arrays.items()}
        scratch = list(map(RawArgument.of, areas))
        recordings: list[Recording] = []
        # A trace has absolute addresses in GM: `areas` live as long as the launches, so these bytes stay theirs.
        blank = tuple(map(bytes_of, areas))
        with tempfile.TemporaryDirectory(prefix="pto_trace_") as directory:
            path = Path(directory) / f"{self.info.name}.trace"
            for launch in plan.launches:
                arguments = arguments_of(self.info.entry(launch.entry).parameters, plan, operands, scratch)
                self._library.prepare_on_host(launch.entry, launch.block_dim, arguments, trace=path).run()
                recordings.append(Recording(read_trace(path), blank, launch.entry))
                blank = still_blank(blank, recordings[-1].trace)
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
