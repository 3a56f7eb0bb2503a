"""Tells whether a Python has torch_npu, and where; run by the repository rule torch_npu with each candidate.

    PYTHON find_torch_npu.py 3.11        what programs of this workspace run on

Prints one JSON object: `installed` (distribution -> version; empty without torch_npu), `paths` (directories that an
import needs) and `problem` (why programs cannot use it; "" if they can).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import sysconfig

DISTRIBUTIONS = ("torch", "torch-npu")

SITES = ("site-packages", "dist-packages")
"""Names of the directories with packages, wherever they lie."""


def search_path() -> list[str]:
    """Directories that imports look into, without the standard library and this file's own."""
    ours, standard = os.path.dirname(os.path.realpath(__file__)), sysconfig.get_path("stdlib")
    found = dict.fromkeys(os.path.abspath(entry) for entry in sys.path if entry)
    return [
        path
        for path in found
        if os.path.isdir(path) and os.path.realpath(path) != ours and not _is_below(path, standard)
    ]


def _is_below(path: str, standard: str) -> bool:
    inside = path == standard or path.startswith(standard + os.sep)
    return inside and os.path.basename(path) not in SITES


def version_of(distribution: str, paths: list[str]) -> str:
    """Version of an installed distribution; "" if it is not there."""
    # The first on the path: an import finds that one.
    for found in importlib.metadata.distributions(name=distribution, path=paths):
        return found.version
    return ""


def describe(wanted: str) -> dict[str, object]:
    """What is printed, for programs that run on Python `wanted`."""
    paths, own = search_path(), "%d.%d" % sys.version_info[:2]  # noqa: UP031 (the interpreter may be an old one)
    installed = {name: version_of(name, paths) for name in DISTRIBUTIONS}
    if not installed["torch-npu"]:
        return {"installed": {}, "paths": [], "problem": ""}
    problem, found = "", f"torch_npu {installed['torch-npu']} of {sys.executable}"
    if not installed["torch"]:
        problem = f"{found} is installed without torch: install the torch that belongs to it"
    elif own != wanted:
        problem = (
            f"{found} is for Python {own}, and programs of this workspace run on Python {wanted}: install it there"
        )
    return {"installed": installed, "paths": paths, "problem": problem}


if __name__ == "__main__":
    print(json.dumps(describe(sys.argv[1])))
