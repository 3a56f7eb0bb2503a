"""Every message about a text that moved names the one command that accepts it."""

from pathlib import Path
from types import ModuleType

import pytest

import isa.generate
import patchers.golden
import proofs.accept
import proofs.generated
from proofs.accept import ACCEPT, main

COMMAND = "tools/bazel run //:accept"


def test_all_detectors_name_the_command() -> None:
    barriers = patchers.golden.difference({"fa_a": {"x": 1}}, {"fa_a": {"x": 2}})
    digests = proofs.generated.difference({"a": "0"}, {"a": "1"})
    for message in (isa.generate.HOW_TO_ACCEPT, barriers, digests):
        assert message is not None
        assert COMMAND in message
    assert len(ACCEPT) == 5


def test_outside_of_bazel_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILD_WORKSPACE_DIRECTORY", raising=False)
    with pytest.raises(SystemExit, match=f"start this with `{COMMAND}`"):
        main()


@pytest.mark.parametrize("program", [isa.generate, patchers.golden, proofs.generated, proofs.accept])
def test_what_they_do_not_know_is_refused_before_anything_is_written(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` must not rewrite the work tree either."""
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(tmp_path))
    for argument, code in (("--help", 0), ("--dry_run", 2), ("golden.json", 2)):
        with pytest.raises(SystemExit) as caught:
            program.main([argument])
        assert caught.value.code == code
    assert "unrecognized arguments: golden.json" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
