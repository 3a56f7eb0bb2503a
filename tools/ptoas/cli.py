"""The assembler's command line, as the real one's: `ptoas --pto-arch=a3 --enable-insert-sync in.mlir -o out.cpp`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import astuple
from enum import Enum
from pathlib import Path
from typing import NoReturn, TextIO

from cli.files import behind_links, check_unspoiled, marked, write_file
from isa.repeats import VRule
from tools.ptoas.assemble import Options, Sync, assemble_with_origins
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.insert_sync.options import Scope

VERSION = "ptoas 0.48 (embedded)"
"""The version of the real assembler whose output this one follows."""

ARCHITECTURES = ("a3",)
"""Values of `--pto-arch` that are implemented."""

LEVEL_OF_ADDRESSES = "level3"
"""The value of `--pto-level` with which the program places its tiles."""

STDIN = "-"

SWITCHES = {
    "--enable-insert-sync": "add the flags and barriers that are needed",
    "--enable-inject-barrier-all-sync": "add a PIPE_ALL barrier before every memory operation: slow, for comparison",
    "--disable-infer-layout": "a view whose layout is not given is ND, whatever its strides",
    "--emit-pto-ir": "print the module after all passes, not C++",
}

CHOICES: dict[str, tuple[Enum, str]] = {
    "--event_scope": (
        Scope.PAIR,
        "whether each pair of pipes has eight event ids of its own, or each source pipe; the real assembler has no "
        "such option and takes the pair",
    ),
    "--v_rule": (
        VRule.STRICT,
        "whether dependent operations on V always get a barrier, or none where the vendor's repeat rule spares it "
        "(docs/synchronisation.md); the real assembler has no such option",
    ),
}


class UsageError(Exception):
    """The command line makes no sense."""


class _Parser(argparse.ArgumentParser):
    """ArgumentParser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message}. See ptoas --help")


def main(arguments: Sequence[str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run the assembler in-process; the exit code: 0, or 1 after an error (then no output was written)."""
    try:
        options = _arguments().parse_args(arguments)
        _check_outputs(options)
        text, name = _read(options.input, stdin)
        result = assemble_with_origins(text, name, _options(options))
        _write(result.text, options.output, stdout)
        for warning in result.warnings:
            print(warning, file=stderr)
        if options.origins:
            _write(json.dumps([astuple(origin) for origin in result.origins]) + "\n", options.origins, stdout)
        return 0
    except AssemblerError as error:
        problem = str(error)
    except UsageError as error:
        problem = f"ptoas: error: {error}"
    except OSError as error:
        problem = f"ptoas: error: {f'{error.filename}: {error.strerror}' if error.filename else error}"
    except Exception as error:  # a defect of ours: fail like a compiler, with the place
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
        problem = f"ptoas: internal error: {where}. Please report it together with the input"
    print(problem, file=stderr)
    return 1


def _arguments() -> _Parser:
    parser = _Parser(prog="ptoas", allow_abbrev=False, description="Assemble pto MLIR into PTO-ISA C++.")
    parser.add_argument("input", nargs="?", default=STDIN, help="MLIR file; - or nothing: standard input")
    parser.add_argument("-o", dest="output", help="C++ file; standard output without it")
    parser.add_argument("--pto-arch", default="a3", help="target; a3 is the only one")
    parser.add_argument(
        "--pto-level", help=f"{LEVEL_OF_ADDRESSES}: every alloc_tile has its address, and no memory is planned"
    )
    for switch, words in SWITCHES.items():
        parser.add_argument(switch, action="store_true", help=words)
    for option, (default, words) in CHOICES.items():
        values = [value.value for value in type(default)]
        parser.add_argument(option, choices=values, default=default.value, help=words)
    parser.add_argument(
        "--origins",
        metavar="FILE",
        help="write where each line of the C++ comes from, as JSON: [C++ line, line of the input, operation, file, "
        "line]; the real assembler has no such option",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    return parser


def _options(options: argparse.Namespace) -> Options:
    if options.pto_arch not in ARCHITECTURES:
        raise UsageError(f"--pto-arch={options.pto_arch} is not supported, only {', '.join(ARCHITECTURES)} is")
    if options.pto_level not in (None, LEVEL_OF_ADDRESSES):
        raise UsageError(f"--pto-level={options.pto_level} is not supported, only {LEVEL_OF_ADDRESSES} or nothing is")
    if options.enable_insert_sync and options.enable_inject_barrier_all_sync:
        raise UsageError("--enable-insert-sync and --enable-inject-barrier-all-sync exclude each other: give one")
    other = Sync.BARRIER_ALL if options.enable_inject_barrier_all_sync else Sync.NONE
    return Options(
        sync=Sync.INSERT if options.enable_insert_sync else other,
        emit_pto_ir=options.emit_pto_ir,
        addresses=options.pto_level == LEVEL_OF_ADDRESSES,
        event_scope=Scope(options.event_scope),
        v_rule=VRule(options.v_rule),
        infer_layout=not options.disable_infer_layout,
    )


def _check_outputs(options: argparse.Namespace) -> None:
    """Raise UsageError if an output is the input, or a file that no assembler has written."""
    inputs = [] if options.input == STDIN else [Path(options.input)]
    known = {"-o": (options.output, marked("pto/pto-inst.hpp", "module")), "--origins": (options.origins, _is_origins)}
    paths = {flag: Path(text) for flag, (text, _) in known.items() if text not in (None, STDIN)}
    try:
        for flag, path in paths.items():
            check_unspoiled(f"{flag} {path}", path, inputs, known[flag][1])
    except ValueError as error:
        raise UsageError(str(error)) from error
    if len({behind_links(path) for path in paths.values()}) < len(paths):
        raise UsageError(f"-o and --origins are both {options.output}; give each a file of its own")


def _is_origins(head: bytes) -> bool:
    return head.startswith(b"[[") or head == b"[]\n"


def _read(path: str, stdin: TextIO) -> tuple[str, str]:
    """Text of the input and its name in diagnostics."""
    try:
        return (stdin.read(), "<stdin>") if path == STDIN else (Path(path).read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _write(text: str, path: str | None, stdout: TextIO) -> None:
    """Write to standard output, or the file `path`, whole or not at all."""
    if path is None or path == STDIN:
        stdout.write(text)
        return
    write_file(Path(path), text)


def run() -> None:
    """Run on the process's own arguments and streams; paths are relative to where the user stands."""
    # A short process: what it makes lives until its end, and looking for garbage takes a fifth of the run.
    gc.disable()
    # `bazel run` starts programs elsewhere and says here where the user was.
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", os.curdir))
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout, sys.stderr))
