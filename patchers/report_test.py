"""Tests of the JSON report."""

import json
from typing import Any

from patchers.patch import ByLines, ByPatterns, Patched, digest, patch
from patchers.patterns import PATTERNS, select_patterns
from patchers.report import report_text

TILES = "".join(
    f"Tile<TileType::Vec, float, 8, 32> {name}; TASSIGN({name}, {1024 * number});\n"
    for number, name in enumerate("abcde")
)
TEXT = (
    f"{TILES}TROWEXPANDMUL(a, a, b);\npipe_barrier(PIPE_V);\nwait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);\nTADD(a, a, c);\n"
    "TEXP(a, b);\npipe_barrier(PIPE_V);\nTROWSUM(c, d, e);\npipe_barrier(PIPE_V);\nTADD(d, e, e);\n"
    "if (x) pipe_barrier(PIPE_V);\npipe_barrier(PIPE_V);\n"
)

LITERAL = tuple(pattern for pattern in PATTERNS if not pattern.needs_guard)


def report(text: str, selection: ByPatterns | ByLines) -> tuple[dict[str, Any], Patched]:
    patched = patch(text, selection)
    return json.loads(report_text(text, selection, patched)), patched


def test_the_report_says_what_went_and_what_stayed_and_why() -> None:
    found, patched = report(TEXT, ByPatterns(LITERAL))
    assert found["version"] == 1
    assert found["input"] == {"sha256": digest(TEXT), "lines": 16}
    assert found["output"] == {"sha256": digest(patched.text)}
    assert found["patterns"] == ["gu", "softmax-exp-sum", "softmax-sum-add"]
    assert found["evidence"].keys() == set(found["patterns"])
    assert found["counts"] == {"gu": 1, "softmax-exp-sum": 1, "softmax-sum-add": 0}
    assert found["pipe_v_barriers"] == {"before": 4, "removed": 2, "after": 2, "already_removed": 0}
    assert [(entry["line"], entry["pattern"]) for entry in found["removed"]] == [(7, "gu"), (11, "softmax-exp-sum")]
    assert [(entry["line"], entry["pattern"], entry["reason"]) for entry in found["kept"]] == [
        (13, "softmax-sum-add", "direct-tile-dependency"),
        (15, None, "not-a-statement-of-its-own"),
    ]


def test_an_entry_names_operations_tiles_and_dependences() -> None:
    removed = report(TEXT, ByPatterns(LITERAL))[0]["removed"]
    assert removed[0] == {
        "line": 7,
        "pattern": "gu",
        "ops": [
            {"line": 6, "op": "TROWEXPANDMUL", "operands": ["a", "a", "b"]},
            {"line": 9, "op": "TADD", "operands": ["a", "a", "c"]},
        ],
        "dependences": ["RAW on a", "WAW on a", "WAR on a"],
    }
    assert removed[1]["dependences"] == []
    assert removed[1]["tiles"] == {
        "a": "Vec[0:1024]",
        "b": "Vec[1024:2048]",
        "c": "Vec[2048:3072]",
        "d": "Vec[3072:4096]",
        "e": "Vec[4096:5120]",
    }


def test_an_assumed_dependence_says_so() -> None:
    kept = report("TEXP(a, b);\npipe_barrier(PIPE_V);\nTROWSUM(c, d, e);", ByPatterns(LITERAL))[0]["kept"]
    assert kept[0]["tiles"] == dict.fromkeys("abcde")
    assert "RAW on a, d (assumed: address not known)" in kept[0]["dependences"]


def test_a_second_run_reports_the_same_barriers_as_already_removed() -> None:
    selection = ByPatterns(select_patterns(["gu"]))
    first, patched = report(TEXT, selection)
    second, _ = report(patched.text, selection)
    assert second["already_removed"] == first["removed"]
    assert second["removed"] == []
    assert second["pipe_v_barriers"] == {"before": 3, "removed": 0, "after": 3, "already_removed": 1}
    assert second["output"] == first["output"]


def test_lines_are_reported_as_lines() -> None:
    found, _ = report(TEXT, ByLines((16,), "lines"))
    assert found["patterns"] == ["lines"]
    assert found["counts"] == {"lines": 1}
    assert found["removed"] == [{"line": 16, "pattern": "lines"}]
    assert found["evidence"] == {"lines": "none: chosen by line number, not reproducible"}


def test_the_report_is_one_entry_a_line() -> None:
    text = TEXT
    lines = report_text(text, ByPatterns(LITERAL), patch(text, ByPatterns(LITERAL))).splitlines()
    assert sum('"pattern": "gu"' in line for line in lines) == 1
    assert lines[0] == "{"
    assert lines[-1] == "}"
