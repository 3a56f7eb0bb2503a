"""What the repeat rule says of the pairs of operations on V that nothing else orders, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isa.repeats import SAFE_DISTANCE
from sim.findings import Finding
from sim.programs import markdown_table
from sim.replay import FindingKind

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
