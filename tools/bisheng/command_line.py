"""The command line that all compilers of kernels have; toolchain.bzl calls it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bisheng.library import DEFAULT_ENTRY, MODES, CompileError
from tools.bisheng.probe import ProbeError


def parse_arguments(description: str, arguments: list[str]) -> argparse.Namespace:
    """The options; see --help."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("cpp", type=Path, help="generated C++, or what --compile_only made of it")
    parser.add_argument("--output", type=Path, required=True, help="shared library to write")
    parser.add_argument("--toolchain", type=Path, required=True, help="JSON file that says what the compiler is")
    parser.add_argument("--entry", default=DEFAULT_ENTRY, help="extern C function of the kernel (default: %(default)s)")
    parser.add_argument("--mode", choices=MODES, default="execute")
    parser.add_argument("--compile_only", action="store_true", help="for the host: make an object for all modes of it")
    parser.add_argument("--shim", type=Path, action="append", default=[], help="further C++ file of the library")
    parser.add_argument("--object", type=Path, action="append", default=[], help="compiled part of the library")
    parser.add_argument("--build_info", type=Path, help="JSON file with what the library says of itself")
    parser.add_argument("--build_info_output", type=Path, help="the same, completed by what the compiler is")
    return parser.parse_args(arguments)


def build_info_of(options: argparse.Namespace, complete: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """What the library says of itself, completed by `complete` and written to --build_info_output; or None."""
    if options.build_info is None:
        return None
    build_info = complete(json.loads(options.build_info.read_text(encoding="utf-8")))
    if options.build_info_output is not None:
        text = json.dumps(build_info, indent=2, sort_keys=True) + "\n"
        options.build_info_output.write_text(text, encoding="utf-8")
    return build_info


def run(description: str, arguments: list[str], compile_kernel: Callable[[argparse.Namespace], object]) -> int:
    """Exit status: 0, or 1 after printing why the kernel cannot be compiled."""
    options = parse_arguments(description, arguments)
    try:
        compile_kernel(options)
    except (CompileError, ProbeError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
