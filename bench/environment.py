"""Where numbers come from: machine, software, source version. Part of every results file."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "torch", "torch-npu")
"""Distributions whose version matters to a latency or an error."""


def environment() -> dict[str, Any]:
    """Return the facts as JSON values; what cannot be found out is None."""
    return {
        "machine": {
            "cpu": _cpu_model(),
            "cpus": os.cpu_count(),
            "memory_gib": _memory_gib(),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "git": git_state(workspace()),
        "pid": os.getpid(),
        "arguments": sys.argv[1:],
    }


def workspace() -> Path | None:
    """Return the source tree that `bazel run` was called in, else the one this file lies in, if it is one."""
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    here = Path(root) if root else Path(__file__).resolve().parent.parent
    return here if (here / ".git").exists() else None


def git_state(root: Path | None) -> dict[str, Any] | None:
    """Return the commit of `root` and whether files differ from it; None without git or a repository."""
    if root is None:
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "modified": bool(_git(root, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_model() -> str | None:
    # On ARM the kernel tells a part number only.
    return _proc_value(Path("/proc/cpuinfo"), ("model name", "CPU part")) or platform.processor() or None


def _memory_gib() -> float | None:
    found = _memory_bytes("MemTotal")
    return round(found / 2**30, 1) if found else None


def available_memory() -> int | None:
    """Return the bytes that programs can still take without swapping; None where the system does not say."""
    return _memory_bytes("MemAvailable")


def _memory_bytes(key: str) -> int | None:
    kib = _proc_value(Path("/proc/meminfo"), (key,))
    return int(kib.split()[0]) * 1024 if kib else None


def _proc_value(path: Path, keys: Iterable[str]) -> str | None:
    """Return the first value of one of `keys` in a `key : value` file of /proc; None where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() in keys), None)
