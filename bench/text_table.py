"""Tables of text that never cut a cell: on a narrow terminal columns go in a given order, then rows are stacked."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

GAP = "  "
"""Between columns."""

RULE = "─"


@dataclass(frozen=True)
class Column:
    """A header, of one or several lines, and a cell for each row. Columns with the highest `spare` go first; 0 stay."""

    header: str
    cells: Sequence[str]
    right: bool = True
    spare: int = 0

    @property
    def width(self) -> int:
        """Characters of the widest cell or line of the header."""
        return max(map(len, [*self.header.split("\n"), *self.cells]))

    @property
    def name(self) -> str:
        """The header in one line."""
        return self.header.replace("\n", " ")

    def padded(self, text: str) -> str:
        """Return a cell as wide as the column."""
        return text.rjust(self.width) if self.right else text.ljust(self.width)


def print_table(
    columns: Sequence[Column], console: Console, *, title: str = "", styles: Sequence[str] = (), hint: str = ""
) -> None:
    """Print the title, then the rows, each in its style. Where the output is no terminal, it is as wide as it needs.

    `hint` says where to find the columns that are left out.
    """
    shown, hidden = list(columns), list[str]()
    while console.is_terminal and table_width(shown) > console.width and any(column.spare for column in shown):
        widest = max(shown, key=lambda column: column.spare)
        shown.remove(widest)
        hidden.append(widest.name)
    stacked = console.is_terminal and table_width(shown) > console.width
    # Too narrow even so: each cell gets a line of its own, where nothing need be left out.
    if stacked:
        shown, hidden = list(columns), []
    if title:
        _print(console, title, "bold")
    for text, style in (_stack if stacked else _lines)(shown, styles):
        _print(console, text, style, wrap=False)
    if hidden:
        _print(console, f"(left out for want of width: {', '.join(hidden)}{hint})", "dim")


def table_width(columns: Sequence[Column]) -> int:
    """Return the characters of a line of the table."""
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def print_note(console: Console, text: str) -> None:
    """Print a paragraph below a table: wrapped on a terminal, as it is elsewhere."""
    _print(console, text, "")


def _print(console: Console, text: str, style: str, *, wrap: bool = True) -> None:
    lines = text.split("\n")
    if console.is_terminal and wrap:
        lines = [part for line in lines for part in textwrap.wrap(line, console.width) or [""]]
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)


def _lines(columns: Sequence[Column], styles: Sequence[str]) -> list[tuple[str, str]]:
    """Return the table's lines with their styles; no line ends in blanks."""
    headers = [column.header.split("\n") for column in columns]
    height = max(map(len, headers))
    # A short header stands at the bottom, next to its cells.
    above = [[""] * (height - len(header)) + header for header in headers]
    lines = [(_joined(columns, [header[i] for header in above]), "bold") for i in range(height)]
    lines.append((RULE * table_width(columns), ""))
    for row in range(len(columns[0].cells)):
        style = styles[row] if row < len(styles) else ""
        lines.append((_joined(columns, [column.cells[row] for column in columns]), style))
    return lines


def _joined(columns: Sequence[Column], cells: Sequence[str]) -> str:
    return GAP.join(column.padded(cell) for column, cell in zip(columns, cells, strict=True)).rstrip()


def _stack(columns: Sequence[Column], styles: Sequence[str]) -> list[tuple[str, str]]:
    """Return a line for each cell that is not empty, rows one below the other."""
    names = max(len(column.name) for column in columns)
    lines = []
    for row in range(len(columns[0].cells)):
        style = styles[row] if row < len(styles) else ""
        cells = [(column.name, column.cells[row]) for column in columns if column.cells[row]]
        lines += [
            (f"{'  ' if index else ''}{name.ljust(names)}  {cell}", style) for index, (name, cell) in enumerate(cells)
        ]
        lines.append(("", ""))
    return lines[:-1]
