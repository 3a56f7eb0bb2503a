"""The engine's command line, and how its workers are found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofs.engine import EngineError, child_processes, command_line, engine_command, require_system


def test_actions_see_the_system_and_nothing_else_of_the_machine() -> None:
    command = engine_command(Path("/programs"), Path("/store"), 8980, 4)
    mounts = [part.split("=", 2)[2].split(":")[0] for part in command if part.startswith("--runner-arg")]
    assert {mount for mount in mounts if not mount.startswith("/usr")} <= {"/etc/alternatives"}
    assert "/usr" in mounts
    assert command[-1] == "/store"


def test_a_user_needs_fuse_and_root_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = []
    monkeypatch.setattr("proofs.engine.program", lambda name, package: needed.append((name, package)))
    monkeypatch.setattr("proofs.engine.FUSE_DEVICE", Path("/dev/no-fuse"))
    require_system(0)
    assert needed == [("bwrap", "bubblewrap")]
    with pytest.raises(EngineError, match="/dev/no-fuse is not there or closed to this user; run: sudo chmod"):
        require_system(1000)
    assert needed[1:] == [("bwrap", "bubblewrap"), ("fusermount3", "fuse3")]


def test_children_are_found_by_their_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in child_processes(os.getpid())
        child.communicate(b"\n")


def test_the_command_line_of_a_process_that_has_ended_is_empty() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert command_line(child.pid) == ""
