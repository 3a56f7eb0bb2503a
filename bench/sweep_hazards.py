"""One action of a sweep: whether everything is ordered that a kernel library in trace mode does at one shape.

A hazard is a row, not a failed action: the table shows it, and nobody looks for it again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from bench.sweep_row import FAILED, OK, WRONG, SweepRow, row_for, unsupported, write_rows
from flash_atten.config import LaunchShape
from kernels.library import KernelError
from sim.check import check as check_hazards
from sim.record import TraceLibrary
from sim.report import counts_text, in_time_text, outcome


def check(library: TraceLibrary, block_dim: int, q_rows: int, s1: int) -> Iterator[SweepRow]:
    """Records a shape and judges it: a row for each launch."""
    subject = f"block_dim {block_dim}"
    try:
        found = check_hazards(library, LaunchShape(q_rows, s1), block_dim)
    except (KernelError, ValueError) as error:
        yield row_for(library.info, q_rows, s1, "hazards", subject, FAILED, str(error))
        return
    for entry, verdict, accepted in found:
        words = [f"{outcome(verdict)} in {counts_text(verdict.counts)}"]
        if accepted:
            words.append(in_time_text(accepted))
        of_entry = f"{subject}, {entry}" if len(found) > 1 else subject
        status = OK if verdict.ok else WRONG
        yield row_for(library.info, q_rows, s1, "hazards", of_entry, status, "; ".join(words))


def check_all(path: Path, block_dims: list[int], q_rows: int, s1: int) -> Iterator[SweepRow]:
    """A row per number of cores, or one that says why there are none. Raises LibraryError."""
    library = TraceLibrary(path)
    if skipped := unsupported(library.info, q_rows, s1, "hazards"):
        yield skipped
        return
    for block_dim in block_dims:
        yield from check(library, block_dim, q_rows, s1)


def main() -> None:
    """Runs the action."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--build_info", type=Path, help="not needed: the trace library is asked itself")
    parser.add_argument("--q_rows", type=int, required=True)
    parser.add_argument("--s1", type=int, required=True)
    parser.add_argument("--subject", type=int, action="append", required=True, help="cores of the launch (block_dim)")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    write_rows(options.output, check_all(options.library.absolute(), options.subject, options.q_rows, options.s1))


if __name__ == "__main__":
    main()
