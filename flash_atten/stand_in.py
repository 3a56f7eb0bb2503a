"""For tests: a library with the kernel's symbols and a naive attention behind them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.testing import ROOT
from flash_atten.config import KernelConfig
from flash_atten.described import kernel_of
from flash_atten.libraries import library_name
from flash_atten.plan import kernel_entries
from kernels.callers import host_caller, npu_caller
from kernels.library import EXECUTE, HOST, NPU
from kernels.signature import entries_to_json
from tools.bisheng.host_toolchain import host_toolchain

CXX_FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}")
"""Options of libraries that only tests use."""

SWITCHES = ("STAND_IN_FAILS", "STAND_IN_SLOWDOWN_MS", "STAND_IN_NO_SCALE", "STAND_IN_SKIPS_LAST_ROW")


def build_info(config: KernelConfig, backend: str = HOST) -> dict[str, Any]:
    """Return the fields that a library built for `config` reports."""
    return {
        "name": library_name(config),
        "backend": backend,
        "mode": EXECUTE,
        "kernel": f"{kernel_of.__module__}:{kernel_of.__name__}",
        "knobs": config.knobs,
        "compiler": "g++ (stand-in)",
        **json.loads(entries_to_json(kernel_entries(config))),
    }


def compile_stand_in(source: Path, path: Path, info: str, macros: Mapping[str, object], config: KernelConfig) -> None:
    """Compile `source` to the library `path` that reports `info`, the JSON text of `pto_build_info()`.

    Its callers, those of a kernel of `config`, are its PTO_CALLER_FILE.
    """
    header, caller = path.with_name("build_info.inc"), path.with_name("caller.cpp")
    header.write_text(f'R"JSON({info})JSON"\n', encoding="utf-8")
    text = npu_caller if source.stem.endswith(NPU) else host_caller
    caller.write_text(text(path.stem, kernel_entries(config)), encoding="utf-8")
    files = {"PTO_BUILD_INFO_FILE": f'"{header}"', "PTO_CALLER_FILE": f'"{caller}"'}
    definitions = [f"-D{name}={value}" for name, value in {**macros, **files}.items()]
    subprocess.run([host_toolchain().cxx, *CXX_FLAGS, *definitions, str(source), "-o", str(path)], check=True)


def build_stand_in(
    directory: Path,
    config: KernelConfig,
    *,
    backend: str = HOST,
    info: str | None = None,
    switches: Mapping[str, int] | None = None,
) -> Path:
    """Compile a stand-in for `config` and `backend` into `directory`; return its path.

    `info` replaces the JSON text of `pto_build_info()`. `switches` gives macros of testdata/stand_in_*.cpp a value; the
    others are 0.
    """
    values = dict.fromkeys(SWITCHES, 0) | dict(switches or {})
    # An unknown name has made it longer.
    if len(values) > len(SWITCHES):
        raise ValueError(f"stand-ins have only the switches {', '.join(SWITCHES)}, not {', '.join(switches or ())}")
    text = json.dumps(build_info(config, backend)) if info is None else info
    path = directory / f"{library_name(config)}.so"
    compile_stand_in(ROOT / f"flash_atten/testdata/stand_in_{backend}.cpp", path, text, values, config)
    return path
