"""A build that shares too much, or too little, is found."""

import pytest

from proofs.harness.steps import CheckFailed
from proofs.keys import judge

BEFORE = [
    "Making byte code of //a",
    "Generating a.mlir",
    "Compiling a.cpp for the host (trace)",
    "Auditing a.cpp",
    "Compiling a.cpp for the host (execute)",
]


def test_compiling_anew_what_is_compiled_is_right() -> None:
    assert judge(BEFORE, BEFORE[2:]) == "2 of 2 compilations done again, 2 other results shared"


def test_a_compiled_result_of_another_machine_is_wrong() -> None:
    with pytest.raises(CheckFailed, match=r"taken from the cache: Compiling a\.cpp for the host \(trace\)$"):
        judge(BEFORE, BEFORE[3:])


def test_doing_again_what_does_not_depend_on_the_machine_is_wrong() -> None:
    with pytest.raises(CheckFailed, match=r"done again: Making byte code of //a; Generating a\.mlir$"):
        judge(BEFORE, BEFORE)


def test_a_build_that_compiles_nothing_shows_nothing() -> None:
    with pytest.raises(CheckFailed, match="compiles nothing"):
        judge(BEFORE[:2], BEFORE[:2])
