"""For tests: compile `testdata/stand_in.cpp`, a library with the kernel's symbols and a naive attention behind them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.launch_library import HOST, library_name

ROOT = Path(__file__).parent.parent

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


def build_stand_in(directory: Path, config: KernelConfig, *, info: str | None = None, **switches: int) -> Path:
    """Compile a stand-in for `config` into `directory`; return its path.

    `info` replaces the JSON text of `fa_build_info()`. `switches` are macros of stand_in.cpp; the others are 0.
    """
    unknown = sorted(set(switches) - set(SWITCHES))
    if unknown:
        raise ValueError(f"stand_in.cpp has no switch {', '.join(unknown)}; it has {', '.join(SWITCHES)}")
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        raise FileNotFoundError("no C++ compiler on PATH: the tests around the kernel need g++ or c++")
    text = json.dumps(build_info(config)) if info is None else info
    header = directory / "build_info.inc"
    header.write_text(f'R"JSON({text})JSON"\n', encoding="utf-8")
    path = directory / f"{library_name(config)}.so"
    macros = [f"-D{name}={switches.get(name, 0)}" for name in SWITCHES]
    subprocess.run(
        [compiler, "-std=c++17", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", *macros]
        + [f'-DPTO_BUILD_INFO_FILE="{header}"', str(ROOT / "flash_atten/testdata/stand_in.cpp"), "-o", str(path)],
        check=True,
    )
    return path
