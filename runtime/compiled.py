"""Makes C++ of the assembler run on the CPU: compiled by the host's compiler, and loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.host_kernel import HostKernel
from tools.bisheng.host_compile import compile_kernel, link_kernel
from tools.bisheng.host_toolchain import host_toolchain


def host_kernel(text: str, directory: Path, entry: str, *, name: str = "kernel", mode: str = "execute") -> HostKernel:
    """Compile the C++ `text` as NAME.cpp in `directory`, and load it; `entry` is launched if none is named.

    `mode` is one of the host compiler's: "execute", or "trace" to record instead of to compute. Raises CompileError.
    """
    (kernel,) = host_kernels(text, directory, entry, name=name, modes=[mode])
    return kernel


def host_kernels(
    text: str, directory: Path, entry: str, *, name: str = "kernel", modes: Sequence[str]
) -> list[HostKernel]:
    """Do as `host_kernel` for each of `modes`; compile once, link for each."""
    toolchain = host_toolchain()
    cpp = directory / f"{name}.cpp"
    cpp.write_text(text, encoding="utf-8")
    compiled = compile_kernel(cpp, directory / f"{name}.o", toolchain=toolchain, entry=entry)
    libraries = [directory / f"{name}.{mode}.so" for mode in modes]
    return [
        HostKernel(link_kernel(compiled, library, toolchain=toolchain, mode=mode))
        for library, mode in zip(libraries, modes, strict=True)
    ]
