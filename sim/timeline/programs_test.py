"""Tests of //sim:predict and //sim:calibrate as a user calls them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cli.testing import run_program
from sim.timeline.launch import Hypothesis, Timing, Workload, microseconds
from sim.timeline.parameters import load_fits
from sim.timeline.testing import block_times, pipeline
from tracing.file import write_trace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with traces of a made kernel, named as measured tables name them."""
    folder = tmp_path_factory.mktemp("traces")
    for tiles in (4, 8, 16, 32, 64):
        for blocks in (1, 2):
            plain = folder / "plain.trace"
            write_trace(pipeline(tiles, blocks), plain)
            name = f"made_q{128 * blocks}_s{256 * tiles}.trace.gz"
            (folder / name).write_bytes(gzip.compress(plain.read_bytes(), 1))
    return folder


def test_predict_prints_both_hypotheses_and_says_that_it_predicts(folder: Path, tmp_path: Path) -> None:
    traces = f"--trace={folder}/made_q128_s2048.trace.gz,{folder}/made_q256_s2048.trace.gz"
    output = tmp_path / "x.json"
    done = run_program(
        "sim.timeline.predict_main", traces, "--q_rows=6400", "--s1=2048", "--timing=sync", f"--json={output}"
    )
    assert done.returncode == 0, done.stderr
    work, fits = Workload(6400, 2048, timing=Timing.SYNC), load_fits()
    expected = {h.value: microseconds(block_times(8), work, fits[h].fitted, h) for h in Hypothesis}
    assert json.loads(output.read_text())["microseconds"] == pytest.approx(expected)
    for name, time in expected.items():
        assert f"predicted {time:.2f} us if many cores mean {name} (mean error on published rows" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace=x.trace", "--q_rows=100", "--s1=2048"], "q_rows = 100 is not possible"),
        (["--trace=x.trace", "--q_rows=128", "--s1=2048"], "x.trace cannot be read: No such file or directory"),
        (["--trace={folder}/plain.trace", "--q_rows=128", "--s1=1000000"], "s1 = 1000000 is not a multiple of 256"),
        (["--trace=a,b,c", "--q_rows=128", "--s1=2048"], "--trace=a,b,c names 3 files"),
        (["--trace={folder}", "--q_rows=128", "--s1=2048"], "cannot be read: Is a directory"),
        (["--trace=,", "--q_rows=128", "--s1=2048"], "--trace=, names 0 files"),
        (
            ["--trace={folder}/plain.trace", "--q_rows=128", "--s1=2048", "--sync_period=3"],
            "8 slots cannot hand back 3",
        ),
        (["--trace={folder}/plain.trace,{folder}/plain.trace", "--q_rows=128", "--s1=2048"], "so twice as many"),
        (["--trace={folder}/made_q256_s4096.trace.gz", "--q_rows=128", "--s1=4096"], "a trace of two Q blocks?"),
        (["--trace=x.trace", "--q_rows=12800000000000000000000", "--s1=2048"], "at most 2147483648"),
        (["--trace={program}", "--q_rows=128", "--s1=2048"], "not a trace"),
    ],
)
def test_mistakes_are_sentences(arguments: list[str], message: str, folder: Path, tmp_path: Path) -> None:
    filled = [text.format(folder=folder, program=__file__) for text in arguments]
    done = run_program("sim.timeline.predict_main", *filled, directory=tmp_path)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def table(path: Path, sizes: list[int]) -> Path:
    """Write a table of what the model itself predicts, under slowdown."""
    fits, hypothesis = load_fits(), Hypothesis.SLOWDOWN
    lines = ["table\ts\tcores\ttiming\tmicroseconds\ttrace"]
    for timing in Timing:
        for s in sizes:
            work = Workload(s, s, timing=timing)
            time = microseconds(block_times(s // 256), work, fits[hypothesis].fitted, hypothesis)
            lines.append(f"made\t{s}\t24\t{timing.value}\t{time:.4f}\tmade_q{{rows}}_s{{s1}}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_calibrate_prints_numbers_with_errors_and_writes_them(folder: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "rows.tsv", [1024, 2048, 4096, 8192, 16384])
    judged = table(tmp_path / "judged.tsv", [2048])
    output = tmp_path / "fitted.json"
    done = run_program(
        "sim.timeline.calibrate_main",
        f"--traces={folder}",
        f"--tables={rows}",
        f"--judge={judged}",
        f"--output={output}",
    )
    assert done.returncode == 0, done.stderr
    assert "slowdown: sync 22.9" in done.stdout
    assert "not fitted, made, 0.00 %:  2048: " in done.stdout
    assert load_fits(output)[Hypothesis.SLOWDOWN].mape < 0.01


def test_calibrate_refuses_what_it_cannot_identify_and_writes_nothing(folder: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "rows.tsv", [1024, 2048])
    done = run_program(
        "sim.timeline.calibrate_main", f"--traces={folder}", f"--tables={rows}", f"--output={tmp_path}/x.json"
    )
    assert done.returncode == 1
    assert "4 rows cannot determine 3 numbers" in done.stderr
    assert not (tmp_path / "x.json").exists()
