"""Nothing is installed on a person's machine without asking."""

import io
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from proofs.harness.packages import MissingProgram, program


class Keyboard(io.StringIO):
    """Standard input with a person, or without."""

    def __init__(self, text: str, person: bool) -> None:
        super().__init__(text)
        self.person = person

    def isatty(self) -> bool:
        return self.person


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What root starts on a machine without the program."""
    started: list[list[str]] = []

    def start(command: list[str], **options: Any) -> Any:
        started.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(subprocess, "run", start)
    return started


@pytest.mark.parametrize(
    ("text", "person", "installed"),
    [("y\n", True, True), ("Yes\n", True, True), ("\n", True, False), ("", True, False), ("", False, True)],
    ids=["yes", "Yes", "enter", "end of input", "nobody there"],
)
def test_a_person_is_asked_before_anything_is_installed(
    monkeypatch: pytest.MonkeyPatch, commands: list[list[str]], text: str, person: bool, installed: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(text, person))
    with pytest.raises(MissingProgram, match="nginx is not installed; run: sudo apt-get install --no-install-recommen"):
        program("nginx", "nginx-light")
    assert any("install" in command for command in commands) == installed


def test_a_user_who_is_not_root_installs_nothing(monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingProgram):
        program("nginx", "nginx-light")
    assert not commands
