"""Compiles the part of the CPU runtime that all kernels share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.bisheng.host_compile import compile_machine
from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import MODES, CompileError
from tools.bisheng.probe import ProbeError


def main(arguments: list[str]) -> int:
    """Exit status: 0, or 1 after printing the compiler's messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="object to write")
    parser.add_argument("--toolchain", type=Path, required=True, help="JSON file that says what the compiler is")
    parser.add_argument("--mode", choices=MODES, required=True)
    options = parser.parse_args(arguments)
    toolchain = HostToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
    try:
        compile_machine(options.output, toolchain=toolchain, mode=options.mode)
    except (CompileError, ProbeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
