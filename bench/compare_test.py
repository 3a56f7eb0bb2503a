"""Verdicts on ratios, and the exit codes that CI reads."""

from pathlib import Path

import pytest

from bench.results import write_run
from bench.row import WRONG, Row
from bench.sample_rows import row, run
from flash_atten.stand_in import run_program

STEADY = (1.00, 1.01, 0.99, 1.00, 1.01, 0.99, 1.00, 1.005)
NOISY = (0.5, 1.5, 0.7, 1.4, 1.0, 1.2)


def _scaled(factor: float) -> tuple[float, ...]:
    return tuple(factor * sample for sample in STEADY)


def _compare(directory: Path, before: list[Row], after: list[Row], *flags: str) -> tuple[int, str]:
    for name, rows in (("before", before), ("after", after)):
        write_run(directory / f"{name}.json", run(*rows))
    done = run_program("bench.compare", "before.json", "after.json", *flags, directory=directory)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("samples", "verdict", "code"),
    [
        (_scaled(1.0), "same", 0),
        (_scaled(1.2), "REGRESSION", 1),
        (_scaled(0.8), "faster", 0),
        (NOISY, "unsure", 0),
        ((3.0,), "unsure", 0),
    ],
)
def test_verdicts(tmp_path: Path, samples: tuple[float, ...], verdict: str, code: int) -> None:
    returned, out = _compare(tmp_path, [row(samples=STEADY)], [row(samples=samples)])
    assert verdict in out
    assert returned == code


def test_a_result_that_is_wrong_now_is_a_regression(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [row()], [row(status=WRONG)])
    assert "BROKEN" in out
    assert "1 of 1 shapes became worse" in out
    assert code == 1
    code, out = _compare(tmp_path, [row(status=WRONG)], [row()])
    assert (code, "mended" in out) == (0, True)


def test_shapes_of_one_file_only_are_named(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [row(), row(2048)], [row(), row(4096)])
    assert code == 0
    assert "not in after" in out
    assert "not in before" in out


def test_nothing_in_common_is_no_success(tmp_path: Path) -> None:
    write_run(tmp_path / "a.json", run(row(2048)))
    write_run(tmp_path / "b.json", run(row(4096)))
    done = run_program("bench.compare", "a.json", "b.json", directory=tmp_path)
    assert done.returncode == 1
    assert "no shape could be compared" in done.stderr
    assert "became worse" not in done.stdout


def test_the_threshold_is_the_users(tmp_path: Path) -> None:
    rows = [row(samples=STEADY)], [row(samples=_scaled(1.2))]
    assert _compare(tmp_path, *rows, "--threshold=0.5")[0] == 0


def test_a_baseline_can_be_compared(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [row(samples=STEADY)], [row(samples=_scaled(1.2))], "--operation=sdpa_fp16")
    assert "sdpa_fp16: latency after / before" in out
    assert code == 1


def test_other_machines_are_pointed_out(tmp_path: Path) -> None:
    write_run(tmp_path / "a.json", run(row()))
    other = run(row())
    other.environment["machine"]["cpu"] = "another"
    write_run(tmp_path / "b.json", other)
    done = run_program("bench.compare", "a.json", "b.json", directory=tmp_path)
    assert "note: machine: cpu was a <fast> one, is another" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.json"], "needed on the command line: BEFORE.json AFTER.json; given is a.json"),
        (["no.json", "no.json"], "no.json"),
        (["text", "text"], "text is not a results file"),
        (["empty.json", "empty.json"], "empty.json has no rows"),
        (["runs.json", "runs.json", "--operation=sdpa"], "--operation=sdpa is in neither file; choose from fa, sdpa_"),
    ],
)
def test_mistakes_are_one_paragraph_and_exit_code_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "text").write_text("text")
    write_run(tmp_path / "empty.json", run())
    write_run(tmp_path / "runs.json", run(row()))
    done = run_program("bench.compare", *arguments, directory=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
