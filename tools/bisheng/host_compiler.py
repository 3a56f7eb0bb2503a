"""Compiles a generated kernel for this machine's kind of CPU, or links a compiled one."""

from __future__ import annotations

import argparse
import sys

from tools.bisheng.command_line import build_info_of, run
from tools.bisheng.host_compile import compile_host, compile_kernel, host_build_info, link_kernel
from tools.bisheng.host_toolchain import HostToolchain

OBJECT = ".o"


def make(options: argparse.Namespace) -> None:
    """Makes what the command line asks for."""
    toolchain = HostToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
    if options.compile_only:
        compile_kernel(options.cpp, options.output, toolchain=toolchain, entry=options.entry)
        return
    info = build_info_of(options, lambda build_info: host_build_info(build_info, toolchain, options.mode))
    parts = {"mode": options.mode, "shims": options.shim, "objects": options.object, "build_info": info}
    # One object of a kernel is linked for all modes, so that its C++ is compiled once.
    if options.cpp.suffix == OBJECT:
        link_kernel(options.cpp, options.output, toolchain=toolchain, **parts)
    else:
        compile_host(options.cpp, options.output, toolchain=toolchain, entry=options.entry, **parts)


if __name__ == "__main__":
    sys.exit(run(__doc__, sys.argv[1:], make))
