"""--test_filter chooses tests by name; a target without such a test is no failure."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MAIN = Path("tools/pytest/main.py").absolute()

TESTS = """
def test_right() -> None:
    pass

def test_wrong() -> None:
    assert False
"""


def run(directory: Path, only: str | None) -> tuple[int, str]:
    """Exit status and output of the tests in `directory` that `--test_filter` leaves; None: without it."""
    (directory / "some_test.py").write_text(TESTS, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    if only is not None:
        environment["TESTBRIDGE_TEST_ONLY"] = only
    command = [sys.executable, str(MAIN), "-p", "no:cacheprovider", str(directory / "some_test.py")]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


@pytest.mark.parametrize(
    ("only", "status", "words"),
    [
        (None, 1, "1 failed, 1 passed"),
        ("right", 0, "1 passed, 1 deselected"),
        ("wrong", 1, "1 failed, 1 deselected"),
        ("elsewhere", 0, "no test of this target matches --test_filter=elsewhere"),
        ("right and", 4, "Wrong expression"),
    ],
    ids=["1", "2", "3", "4", "5"],  # the filter sees names of folders, too, and the test's is made of these
)
def test_the_filter_chooses(tmp_path: Path, only: str | None, status: int, words: str) -> None:
    code, output = run(tmp_path, only)
    assert code == status, output
    if status != 4:
        assert words in output


def test_a_target_without_tests_fails(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(MAIN), str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 5
