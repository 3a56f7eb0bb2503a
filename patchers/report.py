"""The JSON report of one run: what was removed, between what, what was kept and why, and how many barriers remain."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from patchers.calls import Call
from patchers.dependencies import Dependence
from patchers.patch import Barrier, ByLines, ByPatterns, Op, Patched, digest
from patchers.tiles import Extent

REPORT_VERSION = 1
Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

# What a removal rests on, in short; the docstrings of the patterns have the argument.
_EVIDENCE = {
    "gu": "the vendor's repeat rule, which the hazard judge checks on traces; the recipe found it right on A3",
    "softmax-exp-sum": "the two operations share no byte in RAW, WAR or WAW",
    "softmax-sum-add": "the two operations share no byte in RAW, WAR or WAW",
    "repeats": "the vendor's repeat rule, by the shapes and addresses in the C++; the hazard judge checks it on traces",
    "lines": "none: chosen by line number, not reproducible",
    "proved": "hazard judge: implied by other ordering in every trace given",
}


def report_text(text: str, selection: ByPatterns | ByLines, patched: Patched) -> str:
    """Return the report on patching `text` as JSON, the same for the same input everywhere.

    Line numbers are those of both input and output. Every barrier is on a line: easy to compare and to search.
    """
    asked = _asked(selection)
    of = {
        outcome: [barrier for barrier in patched.barriers if barrier.outcome == outcome]
        for outcome in ("removed", "already-removed", "kept")
    }
    counted = Counter(barrier.pattern for barrier in of["removed"])
    head: dict[str, Json] = {
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
    }
    write = _Writer()
    lists = {"removed": of["removed"], "already_removed": of["already-removed"], "kept": of["kept"]}
    parts = [f'  "{key}": {json.dumps(value)}' for key, value in head.items()]
    parts += [f'  "{key}": {write.barriers(barriers)}' for key, barriers in lists.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _asked(selection: ByPatterns | ByLines) -> list[str]:
    if isinstance(selection, ByLines):
        return [selection.label]
    proved = [selection.proof.label] if selection.proof else []
    return proved + [pattern.name for pattern in selection.patterns]


class _Writer:
    """Writes barriers as JSON; what many of them share, calls and dependences, is written once and copied."""

    def __init__(self) -> None:
        # By id: the barriers hold all these objects, so no id is used twice.
        self._calls: dict[int, str] = {}
        self._dependences: dict[int, str] = {}

    def barriers(self, barriers: Sequence[Barrier]) -> str:
        return "[\n    " + ",\n    ".join(map(self.barrier, barriers)) + "\n  ]" if barriers else "[]"

    def barrier(self, barrier: Barrier) -> str:
        parts = [f'"line": {barrier.line}, "pattern": {json.dumps(barrier.pattern or None)}']
        if barrier.outcome == "kept":
            parts.append(f'"reason": {json.dumps(barrier.reason)}')
        if barrier.ops:
            parts.append(f'"ops": {self.ops(barrier.ops)}, "dependences": {self.dependences(barrier.dependences)}')
        if barrier.extents:
            tiles = {name: _bytes(extent) for name, extent in barrier.extents.items()}
            parts.append(f'"tiles": {json.dumps(tiles)}')
        if barrier.others:
            parts.append(f'"also_orders": {self.ops(barrier.others)}')
        return "{" + ", ".join(parts) + "}"

    def ops(self, ops: Sequence[Op]) -> str:
        return "[" + ", ".join([f'{{"line": {line}, {self.call(call)}}}' for line, call in ops]) + "]"

    def call(self, call: Call) -> str:
        text = self._calls.get(id(call))
        if text is None:
            text = f'"op": {json.dumps(call.name)}, "operands": {json.dumps(call.arguments)}'
            self._calls[id(call)] = text
        return text

    def dependences(self, dependences: Sequence[Dependence]) -> str:
        text = self._dependences.get(id(dependences))
        if text is None:
            text = self._dependences[id(dependences)] = json.dumps([str(one) for one in dependences])
        return text


def _bytes(extent: Extent | None) -> str | None:
    """Return the buffer with first byte and byte after the last, or None if not known."""
    return f"{extent.buffer}[{extent.start}:{extent.end}]" if extent else None
