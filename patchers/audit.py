"""Checks that the hazard judge found in a patched kernel what the patcher left to the repeat rule, and nothing else.

    audit NAME.barriers.json hazards.json

The first is the report of vec_barriers on the kernel NAME, the second what `//sim:hazards --json=...` wrote; its
verdicts on kernels of this name count. Exit code 0: every finding is the pair of a removed barrier whose pattern leaves
it to the repeat rule, and is in time by that; 1: one is not, or a file is refused.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import app

from cli.files import user_path
from patchers.errors import PatchError
from patchers.files import read_json
from patchers.patterns import left_to_the_repeat_rule

REPORT_SUFFIX = ".barriers.json"
"""How the chain names the reports of kernels."""


class Pair(NamedTuple):
    """The lines of two operations, in order of execution."""

    first: int
    second: int


class Audit(NamedTuple):
    """Outcome of an audit."""

    explained: frozenset[Pair]
    """Pairs of removed barriers that the judge found in time by the repeat rule and not otherwise ordered."""
    unseen: frozenset[Pair]
    """Pairs of removed barriers that the judge did not find unordered: they are ordered anyway, or in no trace."""
    unexplained: tuple[str, ...]
    """Findings that no removed barrier explains, in words."""


def removed_pairs(report: Mapping[str, Any]) -> frozenset[Pair]:
    """Return the operations that the report says are left to the repeat rule."""
    return frozenset(
        Pair(*(op["line"] for op in entry["ops"]))
        for entry in (*report["removed"], *report["already_removed"])
        if "ops" in entry and left_to_the_repeat_rule([entry["pattern"]], *(op["op"] for op in entry["ops"]))
    )


def audit(report: Mapping[str, Any], verdicts: Iterable[Mapping[str, Any]]) -> Audit:
    """Compare the judge's verdicts on traces of one patched kernel with the patcher's report on it."""
    pairs = removed_pairs(report)
    explained: set[Pair] = set()
    unexplained: dict[str, None] = {}
    for verdict in verdicts:
        for finding in (*verdict["accepted"], *verdict["findings"]):
            # Both: a removed barrier explains only what the repeat rule orders. Others may lack a first operation.
            if finding["in_time"] and _pair(finding) in pairs:
                explained.add(_pair(finding))
            else:
                unexplained[_words(finding)] = None
        # If the repeat rule was asked for, it needs no pattern to be satisfied.
        explained |= {_pair(finding) for finding in verdict["in_time"]} & pairs
    return Audit(frozenset(explained), pairs - explained, tuple(unexplained))


def _pair(finding: Mapping[str, Any]) -> Pair:
    """Return the lines of a finding within V, which is about two operations."""
    return Pair(finding["first"]["line"], finding["second"]["line"])


def _words(finding: Mapping[str, Any]) -> str:
    first, second = finding["first"], finding["second"]
    before = f"line {first['line']} {first['op']} -> " if first else ""
    advice = f": {finding['advice']}" if finding.get("advice") else ""
    return f"{finding['kind']} {before}line {second['line']} {second['op']} on {second['core']}{advice}"


def summary(outcome: Audit) -> str:
    """Return the outcome in words: one line if all is well, else a paragraph and the findings."""
    if not outcome.unexplained:
        return (
            f"{len(outcome.explained)} pairs are ordered by the repeat rule alone, all of removed barriers; "
            f"{len(outcome.unseen)} more of those are ordered otherwise in these traces"
        )
    return "\n".join(
        [
            f"{len(outcome.unexplained)} of the hazard judge's findings are not of removed barriers. If they appear "
            "only after patching, a removed barrier ordered more than its pair: patch with --guard, or put a barrier "
            "of its own between the two. If they appear before patching too, the synchronisation is wrong.",
            *(f"  {finding}" for finding in outcome.unexplained),
        ]
    )


def load(path: Path, kind: type[Any]) -> Any:
    """Return the JSON in a file.

    Raises:
        PatchError: it cannot be read, is not JSON, or is not a `kind`.
    """
    data = read_json(path)
    if not isinstance(data, kind):
        raise PatchError(f"{path}: the file must hold a JSON {kind.__name__}, not a {type(data).__name__}.")
    return data


def _of_kernel(name: str, verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    chosen = [verdict for verdict in verdicts if verdict["name"] == name]
    if not chosen:
        known = ", ".join(sorted({str(verdict["name"]) for verdict in verdicts})) or "none at all"
        raise PatchError(
            f"there is no verdict on {name}, but on {known}. Name the report KERNEL{REPORT_SUFFIX}, as the chain does."
        )
    return chosen


def main(argv: Sequence[str]) -> None:
    """Run the tool; see the module's text."""
    try:
        if len(argv) != 3:
            raise PatchError("give two files: the report of vec_barriers and the verdicts of the hazard judge.")
        report = user_path(argv[1])
        verdicts = _of_kernel(report.name.removesuffix(REPORT_SUFFIX), load(user_path(argv[2]), list))
        outcome = audit(load(report, dict), verdicts)
    except (KeyError, TypeError) as error:
        print(f"audit: {argv[1]} or {argv[2]} is not what it should be: {error!r} in it.", file=sys.stderr)
        sys.exit(1)
    except PatchError as error:
        print(f"audit: {error}", file=sys.stderr)
        sys.exit(1)
    print(f"audit: {summary(outcome)}")
    sys.exit(1 if outcome.unexplained else 0)


if __name__ == "__main__":
    app.run(main)
