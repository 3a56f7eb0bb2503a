"""The real ptoas is found by PTOAS or PATH; what is missing, broken or too old is one paragraph."""

from pathlib import Path

from tools.ptoas.toolchain.find_ptoas import find_ptoas


def make_ptoas(directory: Path, prints: str = "ptoas 0.48", name: str = "ptoas", code: int = 0) -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_ptoas_is_found_on_path(tmp_path: Path) -> None:
    path = make_ptoas(tmp_path)
    found = find_ptoas({"PATH": str(tmp_path)})
    assert (found.path, found.version, found.problem) == (str(path), "ptoas 0.48", "")


def test_the_variable_comes_before_path(tmp_path: Path) -> None:
    make_ptoas(tmp_path)
    named = make_ptoas(tmp_path, "ptoas 0.60", "mine")
    assert find_ptoas({"PATH": str(tmp_path), "PTOAS": str(named)}).version == "ptoas 0.60"


def test_another_program_is_another_toolchain(tmp_path: Path) -> None:
    before = find_ptoas({"PTOAS": str(make_ptoas(tmp_path))})
    make_ptoas(tmp_path, "ptoas 0.48\n")
    assert find_ptoas({"PTOAS": str(tmp_path / "ptoas")}).sha256 != before.sha256


def test_a_version_that_is_not_told_is_accepted(tmp_path: Path) -> None:
    assert find_ptoas({"PTOAS": str(make_ptoas(tmp_path, "LLVM version 19.1.7"))}).problem == ""
    assert find_ptoas({"PTOAS": str(make_ptoas(tmp_path, ""))}).version == "unknown version"


def test_what_is_wrong_is_told_with_the_cure(tmp_path: Path) -> None:
    old, failing = make_ptoas(tmp_path, "ptoas 0.1.1", "old"), make_ptoas(tmp_path, "", "failing", 1)
    cases = [
        ({"PATH": "/no/bin"}, "ptoas was not found (looked at PATH; not set: PTOAS)"),
        ({"PTOAS": "/no/ptoas"}, "ptoas was not found (looked at /no/ptoas)"),
        ({"PTOAS": str(tmp_path)}, "ptoas was not found"),
        ({"PTOAS": str(failing)}, "failing --version fails: exit status 1"),
        ({"PTOAS": str(old)}, "old is too old: it is 0.1, needed is 0.45 or newer"),
    ]
    for environment, words in cases:
        problem = find_ptoas(environment).problem
        assert problem.splitlines()[-1] == f"PATH is {environment.get('PATH', 'empty')}"
        assert words in problem.splitlines()[1]
        assert "Put ptoas 0.45 or newer on PATH" in problem
