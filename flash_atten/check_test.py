"""//flash_atten:check finds what is wrong: with the stand-in right and with faults put into it."""

from pathlib import Path

import pytest

from cli.testing import run_program
from flash_atten.config import KernelConfig
from flash_atten.stand_in import build_stand_in

CHECK = "flash_atten.check"
SMALL = ("--s1=768", "--q_rows=128")


def _run(directory: Path, *arguments: str, faults: tuple[str, ...] = ()) -> tuple[int, str]:
    library = build_stand_in(directory, KernelConfig(), switches=dict.fromkeys(faults, 1))
    done = run_program(CHECK, f"--library={library}", *SMALL, *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_all_kinds_are_right_on_a_right_kernel(tmp_path: Path) -> None:
    code, out = _run(tmp_path, "--seeds=0,1")
    assert code == 0
    assert out.count("\nok ") == 16
    assert out.endswith("16 of 16 checks are right\n")


def test_every_line_says_what_was_allowed(tmp_path: Path) -> None:
    _, out = _run(tmp_path, "--kinds=normal,rising")
    assert out.count("(allowed 1.1e-03), of a value ") == 2
    assert out.count("(allowed 6.8e-03), in 128 rows") == 2


def test_a_missing_scale_is_found(tmp_path: Path) -> None:
    code, out = _run(tmp_path, "--kinds=normal", faults=("STAND_IN_NO_SCALE",))
    assert code == 1
    assert "WRONG  q_rows 128, s1 768, normal, seed 0" in out
    assert "0 of 1 checks are right" in out


def test_a_row_that_is_not_written_is_found_whatever_memory_held(tmp_path: Path) -> None:
    code, out = _run(tmp_path, "--kinds=normal,large", faults=("STAND_IN_SKIPS_LAST_ROW",))
    assert code == 1
    assert out.count("1 of 128 rows are wrong; the worst value, at row 127, column 0, is nan") == 2


def test_a_failing_kernel_is_a_failed_line_with_the_report(tmp_path: Path) -> None:
    code, out = _run(tmp_path, "--kinds=normal", faults=("STAND_IN_FAILS",))
    assert code == 1
    assert "FAILED q_rows 128" in out
    assert "vec0 waits in TPOP" in out


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--s1=abc", "'abc' is not a whole number"),
        ("--s1=1000", "s1 = 1000 is not supported"),
        ("--kinds=odd", "--kinds=odd is not supported"),
        ("--seeds=-1", "'-1' is not a whole number from 0 on"),
        ("--seeds=", "--seeds= is an empty list"),
    ],
)
def test_mistakes_are_one_paragraph_and_exit_code_2(argument: str, words: str) -> None:
    done = run_program(CHECK, argument)
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
