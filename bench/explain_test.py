"""Tests of //bench:explain: the page stands alone, and its links lead from each text to each other and to the bars."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.testing import run_program


class Page(HTMLParser):
    """Collects what the page links to, its keys, and the JSON of its links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.lines: set[str] = set()
        self.bars: list[str] = []
        self.removed = 0
        self._script = ""
        self.links: list[list[object]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.outside += [value for name in ("src", "href") if (value := values.get(name))]
        key = values.get("data-k")
        if key and tag == "div":
            self.lines.add(key)
        if key and tag == "rect":
            self.bars.append(key)
        self.removed += values.get("class") == "removed"
        self._script = values.get("id") or "" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._script == "links":
            self.links = json.loads(data)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "x.html"
    done = run_program("bench.explain", "--s1=2048", f"--html={path}")
    assert done.returncode == 0, done.stderr
    assert "the timeline is a prediction" in done.stdout
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(text: str) -> None:
    page = Page(text)
    assert page.outside == []
    assert not re.search(r"@import|url\(", text)
    assert "predicted" in text


def test_every_bar_leads_to_its_lines_and_every_linked_line_can_be_picked(text: str) -> None:
    page = Page(text)
    by_cpp = {f"c{cpp}": (f"m{mlir}", f"p{python}") for cpp, mlir, python in page.links}
    assert len(page.bars) > 100
    for key in page.bars:
        assert key in page.lines
        assert set(by_cpp[key]) <= page.lines
    assert {"flash_atten/kernel_cube.py", "flash_atten/kernel_vector.py"} <= {
        str(python).split(":")[0] for _, _, python in page.links
    }


def test_barriers_that_the_patcher_removed_are_marked(text: str) -> None:
    report = Path(__file__).parent.parent / "flash_atten" / "fa_s1tile256.barriers.json"
    removed = json.loads(report.read_text(encoding="utf-8"))["removed"]
    assert removed
    assert Page(text).removed == len(removed)


def test_bars_say_what_they_are(text: str) -> None:
    assert re.search(r"<title>TROWMAX, compute_p of tile \d+: \d+ cycles from .* C\+\+ line \d+, flash_atten/", text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--html=x.txt"], "must end in .html"),
        (["--s1=1000", "--html=x.html"], "s1 = 1000 is not supported"),
        ([], "--html"),
    ],
)
def test_mistakes_are_sentences(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = run_program("bench.explain", *arguments, directory=tmp_path)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
