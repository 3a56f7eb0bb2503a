"""The real ptoas of this machine.

It is optional: what is missing is described, and only builds that choose the real ptoas fail. Needs the standard
library only: a repository rule runs it with the machine's Python (`-m tools.ptoas.toolchain.find_ptoas OUTPUT.json`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.bisheng.probe import (
    Found,
    ProbeError,
    ask_version,
    is_program,
    not_found,
    problem_text,
    read_version,
    too_old,
)

MINIMUM = (0, 45)
"""The oldest ptoas that is let through. What is known was seen with 0.48: docs/npu.md."""

HOW_TO_INSTALL = (
    f"Put ptoas {MINIMUM[0]}.{MINIMUM[1]} or newer on PATH, or set PTOAS to the program, then run the same command "
    "again; or leave out --config=npu and --config=external_ptoas to use the embedded assembler."
)


@dataclasses.dataclass(frozen=True)
class ExternalPtoas(Found):
    """The program; `problem` says why there is none, and then the other fields are empty."""

    path: str = ""
    """Absolute path."""
    version: str = ""
    """What it says of itself, in one line."""
    sha256: str = ""
    """Digest of the program: another program, other results."""
    problem: str = ""


def find_ptoas(environment: Mapping[str, str]) -> ExternalPtoas:
    """The ptoas that `environment` leads to: PTOAS, else PATH; or why there is none."""
    try:
        path = _program(environment)
        version = ask_version(path)
        problem = too_old("it", read_version(version, r"ptoas(?: version)?"), MINIMUM)
        if problem:
            raise ProbeError(f"{path} is too old: {problem}")
    except ProbeError as error:
        heading = "cannot assemble with the real ptoas"
        return ExternalPtoas(problem=problem_text(heading, [str(error)], HOW_TO_INSTALL, environment))
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return ExternalPtoas(os.path.abspath(path), version.replace("\n", "; ") or "unknown version", digest)


def _program(environment: Mapping[str, str]) -> str:
    named = environment.get("PTOAS")
    path = named or shutil.which("ptoas", path=environment.get("PATH", ""))
    if path and is_program(path):
        return path
    raise ProbeError(not_found("ptoas", environment, ["PTOAS"], [named or "PATH"]))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(find_ptoas(os.environ).to_json(), encoding="utf-8")
