"""A failed step is reported and the others are still done."""

import pytest

from proofs.harness.steps import Steps, expect


def failing() -> str:
    expect(False, "the digests differ")
    return "not reached"


def test_exit_status_is_that_of_the_worst_step(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps()
    steps.run("compare", failing)
    steps.run("count", lambda: "3 hits")
    assert steps.finish() == 1
    printed = capsys.readouterr()
    assert "the digests differ" in printed.out
    assert "1 of 2 steps are right" in printed.out
    assert printed.err == "failed: compare\n"


def test_all_right_is_exit_status_zero() -> None:
    steps = Steps()
    steps.run("count", lambda: "3 hits")
    assert steps.finish() == 0
