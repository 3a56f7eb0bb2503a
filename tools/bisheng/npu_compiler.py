"""Compiles a generated kernel for the NPU."""

from __future__ import annotations

import argparse
import sys

from tools.bisheng.command_line import build_info_of, run
from tools.bisheng.library import LibraryRequest
from tools.bisheng.npu_compile import compile_npu, npu_build_info
from tools.bisheng.npu_toolchain import NpuToolchain


def compile_kernel(options: argparse.Namespace) -> None:
    """Compiles what the command line asks for."""
    toolchain = NpuToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
    build_info = build_info_of(options, lambda build_info: npu_build_info(build_info, toolchain))
    shims = tuple(options.shim)
    compile_npu(LibraryRequest(options.cpp, options.output, options.entry, options.mode, shims, build_info), toolchain)


if __name__ == "__main__":
    sys.exit(run(__doc__, sys.argv[1:], compile_kernel))
