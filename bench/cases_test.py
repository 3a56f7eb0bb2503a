"""Which flags give which shapes, and which are refused."""

import pytest

from bench.cases import SUITE, Case, choose_cases


def _choose(**given: object) -> list[Case]:
    defaults: dict[str, object] = {"suite": False, "names": [], "s1": [], "q_rows": []}
    return choose_cases(**(defaults | given))  # type: ignore[arg-type]


def test_the_suite_is_1024_to_131072() -> None:
    cases = _choose(suite=True)
    assert [case.s1 for case in cases] == [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072]
    assert all(case.q_rows == case.s1 for case in cases)
    assert [case.name for case in cases] == list(SUITE)


def test_cases_come_in_the_given_order() -> None:
    assert [case.name for case in _choose(names=["case4", "case1"])] == ["case4", "case1"]


def test_q_rows_is_s1_unless_given() -> None:
    assert _choose(s1=[1024, 768]) == [Case("case1", 1024, 1024), Case("768x768", 768, 768)]
    assert _choose(s1=[1024], q_rows=[128, 1024]) == [Case("128x1024", 128, 1024), Case("case1", 1024, 1024)]


def test_nothing_asked_is_case1() -> None:
    assert _choose(q_rows=[128]) == [Case("128x1024", 128, 1024)]
    assert _choose() == [Case("case1", 1024, 1024)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"names": ["case9"]}, "--case=case9 is not a case"),
        ({"suite": True, "s1": [1024]}, "--suite and --s1 both"),
        ({"names": ["case1"], "s1": [1024]}, "--case and --s1 both"),
        ({"q_rows": [128], "names": ["case1"]}, "--q_rows goes with --s1; the shapes of --case have"),
    ],
)
def test_wrong_choices_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _choose(**given)


def test_operand_bytes() -> None:
    assert Case("x", 128, 1024).operand_bytes == 128 * 128 * 2 + 2 * 1024 * 128 * 2 + 128 * 128 * 4
