"""Compiles what all kernels on the host share: the machine of each mode, and the loops for each level of CPU.

Bazel does so once per workspace (host_machine.bzl) and brings the objects along; elsewhere the objects are kept in the
user's cache directory, by the content of their sources.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tools.bisheng.host_flags import RUNTIME, compiler_command
from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import relative, run_compiler, scratch_for

MODE_FLAGS: dict[str, tuple[str, ...]] = {"execute": ("-O3",), "trace": ("-O2", "-DPTO_TRACE=1")}
"""What surrounds the loops takes 1.06 times as long with -O2, which unrolls no short loops and compiles no faster."""

MODE_SOURCES = {
    "execute": ("machine/machine.cpp", "machine/exports.cpp", "numbers/levels.cpp", "numbers/peak.cpp"),
    "trace": ("machine/machine.cpp", "machine/exports.cpp"),
}

LEVEL_SOURCES = {"x86-64-v4+amx": "numbers/amx.cpp"}
"""Of levels that are another one, but for some operations; the others have all loops: numbers/numbers.cpp."""

NUMBERS_FLAGS = {
    "gcc": ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic"),  # half the time of -O3, and as fast
    "clang": ("-O2",),
}

OBJECT_FLAGS = ("-r", "-nostdlib")
"""Several sources to one object that can be linked."""


def part_names(toolchain: HostToolchain, mode: str) -> list[str]:
    """The parts that a library of `mode` is linked with: the mode's own name, and levels of CPU."""
    return [mode, *(toolchain.levels if mode == "execute" else ())]


def part_file(part: str) -> str:
    """Name of the object with a part."""
    return f"machine.{part}.o"


def compile_part(part: str, out: Path, *, toolchain: HostToolchain) -> Path:
    """Compiles one part to the object `out`; returns `out`. Raises CompileError, ProbeError."""
    with scratch_for(out) as scratch:
        return run_compiler(_part_command(part, toolchain), RUNTIME, out, scratch)


def _part_command(part: str, toolchain: HostToolchain) -> list[str]:
    command = [*compiler_command(toolchain, part), *OBJECT_FLAGS]
    if part in MODE_SOURCES:
        return [*command, *MODE_FLAGS[part], *(str(relative(RUNTIME / name)) for name in MODE_SOURCES[part])]
    # One library has the loops of all levels, each in a namespace of its own.
    namespace = re.sub(r"\W", "_", part)
    command += [*NUMBERS_FLAGS[toolchain.kind], *toolchain.levels[part]]
    command += [f"-DPTO_LEVEL={namespace}", f'-DPTO_LEVEL_NAME="{part}"']
    return [*command, str(relative(RUNTIME / LEVEL_SOURCES.get(part, "numbers/numbers.cpp")))]


def machine_objects(toolchain: HostToolchain, mode: str) -> list[Path]:
    """The objects to link a library of `mode` with: Bazel's, else those of the cache, compiled if they are not there.

    Raises CompileError, ProbeError.
    """
    parts = part_names(toolchain, mode)
    built = [RUNTIME / part_file(part) for part in parts]
    if all(path.exists() for path in built):
        return built
    directory = Path(tempfile.gettempdir()) / f"ascend-fa-machine-{getpass.getuser()}"
    # For this user only, since what lies there is linked into libraries and run.
    directory.mkdir(mode=0o700, exist_ok=True)
    return [_cached(directory, part, toolchain) for part in parts]


def _cached(directory: Path, part: str, toolchain: HostToolchain) -> Path:
    path = directory / cache_name(part, toolchain)
    return path if path.exists() else compile_part(part, path, toolchain=toolchain)


def cache_name(part: str, toolchain: HostToolchain) -> str:
    """Name of a part's object in the cache: the same from every working directory, as the object is.

    Raises ProbeError.
    """
    folders = ("include/pto", "numbers", *(("machine",) if part in MODE_SOURCES else ()))
    sources = _digest(sorted(path for folder in folders for path in (RUNTIME / folder).rglob("*.[ch]pp")))
    # Where files lie shows in these words only, and in no object.
    places = ("-ffile-prefix-map=", "-I")
    options = [word for word in _part_command(part, toolchain) if not word.startswith(places) and ".cpp" not in word]
    key = hashlib.sha256(f"{sources} {toolchain.to_json()} {options}".encode()).hexdigest()
    return f"{key[:16]}.{part_file(part)}"


def _digest(files: Iterable[Path]) -> str:
    """SHA-256 of the names and contents of files."""
    whole = hashlib.sha256()
    for path in files:
        whole.update(os.fsencode(path.relative_to(RUNTIME)) + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()
