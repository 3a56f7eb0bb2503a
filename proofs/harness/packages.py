"""Programs of the system that a check needs: found, or installed by root, who is asked if there is somebody to ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Servers lie in directories that a user's PATH need not have."""

APT_OPTIONS = ("-y", "--no-install-recommends", "-q")


class MissingProgram(RuntimeError):
    """A program is not installed; the text says how to install it."""


def found_program(name: str) -> str | None:
    """Absolute path of the program `name`; None if it is not installed."""
    return shutil.which(name, path=SYSTEM_PATH)


def agreed(package: str) -> bool:
    """Whether `package` may be installed: a person at the terminal decides; without one, as in CI, it may."""
    if not sys.stdin.isatty():
        return True
    try:
        answer = input(f"this needs Debian's package {package}; install it with apt-get? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


def program(name: str, package: str) -> str:
    """Absolute path of the program `name`; root may get Debian's `package` installed. Raises MissingProgram."""
    found = found_program(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get") and agreed(package):
        print(f"installing {package} ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, capture_output=True, env=environment)
        command = ["apt-get", "install", *APT_OPTIONS, package]
        subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, env=environment)
        found = found_program(name)
    if found is None:
        raise MissingProgram(f"{name} is not installed; run: sudo apt-get install --no-install-recommends {package}")
    return found
