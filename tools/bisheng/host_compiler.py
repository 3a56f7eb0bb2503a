"""Compiles a generated kernel for this machine's CPU."""

from __future__ import annotations

import argparse
import sys

from tools.bisheng.command_line import build_info_of, run
from tools.bisheng.host_compile import compile_host, host_build_info
from tools.bisheng.host_toolchain import HostToolchain


def compile_kernel(options: argparse.Namespace) -> None:
    """Compiles what the command line asks for."""
    toolchain = HostToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
    compile_host(
        options.cpp,
        options.output,
        toolchain=toolchain,
        entry=options.entry,
        mode=options.mode,
        shims=options.shim,
        objects=options.object,
        build_info=build_info_of(options, lambda build_info: host_build_info(build_info, toolchain, options.mode)),
    )


if __name__ == "__main__":
    sys.exit(run(__doc__, sys.argv[1:], compile_kernel))
