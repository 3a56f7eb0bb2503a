"""Prints what the assembler's syncs cost: `tools/bazel run //tools/ptoas:sync_report [-- --output=FILE]`.

Exit code 0: done; 2: wrong usage or a file cannot be written.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags

from cli.files import output_file, write_file
from cli.program import run
from sim.sync_report import TITLE, full_report

_OUTPUT = flags.DEFINE_string("output", None, "Markdown file to write; standard output without it.")


def options() -> Path | None:
    """Read the flags: where to write, None for standard output."""
    return output_file("output", _OUTPUT.value, ours=lambda start: start.startswith(TITLE.encode()))


def work(output: Path | None) -> int:
    """Make the report."""
    text = full_report()
    if output is None:
        print(text, end="")
    else:
        write_file(output, text)
    return 0


if __name__ == "__main__":
    run(options, work)
