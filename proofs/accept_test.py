"""Every message about a text that moved names the one command that accepts it."""

import pytest

import isa.generate
import patchers.golden
import proofs.generated
from proofs.accept import ACCEPT, main

COMMAND = "tools/bazel run //:accept"


def test_all_detectors_name_the_command() -> None:
    barriers = patchers.golden.difference({"fa_a": {"x": 1}}, {"fa_a": {"x": 2}})
    digests = proofs.generated.difference({"a": "0"}, {"a": "1"})
    for message in (isa.generate.HOW_TO_ACCEPT, barriers, digests):
        assert message is not None
        assert COMMAND in message
    assert len(ACCEPT) == 4


def test_outside_of_bazel_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILD_WORKSPACE_DIRECTORY", raising=False)
    with pytest.raises(SystemExit, match=f"start this with `{COMMAND}`"):
        main()
