"""Makes a module run on the CPU: assembles it and compiles it with the host compiler."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from ptodsl.printing import module_text
from runtime.host_kernel import HostKernel
from tools.bisheng.host_compile import compile_host
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble


def host_kernel(
    module: ModuleOp,
    entry: str,
    directory: Path,
    options: Options = Options(Sync.INSERT),
    mode: str = "execute",
) -> HostKernel:
    """Assemble and compile `module`, whose entry is the function `entry`; files go into `directory`.

    `mode` is one of the host compiler's: "execute", or "trace" to record instead of to compute.
    """
    cpp = directory / f"{entry}.cpp"
    cpp.write_text(assemble(module_text(module), f"{entry}.mlir", options), encoding="utf-8")
    library = directory / f"{entry}.{mode}.so"
    return HostKernel(compile_host(cpp, library, toolchain=host_toolchain(), entry=entry, mode=mode))
