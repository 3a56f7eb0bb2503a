"""What all compilers of kernels share: the request, the build info inside the library, the run of the compiler."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.bisheng.probe import TOOL_ENVIRONMENT

DEFAULT_ENTRY = "call_both"
"""Entry point of the Flash Attention kernel."""

MODES = ("execute", "trace")
"""execute computes numbers, trace records operations."""

RAW_DELIMITER = "json"


class CompileError(RuntimeError):
    """The compiler refused the kernel, or there is no compiler; the text says why."""


@dataclasses.dataclass(frozen=True)
class LibraryRequest:
    """A kernel to compile. Raises ValueError and FileNotFoundError for what cannot be asked."""

    cpp: Path
    """Generated C++."""
    out: Path
    """The library to write."""
    entry: str = DEFAULT_ENTRY
    """Name of the kernel's extern "C" function."""
    mode: str = "execute"
    """One of MODES."""
    shims: tuple[Path, ...] = ()
    """Further C++ files of the library, which call the kernel."""
    build_info: dict[str, Any] | None = None
    """What the library says of itself; shims find it as PTO_BUILD_INFO_FILE."""

    def __post_init__(self) -> None:
        """Checks the fields."""
        if self.mode not in MODES:
            raise ValueError(f"mode {self.mode!r} is not one of {', '.join(MODES)}")
        if not re.fullmatch(r"[A-Za-z_]\w*", self.entry):
            raise ValueError(f"entry {self.entry!r} is not a C++ identifier")
        for path in (self.cpp, *self.shims):
            if not path.is_file():
                raise FileNotFoundError(f"there is no file {path} to compile")


def relative(path: Path) -> Path:
    """The path as a compiler gets it: relative if it lies below the working directory, so that no result shows it."""
    absolute, here = Path(os.path.abspath(path)), Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else absolute


def build_info_literal(build_info: dict[str, Any]) -> str:
    """One C++ string literal with the JSON text of `build_info`."""
    text = json.dumps(build_info, sort_keys=True)
    # This would end the raw string too early.
    if f'){RAW_DELIMITER}"' in text:
        raise ValueError(f'build info may not contain ){RAW_DELIMITER}": {text}')
    return f'R"{RAW_DELIMITER}({text}){RAW_DELIMITER}"\n'


def build_info_flags(build_info: dict[str, Any] | None, scratch: Path) -> list[str]:
    """Options by which shims find the build info, which is written into `scratch`; none if there is none."""
    if build_info is None:
        return []
    literal = scratch / "build_info.inc"
    literal.write_text(build_info_literal(build_info), encoding="utf-8")
    return [f'-DPTO_BUILD_INFO_FILE="{literal}"']


@contextmanager
def scratch_for(out: Path) -> Iterator[Path]:
    """A directory on the file system of `out`, gone afterwards."""
    # Beside `out`: a product can be renamed within a file system only.
    with tempfile.TemporaryDirectory(dir=out.parent.absolute(), prefix=f".{out.name}.") as scratch:
        yield Path(scratch)


def run_compiler(command: list[str], what: Path, out: Path, scratch: Path) -> Path:
    """Runs `command`, completed by where to write; returns `out`, complete or not there at all. Raises CompileError."""
    product = scratch / out.name
    # What the compiler leaves behind when it is interrupted goes with the scratch directory.
    environment = {**TOOL_ENVIRONMENT, "TMPDIR": str(scratch)}
    result = subprocess.run([*command, "-o", product], env=environment, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise CompileError(f"{command[0]} cannot compile {what}:\n{result.stderr.strip()}")
    os.replace(product, out)
    return out
