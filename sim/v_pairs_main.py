"""Prints what the repeat rule says of each pair on V that nothing else orders: `tools/bazel run //sim:v_pairs`.

A row stands for the pairs of the same operations on tiles of the same shape; the numbers are the fewest repeats from
the one access to the other, of 16 that the rule wants. Exit code 0: done, whatever the table says; 1: a kernel failed;
2: wrong usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from absl import flags

import flash_atten
from cli.files import user_path
from cli.program import run
from kernels.library import KernelError, LibraryError
from sim.hazards import judge
from sim.record import TraceLibrary, libraries_beside
from sim.v_pairs import Row, rows, table
from tracing.file import read_trace

_SO = flags.DEFINE_list("so", [], "Trace libraries (NAME.trace.so); default: those of all default targets.")
_TRACE = flags.DEFINE_list("trace", [], "Trace files of any kernels instead.")


@dataclass(frozen=True)
class Options:
    """The command line."""

    libraries: tuple[Path, ...]
    traces: tuple[Path, ...]


def options() -> Options:
    """Read the flags."""
    return Options(*(tuple(user_path(text) for text in flag.value) for flag in (_SO, _TRACE)))


def pairs_of(library: TraceLibrary) -> list[Row]:
    """Return the rows of a library, over the launches of an audit. Raises KernelError."""
    recordings = [each for trial in library.kernel.audit_trials for each in library.record_trial(trial)]
    verdicts = [judge(recording.trace, scratch=recording.scratch) for recording in recordings]
    return rows(library.info.name, (finding for verdict in verdicts for finding in verdict.findings))


def found(chosen: Options) -> Iterator[Row]:
    """Judge the traces, or else the libraries. Raises ValueError, OSError, LibraryError, KernelError."""
    for path in chosen.traces:
        yield from rows(path.stem, judge(read_trace(path)).findings)
    if chosen.traces and not chosen.libraries:
        return
    for path in chosen.libraries or libraries_beside(flash_atten.__file__):
        yield from pairs_of(TraceLibrary(path))


def work(chosen: Options) -> int:
    """Print the table. Return the exit code."""
    print(table(found(chosen)), end="")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(ValueError, OSError, LibraryError))
