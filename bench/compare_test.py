"""Verdicts on ratios, and the exit codes that CI reads."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.results import write_run
from bench.row import SKIPPED, WRONG, Row
from bench.sample_rows import row, run
from bench.stats import Timing
from cli.testing import run_program

STEADY = (1.00, 1.01, 0.99, 1.00, 1.01, 0.99, 1.00, 1.005)
NOISY = (0.5, 1.5, 0.7, 1.4, 1.0, 1.2)


def _scaled(factor: float) -> tuple[float, ...]:
    return tuple(factor * sample for sample in STEADY)


def _steady(s1: int = 1024, **changes: Any) -> Row:
    return row(s1, samples=STEADY, **changes)


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
        (NOISY, "unsure", 3),
        ((1.2,), "cannot tell (1 sample)", 3),
        ((1.2, 1.2, 1.2, 1.2), "cannot tell (4 samples)", 3),
        ((0.5,), "cannot tell (1 sample)", 3),
        ((35.0,), "REGRESSION (1 sample)", 1),
    ],
)
def test_verdicts(tmp_path: Path, samples: tuple[float, ...], verdict: str, code: int) -> None:
    returned, out = _compare(tmp_path, [_steady()], [row(samples=samples, control=STEADY)])
    assert verdict in out
    assert returned == code


def test_what_is_not_known_is_counted(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [_steady(), _steady(2048)], [_steady(), row(2048, samples=(1.0,), control=STEADY)])
    assert code == 3
    assert "0 of 2 became worse (threshold 3%); of 1 that is not known: time them again" in " ".join(out.split())


@pytest.mark.parametrize(("factor", "verdict", "code"), [(0.54, "unsure", 3), (1.25, "unsure", 3), (1.9, "unsure", 3)])
def test_what_the_control_moved_too_is_the_machine(tmp_path: Path, factor: float, verdict: str, code: int) -> None:
    returned, out = _compare(tmp_path, [_steady()], [row(samples=_scaled(factor), control=_scaled(factor))])
    assert verdict in out
    assert f"{factor:.3f}" in out.split("control")[1]
    assert returned == code


def test_a_regression_beyond_what_the_control_moved_is_one(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [_steady()], [row(samples=_scaled(1.4), control=_scaled(1.1))])
    assert "REGRESSION" in out
    assert code == 1


def test_a_shape_that_was_skipped_this_time_is_not_known(tmp_path: Path) -> None:
    skipped = row(status=SKIPPED, timings={}, speedups={}, errors={})
    code, out = _compare(tmp_path, [_steady()], [skipped])
    assert (code, "cannot tell" in out) == (3, True)


def test_a_result_that_is_wrong_now_is_a_regression(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [row()], [row(status=WRONG)])
    assert "BROKEN" in out
    assert "1 of 1 became worse" in out
    assert code == 1
    code, out = _compare(tmp_path, [row(status=WRONG)], [row()])
    assert (code, "mended" in out) == (0, True)


def test_shapes_of_one_file_only_are_named(tmp_path: Path) -> None:
    code, out = _compare(tmp_path, [_steady(), _steady(2048)], [_steady(), _steady(4096)])
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
    rows = [_steady()], [row(samples=_scaled(1.2), control=STEADY)]
    assert _compare(tmp_path, *rows, "--threshold=0.5")[0] == 0


def test_a_baseline_can_be_compared(tmp_path: Path) -> None:
    slower = _steady()
    slower = replace(slower, timings={**slower.timings, "sdpa_fp16": Timing(1.0, _scaled(2.4))})
    code, out = _compare(tmp_path, [_steady()], [slower], "--operation=sdpa_fp16")
    assert "sdpa_fp16: latency after / before" in out
    assert code == 1


def test_another_machine_or_compiler_is_said_in_the_first_line(tmp_path: Path) -> None:
    write_run(tmp_path / "a.json", run(_steady()))
    other = run(_steady())
    other.environment["machine"]["cpu"] = "another"
    other.environment["libraries"]["fa_s1tile256"] |= {"compiler": "clang++ 14", "cpu": "x86-64-v3"}
    write_run(tmp_path / "b.json", other)
    done = run_program("bench.compare", "a.json", "b.json", directory=tmp_path)
    assert done.stdout.splitlines()[0] == (
        "These runs are not of one machine and compiler: cpu was a <fast> one, is another; compiler was unknown, is "
        "clang++ 14; cpu was unknown, is x86-64-v3."
    )


def test_commit_roof_and_busy_rows_are_noted(tmp_path: Path) -> None:
    before, after = run(_steady()), run(_steady(load={"others": 1.3}))
    before.environment.update({"git": {"commit": "abc", "modified": False}, "matmul_tflops": 0.5})
    after.environment.update({"git": {"commit": "def", "modified": True}, "matmul_tflops": 0.25})
    for name, item in (("a", before), ("b", after)):
        write_run(tmp_path / f"{name}.json", item)
    out = run_program("bench.compare", "a.json", "b.json", directory=tmp_path).stdout
    assert "note: commit was abc, is def with changes" in out
    assert "note: an FP32 matrix product ran at 0.5 TFLOP/s, now at 0.25" in out
    assert "note: 1024x1024, after: other programs used 1.3 CPUs meanwhile" in out


WIDE: dict[str, Any] = {"knobs": {"s1_tile": 512}, "library": "fa_s1tile512"}


def test_kernels_with_other_knobs_are_not_mixed_up(tmp_path: Path) -> None:
    code, out = _compare(
        tmp_path, [_steady(), _steady(**WIDE)], [_steady(), row(samples=_scaled(2), control=STEADY, **WIDE)]
    )
    assert code == 1
    assert "1 of 2 became worse" in out
    (line,) = (line for line in out.splitlines() if "REGRESSION" in line)
    assert "tile 512" in line


def test_across_compares_kernels_with_other_knobs(tmp_path: Path) -> None:
    sides = [_steady()], [row(samples=_scaled(1.2), control=STEADY, **WIDE)]
    code, out = _compare(tmp_path, *sides)
    assert code == 1
    assert "not in after" in out
    code, out = _compare(tmp_path, *sides, "--across")
    assert code == 1
    assert "tile 512, was tile 256" in out
    assert "REGRESSION" in out


def test_across_needs_one_kernel_per_shape(tmp_path: Path) -> None:
    write_run(tmp_path / "a.json", run(_steady(), _steady(**WIDE)))
    done = run_program("bench.compare", "a.json", "a.json", "--across", directory=tmp_path)
    assert done.returncode == 2
    assert "has several kernels (tile 256 and tile 512)" in " ".join(done.stderr.split())


def test_barriers_are_not_compared_on_the_host(tmp_path: Path) -> None:
    other = row(samples=_scaled(1.2), control=STEADY, barriers="none", library="fa_s1tile256_unpatched")
    code, out = _compare(tmp_path, [_steady()], [other], "--across")
    assert code == 1
    assert "says nothing on the host" in out
    assert "on the host a comparison of barriers measures nothing" in out
    assert "REGRESSION" not in out


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
