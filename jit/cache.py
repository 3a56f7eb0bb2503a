"""Libraries of kernels, compiled once: found again by the content of everything that they are made of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from tools.bisheng.host_compile import RUNTIME, compile_host, compile_machine, machine_object
from tools.bisheng.host_toolchain import HostToolchain

SOURCES = ("*.hpp", "*.h", "*.cpp")
"""Files of the runtime that a library is compiled from."""


def user_cache() -> Path:
    """Return the directory of compiled kernels of this user: ~/.cache/ascend-fa/jit."""
    return Path.home() / ".cache" / "ascend-fa" / "jit"


def compiled(cpp: str, entry: str, mode: str, toolchain: HostToolchain, directory: Path) -> Path:
    """Return the library of the C++ text `cpp` with the given entry, compiled unless `directory` has it.

    Files of other content stay: each has a directory of its own under `directory`, named by the digest of the C++, the
    mode, the compiler and the runtime. Raises CompileError.
    """
    machine = _machine(mode, toolchain, directory)
    library = directory / _key(cpp, entry, mode, toolchain.to_json(), runtime_digest()) / f"{entry}.{mode}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        source = library.with_name(f"{entry}.cpp")
        source.write_text(cpp, encoding="utf-8")
        compile_host(source, library, toolchain=toolchain, entry=entry, mode=mode, objects=machine)
    return library


def _machine(mode: str, toolchain: HostToolchain, directory: Path) -> list[Path]:
    """Return what all kernels share, compiled once for `directory`; nothing where Bazel has compiled it."""
    if machine_object(mode).exists():
        return []
    machine = directory / _key(mode, toolchain.to_json(), runtime_digest()) / f"machine.{mode}.o"
    if not machine.exists():
        machine.parent.mkdir(parents=True, exist_ok=True)
        compile_machine(machine, toolchain=toolchain, mode=mode)
    return [machine]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def runtime_digest() -> str:
    """Return a digest of the runtime's sources; they do not change while a process runs."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in RUNTIME.rglob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
