"""A proof is chosen by its name; options after `all` go to those of teams."""

import subprocess
from types import SimpleNamespace

import pytest

from proofs import check


def test_without_a_name_the_proofs_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([]) == 2
    assert "which proof?; give one of reproducible, sharing, execution, npu, all" in capsys.readouterr().err
    assert check.main(["cache", "--targets=//sim"]) == 2
    assert "there is no proof 'cache'; give one of reproducible," in capsys.readouterr().err


def test_all_proofs_run_and_the_worst_status_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    called: dict[str, list[str]] = {}

    def proof(name: str, status: int) -> check.Proof:
        def run(arguments: list[str]) -> int:
            called[name] = arguments
            return status

        return run

    proofs = {name: proof(name, int(name == "sharing")) for name in check.PROOFS}
    monkeypatch.setattr(check, "PROOFS", proofs)
    monkeypatch.setattr(subprocess, "run", lambda *command, **options: SimpleNamespace(returncode=0))
    assert check.main(["all", "--targets=//sim/..."]) == 1
    assert called == {
        "reproducible": ["--targets=//sim/..."],
        "sharing": ["--targets=//sim/..."],
        "execution": ["--targets=//sim/..."],
        "npu": [],
    }
