"""Writes what is generated from this room and checked in: `tools/bazel run //isa:generate`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path

from isa import header, reference
from isa.ops import OPS

HOW_TO_ACCEPT = "tools/bazel run //:accept    (and commit what it writes; //isa:generate writes its own alone)"


def generated(root: Path) -> Mapping[str, str]:
    """Return the text that each generated file below `root`, the workspace, should have."""
    page = (root / reference.PATH).read_text(encoding="utf-8")
    return {header.PATH: header.header(OPS), reference.PATH: reference.with_reference(page, OPS)}


def stale(root: Path) -> list[str]:
    """Return the generated files below `root` that have another text."""
    return [path for path, text in generated(root).items() if (root / path).read_text(encoding="utf-8") != text]


def main(argv: Sequence[str] = ()) -> None:
    """Write the generated files into the work tree; there are no flags but --help."""
    ArgumentParser("tools/bazel run //isa:generate", description=__doc__).parse_args(argv)
    # `bazel run` sets it; the program itself runs in a copy of the tree, which nobody commits.
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if workspace is None:
        sys.exit("start this with `tools/bazel run //isa:generate`: it writes into the work tree")
    for path in stale(Path(workspace)):
        (Path(workspace) / path).write_text(generated(Path(workspace))[path], encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
