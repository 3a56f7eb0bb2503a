"""Runs a Python program of the user's that has `ptodsl`, its assembler and its runtime at hand.

    tools/bazel run //ptodsl:python -- my_kernel.py arguments

Paths are relative to where the user is. The program's errors in kernel code are one line, its other errors the lines of
the user's files that led there; the exit code is its own.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence

from cli.files import user_path
from cli.interrupt import EXIT_INTERRUPTED
from cli.program import EXIT_FAILED, EXIT_USAGE, fail
from ptodsl.errors import failure_text
from tools.bisheng.library import CompileError
from tools.ptoas.diagnostics import AssemblerError


def main(argv: Sequence[str]) -> int:
    """Run the program argv[1] with the arguments after it; return an exit code."""
    if len(argv) < 2:
        return fail("no program: tools/bazel run //ptodsl:python -- my_kernel.py [arguments]", EXIT_USAGE)
    program = user_path(argv[1]).absolute()
    if not program.is_file():
        return fail(f"there is no file {program}", EXIT_USAGE)
    # Bazel starts programs in a directory of its own; the user's paths are relative to where Bazel was called.
    os.chdir(user_path(""))
    # What `python my_kernel.py arguments` sets before it runs the program.
    sys.argv = [str(program), *argv[2:]]
    sys.path.insert(0, str(program.parent))
    try:
        runpy.run_path(str(program), run_name="__main__")
    # SystemExit is none of these and passes through: the program's own exit code.
    except (AssemblerError, CompileError) as error:
        return fail(error, EXIT_FAILED)
    except Exception as error:
        return fail(failure_text(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return fail("interrupted", EXIT_INTERRUPTED)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
