"""Compiles a part of the CPU runtime that all kernels share: the machine of a mode, or the loops for a level of CPU."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.bisheng.host_machine import MODE_SOURCES, compile_part
from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import CompileError
from tools.bisheng.probe import ProbeError


def main(arguments: list[str]) -> int:
    """Exit status: 0, or 1 after printing the compiler's messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="object to write")
    parser.add_argument("--toolchain", type=Path, required=True, help="JSON file that says what the compiler is")
    parser.add_argument("--part", required=True, help="a mode (execute, trace) or a level of CPU (x86-64-v3)")
    options = parser.parse_args(arguments)
    toolchain = HostToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
    known = [*MODE_SOURCES, *toolchain.levels]
    if options.part not in known:
        parser.error(f"--part={options.part} is not one of {', '.join(known)}")
    try:
        compile_part(options.part, options.output, toolchain=toolchain)
    except (CompileError, ProbeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
