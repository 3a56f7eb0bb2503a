"""The page of a made kernel: its texts line by line, what can be picked, and its bars."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest

from bench.explain_page import TITLE_END, Sources, page
from bench.timeline_report import Analysis, analyse
from flash_atten.config import KernelConfig
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Workload
from sim.timeline.origins import Origin
from sim.timeline.recorded import RecordedKernel
from sim.timeline.testing import block_times

TILES = 20

ORIGINS = {
    line: Origin(line + 100, f"pto.op{line}", "" if line == 4 else "made.py", line % 3 + 1) for line in (2, 4, 10)
}
"""Lines of the made kernel's C++ that have operations; one whose Python is not known."""

SOURCES = Sources(
    cpp="".join(f"op<{line}>();\n" for line in range(1, 19)),
    mlir="".join(f"%{line} = op\n" for line in range(1, 121)),
    python={"made.py": "first\nsecond & more\nthird\n"},
    removed=frozenset({11}),
    kept={13: 'its "pair" needs it'},
)


class Page(HTMLParser):
    """Collects the lines of the three texts, the bars with their titles, and the page's links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines: dict[str, list[tuple[dict[str, str | None], str]]] = {}
        self.bars: list[tuple[dict[str, str | None], str]] = []
        self.title = self.links = ""
        self._text, self._pane = "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._text = ""
        if self._pane and tag == "div" and values.get("class") in (None, "removed", "kept"):
            self.lines[self._pane].append((values, ""))
        if tag == "rect" and values.get("class") == "bar":
            self.bars.append((values, ""))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._pane = self._text
            self.lines[self._pane] = []
        elif tag == "title" and self.bars:
            self.bars[-1] = self.bars[-1][0], self._text
        elif tag == "title":
            self.title = self._text
        elif tag == "script":
            self.links, self._pane = self.links or self._text, ""
        elif tag == "div" and self._pane and self.lines[self._pane]:
            attributes, text = self.lines[self._pane][-1]
            self.lines[self._pane][-1] = attributes, text or self._text
        self._text = "" if tag != "b" else self._text


class Made:
    """What the page asks of a kernel."""

    name = "made"
    parts = 1
    origins = ORIGINS
    config = KernelConfig(256, 3)

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes:
        """Return the made pipeline's."""
        return block_times(s1 // 256)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(cast(RecordedKernel, Made()), Workload(128, TILES * 256))


@pytest.fixture(scope="module")
def shown(analysis: Analysis) -> Page:
    return Page(page(analysis, SOURCES))


def keys(shown: Page, pane: str) -> dict[int, str]:
    """Return line -> key of the lines that can be picked."""
    return {n: key for n, (values, _) in enumerate(shown.lines[pane], 1) if (key := values.get("data-k"))}


def test_the_page_is_known_by_its_title(shown: Page) -> None:
    assert shown.title + "</title>" == "made" + TITLE_END


def test_every_line_of_every_text_is_there_as_it_is(shown: Page) -> None:
    assert list(shown.lines) == ["Python", "C++", "MLIR"]
    assert [text for _, text in shown.lines["C++"]] == [f"{line}op<{line}>();" for line in range(1, 19)]
    assert [text for _, text in shown.lines["Python"]] == ["1first", "2second & more", "3third"]
    assert len(shown.lines["MLIR"]) == 120


def test_lines_that_something_comes_from_can_be_picked_and_no_others(shown: Page) -> None:
    assert keys(shown, "C++") == {2: "c2", 4: "c4", 10: "c10"}
    assert keys(shown, "MLIR") == {102: "m102", 104: "m104", 110: "m110"}
    assert keys(shown, "Python") == {2: "pmade.py:2", 3: "pmade.py:3"}


def test_the_links_lead_from_each_cpp_line_to_its_mlir_and_python(shown: Page) -> None:
    assert json.loads(shown.links) == [[2, 102, "made.py:3"], [4, 104, ""], [10, 110, "made.py:2"]]


def test_barriers_are_marked_as_removed_or_kept_with_the_reason(shown: Page) -> None:
    marked = {n: values for n, (values, _) in enumerate(shown.lines["C++"], 1) if "class" in values}
    assert {n: values["class"] for n, values in marked.items()} == {11: "removed", 13: "kept"}
    assert marked[13]["data-why"] == 'its "pair" needs it'


def test_bars_lie_in_the_picture_and_say_what_they_are(analysis: Analysis, shown: Page) -> None:
    assert 10 < len(shown.bars) < len(analysis.views[0].run.bars)
    for values, title in shown.bars:
        assert float(values["x"] or -1) >= 0
        assert float(values["width"] or 0) > 0
        key, line = str(values["data-k"]), title.split("C++ line ")[1].split(",")[0]
        assert key == f"c{line}"
    assert any(title.startswith("TEXP: ") and title.endswith("C++ line 10, made.py:2") for _, title in shown.bars)
    assert any(title.endswith("C++ line 4, pto.op4") for _, title in shown.bars)
    assert any(title.endswith("C++ line 14, origin unknown") for _, title in shown.bars)


def test_a_kernel_of_which_nothing_is_known_is_shown_all_the_same(analysis: Analysis) -> None:
    kernel: Any = Made()
    kernel.origins = {}
    plain = Page(page(replace(analysis, kernel=kernel), replace(SOURCES, python={}, removed=frozenset(), kept={})))
    assert len(plain.bars) > 10
    assert keys(plain, "C++") == {}
    assert plain.lines["Python"] == []


def test_sources_are_read_from_the_files_beside_the_library(tmp_path: Path) -> None:
    report = {"removed": [{"line": 11}], "kept": [{"line": 13, "reason": SOURCES.kept[13]}]}
    for suffix, text in ((".cpp", SOURCES.cpp), (".mlir", SOURCES.mlir), (".barriers.json", json.dumps(report))):
        (tmp_path / f"fa_x{suffix}").write_text(text)
    (tmp_path / "made.py").write_text(SOURCES.python["made.py"])
    gone = Origin(1, "pto.op", "gone.py", 1)
    assert Sources.read(tmp_path / "fa_x", tmp_path, {**ORIGINS, 1: gone}) == SOURCES
    (tmp_path / "fa_x.mlir").unlink()
    with pytest.raises(FileNotFoundError, match=r"fa_x\.mlir"):
        Sources.read(tmp_path / "fa_x", tmp_path, ORIGINS)
