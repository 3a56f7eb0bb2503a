"""How this project's binaries meet their user: flags in, one paragraph and an exit code out.

Exit codes: 0 done; 1 the work failed (a wrong result, a kernel error, a library that cannot be loaded); 2 the request
was wrong (a flag, a shape, an input file); 130 Ctrl-C. No traceback for any of these: a traceback is a bug.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from absl import app, flags

from cli.interrupt import EXIT_INTERRUPTED
from cli.messages import EXIT_FAILED as EXIT_FAILED
from cli.messages import EXIT_USAGE as EXIT_USAGE
from cli.messages import fail as fail
from cli.messages import paragraph as paragraph

Options = TypeVar("Options")


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
        found = f"given is {' '.join(given)}" if given else "none is given"
        sys.exit(fail(f"needed on the command line: {' '.join(operands)}; {found}", EXIT_USAGE))
    return list(rest)


Errors = tuple[type[Exception], ...]


def run(
    options: Callable[..., Options],
    work: Callable[[Options], int],
    operands: Sequence[str] = (),
    *,
    failed: Errors = (),
    usage: Errors = (),
) -> None:
    """Run a binary: `options` reads the parsed flags, `work` does the job and returns the exit code.

    `operands` names the arguments that are not flags, if the program takes any; `options` gets their values.

    A ValueError or OSError of `options` is the user's mistake: one paragraph, exit code 2. So are errors in `usage`,
    those of `work`, too: what is only seen during the work. Errors of `work` in `failed`, which come first, mean exit
    code 1, as does an OSError: a file that could not be written.
    """
    wrong: Errors = (ValueError, OSError, *usage)

    def main(argv: Sequence[str]) -> int:
        try:
            chosen = options(*argv[1:])
        except wrong as error:
            return fail(error, EXIT_USAGE)
        try:
            return work(chosen)
        except failed as error:
            return fail(error, EXIT_FAILED)
        except usage as error:
            return fail(error, EXIT_USAGE)

    app.run(lambda argv: _guarded(main, argv), flags_parser=lambda argv: parse_flags(argv, operands))


def _guarded(main: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Return the exit code of `main`, also where what it may not know ends it."""
    try:
        code = main(argv)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever reads the output has seen enough, as `| head -1` has. What is left to print goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return fail(error, EXIT_FAILED)
    except MemoryError as error:
        return fail(f"not enough memory for this request ({error}); ask for a smaller shape", EXIT_FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def _readable(message: str) -> str:
    """Rewrite Python's words for a bad number, and absl's for a flag that is missing, in absl's message."""
    message = re.sub(r"flag --(\w+)=None: Flag --\w+ must have a value other than None", r"--\1 is missing", message)
    for python, plain in (
        ("invalid literal for int() with base 10:", "not a whole number:"),
        ("could not convert string to float:", "not a number:"),
    ):
        message = message.replace(python, plain)
    return message.strip().rstrip(".").replace("\n", "; ")
