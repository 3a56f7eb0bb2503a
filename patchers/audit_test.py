"""Tests of the audit of a patched kernel."""

import json
from pathlib import Path
from typing import Any

import pytest

from patchers.audit import Pair, audit, main, removed_pairs, summary

REPORT = {
    "removed": [
        {"line": 8, "pattern": "gu", "ops": [{"line": 7, "op": "TROWEXPANDMUL"}, {"line": 10, "op": "TADD"}]},
        {"line": 30, "pattern": "softmax-exp-sum", "ops": [{"line": 29, "op": "TEXP"}, {"line": 31, "op": "TROWSUM"}]},
        {"line": 40, "pattern": "lines"},
    ],
    "already_removed": [
        {"line": 18, "pattern": "gu", "ops": [{"line": 17, "op": "TROWEXPANDMUL"}, {"line": 20, "op": "TADD"}]},
        {"line": 50, "pattern": "gu"},
    ],
}


def finding(kind: str, first: int | None, second: int, *, in_time: bool = True) -> dict[str, Any]:
    site = {"core": "block 0 vec0", "op": "TROWEXPANDMUL", "line": first}
    later = {"core": "block 0 vec0", "op": "TADD", "line": second}
    return {"kind": kind, "first": site if first else None, "second": later, "in_time": in_time}


def verdicts(*findings: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": "fa", "findings": [], "accepted": list(findings), "in_time": []},
        {"name": "fa", "findings": list(findings), "accepted": [], "in_time": []},
    ]


def test_only_gu_leaves_its_operations_to_the_repeat_rule() -> None:
    assert removed_pairs(REPORT) == {Pair(7, 10), Pair(17, 20)}


def test_findings_of_removed_barriers_are_explained() -> None:
    outcome = audit(REPORT, verdicts(finding("RAW", 7, 10), finding("WAR", 7, 10), finding("WAW", 7, 10)))
    assert tuple(outcome) == ({Pair(7, 10)}, {Pair(17, 20)}, ())
    assert summary(outcome) == (
        "1 pairs are ordered by the repeat rule alone, all of removed barriers; 1 more of those are ordered otherwise "
        "in these traces"
    )


def test_what_the_repeat_rule_orders_needs_no_removed_barrier_if_that_rule_is_asked_for() -> None:
    both = [finding("RAW", 7, 10), finding("RAW", 29, 31)]
    outcome = audit(REPORT, [{"name": "fa", "findings": [], "accepted": [], "in_time": both}])
    assert tuple(outcome) == ({Pair(7, 10)}, {Pair(17, 20)}, ())


@pytest.mark.parametrize(
    "other",
    [
        finding("RAW", 10, 7),
        finding("RAW", 7, 11),
        finding("RAW", 29, 31),
        finding("RAW", 7, 10, in_time=False),
        finding("DEADLOCK", 7, 10, in_time=False),
        finding("UNINITIALISED", None, 10, in_time=False),
    ],
)
def test_anything_else_is_not_even_if_the_judge_accepts_it(other: dict[str, Any]) -> None:
    outcome = audit(REPORT, verdicts(finding("RAW", 7, 10), other))
    assert len(outcome.unexplained) == 1
    assert "1 of the hazard judge's findings are not of removed barriers" in summary(outcome)
    assert f"line {other['second']['line']} TADD" in summary(outcome)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(["audit", *map(str, arguments)])
    return int(str(exit_.value.code))


def test_the_tool_says_so_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, good, bad = (tmp_path / name for name in ("fa.barriers.json", "good.json", "bad.json"))
    report.write_text(json.dumps(REPORT))
    good.write_text(json.dumps(verdicts(finding("RAW", 17, 20))))
    bad.write_text(json.dumps(verdicts(finding("RAW", 20, 17))))
    assert run(report, good) == 0
    assert run(report, bad) == 1
    assert "RAW line 20 TROWEXPANDMUL -> line 17 TADD" in capsys.readouterr().out


def test_verdicts_on_other_kernels_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, mixed = tmp_path / "fa.barriers.json", tmp_path / "mixed.json"
    report.write_text(json.dumps(REPORT))
    other = {"name": "fa_other", "findings": [finding("RAW", 1, 2)], "accepted": [], "in_time": []}
    mixed.write_text(json.dumps([*verdicts(finding("RAW", 17, 20)), other]))
    assert run(report, mixed) == 0
    mixed.write_text(json.dumps([other]))
    assert run(report, mixed) == 1
    assert "there is no verdict on fa, but on fa_other" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"findings": []}]', '[{"name": "fa", "findings": []}]'])
def test_files_of_another_kind_are_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    report, wrong = tmp_path / "fa.barriers.json", tmp_path / "wrong.json"
    report.write_text(json.dumps(REPORT))
    wrong.write_text(text)
    assert run(report, wrong) == 1
    assert run(report) == 1
    assert run(tmp_path / "missing.json", wrong) == 1
    assert "wrong.json" in capsys.readouterr().err
