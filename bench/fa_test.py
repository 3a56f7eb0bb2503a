"""//bench:fa as its user meets it: rows, files, exit codes, Ctrl-C, and a paragraph for every mistake."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.fa import turns_lines
from bench.results import read_runs
from bench.sample_rows import row
from bench.tsv import HEADER
from cli.testing import ROOT, run_program
from flash_atten.config import KernelConfig
from flash_atten.stand_in import build_stand_in

FA = "bench.fa"
QUICK = ("--baseline=none", "--iters=1", "--warmup=0")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"--library={build_stand_in(tmp_path_factory.mktemp('so'), KernelConfig())}"


def test_a_shape_is_a_readable_row(library: str) -> None:
    done = run_program(FA, library, *QUICK, "--s1=768", "--q_rows=128")
    assert done.returncode == 0, done.stderr
    assert "measured on this computer's CPU, not an NPU" in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("128x768 "))
    assert " ok" in line
    assert "fa_s1tile256" in line
    assert "right is a relative error of 16 rows up to 1.1e-03, of a value up to 6.8e-03" in done.stdout


def test_several_shapes_with_files(library: str, tmp_path: Path) -> None:
    files = ("--json=r.json", "--tsv=r.tsv")
    done = run_program(FA, library, *QUICK, "--s1=768,1024", "--q_rows=128,256", *files, directory=tmp_path)
    assert done.returncode == 0, done.stderr
    (run,) = read_runs(tmp_path / "r.json")
    assert [row.case for row in run.rows] == ["128x768", "256x768", "128x1024", "256x1024"]
    assert run.environment["libraries"]["fa_s1tile256"]["compiler"] == "g++ (stand-in)"
    assert len((tmp_path / "r.tsv").read_text().splitlines()) == 5
    run_program(FA, library, *QUICK, "--s1=768", "--q_rows=128", *files, directory=tmp_path)
    assert len((tmp_path / "r.tsv").read_text().splitlines()) == 6
    assert [len(run.rows) for run in read_runs(tmp_path / "r.json")] == [4, 1]


def test_rows_as_tsv_are_all_that_is_on_standard_output(library: str) -> None:
    done = run_program(FA, library, *QUICK, "--s1=768,1024", "--q_rows=128", "--tsv=-")
    assert done.returncode == 0, done.stderr
    header, *lines = done.stdout.splitlines()
    assert header == HEADER
    assert [line.split("\t")[0] for line in lines] == ["128x768", "128x1024"]
    assert "right is a relative error" in done.stderr


def test_the_table_is_piped_without_trailing_blanks(library: str) -> None:
    lines = run_program(FA, library, *QUICK, "--s1=768", "--q_rows=128").stdout.splitlines()
    assert lines == [line.rstrip() for line in lines]


def test_several_libraries_take_turns(tmp_path: Path) -> None:
    slow = {"STAND_IN_SLOWDOWN_MS": 150}
    paths = []
    for name, switches in (("a", {}), ("b", slow)):
        (tmp_path / name).mkdir()
        paths.append(str(build_stand_in(tmp_path / name, KernelConfig(), switches=switches)))
    flags = ("--baseline=none", "--iters=5", "--s1=768", "--q_rows=128", "--json=r.json", "--seed=3")
    done = run_program(FA, f"--library={','.join(paths)}", *flags, directory=tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = read_runs(tmp_path / "r.json")
    assert [row.variant.library for row in found.rows] == paths
    turns = found.rows[1].turns
    assert turns is not None
    assert turns.ratio.low > 1.5
    assert f"timed in turns: {paths[1]} takes" in done.stdout
    assert sorted(found.environment["libraries"]) == paths
    assert found.environment["matmul_tflops"] > 0


def test_a_barrier_comparison_on_the_host_says_that_it_is_none() -> None:
    rows = [row(), row(barriers="none", library="fa_s1tile256_unpatched")]
    (line,) = turns_lines(rows)
    assert "on the host a comparison of barriers measures nothing" in " ".join(line.split())
    assert turns_lines(rows[:1]) == []
    assert turns_lines([row(), row(knobs={"s1_tile": 512})]) == []


def test_a_wrong_result_is_exit_code_1_and_a_row(tmp_path: Path) -> None:
    wrong = build_stand_in(tmp_path, KernelConfig(), switches={"STAND_IN_NO_SCALE": 1})
    done = run_program(FA, f"--library={wrong}", *QUICK, "--s1=768", "--q_rows=128")
    assert done.returncode == 1
    assert "wrong" in done.stdout
    assert "against the FP32 reference" in done.stdout


def test_a_set_of_barriers_that_is_not_built_is_a_paragraph() -> None:
    done = run_program(FA, "--remove_barriers=softmax-exp-sum")
    assert done.returncode == 2
    assert "--//bench:remove_barriers=softmax-exp-sum //bench:fa -- and the" in " ".join(done.stderr.split())


def test_a_library_has_its_barriers_removed_already(library: str) -> None:
    done = run_program(FA, library, "--remove_barriers=gu,none")
    assert done.returncode == 2
    assert "exclude each other" in done.stderr


def test_the_suite_prints_an_estimate_and_skips_what_does_not_fit(library: str) -> None:
    done = run_program(FA, library, *QUICK, "--suite", "--s1_tile=256", "--max_seconds=0")
    assert done.returncode == 0, done.stderr
    assert "estimate, from small launches" in done.stdout
    assert "131072 x 131072" in done.stdout
    assert done.stdout.count("does not fit") == 8 + 1
    assert "about 0 s in all" in done.stdout
    assert done.stdout.count("skipped: needs about") == 8


def test_a_missing_baseline_is_a_note_and_no_failure(library: str, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no torch in this test')")
    env = {"PYTHONPATH": ":".join([str(tmp_path), str(ROOT), *sys.path])}
    done = run_program(FA, library, "--iters=1", "--warmup=0", "--s1=768", "--q_rows=128", env=env)
    assert done.returncode == 0, done.stderr
    assert "note: no baseline: torch cannot be imported (no torch in this test)" in done.stderr


def _start(directory: Path, library: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", FA, f"--library={library}", *QUICK, "--q_rows=128", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_ctrl_c_keeps_finished_rows(tmp_path: Path) -> None:
    slow = build_stand_in(tmp_path, KernelConfig(), switches={"STAND_IN_SLOWDOWN_MS": 1000})
    process = _start(tmp_path, slow, "--s1=768,1024,1280,1536", "--json=r.json")
    _wait_for(tmp_path / "r.json")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "128x768" in out
    assert "of 4 shapes are done" in err
    assert "Traceback" not in err
    assert read_runs(tmp_path / "r.json")[0].rows[0].case == "128x768"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--s1=1000"], "s1 = 1000 is not supported"),
        (["--s1=512"], "s1 must be at least s1_tile * qk_preload = 768"),
        (["--s1=1024", "--q_rows=100"], "q_rows = 100 is not supported"),
        (["--q_rows=100"], "q_rows = 100 is not supported"),
        (["--qk_preload=5"], "qk_preload = 5 is not supported"),
        (["--s1_tile=384"], "s1_tile = 384 is not supported"),
        (["--remove_barriers=gv"], "unknown pattern 'gv'; known are gu"),
        (["--case=case9"], "--case=case9 is not a case"),
        (["--case="], "--case= is an empty list"),
        (["--s1="], "--s1= is an empty list"),
        (["--q_rows="], "--q_rows= is an empty list"),
        (["--qk_preload="], "--qk_preload= is an empty list"),
        (["--s1_tile="], "--s1_tile= is an empty list"),
        (["--schedule="], "--schedule= is an empty list"),
        (["--schedule=quick"], "schedule = 'quick' is not supported: use recipe or fast or single"),
        (["--schedule=fast", "--kv_split=2"], "schedule = fast with kv_split = 2 is not supported"),
        (["--suite", "--s1=1024"], "both choose the shapes"),
        (["--s1=1e3"], "'1e3' is not a whole number"),
        (["--iters=0"], "--iters=0"),
        (["--max_seconds=soon"], "not a number: 'soon'"),
        (["--max_seconds=nan"], "--max_seconds=nan is not a number of seconds"),
        (["--timing=laser"], "--timing=laser"),
        (["--backend=host", "--timing=event"], "needs the device"),
        (["--cache=hot"], "--cache=hot"),
        (["--backend=host", "--cache=cold"], "--cache=cold needs device events"),
        (["--timing=sync", "--cache=warm"], "or use --timing=event"),
        (["--iter=5"], "iter"),
        (["--json=/no/such/folder/r.json"], "cannot be written"),
        (["--json=mine.txt"], "is not a results file"),
        (["--tsv=mine.txt"], "has other columns"),
        (["--tsv=/dev/null"], "it is not a regular file"),
        (["--json=r", "--tsv=r"], "give each a file of its own"),
        (["1024"], "unexpected argument '1024'"),
    ],
)
def test_mistakes_are_one_paragraph_and_exit_code_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = run_program(FA, *arguments, directory=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr.replace("\n", " ")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert "\n\n" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_that_cannot_be_written_any_more_is_exit_code_1_after_the_table(tmp_path: Path) -> None:
    slow = build_stand_in(tmp_path, KernelConfig(), switches={"STAND_IN_SLOWDOWN_MS": 500})
    process = _start(tmp_path, slow, "--s1=768,1024", "--json=r.json", "--tsv=r.tsv")
    _wait_for(tmp_path / "r.json")
    (tmp_path / "r.json").write_text("mine")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "128x1024" in out
    assert "the rows could not be written to" in err
    assert "Traceback" not in err
    assert (tmp_path / "r.json").read_text() == "mine"
    assert len((tmp_path / "r.tsv").read_text().splitlines()) == 3


def test_a_missing_library_is_exit_code_1(tmp_path: Path) -> None:
    done = run_program(FA, f"--library={tmp_path}/fa.so")
    assert done.returncode == 1
    assert "does not load as a kernel library" in " ".join(done.stderr.split())
