"""One action of a sweep: a kernel library against its reference at one shape, on several kinds of operands.

A wrong result is a row, not a failed action: the table shows it, and nobody computes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.sweep_row import FAILED, OK, WRONG, Point, SweepRow, run_action
from isa.a3 import CUBE_CORES
from kernels.backend import open_library
from kernels.described import kernel_of
from kernels.kernel import Shape
from kernels.library import KernelError, KernelLibrary
from kernels.run_case import bind_case

SEED = 0


def check(path: Path, shape: Shape, kinds: Sequence[str]) -> Iterator[SweepRow]:
    """Yield a row per kind of operands, or one that says why there are none. Raises LibraryError."""
    library = KernelLibrary(path)
    kernel, point = kernel_of(library.info), Point(library.info, shape, "check")
    # Asked before there is a backend: of a shape that the kernel is not for nothing needs to run.
    if skipped := point.unsupported(kernel):
        yield skipped
        return
    backend = open_library(library).backend
    for kind in kinds:
        try:
            found = bind_case(backend, kernel.case(shape, SEED, CUBE_CORES, kind)).check()
        except KernelError as error:
            yield point.row(kind, FAILED, str(error))
        else:
            yield point.row(kind, OK if found.ok else WRONG, found.text)


if __name__ == "__main__":
    run_action("kind of the operands", check, __doc__)
