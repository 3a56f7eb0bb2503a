"""For tests: a trace library that gives a trace made beforehand."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.stand_in import build_info
from sim.trace import Trace, write_trace

SOURCE = Path(__file__).parent / "testdata" / "canned_trace.cpp"
FLAGS = ("-std=c++17", "-O0", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")


def build_canned(directory: Path, trace: Trace, *, remove_barriers: Sequence[str] = (), fails: bool = False) -> Path:
    """Compile a library into `directory` whose every launch has `trace`; return its path."""
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        raise FileNotFoundError("no C++ compiler on PATH: the tests around traces need g++ or c++")
    write_trace(trace, directory / "canned.trace")
    info = build_info(KernelConfig()) | {"remove_barriers": list(remove_barriers)}
    header = directory / "build_info.inc"
    header.write_text(f'R"JSON({json.dumps(info)})JSON"\n', encoding="utf-8")
    path = directory / "canned.trace.so"
    definitions = [
        f'-DCANNED_TRACE="{directory / "canned.trace"}"',
        f"-DCANNED_FAILS={int(fails)}",
        f'-DPTO_BUILD_INFO_FILE="{header}"',
    ]
    subprocess.run([compiler, *FLAGS, *definitions, str(SOURCE), "-o", str(path)], check=True)
    return path
