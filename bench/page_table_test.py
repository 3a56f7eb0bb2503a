"""Tables of the page, read back by a parser."""

from html.parser import HTMLParser

import pytest

from bench.page_table import Group, cell, grouped_table, notes_list


class Table(HTMLParser):
    """Collects the lines of a table: a list of (tag, attributes, text) each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines: list[list[tuple[str, dict[str, str | None], str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.lines.append([])
        elif tag in ("td", "th"):
            self.lines[-1].append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        tag, attributes, text = self.lines[-1][-1]
        self.lines[-1][-1] = tag, attributes, text + data


GROUPS = (
    Group[int]("", (("number", True),), lambda n: (n,)),
    Group[int]("a & b", (("square", True), ("name", False)), lambda n: (n * n, f"<{n}>")),
)


def test_a_line_has_the_cells_of_its_groups_under_their_headers() -> None:
    titles, headers, *lines = Table(grouped_table(GROUPS, [2, 3])).lines
    assert [(text, attributes.get("colspan")) for _, attributes, text in titles] == [("", None), ("a & b", "2")]
    assert [text for _, _, text in headers] == ["number", "square", "name"]
    assert [[text for _, _, text in line] for line in lines] == [["2", "4", "<2>"], ["3", "9", "<3>"]]
    for line in (headers, *lines):
        assert [attributes.get("class") for _, attributes, _ in line] == ["n", "n", None]


def test_a_line_may_have_an_attribute() -> None:
    text = grouped_table(GROUPS, [2, 3], lambda n: ' class="odd"' if n % 2 else "")
    assert text.count('<tr class="odd"><td class="n">3</td>') == 1
    assert text.count("<tr><td") == 1


def test_a_line_that_does_not_fill_its_headers_is_no_table() -> None:
    short = Group[int]("", (("one", True), ("two", True)), lambda n: (n,))
    with pytest.raises(ValueError, match="zip"):
        grouped_table([short], [1])


def test_texts_are_escaped() -> None:
    assert cell("td", "<b> & c") == "<td>&lt;b&gt; &amp; c</td>"
    assert notes_list([("<a>", "b & c")]) == '<ul class="notes"><li><b>&lt;a&gt;</b> b &amp; c</li></ul>'
    assert notes_list([]) == ""
