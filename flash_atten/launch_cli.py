"""How this project's binaries meet their user: flags in, one paragraph and an exit code out.

Exit codes: 0 done; 1 the work failed (a wrong result, a kernel error, a library that cannot be loaded); 2 the request
was wrong (a flag, a shape, an input file). No traceback for any of these: a traceback is a bug of the program.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from absl import app, flags

EXIT_FAILED = 1
EXIT_USAGE = 2

_PARAGRAPH_WIDTH = 110

Options = TypeVar("Options")


def paragraph(text: str) -> str:
    """Return `text` as one wrapped paragraph; lines after the first paragraph break are kept as they are (reports)."""
    head, blank, rest = text.strip().partition("\n")
    return (
        "\n".join(textwrap.wrap(head, _PARAGRAPH_WIDTH, break_on_hyphens=False, break_long_words=False)) + blank + rest
    )


def user_path(text: str) -> Path:
    """Return a path given on the command line: relative ones are relative to where the user is.

    `bazel run` starts programs elsewhere and says in BUILD_WORKING_DIRECTORY where the user was.
    """
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""), text)


def integers(flag: str, values: Sequence[str], *, least: int = 1) -> list[int]:
    """Read a list flag of whole numbers. Raises ValueError naming the flag and the value."""
    if not values:
        raise ValueError(f"--{flag}= is an empty list; give at least one whole number")
    numbers = []
    for value in values:
        if not value.strip().removeprefix("-").isdecimal() or int(value) < least:
            raise ValueError(
                f"--{flag}={','.join(values)}: {value!r} is not a whole number from {least} on (a list is written "
                "1,2,3)"
            )
        numbers.append(int(value))
    return numbers


def fail(message: str, code: int) -> int:
    """Print `error: message` on stderr and return `code`."""
    print(paragraph(f"error: {message}"), file=sys.stderr)
    return code


def parse_flags(argv: Sequence[str], operands: Sequence[str] = ()) -> list[str]:
    """Parse absl flags and return the rest: the program's name and its operands, one for each of the given names.

    On anything else print why and leave with exit code 2.
    """
    try:
        rest = flags.FLAGS(list(argv))
    except SystemExit:  # only the --help family leaves from here; absl's own exit code for it is 1
        sys.exit(0)
    except flags.Error as error:
        sys.exit(fail(f"{_readable(str(error))} (--help lists the flags)", EXIT_USAGE))
    given = rest[1:]
    if given and not operands:
        text = " ".join(given)
        sys.exit(
            fail(f"unexpected argument {text!r}: everything is a flag, --name=value (--help lists them)", EXIT_USAGE)
        )
    if len(given) != len(operands):
        sys.exit(
            fail(f"{len(given)} arguments are given, {len(operands)} are needed: {' '.join(operands)}", EXIT_USAGE)
        )
    return list(rest)


def run(options: Callable[..., Options], work: Callable[[Options], int], operands: Sequence[str] = ()) -> None:
    """Run a binary: `options` reads the parsed flags, `work` does the job and returns the exit code.

    `operands` names the arguments that are not flags, if the program takes any; `options` gets their values. A
    ValueError or OSError of `options` is the user's mistake: one paragraph, exit code 2.
    """

    def main(argv: Sequence[str]) -> int:
        try:
            chosen = options(*argv[1:])
        except (ValueError, OSError) as error:
            return fail(str(error), EXIT_USAGE)
        return work(chosen)

    app.run(main, flags_parser=lambda argv: parse_flags(argv, operands))


def _readable(message: str) -> str:
    """Rewrite Python's words for a bad number in absl's message."""
    for python, plain in (
        ("invalid literal for int() with base 10:", "not a whole number:"),
        ("could not convert string to float:", "not a number:"),
    ):
        message = message.replace(python, plain)
    return message.strip().rstrip(".").replace("\n", "; ")
