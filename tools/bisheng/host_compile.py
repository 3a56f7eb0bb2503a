"""Compiles a generated kernel for the CPU: C++ of the assembler in, shared library out.

The kernel itself compiles to one object, from runtime/host_main.cpp; it only calls the machine. Linked with the machine
of a mode it becomes a library that computes or one that records. The machine is compiled once for all kernels: see
host_machine.py. Used by the build, whose command line is host_compiler.py, and by tests that compile kernels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bisheng.deciding_loads import deciding_loads
from tools.bisheng.host_flags import LIBRARY_FLAGS, RUNTIME, compiler_command
from tools.bisheng.host_machine import machine_objects
from tools.bisheng.host_source import HostSource, host_source
from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import (
    DEFAULT_ENTRY,
    CompileError,
    LibraryRequest,
    build_info_flags,
    relative,
    run_compiler,
    scratch_for,
)

HOST_MAIN = RUNTIME / "host_main.cpp"
"""The translation unit that includes the kernel."""

KERNEL_FLAGS = ("-Og",)
"""All that takes long is in the machine: launches are as fast as with -O1, compilation takes two thirds."""


def host_build_info(build_info: dict[str, Any], toolchain: HostToolchain, mode: str) -> dict[str, Any]:
    """`build_info` completed by what this compiler makes of it: backend, mode, compiler, levels of CPU."""
    compiler = {"kind": toolchain.kind, "version": toolchain.version, "target": toolchain.target}
    cpus = list(toolchain.levels) if mode == "execute" else []
    return {**build_info, "backend": "host", "mode": mode, "compiler": compiler, "cpus": cpus}


def compile_kernel(cpp: Path, out: Path, *, toolchain: HostToolchain, entry: str = DEFAULT_ENTRY) -> Path:
    """Compiles the kernel `cpp` to the object `out`, which is the same for all modes; returns `out`.

    All its entries can be launched by name; `entry` is the one that is launched without. Raises CompileError with the
    compiler's messages or because the kernel has no such entry, ProbeError if the compiler has been replaced.
    """
    cpp = Path(cpp)
    text = cpp.read_text(encoding="utf-8")
    source = host_source(text)
    if entry not in source.entries:
        there = ", ".join(source.entries) or "none"
        raise CompileError(
            f'{cpp} has no entry {entry}: an entry is declared extern "C" __global__ (entries there: {there})'
        )
    others = [name for name in source.entries if name != entry]
    command = compiler_command(toolchain, cpp.name, relative(cpp.parent))
    with scratch_for(Path(out)) as scratch:
        (scratch / cpp.name).write_text(_text_per_core(cpp, source), encoding="utf-8")
        command += [*KERNEL_FLAGS, f"-iquote{scratch}", f"-iquote{relative(cpp.parent)}"]
        # The name of the scratch directory is another one each time, and must not get into the object.
        command += [f"-ffile-prefix-map={scratch}/=", f'-DPTO_KERNEL_FILE="{cpp.name}"']
        # The first of them is launched where none is named.
        command += [f"-DPTO_ENTRIES(ROW)={''.join(f'ROW({name})' for name in (entry, *others))}"]
        rows = sorted(deciding_loads(text).items())
        command += [f"-DPTO_DECIDING_LOADS(ROW)={''.join(f'ROW({load},{decision})' for load, decision in rows)}"]
        return run_compiler([*command, "-c", str(relative(HOST_MAIN))], cpp, Path(out), scratch)


def link_kernel(
    kernel: Path,
    out: Path,
    *,
    toolchain: HostToolchain,
    mode: str = "execute",
    shims: Sequence[Path] = (),
    objects: Sequence[Path] = (),
    build_info: dict[str, Any] | None = None,
) -> Path:
    """Links what `compile_kernel` made with the machine of `mode` to the shared library `out`; returns `out`.

    `shims` are further C++ files of the library (kernels/build_info.cpp); `build_info` is what they export (see
    `host_build_info`). `objects` is the machine (see host_machine.py); without it, it is found, or compiled once.
    Raises CompileError, ProbeError, ValueError and FileNotFoundError.
    """
    request = LibraryRequest(Path(kernel), Path(out), mode=mode, shims=tuple(shims), build_info=build_info)
    machine = objects or machine_objects(toolchain, mode)
    command = [*compiler_command(toolchain, request.out.name), *LIBRARY_FLAGS]
    with scratch_for(request.out) as scratch:
        command += build_info_flags(build_info, scratch)
        command += [str(relative(path)) for path in (request.cpp, *machine, *request.shims)]
        return run_compiler(command, request.cpp, request.out, scratch)


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
    """Compiles the kernel `cpp` to the shared library `out`; returns `out`: `compile_kernel` and `link_kernel`.

    The same inputs give the same bytes wherever they lie. `out` is replaced only by a complete library.
    """
    request = LibraryRequest(Path(cpp), Path(out), entry, mode, tuple(shims), build_info)
    with scratch_for(request.out) as scratch:
        kernel = compile_kernel(request.cpp, scratch / "kernel.o", toolchain=toolchain, entry=entry)
        options: dict[str, Any] = {"mode": mode, "shims": request.shims, "objects": objects, "build_info": build_info}
        return link_kernel(kernel, request.out, toolchain=toolchain, **options)


def _text_per_core(cpp: Path, source: HostSource) -> str:
    """What host_main.cpp includes once per kind of core: each function with C linkage needs a name for each.

    Messages name the lines of `cpp`.
    """
    names = source.c_functions
    defined = "".join(f"#define {name} PTO_OF_CORE({name})\n" for name in names)
    undefined = "".join(f"#undef {name}\n" for name in names)
    return f"{defined}#line 1 {json.dumps(str(relative(cpp)))}\n{source.text}\n{undefined}"
