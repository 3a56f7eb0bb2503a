"""Tests of the golden counts."""

import json
from pathlib import Path

from patchers.golden import built_counts, counts, difference, dump

REPORT = {
    "pipe_v_barriers": {"before": 5, "removed": 2, "after": 3, "already_removed": 0},
    "counts": {"gu": 2},
    "kept": [{"reason": "other-dependence"}, {"reason": "direct-tile-dependency"}, {"reason": "other-dependence"}],
}
COUNTS = {
    "before": 5,
    "after": 3,
    "removed": {"gu": 2},
    "kept": {"direct-tile-dependency": 1, "other-dependence": 2},
}


def test_counts_summarise_a_report() -> None:
    assert counts(REPORT) == COUNTS


def test_reports_of_the_targets_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "flash_atten").mkdir()
    (tmp_path / "flash_atten" / "fa_a.barriers.json").write_text(json.dumps(REPORT))
    assert built_counts(tmp_path) == {"fa_a": COUNTS}


def test_the_file_is_json_with_a_target_a_line() -> None:
    text = dump({"b": COUNTS, "a": COUNTS})
    assert json.loads(text) == {"a": COUNTS, "b": COUNTS}
    assert len(text.splitlines()) == 4


def test_equal_counts_make_no_difference() -> None:
    assert difference({"a": COUNTS}, {"a": dict(COUNTS)}) is None


def test_a_difference_says_what_moved_how_to_audit_and_how_to_accept() -> None:
    message = difference({"a": COUNTS, "b": COUNTS}, {"a": COUNTS | {"after": 4}, "b": COUNTS})
    assert message is not None
    assert '"after": 3' in message
    assert '"after": 4' in message
    assert "  b: " not in message
    assert "tools/bazel run //:accept" in message
    assert "tools/bazel build //flash_atten:TARGET" in message


def test_new_and_lost_targets_are_differences() -> None:
    assert difference({}, {"a": COUNTS}) is not None
    assert difference({"a": COUNTS}, {}) is not None
