"""Compiles a generated kernel for the NPU with bisheng: C++ of the assembler in, shared library out.

The translation unit is the shim, which includes the kernel (PTO_KERNEL_FILE) and launches it.
"""

from __future__ import annotations

from typing import Any

from tools.bisheng.library import (
    CompileError,
    LibraryRequest,
    build_info_flags,
    relative,
    run_compiler,
    scratch_for,
)
from tools.bisheng.npu_toolchain import NpuToolchain

FLAGS = (
    "-fPIC",
    "-shared",
    "-D_FORTIFY_SOURCE=2",
    "-O2",
    "-Wno-macro-redefined",
    "-Wno-ignored-attributes",
    "-fstack-protector-strong",
    "-xcce",
    "-Xhost-start",
    "-Xhost-end",
    "-mllvm",
    "-cce-aicore-stack-size=0x8000",
    "-mllvm",
    "-cce-aicore-function-stack-size=0x8000",
    "-mllvm",
    "-cce-aicore-record-overflow=true",
    "-mllvm",
    "-cce-aicore-addr-transform",
    "-mllvm",
    "-cce-aicore-dcci-insert-for-scalar=false",
    "-cce-enable-mix",
    "--npu-arch=dav-2201",
    "-DMEMORY_BASE",
    "-std=gnu++17",
)
"""Options of the reference's compile script for A3."""


def npu_build_info(build_info: dict[str, Any], toolchain: NpuToolchain) -> dict[str, Any]:
    """`build_info` completed by what this compiler makes of it."""
    compiler = {"kind": "bisheng", "version": toolchain.version, "headers_sha256": toolchain.headers_sha256}
    return {**build_info, "backend": "npu", "mode": "execute", "compiler": compiler}


def compile_npu(request: LibraryRequest, toolchain: NpuToolchain) -> None:
    """Compiles `request`; raises CompileError with bisheng's messages or what is missing here, ProbeError."""
    if toolchain.problem:
        raise CompileError(toolchain.problem)
    toolchain.verify()
    if request.mode != "execute":
        raise CompileError(f"mode {request.mode} is for the host only; build {request.out.name} without --config=npu")
    if len(request.shims) != 1:
        raise ValueError(f"a library for the NPU needs exactly one shim, given are {len(request.shims)}")
    with scratch_for(request.out) as scratch:
        command = [toolchain.bisheng, f"-I{toolchain.include}", *FLAGS, f"-iquote{relative(request.cpp.parent)}"]
        command += [f'-DPTO_KERNEL_FILE="{request.cpp.name}"', *build_info_flags(request.build_info, scratch)]
        run_compiler([*command, str(relative(request.shims[0]))], request.cpp, request.out, scratch)
