"""Prints what the assembler's syncs cost: `tools/bazel run //tools/ptoas:sync_report [-- --output=FILE]`.

Exit code 0: done; 2: wrong usage or a file cannot be written.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from cli.files import output_file, write_file
from cli.program import run
from sim.sync_plans import kernels
from sim.sync_report import TITLE, report

_OUTPUT = flags.DEFINE_string("output", None, "Markdown file to write; standard output without it.")


@dataclass(frozen=True)
class Options:
    """The command line."""

    output: Path | None


def options() -> Options:
    """Read the flags."""
    return Options(output_file("output", _OUTPUT.value, ours=lambda start: start.startswith(TITLE.encode())))


def work(chosen: Options) -> int:
    """Make the report."""
    with tempfile.TemporaryDirectory(prefix="sync_report_") as directory:
        text = report(kernels(), Path(directory))
    if chosen.output is None:
        print(text, end="")
    else:
        write_file(chosen.output, text)
    return 0


if __name__ == "__main__":
    run(options, work)
