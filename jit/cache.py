"""Libraries of kernels, compiled once: found again by the content of everything that they are made of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from tools.bisheng.host_compile import compile_kernel, link_kernel
from tools.bisheng.host_flags import RUNTIME
from tools.bisheng.host_toolchain import HostToolchain

SOURCES = ("*.hpp", "*.h", "*.cpp")
"""Files of the runtime that a library is compiled from."""


def user_cache() -> Path:
    """Return the directory of compiled kernels of this user: ~/.cache/ascend-fa/jit."""
    return Path.home() / ".cache" / "ascend-fa" / "jit"


def compiled(cpp: str, entry: str, mode: str, toolchain: HostToolchain, directory: Path) -> Path:
    """Return the library of the C++ text `cpp` with the given entry, compiled unless `directory` has it.

    Files of other content stay: each kernel has a directory of its own under `directory`, named by the digest of the
    C++, the compiler and the runtime. Raises CompileError.
    """
    home = cached_home(directory, cpp, entry, toolchain.to_json(), runtime_digest())
    library, kernel = home / f"{entry}.{mode}.so", home / f"{entry}.o"
    # One object for all modes: they differ in the machine that it is linked with.
    if not kernel.exists():
        home.mkdir(parents=True, exist_ok=True)
        source = kernel.with_suffix(".cpp")
        source.write_text(cpp, encoding="utf-8")
        compile_kernel(source, kernel, toolchain=toolchain, entry=entry)
    return library if library.exists() else link_kernel(kernel, library, toolchain=toolchain, mode=mode)


def cached_home(directory: Path, *parts: str) -> Path:
    """Return the directory under `directory` of what is made of these texts."""
    # The zero byte keeps texts apart that are one when joined: ("ab", "c") and ("a", "bc").
    return directory / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def runtime_digest() -> str:
    """Return a digest of the runtime's sources; they do not change while a process runs."""
    digest = hashlib.sha256()
    # File systems list files in any order, the digest depends on it.
    for path in sorted(path for pattern in SOURCES for path in RUNTIME.rglob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
