"""Writes what is generated from this room and checked in: `tools/bazel run //isa:generate`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path

from isa import header
from isa.op import Op
from isa.ops import OPS

HOW_TO_ACCEPT = "tools/bazel run //:accept    (and commit what it writes; //isa:generate writes its own alone)"

_PAGE = "docs/dsl.md"

_BEGIN = "<!-- From isa/ops.py, by `tools/bazel run //isa:generate`: -->"
_END = "<!-- End of what is generated. -->"
_HEAD = "| `ptodsl.tile` | computes | element types | C++ |\n|---|---|---|---|"


def generated(root: Path) -> Mapping[str, str]:
    """Return the text that each generated file below `root`, the workspace, should have."""
    page = (root / _PAGE).read_text(encoding="utf-8")
    return {header.PATH: header.header(OPS), _PAGE: with_reference(page, OPS)}


def with_reference(page: str, ops: Sequence[Op]) -> str:
    """Return `page` with the table of `ops` between its two marks; raises ValueError if it has not the marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{_PAGE} must have the lines {_BEGIN} and {_END} around its table of operations")
    lines = [_line(op) for op in ops if op.dsl is not None]
    return "\n".join([before + begin, _HEAD, *lines, end + after])


def _line(op: Op) -> str:
    call = f"{op.dsl}({', '.join(op.family.signature)})"
    # A bare | would end the cell of the Markdown table.
    formula = op.dsl_formula.replace("|", "\\|")
    return f"| `{call}` | {formula} | {' '.join(op.types) or 'by memory'} | {op.cpp} |"


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
