"""A change is made for a while, and only where it is known what it does."""

from pathlib import Path

import pytest

from proofs.edits import CHANGES, Change, applied
from proofs.harness.checkout import ROOT
from proofs.harness.steps import CheckFailed

CHANGE = Change("a change", "a.py", "x = 1", "x = 2")


def test_a_change_is_undone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with applied(CHANGE, tmp_path):
        assert (tmp_path / "a.py").read_text() == "x = 2\n"
    assert (tmp_path / "a.py").read_text() == "x = 1\n"


def test_a_change_of_a_line_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("y = 1\n")
    with pytest.raises(CheckFailed, match="has not once 'x = 1'"), applied(CHANGE, tmp_path):
        pass


@pytest.mark.parametrize("change", CHANGES, ids=[change.name for change in CHANGES])
def test_the_lines_that_are_changed_are_there(change: Change) -> None:
    assert (ROOT / change.file).read_text(encoding="utf-8").count(change.old) == 1
