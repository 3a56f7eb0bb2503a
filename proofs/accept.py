"""`tools/bazel run //:accept`: takes what is generated now as what is to be generated.

An edit of the DSL, a kernel, the assembler or the patcher moves several checked-in texts: digests of generated text,
counts of barriers, the runtime's lists of operations, the table of operations, the report on syncs, the table of pairs
on V. All are written by this command; `git diff` then shows what the edit did, and the commit says why.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

import flash_atten
import isa.generate
import patchers.golden
import proofs.generated
from cli.files import write_file
from sim.record import TraceLibrary, libraries_beside
from sim.sync_report import full_report
from sim.v_pairs import pairs_of, table, with_table

SYNC_REPORT = "docs/sync_report.md"
PAIRS = "docs/barriers.md"


def accept_syncs() -> None:
    """Write the report on what syncs cost."""
    write_file(Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / SYNC_REPORT, full_report())
    print(f"wrote {SYNC_REPORT}")


def accept_pairs() -> None:
    """Write what the repeat rule says of the pairs on V into the table that the documentation has."""
    document = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / PAIRS
    printed = table(row for path in libraries_beside(flash_atten.__file__) for row in pairs_of(TraceLibrary(path)))
    write_file(document, with_table(document.read_text(encoding="utf-8"), printed))
    print(f"wrote {PAIRS}")


ACCEPT: dict[str, Callable[[], None]] = {
    "generated files of the operation table": isa.generate.main,
    "counts of barriers": patchers.golden.main,
    "digests of generated text": proofs.generated.main,
    "costs of syncs": accept_syncs,
    "pairs that the repeat rule orders": accept_pairs,
}
"""Every text that is checked in and made by a program, and what writes it."""


def main(argv: Sequence[str] = ()) -> None:
    """Write them all; there are no flags but --help."""
    ArgumentParser("tools/bazel run //:accept", description=__doc__).parse_args(argv)
    if "BUILD_WORKSPACE_DIRECTORY" not in os.environ:
        sys.exit("start this with `tools/bazel run //:accept`: it writes into the work tree")
    for what, write in ACCEPT.items():
        print(f"{what}:", flush=True)
        write()


if __name__ == "__main__":
    main(sys.argv[1:])
