"""The program that writes a kernel: its module as MLIR, and the signature of its library.

A kernel's own `generate.py` is a few lines: it says how the module is built from the knobs.

    generate [--NAME=VALUE ...] [--generic] -o out.mlir [--signature=out.json]

It imports nothing of the programs that launch kernels: a change of theirs generates no kernel anew.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from xdsl.dialects.builtin import ModuleOp

from cli.files import marked, output_file, write_files
from cli.messages import EXIT_FAILED, EXIT_USAGE, fail
from kernels.module_entries import entries_of
from kernels.signature import Entry, Knobs, SignatureError, entries_to_json
from ptodsl.errors import failure_text
from ptodsl.printing import module_text


@dataclass(frozen=True)
class Knob:
    """A number or a word that a kernel is built with."""

    name: str
    default: int | str
    help: str


@dataclass(frozen=True)
class Source:
    """How a kernel is made of its knobs."""

    knobs: tuple[Knob, ...]

    check: Callable[[Knobs], object]
    """Raises ValueError for knobs that cannot be."""

    build: Callable[[Knobs], ModuleOp]

    entries: Callable[[Knobs], tuple[Entry, ...]] | None = None
    """The entries, with what the types of a module do not say; without it they are the module's."""

    def entries_of(self, knobs: Knobs, module: ModuleOp) -> tuple[Entry, ...]:
        """Return the entries of the module of `knobs`. Raises SignatureError if they are not as stated."""
        found = entries_of(module)
        if self.entries is None:
            return found
        stated = self.entries(knobs)
        # Types have to agree: a caller made from what is stated passes bits that the kernel reads by its own types.
        if [(entry.name, entry.types) for entry in stated] != [(entry.name, entry.types) for entry in found]:
            raise SignatureError(f"the module's entries are {found}, and stated are {stated}")
        return stated


class _Parser(argparse.ArgumentParser):
    """ArgumentParser that says what is wrong in one paragraph."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        sys.exit(fail(f"{message} (--help lists the flags)", EXIT_USAGE))


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _truth(text: str) -> bool:
    if text not in ("True", "False"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither True nor False")
    return text == "True"


_KINDS: dict[type, Callable[[str], object]] = {bool: _truth, int: _whole_number, str: str}


def main(source: Source, description: str, arguments: Sequence[str] | None = None) -> int:
    """Run the program on `arguments`; return its exit code: 1 if there is a mistake in the kernel's code."""
    parser = _Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for knob in source.knobs:
        kind = _KINDS[type(knob.default)]
        text = f"{knob.help} (%(default)s)"
        if kind is _truth:  # --heads alone is --heads=True
            parser.add_argument(f"--{knob.name}", type=kind, default=knob.default, help=text, nargs="?", const=True)
        else:
            parser.add_argument(f"--{knob.name}", type=kind, default=knob.default, help=text)
    parser.add_argument("--generic", action="store_true", help="print the generic form, which any MLIR tool parses")
    parser.add_argument("-o", "--output", help="MLIR file to write")
    parser.add_argument("--signature", help="JSON file to write: the entries and their parameters")
    options = parser.parse_args(arguments)
    knobs = {knob.name: getattr(options, knob.name) for knob in source.knobs}
    try:
        if not options.output:
            raise ValueError("no output file is given: say where to write the module with -o FILE")
        output = output_file("output", options.output, ours=marked("builtin.module"))
        signature = output_file("signature", options.signature, ours=marked('"entries"'))
        source.check(knobs)
    except ValueError as error:
        return fail(str(error), EXIT_USAGE)
    return _write(source, knobs, output, signature, generic=options.generic)


def _write(source: Source, knobs: Knobs, output: Path, signature: Path | None, *, generic: bool) -> int:
    try:
        module = source.build(knobs)
        contents = {output: module_text(module, generic=generic)}
        if signature is not None:
            contents[signature] = entries_to_json(source.entries_of(knobs, module))
    except Exception as error:  # whatever the kernel's code raises, its author needs the line and no library's frames
        print(failure_text(error), file=sys.stderr)
        return EXIT_FAILED
    try:
        write_files(contents)
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}", EXIT_FAILED)
    return 0
