"""What is said about a machine is there, and git facts are those of the tree that is asked about."""

import json
import subprocess
from pathlib import Path

from bench.environment import environment, git_state


def test_facts_are_json_values() -> None:
    facts = environment()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["machine"]["cpus"] >= 1
    assert facts["versions"]["numpy"]


def _git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, "-C", str(root), *arguments], check=True, capture_output=True)


def test_git_state_is_commit_and_whether_files_differ(tmp_path: Path) -> None:
    assert git_state(None) is None
    assert git_state(tmp_path) is None
    _git(tmp_path, "init")
    (tmp_path / "file").write_text("1")
    _git(tmp_path, "add", "file")
    _git(tmp_path, "commit", "-m", "one")
    clean = git_state(tmp_path)
    assert clean is not None
    assert len(clean["commit"]) == 40
    assert clean["modified"] is False
    (tmp_path / "file").write_text("2")
    assert git_state(tmp_path) == clean | {"modified": True}
