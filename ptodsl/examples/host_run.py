"""Makes a module run on the CPU: assembles it and compiles it with the host compiler."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from ptodsl.printing import module_text
from runtime import compiled
from runtime.host_kernel import HostKernel
from tools.ptoas.assemble import Options, Sync, assemble


def host_kernel(
    module: ModuleOp, entry: str, directory: Path, options: Options = Options(Sync.INSERT), mode: str = "execute"
) -> HostKernel:
    """Assemble and compile `module`, whose entry is the function `entry`; files go into `directory`.

    `mode` is one of the host compiler's: "execute", or "trace" to record instead of to compute.
    """
    (kernel,) = host_kernels(module, entry, directory, options, [mode])
    return kernel


def host_kernels(
    module: ModuleOp, entry: str, directory: Path, options: Options, modes: Sequence[str]
) -> list[HostKernel]:
    """Do as `host_kernel` for each of `modes`; assemble and compile once, link for each."""
    text = assemble(module_text(module), f"{entry}.mlir", options)
    return compiled.host_kernels(text, directory, entry, name=entry, modes=modes)
