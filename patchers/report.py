"""The JSON report of one run: what was removed and between what, what was kept and why, and how many barriers remain."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from patchers.dependencies import Op
from patchers.patch import Barrier, ByLines, ByPatterns, Patched

REPORT_VERSION = 1
Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

# What stands for the safety of a removal, in the report's own words; the docstrings of the patterns have the long form.
_EVIDENCE = {
    "gu": "recipe: accepted on A3 hardware; the MTE2 wait spaces the pair, the rules of synchronisation do not order it",
    "softmax-exp-sum": "the two operations share no byte in RAW, WAR or WAW",
    "softmax-sum-add": "the two operations share no byte in RAW, WAR or WAW",
    "lines": "none: chosen by line number, not reproducible",
    "proved": "hazard judge: implied by other ordering in every trace given",
}


def digest(text: str) -> str:
    """Return the SHA-256 of a text decoded as Latin-1, that is of the bytes of the file."""
    return hashlib.sha256(text.encode("latin-1")).hexdigest()


def make_report(text: str, selection: ByPatterns | ByLines, patched: Patched) -> dict[str, Json]:
    """Return the report on patching `text`; lines are numbers in both input and output, which have the same lines."""
    asked = [selection.label] if isinstance(selection, ByLines) else [pattern.name for pattern in selection.patterns]
    of = {
        outcome: [barrier for barrier in patched.barriers if barrier.outcome == outcome]
        for outcome in ("removed", "already-removed", "kept")
    }
    counted = Counter(barrier.pattern for barrier in of["removed"])
    return {
        "version": REPORT_VERSION,
        "input": {"sha256": digest(text), "lines": text.count("\n") + (not text.endswith("\n"))},
        "output": {"sha256": digest(patched.text)},
        "patterns": asked,
        "counts": {name: counted[name] for name in asked},
        "pipe_v_barriers": {
            "before": patched.total,
            "removed": len(of["removed"]),
            "after": patched.total - len(of["removed"]),
            "already_removed": len(of["already-removed"]),
        },
        "removed": [_barrier(barrier) for barrier in of["removed"]],
        "already_removed": [_barrier(barrier) for barrier in of["already-removed"]],
        "kept": [_barrier(barrier) for barrier in of["kept"]],
    }


def dump_report(report: Mapping[str, Json]) -> str:
    """Return the report as JSON text, the same for the same input everywhere."""
    return "{\n" + ",\n".join(f'  "{key}": {_dump(value)}' for key, value in report.items()) + "\n}\n"


def _dump(value: Json) -> str:
    """Return a value on one line, but a list of objects with one object a line: short, and easy to compare and to search."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
    return json.dumps(value)


def _barrier(barrier: Barrier) -> dict[str, Json]:
    entry: dict[str, Json] = {"line": barrier.line, "pattern": barrier.pattern or None}
    if barrier.outcome == "kept":
        entry["reason"] = barrier.reason
    else:
        entry["evidence"] = _EVIDENCE.get(barrier.pattern, "not known to this version")
    entry["ops"] = [_op(op) for op in barrier.ops]
    entry["dependences"] = [
        {"kind": found.kind, "earlier": found.earlier, "later": found.later, "certain": found.certain}
        for found in barrier.dependences
    ]
    return entry


def _op(op: Op) -> dict[str, Json]:
    tiles: list[Json] = []
    for name in dict.fromkeys(op.call.arguments):
        extent = op.extents.get(name)
        tiles.append(
            {"name": name, "buffer": extent.buffer, "start": extent.start, "end": extent.end}
            if extent
            else {"name": name}
        )
    return {"line": op.line, "op": op.call.name, "tiles": tiles}
