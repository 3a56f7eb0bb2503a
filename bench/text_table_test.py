"""No cell is cut at any width; columns go in their order, then rows are stacked; piped lines end in no blanks."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.text_table import Column, print_table, table_width

COLUMNS = (
    Column("name", ["one", "the second"], right=False),
    Column("time\nms", ["0.02345", "123.4"]),
    Column("spread", ["1 .. 2", ""], spare=2),
    Column("library", ["fa_s1tile256", "fa_s1tile512"], right=False, spare=9),
)


def _printed(width: int | None, columns: tuple[Column, ...] = COLUMNS) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=width is not None, color_system=None)
    print_table(columns, console, hint="; ask")
    return out.getvalue().splitlines()


def test_columns_go_in_their_order() -> None:
    assert table_width(COLUMNS) == 10 + 7 + 6 + 12 + 6
    assert "left out" not in "".join(_printed(41))
    assert "(left out for want of width: library; ask)" in " ".join(_printed(40))
    assert "(left out for want of width: library, spread; ask)" in " ".join(_printed(26))


def test_rows_are_stacked_when_nothing_can_be_spared() -> None:
    lines = _printed(18)
    assert lines == [
        "name     one",
        "  time ms  0.02345",
        "  spread   1 .. 2",
        "  library  fa_s1tile256",
        "",
        "name     the second",
        "  time ms  123.4",
        "  library  fa_s1tile512",
    ]


def test_piped_lines_end_in_no_blanks() -> None:
    lines = _printed(None)
    assert lines == [line.rstrip() for line in lines]
    assert lines[-1].split() == ["the", "second", "123.4", "fa_s1tile512"]


@given(st.integers(10, 60))
def test_no_cell_is_cut_at_any_width(width: int) -> None:
    text = "\n".join(_printed(width))
    assert "…" not in text
    for cell in ("0.02345", "123.4"):
        assert cell in text


@pytest.mark.parametrize("width", [26, 40, 41])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in _printed(width)) <= width
