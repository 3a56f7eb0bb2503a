"""Compiles a generated kernel for the CPU: C++ of the assembler in, shared library out.

The kernel is compiled into runtime/host_main.cpp (see there for what the library exports). Used by the build, whose
command line is host_compiler.py, and by tests, which compile kernels while they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import DEFAULT_ENTRY, LibraryRequest, compile_library, relative

ROOT = Path(__file__).parents[2]
"""The workspace, or its copy in the runfiles."""

HOST_MAIN = ROOT / "runtime" / "host_main.cpp"
"""The translation unit that includes the kernel."""

FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-shared",
    "-pthread",
    "-fno-semantic-interposition",  # functions may be inlined although the dynamic linker could replace them
    "-ffp-contract=fast",  # the ISA's matmul and axpy are fused; vector code uses FMA
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-strict-aliasing",  # tiles and buffers are bytes that kernels see as several types
    "-fwrapv",  # the ISA's integers wrap
    "-Wl,--build-id=none",
    "-Wl,--no-undefined",
)
"""Options of every kernel library. Nothing here may depend on the machine: -march comes from the toolchain."""

KIND_FLAGS = {
    "gcc": ("-fno-gnu-unique",),  # else static variables of templates are shared by all libraries in a process
    "clang": (),
}

MODE_FLAGS: dict[str, tuple[str, ...]] = {
    "execute": ("-O3",),
    "trace": ("-DPTO_TRACE=1", "-O0"),  # there is nothing to compute, and every build waits for the audit of a trace
}


def host_build_info(build_info: dict[str, Any], toolchain: HostToolchain, mode: str) -> dict[str, Any]:
    """`build_info` completed by what this compiler makes of it: backend, mode, compiler, march."""
    compiler = {"kind": toolchain.kind, "version": toolchain.version, "target": toolchain.target}
    return {**build_info, "backend": "host", "mode": mode, "compiler": compiler, "march": toolchain.march}


def compiler_command(request: LibraryRequest, toolchain: HostToolchain) -> list[str]:
    """Compiler and options for one kernel; the same for the same kernel and toolchain, wherever the files lie."""
    root = relative(ROOT)
    hidden = (Path.cwd(), ROOT, root, relative(request.cpp.parent))
    return [
        toolchain.cxx,
        *FLAGS,
        *KIND_FLAGS[toolchain.kind],
        *MODE_FLAGS[request.mode],
        f"-march={toolchain.march}",
        f"-frandom-seed={request.cpp.name}",
        *(f"-ffile-prefix-map={directory}/=" for directory in hidden),
        f"-I{root / 'runtime' / 'include'}",
        f"-I{root}",
        f"-D{request.entry}=PTO_ENTRY_FN",
    ]


def compile_host(
    cpp: Path,
    out: Path,
    *,
    toolchain: HostToolchain,
    entry: str = DEFAULT_ENTRY,
    mode: str = "execute",
    shims: Sequence[Path] = (),
    build_info: dict[str, Any] | None = None,
) -> Path:
    """Compiles the kernel `cpp`, whose entry point is `entry`, to the shared library `out`; returns `out`.

    `shims` are further C++ files of the library (flash_atten/caller_host.cpp); `build_info` is what they export
    (see `host_build_info`). The same inputs give the same bytes wherever they lie. `out` is replaced only by a
    complete library. Raises CompileError with the compiler's messages, ValueError and FileNotFoundError for wrong
    arguments.
    """
    request = LibraryRequest(Path(cpp), Path(out), entry, mode, tuple(shims), build_info)
    return compile_library(request, compiler_command(request, toolchain), [HOST_MAIN, *request.shims])
