"""Command line of host_compile: the action that compiles a kernel for the CPU."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tools.bisheng.host_compile import DEFAULT_ENTRY, MODES, HostCompileError, compile_host, host_build_info
from tools.bisheng.host_toolchain import HostToolchain


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The options; see --help."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cpp", type=Path, help="generated C++")
    parser.add_argument("-o", "--output", type=Path, required=True, help="shared library to write")
    parser.add_argument("--toolchain", type=Path, required=True, help="toolchain.json of @host_cxx")
    parser.add_argument("--entry", default=DEFAULT_ENTRY, help="extern C function of the kernel (default: %(default)s)")
    parser.add_argument("--mode", choices=MODES, default="execute")
    parser.add_argument("--shim", type=Path, action="append", default=[], help="further C++ file of the library")
    parser.add_argument("--build_info", type=Path, help="JSON file with what the library says of itself")
    parser.add_argument("--build_info_output", type=Path, help="the same, completed by what the compiler is")
    return parser.parse_args(arguments)


def read_build_info(options: argparse.Namespace, toolchain: HostToolchain) -> dict[str, Any] | None:
    """What the library says of itself, or None; written to --build_info_output as well."""
    if options.build_info is None:
        return None
    build_info = host_build_info(json.loads(options.build_info.read_text(encoding="utf-8")), toolchain, options.mode)
    if options.build_info_output is not None:
        text = json.dumps(build_info, indent=2, sort_keys=True) + "\n"
        options.build_info_output.write_text(text, encoding="utf-8")
    return build_info


def main(arguments: list[str]) -> int:
    """0, or 1 after printing what the compiler says."""
    options = parse_arguments(arguments)
    try:
        toolchain = HostToolchain.from_json(options.toolchain.read_text(encoding="utf-8"))
        compile_host(
            options.cpp,
            options.output,
            toolchain=toolchain,
            entry=options.entry,
            mode=options.mode,
            shims=options.shim,
            build_info=read_build_info(options, toolchain),
        )
    except (HostCompileError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
