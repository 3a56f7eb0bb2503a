"""Tables of the report's page: columns in groups under common headers, a line for each item."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Group(Generic[Item]):
    """Columns under one common header: headers with whether they are numbers, and how an item fills them."""

    title: str
    headers: Sequence[tuple[str, bool]]
    cells: Callable[[Item], Sequence[object]]


def cell(tag: str, text: object, number: bool = False, span: int = 1) -> str:
    """Return a <td> or <th>."""
    kind = ' class="n"' if number else ""
    wide = f' colspan="{span}"' if span > 1 else ""
    return f"<{tag}{kind}{wide}>{html.escape(str(text))}</{tag}>"


def grouped_table(
    groups: Sequence[Group[Item]], items: Iterable[Item], attribute: Callable[[Item], str] = lambda _: ""
) -> str:
    """Return a table that scrolls where the page is narrower; `attribute` is what a line's <tr> has."""
    titles = "".join(cell("th", group.title, span=len(group.headers)) for group in groups)
    headers = "".join(cell("th", text, number) for group in groups for text, number in group.headers)
    lines = [f'<tr class="titles">{titles}</tr><tr>{headers}</tr>']
    for item in items:
        pairs = [pair for group in groups for pair in zip(group.cells(item), group.headers, strict=True)]
        lines.append(f"<tr{attribute(item)}>{''.join(cell('td', text, number) for text, (_, number) in pairs)}</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def notes_list(notes: Iterable[tuple[str, str]]) -> str:
    """Return notes, each of a name and a text, as a list; nothing if there are none."""
    lines = [f"<li><b>{html.escape(name)}</b> {html.escape(text)}</li>" for name, text in notes]
    return f'<ul class="notes">{"".join(lines)}</ul>' if lines else ""
