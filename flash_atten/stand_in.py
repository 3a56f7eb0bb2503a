"""For tests: a library with the kernel's symbols and a naive attention behind them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cli.testing import ROOT
from flash_atten.config import KernelConfig
from flash_atten.launch_library import HOST, library_name
from tools.bisheng.host_toolchain import host_toolchain

CXX_FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}")
"""Options of libraries that only tests use."""

SWITCHES = ("STAND_IN_FAILS", "STAND_IN_SLOWDOWN_MS", "STAND_IN_NO_SCALE", "STAND_IN_SKIPS_LAST_ROW")


def build_info(config: KernelConfig, backend: str = HOST) -> dict[str, object]:
    """Return the fields that a library built for `config` reports."""
    return {
        "name": library_name(config),
        "backend": backend,
        "s1_tile": config.s1_tile,
        "qk_preload": config.qk_preload,
        "kv_split": config.kv_split,
        "compiler": "g++ (stand-in)",
    }


def compile_stand_in(source: Path, path: Path, info: str, macros: Mapping[str, object]) -> None:
    """Compile `source` to the library `path` that reports `info`, the JSON text of `fa_build_info()`."""
    header = path.with_name("build_info.inc")
    header.write_text(f'R"JSON({info})JSON"\n', encoding="utf-8")
    definitions = [f"-D{name}={value}" for name, value in {**macros, "PTO_BUILD_INFO_FILE": f'"{header}"'}.items()]
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

    `info` replaces the JSON text of `fa_build_info()`. `switches` gives macros of testdata/stand_in_*.cpp a value; the
    others are 0.
    """
    values = dict.fromkeys(SWITCHES, 0) | dict(switches or {})
    if len(values) > len(SWITCHES):
        raise ValueError(f"stand-ins have only the switches {', '.join(SWITCHES)}, not {', '.join(switches or ())}")
    text = json.dumps(build_info(config, backend)) if info is None else info
    path = directory / f"{library_name(config)}.so"
    compile_stand_in(ROOT / f"flash_atten/testdata/stand_in_{backend}.cpp", path, text, values)
    return path
