"""The reference of tile operations in docs/dsl.md, made of the operation table."""

from __future__ import annotations

from collections.abc import Sequence

from isa.op import Op

PATH = "docs/dsl.md"

_BEGIN = "<!-- From isa/ops.py, by `tools/bazel run //isa:generate`: -->"
_END = "<!-- End of what is generated. -->"
_HEAD = "| `ptodsl.tile` | computes | element types | C++ |\n|---|---|---|---|"


def with_reference(page: str, ops: Sequence[Op]) -> str:
    """Return `page` with the table of `ops` between its two marks; raises ValueError if it has not the marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{PATH} must have the lines {_BEGIN} and {_END} around its table of operations")
    lines = [_line(op) for op in ops if op.dsl is not None]
    return "\n".join([before + begin, _HEAD, *lines, end + after])


def _line(op: Op) -> str:
    call = f"{op.dsl}({', '.join(op.family.signature)})"
    # A bare | would end the cell of the Markdown table.
    formula = op.dsl_formula.replace("|", "\\|")
    return f"| `{call}` | {formula} | {' '.join(op.types) or 'by memory'} | {op.cpp} |"
