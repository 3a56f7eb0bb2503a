"""What the judge's programs share: the flag --v_rule, how they know again what they have written, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from absl import flags

from cli.files import marked
from sim.vector_repeats import VRule

REPORTS = marked('[\n {\n  "name": "')
"""Lists of one report per kernel, of //sim:hazards and //sim:mutation."""

EVIDENCE = marked('{\n "source_sha256": "')
"""Proofs and audits, which are about one C++ file."""


def define_v_rule() -> flags.FlagHolder[VRule]:
    """Define the flag; a program calls this once."""
    text = (
        "What orders two dependent operations on V: barriers and flags (strict), or the vendor's repeat rule besides."
    )
    return flags.DEFINE_enum_class("v_rule", VRule.STRICT, VRule, text)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, a line each."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))
