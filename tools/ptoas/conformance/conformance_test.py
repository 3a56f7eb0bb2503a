"""The embedded assembler does what ptoas 0.48 does, and another one is compared by its program."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from tools.ptoas.conformance.__main__ import SUITES, main, report
from tools.ptoas.conformance.case import Case
from tools.ptoas.conformance.run import Embedded, External, missing_call, run_cases

TABLE = SUITES["accepts.tsv"]
CASES = list(chain.from_iterable(SUITES.values()))

STAND_IN = """#!{python}
import json, sys
if sys.argv[1:] == ["--version"]:
    print("ptoas 0.48 (stand-in)")
    sys.exit()
source, target = sys.argv[-3], sys.argv[-1]
key = json.dumps([open(source).read(), sys.argv[2:-3]])
printed = json.load(open({answers!r}))[key]
if printed is None:
    sys.exit("error: as the table says")
open(target, "w").write(printed)
"""


def stand_in(folder: Path, cases: Sequence[Case]) -> Path:
    """A program that accepts, prints and refuses what the cases say."""
    answers = {}
    for case in cases:
        printed = "\n".join(re.sub(r"\$(\w)", lambda match: f"v{ord(match[1])}", call) for call in case.calls)
        answers[json.dumps([case.text, list(case.options)])] = printed if case.accepted else None
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    program = folder / "ptoas"
    text = STAND_IN.format(python=sys.executable, answers=str(folder / "answers.json"))
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_embedded_assembler_does_what_the_real_one_does(case: Case) -> None:
    (result,) = run_cases([case], Embedded())
    assert result.problem == ""


def test_the_table_is_whole() -> None:
    assert (len(TABLE), sum(case.accepted for case in TABLE)) == (497, 291)
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_counts_in_the_documentation_are_these() -> None:
    page = Path("docs/assembler.md").read_text(encoding="utf-8")
    for name, cases in SUITES.items():
        accepted = [case for case in cases if case.accepted]
        warned = sum(case.warned for case in accepted)
        line = f"| {len(cases)} | {len(accepted)} | {len(accepted)} | {warned} |"
        assert f"(`{name}`) {line}" in page


def test_another_assembler_is_compared_by_its_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = CASES[::9]
    results = run_cases(cases, External(stand_in(tmp_path, cases)))
    assert [result.problem for result in results] == [""] * len(cases)
    text = report(External(tmp_path / "ptoas").title, results, embedded=False)
    assert text.startswith("assembler\tptoas 0.48 (stand-in), sha256 ")
    assert f"{len(cases)} of {len(cases)} cases are as with ptoas 0.48; of 0 of them" in text


def test_what_differs_is_named(tmp_path: Path) -> None:
    accepted = Case("a", "module {}", accepted=True, calls=["TADD($d, $a, $a)"])
    refused = Case("b", "module { }", accepted=False)
    wrong = [Case("a", accepted.text, True, ["TADD($d, $a, $b)"]), Case("b", refused.text, accepted=True)]
    results = run_cases([accepted, refused], External(stand_in(tmp_path, wrong)))
    assert [result.problem for result in results] == [
        "not printed: TADD($d, $a, $a)",
        "accepted, but should be refused",
    ]
    (result,) = run_cases([wrong[1]], External(stand_in(tmp_path, [refused])))
    assert result.problem == "refused: error: as the table says"
    assert "DIFFERS\tb\trefuses\trefused: error" in report("x", [result], embedded=False)


def test_a_program_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--ptoas=/no/ptoas"])
    assert "--ptoas=/no/ptoas is no file: give the path of the program" in capsys.readouterr().err


def test_a_file_that_is_no_program_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(SystemExit):
        main([f"--ptoas={tmp_path / 'notes'}"])
    assert "does not start: [Errno 13] Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("calls", "missing"),
    [
        (["TADD($d, $a, $b)", "TEXP($d, $d)"], None),
        (["TEXP($d, $d)", "TADD($d, $a, $b)"], "TADD($d, $a, $b)"),
        (["TADD($d, $a, $b)", "TEXP($a, $a)"], "TEXP($a, $a)"),
        (["TADD($d, $d, $d)"], "TADD($d, $d, $d)"),
    ],
)
def test_calls_are_found_in_order_with_their_variables(calls: list[str], missing: str | None) -> None:
    assert missing_call("  TADD( v3,v1, v2 );\n  TEXP(v3, v3);\n", calls) == missing
