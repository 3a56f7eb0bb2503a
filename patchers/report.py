"""The JSON report of one run: what was removed, between what, what was kept and why, and how many barriers remain."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from patchers.patch import Barrier, ByLines, ByPatterns, Op, Patched, digest
from patchers.tiles import Extent

REPORT_VERSION = 1
Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

# What a removal rests on, in short; the docstrings of the patterns have the argument.
_EVIDENCE = {
    "gu": "recipe: accepted on A3 hardware, where the wait on MTE2 spaces the pair; no synchronisation rule orders it",
    "softmax-exp-sum": "the two operations share no byte in RAW, WAR or WAW",
    "softmax-sum-add": "the two operations share no byte in RAW, WAR or WAW",
    "lines": "none: chosen by line number, not reproducible",
    "proved": "hazard judge: implied by other ordering in every trace given",
}


def make_report(text: str, selection: ByPatterns | ByLines, patched: Patched) -> dict[str, Json]:
    """Return the report on patching `text`; lines are numbers in both input and output, which have the same lines."""
    asked = _asked(selection)
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
        "evidence": {name: _EVIDENCE[name] for name in asked},
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


def _asked(selection: ByPatterns | ByLines) -> list[str]:
    if isinstance(selection, ByLines):
        return [selection.label]
    proved = [selection.proof.label] if selection.proof else []
    return proved + [pattern.name for pattern in selection.patterns]


def dump_report(report: Mapping[str, Json]) -> str:
    """Return the report as JSON text, the same for the same input everywhere."""
    return "{\n" + ",\n".join(f'  "{key}": {_dump(value)}' for key, value in report.items()) + "\n}\n"


def _dump(value: Json) -> str:
    """Return a value on one line, but a list of objects with one object a line: easy to compare and to search."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
    return json.dumps(value)


def _barrier(barrier: Barrier) -> dict[str, Json]:
    entry: dict[str, Json] = {"line": barrier.line, "pattern": barrier.pattern or None}
    if barrier.outcome == "kept":
        entry["reason"] = barrier.reason
    if barrier.ops:
        entry["ops"] = [_op(op) for op in barrier.ops]
        entry["dependences"] = [str(dependence) for dependence in barrier.dependences]
    if barrier.extents:
        entry["tiles"] = {name: _bytes(extent) for name, extent in barrier.extents.items()}
    if barrier.others:
        entry["also_orders"] = [_op(op) for op in barrier.others]
    return entry


def _op(op: Op) -> dict[str, Json]:
    return {"line": op.line, "op": op.call.name, "operands": op.call.arguments}


def _bytes(extent: Extent | None) -> str | None:
    """Return the buffer with first byte and byte after the last, or None if not known."""
    return f"{extent.buffer}[{extent.start}:{extent.end}]" if extent else None
