"""py_binary starts the configured Python with our search path only, wherever and however it is called."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path("tools/pytest/show_python").absolute()

VERSION = platform.python_version()


def start(program: str, *arguments: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> Any:
    """What the program says of how it was started."""
    command = [program, *arguments]
    output = subprocess.run(command, cwd=cwd, env=environment or {}, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def test_empty_environment_is_enough() -> None:
    shown = start(str(PROGRAM))
    assert shown["flags"] == {"no_site": 1, "safe_path": True, "utf8_mode": 1, "no_user_site": 1}
    assert shown["hash_seed"] == "0"


def test_callers_python_settings_do_not_count(tmp_path: Path) -> None:
    evil = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nonexistent", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    assert start(str(PROGRAM), environment=evil) == start(str(PROGRAM))


def test_only_the_workspace_and_python_itself_are_searched() -> None:
    root = str(PROGRAM.parents[2])
    ours, others = start(str(PROGRAM))["path"][0], start(str(PROGRAM))["path"][1:]
    assert ours == root
    assert not any("site-packages" in path or "dist-packages" in path for path in others)


def test_links_and_relative_paths_find_the_same_runfiles(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(PROGRAM)
    second = tmp_path / "second"
    second.symlink_to("link")
    expected = start(str(PROGRAM))
    assert start(str(second)) == expected
    assert start("./link", cwd=tmp_path) == expected
    assert start(os.path.relpath(PROGRAM, tmp_path), cwd=tmp_path)["shown"] == expected["shown"]


@pytest.mark.parametrize("argument", ["", "two words", "$HOME", "'\"\\", "-c", "--help"])
def test_arguments_arrive_as_they_are(argument: str) -> None:
    assert start(str(PROGRAM), argument)["arguments"] == [argument]


@pytest.mark.parametrize(
    ("old", "new", "now"),
    [
        (
            f"Python {VERSION}",
            "Python 3.1.4",
            f"was Python 3.1.4 when the workspace was configured, is now: Python {VERSION}",
        ),
        ("\npython=", "\npython=/none", f"was Python {VERSION} when the workspace was configured, is now:"),
    ],
    ids=["another version", "not there"],
)
def test_another_python_than_the_configured_one_is_not_started(tmp_path: Path, old: str, new: str, now: str) -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    assert old in text
    launcher = tmp_path / PROGRAM.name
    launcher.write_text(text.replace(old, new), encoding="utf-8")
    launcher.chmod(0o755)
    environment = {"RUNFILES_DIR": f"{PROGRAM}.runfiles"}
    result = subprocess.run([launcher], env=environment, check=False, capture_output=True, text=True)
    assert result.returncode == 127
    assert result.stdout == ""
    assert now in result.stderr
    assert "tools/bazel sync --configure" in result.stderr


def test_env_of_the_rule_is_set_and_quoted() -> None:
    assert start(str(PROGRAM))["shown"] == "it's $HOME"
