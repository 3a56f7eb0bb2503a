"""Which rows the report shows together, and what the program writes and refuses."""

from pathlib import Path

import pytest

from bench.page import page
from bench.report import sections
from bench.results import write_run
from bench.row import KERNEL, SKIPPED
from bench.sample_rows import row, run
from cli.testing import run_program


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


def test_a_product_that_is_slower_than_what_was_timed_is_no_roof() -> None:
    fast = row(8192, samples=(0.02,))
    (section,) = sections([run(fast)])
    assert fast.tflops(KERNEL) > 0.5
    assert section.roof is None
    assert "% of 0.5" not in page([section])


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
