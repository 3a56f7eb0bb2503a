"""//tools/ptoas/conformance: say whether an assembler does what ptoas 0.48 does.

tools/bazel run //tools/ptoas/conformance                                  the embedded assembler
tools/bazel run //tools/ptoas/conformance -- --ptoas=/path/to/ptoas        another one; send what it prints
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from itertools import chain
from pathlib import Path

from cli.files import user_path
from tools.ptoas.conformance.forms import FORMS
from tools.ptoas.conformance.modes import MODES
from tools.ptoas.conformance.operations import OPERATIONS
from tools.ptoas.conformance.programs import PROGRAMS
from tools.ptoas.conformance.run import Assembler, Embedded, External, Result, run_cases
from tools.ptoas.conformance.second_forms import SECOND_FORMS
from tools.ptoas.conformance.snippets import SNIPPETS
from tools.ptoas.conformance.table import table_cases

SUITES = {
    "snippets.py": SNIPPETS,
    "forms.py": FORMS,
    "programs.py": PROGRAMS,
    "operations.py": OPERATIONS,
    "modes.py": MODES,
    "second_forms.py": SECOND_FORMS,
    "accepts.tsv": [*table_cases()],
}
"""All cases, by their file."""


def report(title: str, results: list[Result], embedded: bool) -> str:
    """A line per case, and the counts."""
    lines = [f"assembler\t{title}"]
    for result in results:
        verdict = "refuses" if result.output.cpp is None else "accepts"
        lines.append(f"{'DIFFERS' if result.problem else 'ok'}\t{result.case.name}\t{verdict}\t{result.problem}")
    wrong = sum(bool(result.problem) for result in results)
    warned = sum(result.case.warned for result in results) if embedded else 0
    lines.append(
        f"{len(results) - wrong} of {len(results)} cases are as with ptoas 0.48; of {warned} of them a warning says "
        "that the device's headers do not take them"
    )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Exit status: 0 if the assembler does what is expected in all cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ptoas", type=Path, help="program to try; the embedded assembler without it")
    options = parser.parse_args(arguments)
    assembler: Assembler = Embedded()
    if options.ptoas is not None:
        program = user_path(str(options.ptoas))
        if not program.is_file():
            parser.error(f"--ptoas={options.ptoas} is no file: give the path of the program")
        try:
            assembler = External(program)
        except (OSError, subprocess.SubprocessError) as error:
            parser.error(f"--ptoas={options.ptoas} does not start: {error}")
    results = run_cases(chain.from_iterable(SUITES.values()), assembler)
    print(report(assembler.title, results, assembler.embedded))
    return int(any(result.problem for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
