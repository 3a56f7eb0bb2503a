"""The page needs nothing but itself, shows every row, and keeps host and device apart; the same rows give the same
bytes.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bench.flops import PEAK_TFLOPS
from bench.page import page
from bench.page_predicted import predicted
from bench.plots import curves, plots, roof_of
from bench.report import sections
from bench.results import write_run
from bench.row import FAILED, KERNEL, SKIPPED, Turns
from bench.sample_rows import row, run
from bench.stats import Ratio
from cli.testing import run_program
from flash_atten.config import KernelConfig
from kernels.library import LibraryError
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Hypothesis
from sim.timeline.testing import block_times
from sim.timeline.times import Scale

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


def test_host_and_device_are_two_groups() -> None:
    found = sections([run(row(), row(backend="npu", timing="event"))])
    assert [section.rows[0].backend for section in found] == ["host", "npu"]
    names = [plot.name for section in found for plot in section.plots]
    assert names[:3] == ["host_wall_latency", "host_wall_tflops", "host_wall_error"]
    assert names[3] == "npu_event_latency"


def test_a_skipped_row_does_not_hide_an_older_result() -> None:
    skipped = row(status=SKIPPED, timings={}, speedups={}, errors={})
    assert [section.rows for section in sections([run(row()), run(skipped)])] == [[row()]]
    assert [section.rows for section in sections([run(skipped)])] == [[skipped]]


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


class Made:
    """A kernel whose blocks are those of the made pipeline, of tiles of 256."""

    parts = 1

    def combining(self, scale: Scale) -> tuple[float, float]:
        """Nothing is split."""
        raise AssertionError

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes:
        """Return them; `several` is what the launch has."""
        assert several
        return block_times(s1 // 256)


def made(config: KernelConfig, barriers: str) -> Made:
    """Return a kernel for tiles of 256 with `gu` removed; there is no other."""
    if config.s1_tile != 256 or barriers != "gu":
        raise LibraryError("that one was not built")
    return Made()


def test_predictions_stand_apart_from_what_was_measured_and_say_so() -> None:
    """Two rows of one launch are one prediction; what cannot be predicted is a note with its reason."""
    rows = [row(8192), row(8192, backend="npu"), row(16384, s1_tile=512), row(8192, barriers="none")]
    found = predicted(rows, made)
    assert [one.launch.case.s1 for one in found.found] == [8192]
    assert [note for _, note in found.notes] == ["is not predicted: that one was not built"] * 2
    measured, section = page(sections([run(*rows)]), found).split("<h2>Predicted for an A3</h2>")
    assert "predicted" not in measured
    assert "Predicted, not measured: device time on an A3, 24 cube cores, roof 353.9 TFLOP/s" in section
    for hypothesis in Hypothesis:
        assert f">{found.found[0].percent_of_roof(hypothesis):.1f}</td>" in section
    assert section.count("% of 353.9</th>") == 2
    assert section.split("<h2>")[0].count("<svg") == 1


def test_measured_rates_are_fractions_of_the_backends_own_roof() -> None:
    """The host is never seen against the device's peak, nor the device against the host's product."""
    host, npu = sections([run(row(), row(8192, backend="npu", samples=(0.001,)))])
    for section, roof in ((host, 0.5), (npu, PEAK_TFLOPS)):
        share = 100 * section.rows[0].tflops(KERNEL) / roof
        text = page([section])
        assert f"% of {roof:.4g}</th>" in text
        assert f">{share:.3g}</td>" in text
    assert "353.9" not in page([host])


def test_a_product_that_is_slower_than_what_was_timed_is_no_roof() -> None:
    fast = row(8192, samples=(0.02,))
    (section,) = sections([run(fast)])
    assert fast.tflops(KERNEL) > 0.5
    assert section.roof is None
    assert "% of 0.5" not in page([section])


def test_only_right_square_shapes_are_drawn() -> None:
    assert plots([FAILED_ROW]) == []
    assert plots([row(q_rows=256)]) == []


def test_variants_of_a_shape_are_curves_and_rows_of_their_own() -> None:
    wide: dict[str, Any] = {"s1_tile": 512, "library": "fa_s1tile512"}
    turns = Turns("tile 256", Ratio(1.1, 1.0, 1.2))
    rows = [row(), row(**wide, turns=turns), row(2048), row(2048, **wide)]
    assert [curve.label for curve in curves(rows)][:3] == [
        "this kernel, tile 256",
        "this kernel, tile 512",
        "torch SDPA FP16 (host CPU)",
    ]
    assert [len(curve.rows) for curve in curves(rows)] == [2, 2, 2, 2]
    text = page(sections([run(*rows)]))
    assert text.count(">2048x2048<") == 2
    assert "tile 512 takes 1.100 (1.000 .. 1.200) of the time of tile 256" in text


def test_a_tile_that_follows_from_the_size_is_one_curve() -> None:
    rows = [row(), row(65536, s1_tile=512, library="fa_s1tile512")]
    assert curves(rows)[0].label == "this kernel"


def test_the_roof_is_the_devices_peak_or_what_the_host_reached() -> None:
    labels = {}
    for backend in ("host", "npu"):
        picture = plots([row(65536, backend=backend, samples=(0.012,))], roof_of(backend, 90.0))[1]
        legend = picture.figure.axes[0].get_legend()
        assert legend is not None
        labels[backend] = legend.get_texts()[-1].get_text()
    assert labels["host"] == "an FP32 matrix product here (NumPy): 90"
    assert labels["npu"] == "FP16 peak of 24 cube cores: 353.9"


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = plots([row(), row(2048)]), plots([row(), row(2048)])
    assert [plot.svg() for plot in first] == [plot.svg() for plot in second]
    assert [plot.png() for plot in first] == [plot.png() for plot in second]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where matplotlib keeps its list of fonts, which takes seconds to make."""
    return {"MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib"))}


def test_the_program_writes_page_and_pictures(tmp_path: Path, settings: dict[str, str]) -> None:
    write_run(tmp_path / "runs.json", run(row(), row(2048)))
    again = ("bench.report", "runs.json", "--html=r.html", "--png=pictures", "--nopredict")
    done = run_program(*again, directory=tmp_path, env=settings)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["host_wall_error.png", "host_wall_latency.png", "host_wall_tflops.png"]
    picture = tmp_path / "pictures" / names[0]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run_program(*again, directory=tmp_path, env=settings).returncode == 0
    picture.write_bytes(b"mine")
    done = run_program(*again, directory=tmp_path, env=settings)
    assert done.returncode == 2
    assert "has not made, and it is left as it is" in " ".join(done.stderr.split())
    assert picture.read_bytes() == b"mine"


def test_mistakes_are_exit_code_2(tmp_path: Path, settings: dict[str, str]) -> None:
    write_run(tmp_path / "empty.json", run())
    write_run(tmp_path / "runs.json", run(row()))
    cases: tuple[tuple[list[str], str], ...] = (
        (["empty.json"], "has no rows"),
        (["no.json"], "no.json cannot be read"),
        ([], "none is given"),
        (["runs.json", "--html=."], "it is a folder"),
        (["runs.json", "--html=runs.json"], "it is an input of this program"),
        (["runs.json", "--html=empty.json"], "has not made, and it is left"),
        (["runs.json", "--png=runs.json"], "--png=runs.json is not a folder"),
    )
    for arguments, words in cases:
        done = run_program("bench.report", *arguments, directory=tmp_path, env=settings)
        assert done.returncode == 2
        assert words in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.json", "runs.json"]
