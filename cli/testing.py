"""For tests: a way to run the programs as a user does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
"""The workspace, or a test's copy of it."""


def run_program(
    module: str, *arguments: str, directory: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a module of this workspace as a program, as a user in `directory` would; return its exit code, stdout and
    stderr.

    `env` adds to a minimal environment.
    """
    paths = ":".join([str(ROOT), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths} | dict(env or {}),
        check=False,
    )
