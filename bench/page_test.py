"""The page needs nothing but itself, and shows every row with its notes, its run and its library."""

import re
from html.parser import HTMLParser
from typing import Any

from bench.flops import PEAK_TFLOPS
from bench.page import page
from bench.report import sections
from bench.row import FAILED, KERNEL, Turns
from bench.sample_rows import row, run
from bench.stats import Ratio

FAILED_ROW = row(4096, status=FAILED, timings={}, speedups={}, errors={}, note="deadlock <in> vec0")


class Balanced(HTMLParser):
    """Raises at the first tag that is closed in the wrong order."""

    VOID = ("meta", "path", "use", "rect", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def _page() -> str:
    return page(sections([run(row(), row(2048), FAILED_ROW)]))


def test_the_page_is_self_contained_and_well_formed() -> None:
    text = _page()
    assert not re.search(r'<script|<link|(src|href)="(?!#)', text)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []


def test_the_page_shows_rows_notes_build_info_and_machine() -> None:
    text = _page()
    for words in (
        "2048x2048",
        "deadlock &lt;in&gt; vec0",
        "this computer&#x27;s CPU, not an NPU",
        "&quot;s1_tile&quot;: 256",
    ):
        assert words in text
    assert "a &lt;fast&gt; one" in text
    assert "the median, over pairs of runs one after the other" in text
    assert text.count("<svg") == 3


def test_the_latest_run_of_a_shape_counts_and_is_named() -> None:
    old, new, other = run(row(), started="2025"), run(row(), started="2026"), run(row(backend="npu"), started="2027")
    other.environment["machine"]["cpu"] = "Kunpeng"
    text = page(sections([old, new, other]))
    assert text.count("<h3>2026</h3>") == text.count("<h3>2027</h3>") == 1
    assert "<h3>2025</h3>" not in text
    assert "this computer&#x27;s CPU, not an NPU (host: a &lt;fast&gt; one)" in text
    assert "the NPU (host: Kunpeng)" in text


def test_libraries_of_one_name_and_other_contents_are_both_shown() -> None:
    other = run(row(backend="npu"))
    other.environment["libraries"]["fa_s1tile256"] = {"s1_tile": 256, "backend": "npu"}
    assert page(sections([run(row()), other])).count("<h3>fa_s1tile256</h3>") == 2


def test_measured_rates_are_fractions_of_the_backends_own_roof() -> None:
    """The host is never seen against the device's peak, nor the device against the host's product."""
    host, npu = sections([run(row(), row(8192, backend="npu", samples=(0.001,)))])
    for section, roof in ((host, 0.5), (npu, PEAK_TFLOPS)):
        share = 100 * section.rows[0].tflops(KERNEL) / roof
        text = page([section])
        assert f"% of {roof:.4g}</th>" in text
        assert f">{share:.3g}</td>" in text
    assert "353.9" not in page([host])


def test_variants_of_a_shape_are_rows_of_their_own() -> None:
    wide: dict[str, Any] = {"knobs": {"s1_tile": 512}, "library": "fa_s1tile512"}
    rows = [row(), row(**wide, turns=Turns("tile 256", Ratio(1.1, 1.0, 1.2))), row(2048), row(2048, **wide)]
    text = page(sections([run(*rows)]))
    assert text.count(">2048x2048<") == 2
    assert "tile 512 takes 1.100 (1.000 .. 1.200) of the time of tile 256" in text


def test_rows_that_are_not_right_or_not_timed_look_so() -> None:
    text = page(sections([run(row(), FAILED_ROW, row(2048, load={"others": 1.5}))]))
    assert '<tr class="bad"><td>4096x4096</td>' in text
    assert ">ok, busy</td>" in text
    assert text.count('<tr class="bad">') == 1


def test_a_run_that_says_nothing_of_its_libraries_is_shown() -> None:
    one = run(row())
    del one.environment["libraries"]
    assert "The results file does not say." in page(sections([one]))
