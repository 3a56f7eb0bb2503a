"""Programs of the system that a check needs: found, or installed where that is possible without asking."""

from __future__ import annotations

import os
import shutil
import subprocess

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Servers lie in directories that a user's PATH need not have."""

APT_OPTIONS = ("-y", "--no-install-recommends", "-q")


class MissingProgram(RuntimeError):
    """A program is not installed; the text says how to install it."""


def found_program(name: str) -> str | None:
    """Absolute path of the program `name`; None if it is not installed."""
    return shutil.which(name, path=SYSTEM_PATH)


def program(name: str, package: str) -> str:
    """Absolute path of the program `name`; root gets Debian's `package` installed. Raises MissingProgram."""
    found = found_program(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {package} ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, capture_output=True, env=environment)
        command = ["apt-get", "install", *APT_OPTIONS, package]
        subprocess.run(command, check=False, capture_output=True, env=environment)
        found = found_program(name)
    if found is None:
        raise MissingProgram(f"{name} is not installed; run: sudo apt-get install --no-install-recommends {package}")
    return found
