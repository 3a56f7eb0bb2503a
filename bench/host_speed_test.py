"""//bench:host_speed as its user meets it: a line for each size and number of threads, a file, mistakes in words."""

import json
from pathlib import Path

import pytest

from bench.host_speeds import OURS, PEAK
from cli.testing import run_program

HOST_SPEED = "bench.host_speed"
QUICK = ("--s=768", "--rounds=1")


def test_each_size_and_number_of_threads_has_a_line_and_a_row_in_the_file(tmp_path: Path) -> None:
    done = run_program(HOST_SPEED, "--s=768,1024", "--rounds=1", "--threads=1,2", "--json=a.json", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    assert [line for line in lines if line and line[0] in ("768", "1024")] == [
        [size, threads] for size in ("768", "1024") for threads in "12"
    ]
    assert "memories not filled" in done.stdout
    assert "over one" in done.stdout
    data = json.loads((tmp_path / "a.json").read_text())
    assert [(row["s"], row["threads"]) for row in data["rows"]] == [(768, 1), (768, 2), (1024, 1), (1024, 2)]
    assert all(row["flop_per_s"][name] > 0 for row in data["rows"] for name in (OURS, PEAK))
    assert (data["clock"], data["memories_filled"]) == ("wall", False)


def test_a_level_of_cpu_can_be_forced_and_memories_filled() -> None:
    done = run_program(HOST_SPEED, *QUICK, "--threads=1", "--cpu=x86-64-v2", "--fill", "--clock=cpu")
    assert done.returncode == 0, done.stderr
    assert "loops for x86-64-v2, cpu clock" in " ".join(done.stdout.split())
    assert "memories filled with NaN, as checks do" in done.stdout


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--s=1000", "q_rows = 1000 is not supported: it must be a multiple of 128"),
        ("--s=1024,x", "--s=1024,x: 'x' is not a whole number from 1 on"),
        ("--threads=0", "--threads=0: '0' is not a whole number from 1 on"),
        ("--cpu=z80", "--cpu=z80 is no level that this machine has; it has x86-64"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_measured(flag: str, message: str) -> None:
    done = run_program(HOST_SPEED, *QUICK, flag)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "TFLOP" not in done.stdout
