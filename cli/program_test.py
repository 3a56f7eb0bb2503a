"""Wrong command lines end in one paragraph and exit code 2; failed work in exit code 1."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.program import integers, paragraph

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
from absl import flags
from cli.program import fail, run
ITERS = flags.DEFINE_integer("iters", 3, "Iterations.", lower_bound=1)

def options():
    if ITERS.value == 13:
        raise ValueError("iters = 13 is unlucky; use 12 or 14")
    return ITERS.value

def work(iters):
    print("worked", iters)
    for number in range(100_000 if iters == 7 else 0):
        print("line", number)
    if iters == 21:
        raise OverflowError("too many")
    if iters == 22:
        raise ArithmeticError("no number of iterations")
    return fail("it broke", 1) if iters == 5 else 0

run(options, work, failed=(OverflowError,), usage=(ArithmeticError,))
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": ":".join(sys.path)}, check=False
    )


def test_a_right_command_line_works() -> None:
    done = _run("--iters=4")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked 4\n", "")


def test_errors_of_the_work_have_the_exit_code_that_the_program_says() -> None:
    """OverflowError is an ArithmeticError: those of failed work come first."""
    failed, usage = _run("--iters=21"), _run("--iters=22")
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "worked 21\n", "error: too many\n")
    assert (usage.returncode, usage.stderr) == (2, "error: no number of iterations\n")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--iters=13", "iters = 13 is unlucky"),
        ("--iters=0", "iters"),
        ("--iters=abc", "not a whole number: 'abc'"),
        ("--itres=4", "itres"),
        ("stray", "unexpected argument 'stray'"),
    ],
)
def test_a_wrong_command_line_is_one_paragraph_and_exit_code_2(argument: str, words: str) -> None:
    done = _run(argument)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "\n\n" not in done.stderr


def test_help_is_printed_and_is_no_failure() -> None:
    done = _run("--help")
    assert done.returncode == 0
    assert "--iters: Iterations." in done.stdout


def test_failed_work_is_exit_code_1() -> None:
    done = _run("--iters=5")
    assert (done.returncode, done.stderr) == (1, "error: it broke\n")


def test_a_long_path_stays_beside_the_word_before_it() -> None:
    assert paragraph("/long" * 40 + " is wrong", "error: ").startswith("error: /long")


def test_a_report_after_the_paragraph_keeps_its_lines() -> None:
    text = paragraph("word " * 40 + "\n  core 0 waits\n  core 1 waits")
    lines = text.split("\n")
    assert max(map(len, lines)) <= 110
    assert lines[-2:] == ["  core 0 waits", "  core 1 waits"]


def test_a_reader_that_has_seen_enough_ends_the_program_quietly() -> None:
    command = [sys.executable, "-c", PROGRAM, "--iters=7"]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == "worked 7\n"
        program.stdout.close()
        assert program.stderr.read() == ""
        assert program.wait() == 0


@pytest.mark.parametrize("values", [["0"], ["1", "x"], ["-3"]])
def test_values_that_are_no_whole_numbers_are_refused(values: list[str]) -> None:
    with pytest.raises(
        ValueError, match=rf"--threads={','.join(values)}: '{values[-1]}' is not a whole number from 1 on"
    ):
        integers("threads", values)


def test_an_empty_list_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="--threads= is an empty list; give at least one whole number"):
        integers("threads", [])
