"""Compiles a generated kernel for the CPU: C++ of the assembler in, shared library out.

The kernel is compiled into runtime/host_main.cpp and linked with runtime/machine, which is compiled once for all
kernels. Used by the build, whose command lines are host_compiler.py and machine_compiler.py, and by tests that compile
kernels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bisheng.deciding_loads import deciding_loads
from tools.bisheng.host_source import HostSource, host_source
from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import (
    DEFAULT_ENTRY,
    CompileError,
    LibraryRequest,
    compile_library,
    relative,
    run_compiler,
    scratch_for,
)

ROOT = Path(__file__).parents[2]
"""The workspace, or its copy in the runfiles."""

RUNTIME = ROOT / "runtime"

HOST_MAIN = RUNTIME / "host_main.cpp"
"""The translation unit that includes the kernel."""

MACHINE = (RUNTIME / "machine" / "machine.cpp", RUNTIME / "machine" / "exports.cpp")
"""What all kernels of a mode share."""

FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-pthread",
    "-fno-semantic-interposition",  # functions may be inlined although the dynamic linker could replace them
    "-ffp-contract=fast",  # the ISA's matmul and axpy are fused; vector code uses FMA
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-strict-aliasing",  # tiles and buffers are bytes that kernels see as several types
    "-fwrapv",  # the ISA's integers wrap
)
"""Options of every compilation. Nothing here may depend on the machine: -march comes from the toolchain."""

KIND_FLAGS = {
    "gcc": ("-fno-gnu-unique",),  # else static variables of templates are shared by all libraries in a process
    "clang": (),
}

LIBRARY_FLAGS = ("-shared", "-Wl,--build-id=none", "-Wl,--no-undefined")

OBJECT_FLAGS = ("-r", "-nostdlib")
"""Several sources to one object that can be linked."""

MODE_FLAGS: dict[str, tuple[str, ...]] = {
    "execute": ("-O3",),
    "trace": ("-DPTO_TRACE=1", "-O0"),  # there is nothing to compute, and every build waits for the audit of a trace
}


def host_build_info(build_info: dict[str, Any], toolchain: HostToolchain, mode: str) -> dict[str, Any]:
    """`build_info` completed by what this compiler makes of it: backend, mode, compiler, march."""
    compiler = {"kind": toolchain.kind, "version": toolchain.version, "target": toolchain.target}
    return {**build_info, "backend": "host", "mode": mode, "compiler": compiler, "march": toolchain.march}


def compiler_command(toolchain: HostToolchain, mode: str, seed: str, *directories: Path) -> list[str]:
    """Compiler and options; the same for the same toolchain, mode and `seed`, wherever the files lie.

    Paths in the result do not show the working directory, the workspace and `directories`. Raises ProbeError if the
    compiler is not the one that `toolchain` describes.
    """
    toolchain.verify()
    root = relative(ROOT)
    return [
        toolchain.cxx,
        *FLAGS,
        *KIND_FLAGS[toolchain.kind],
        *MODE_FLAGS[mode],
        f"-march={toolchain.march}",
        f"-frandom-seed={seed}",
        *(f"-ffile-prefix-map={directory}/=" for directory in (Path.cwd(), ROOT, root, *directories)),
        f"-I{root / 'runtime' / 'include'}",
        f"-I{root}",
    ]


def machine_object(mode: str) -> Path:
    """Where the machine lies that Bazel compiled: in the runfiles of a program, not in a workspace."""
    return RUNTIME / f"machine.{mode}.o"


def compile_machine(out: Path, *, toolchain: HostToolchain, mode: str) -> Path:
    """Compiles what all kernels of a mode share to the object `out`; returns `out`. Raises CompileError, ProbeError."""
    command = [*compiler_command(toolchain, mode, "machine"), *OBJECT_FLAGS]
    with scratch_for(out) as scratch:
        return run_compiler([*command, *(str(relative(source)) for source in MACHINE)], RUNTIME, out, scratch)


def compile_host(
    cpp: Path,
    out: Path,
    *,
    toolchain: HostToolchain,
    entry: str = DEFAULT_ENTRY,
    mode: str = "execute",
    shims: Sequence[Path] = (),
    objects: Sequence[Path] = (),
    build_info: dict[str, Any] | None = None,
) -> Path:
    """Compiles the kernel `cpp` to the shared library `out`; returns `out`.

    All its entries can be launched by name; `entry` is the one that is launched without. `shims` are further C++ files
    of the library (kernels/build_info.cpp); `build_info` is what they export (see `host_build_info`). `objects` is
    what `compile_machine` made; without it the machine that Bazel compiled is linked, or its sources are compiled
    along. The same inputs give the same bytes wherever they lie. `out` is replaced only by a complete library. Raises
    CompileError with the compiler's messages or because the kernel has no such entry, ProbeError if the compiler has
    been replaced, ValueError and FileNotFoundError for wrong arguments.
    """
    request = LibraryRequest(Path(cpp), Path(out), entry, mode, tuple(shims), build_info)
    command = [*compiler_command(toolchain, mode, request.cpp.name, relative(request.cpp.parent)), *LIBRARY_FLAGS]
    compiled = machine_object(mode)
    machine = objects or ([compiled] if compiled.exists() else MACHINE)
    text = request.cpp.read_text(encoding="utf-8")
    source = host_source(text)
    if entry not in source.entries:
        there = ", ".join(source.entries) or "none"
        raise CompileError(
            f'{request.cpp} has no entry {entry}: an entry is declared extern "C" __global__ (entries there: {there})'
        )
    others = [name for name in source.entries if name != entry]
    command.append(f"-DPTO_ENTRIES(ROW)={''.join(f'ROW({name})' for name in (entry, *others))}")
    if mode == "trace":
        rows = sorted(deciding_loads(text).items())
        command.append(f"-DPTO_DECIDING_LOADS(ROW)={''.join(f'ROW({load},{decision})' for load, decision in rows)}")
    return compile_library(request, command, [HOST_MAIN, *machine, *request.shims], _text_per_core(request.cpp, source))


def _text_per_core(cpp: Path, source: HostSource) -> str:
    """What host_main.cpp includes once per kind of core: each function with C linkage needs a name for each.

    Messages name the lines of `cpp`.
    """
    names = source.c_functions
    defined = "".join(f"#define {name} PTO_OF_CORE({name})\n" for name in names)
    undefined = "".join(f"#undef {name}\n" for name in names)
    return f"{defined}#line 1 {json.dumps(str(relative(cpp)))}\n{source.text}\n{undefined}"
