"""One action of a sweep: whether everything is ordered that a kernel library in trace mode does at one shape.

A hazard is a row, not a failed action: the table shows it, and nobody looks for it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.sweep_row import FAILED, OK, WRONG, Point, SweepRow, run_action
from kernels.kernel import Shape, Trial
from kernels.library import KernelError
from sim.check import check as check_hazards
from sim.record import TraceLibrary
from sim.report import counts_text, in_time_text, outcome


def check(library: TraceLibrary, point: Point, cores: int) -> Iterator[SweepRow]:
    """Record a shape on so many cores and judge it: a row for each launch."""
    subject = f"block_dim {cores}"
    try:
        found = check_hazards(library, Trial(point.shape, cores))
    except (KernelError, ValueError) as error:
        yield point.row(subject, FAILED, str(error))
        return
    for entry, verdict, accepted in found:
        words = [f"{outcome(verdict)} in {counts_text(verdict.counts)}"]
        if accepted:
            words.append(in_time_text(accepted))
        of_entry = f"{subject}, {entry}" if len(found) > 1 else subject
        yield point.row(of_entry, OK if verdict.ok else WRONG, "; ".join(words))


def check_all(path: Path, shape: Shape, block_dims: Sequence[str]) -> Iterator[SweepRow]:
    """Yield a row per number of cores, or one that says why there are none. Raises LibraryError."""
    library = TraceLibrary(path)
    point = Point(library.info, shape, "hazards")
    if skipped := point.unsupported(library.kernel):
        yield skipped
        return
    for cores in block_dims:
        yield from check(library, point, int(cores))


if __name__ == "__main__":
    run_action("cores of the launch (block_dim)", check_all, __doc__)
