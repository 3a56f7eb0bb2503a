"""Prints what the repeat rule says of each pair on V that nothing else orders: `tools/bazel run //sim:v_pairs`.

A row stands for the pairs of the same operations on tiles of the same shape; the numbers are the fewest repeats from
the one access to the other, of 16 that the rule wants. Exit code 0: done, whatever the table says; 1: a kernel failed;
2: wrong usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import flags

import flash_atten
from cli.files import user_path
from cli.program import run
from isa.repeats import SAFE_DISTANCE
from kernels.library import KernelError, LibraryError
from sim.findings import Finding
from sim.hazards import judge
from sim.programs import markdown_table
from sim.record import TraceLibrary, libraries_beside
from sim.replay import FindingKind
from tracing.file import read_trace

_SO = flags.DEFINE_list("so", [], "Trace libraries (NAME.trace.so); default: those of all default targets.")
_TRACE = flags.DEFINE_list("trace", [], "Trace files of any kernels instead.")

KINDS = (FindingKind.RAW, FindingKind.WAR, FindingKind.WAW)
HEADER = ("kernel", "operations", "tile", "pairs", *(kind.value for kind in KINDS), "by the repeat rule")


@dataclass(frozen=True)
class Row:
    """Pairs of the same operations on tiles of the same shape in one kernel."""

    kernel: str
    operations: str
    tile: str
    lines: frozenset[tuple[int, int]]
    repeats: Mapping[FindingKind, int]
    """Fewest repeats by kind of dependence."""

    @property
    def in_time(self) -> bool:
        """Whether all pairs are."""
        return min(self.repeats.values()) >= SAFE_DISTANCE

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        distances = (str(self.repeats[kind]) if kind in self.repeats else "" for kind in KINDS)
        verdict = "in time" if self.in_time else "unordered"
        return (self.kernel, self.operations, self.tile, str(len(self.lines)), *distances, verdict)


def rows(kernel: str, findings: Iterable[Finding]) -> list[Row]:
    """Return the rows of one kernel, for the findings within V of any number of its launches by the strict rule."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.repeats is not None and finding.first:
            key = f"{finding.first.op}, {finding.second.op}", finding.first.tile
            groups.setdefault(key, []).append(finding)
    return [_row(kernel, *key, group) for key, group in sorted(groups.items())]


def _row(kernel: str, operations: str, tile: str, findings: Sequence[Finding]) -> Row:
    lines = frozenset((finding.first.line, finding.second.line) for finding in findings if finding.first)
    repeats: dict[FindingKind, int] = {}
    for finding in findings:
        if finding.repeats is not None:
            repeats[finding.kind] = min(finding.repeats, repeats.get(finding.kind, finding.repeats))
    return Row(kernel, operations, tile, lines, repeats)


def table(found: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    return markdown_table(HEADER, (row.cells() for row in found))


def with_table(document: str, printed: str) -> str:
    """Return a Markdown text with its table of this heading replaced. Raises ValueError if it has not just one."""
    lines, heading = document.splitlines(keepends=True), printed.splitlines(keepends=True)[0]
    if lines.count(heading) != 1:
        raise ValueError(f"{lines.count(heading)} tables begin with {heading.strip()}, not one")
    start = end = lines.index(heading)
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return "".join([*lines[:start], printed, *lines[end:]])


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
