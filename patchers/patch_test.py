"""Tests of the edited text: what changes, what does not, and that a second run changes nothing."""

import re
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchers.errors import PatchError
from patchers.patch import ByLines, ByPatterns, digest, patch
from patchers.patterns import PATTERNS, select_patterns
from patchers.scanner import Kind, scan

LITERAL = tuple(pattern for pattern in PATTERNS if not pattern.needs_guard)

GU = ByPatterns(select_patterns(["gu"]))
ALL = ByPatterns(LITERAL)
TESTDATA = Path(__file__).parent / "testdata"
GU_STATEMENTS = ["TROWEXPANDMUL(v1, v1, v2);", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);", "pipe_barrier(PIPE_V);"]
ACCUMULATE = "TADD(v1, v1, v3);"


def test_a_barrier_on_its_own_line_becomes_a_line_comment() -> None:
    text = "\n".join([*GU_STATEMENTS, ACCUMULATE, ""]).replace("pipe", "  pipe")
    assert patch(text, GU).text.split("\n")[2] == "  // [vec_barriers] gu: pipe_barrier(PIPE_V);"


@pytest.mark.parametrize("after", [" f();", " // why", " /* why */", "\tTMULS(v1, v1, v2);", ""])
def test_a_barrier_that_shares_its_line_becomes_a_block_comment(after: str) -> None:
    text = " ".join([*GU_STATEMENTS, ACCUMULATE]) + after
    marked = text.replace("pipe_barrier(PIPE_V);", "/* [vec_barriers] gu: pipe_barrier(PIPE_V); */")
    assert patch(text, GU).text == marked


def test_a_barrier_over_several_lines_leaves_as_many_lines() -> None:
    text = "\r\n".join([*GU_STATEMENTS[:2], "pipe_barrier( // why", "  PIPE_V", ")", ";  ", ACCUMULATE])
    expected = [*GU_STATEMENTS[:2], "// [vec_barriers] gu: pipe_barrier(PIPE_V);", "", "", "  ", ACCUMULATE]
    assert patch(text, GU).text == "\r\n".join(expected)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("name", ["wait_first.cpp", "barrier_first.cpp"])
def test_only_the_lines_of_removed_barriers_change(name: str, end: str, last: bool) -> None:
    text = (TESTDATA / name).read_text("latin-1").replace("\n", end)
    text = text if last else text.removesuffix(end)
    patched = patch(text, GU)
    old, new = text.split("\n"), patched.text.split("\n")
    assert len(old) == len(new)
    changed = [number for number, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b]
    assert changed == [barrier.line for barrier in patched.barriers if barrier.outcome == "removed"]
    assert patched.text.count("\r") == text.count("\r")


@pytest.mark.parametrize(("name", "gu"), [("wait_first.cpp", 1), ("barrier_first.cpp", 2)])
def test_both_generations_of_ptoas_are_understood(name: str, gu: int) -> None:
    patched = patch((TESTDATA / name).read_text("latin-1"), ALL)
    assert [barrier.pattern for barrier in patched.barriers if barrier.outcome == "removed"] == ["gu"] * gu


def test_a_real_softmax_keeps_its_barriers_for_direct_dependences() -> None:
    kept = [b for b in patch((TESTDATA / "wait_first.cpp").read_text("latin-1"), ALL).barriers if b.outcome == "kept"]
    assert [(b.pattern, b.reason) for b in kept] == [
        ("softmax-exp-sum", "direct-tile-dependency"),
        ("softmax-sum-add", "direct-tile-dependency"),
    ]
    assert [str(dependence) for dependence in kept[1].dependences] == ["RAW on v21, v27"]


def _two_functions() -> str:
    body = "\n".join([*GU_STATEMENTS, ACCUMULATE])
    return f"AICORE void first(__gm__ float* v1) {{\n{body}\n}}\nAICORE void second(int v1) {{\n{{\n{body}\n}}\n}}\n"


@pytest.mark.parametrize(("spared", "removed", "kept"), [((), [4, 11], []), (("second",), [4], [11])])
def test_what_a_pattern_matches_in_a_spared_function_stays(
    spared: tuple[str, ...], removed: list[int], kept: list[int]
) -> None:
    found = patch(_two_functions(), replace(GU, spared=spared)).barriers
    assert [barrier.line for barrier in found if barrier.outcome == "removed"] == removed
    assert [(barrier.line, barrier.reason) for barrier in found if barrier.outcome == "kept"] == [
        (line, "spared-function") for line in kept
    ]


@pytest.mark.parametrize("name", ["third", "sec", "econd", "TADD"])
def test_a_function_that_is_not_there_cannot_be_spared(name: str) -> None:
    with pytest.raises(PatchError, match=f"there is no function {name} to spare"):
        patch(_two_functions(), replace(GU, spared=(name,)))


@pytest.mark.parametrize("name", ["wait_first.cpp", "barrier_first.cpp"])
def test_no_pattern_changes_nothing(name: str) -> None:
    text = (TESTDATA / name).read_text("latin-1")
    patched = patch(text, ByPatterns(()))
    assert patched.text == text
    assert patched.barriers == ()
    assert patched.total > 0


def test_the_second_run_says_what_the_first_removed() -> None:
    first = patch((TESTDATA / "barrier_first.cpp").read_text("latin-1"), GU)
    second = patch(first.text, GU)
    assert second.text == first.text
    assert [(b.line, b.pattern, b.outcome) for b in second.barriers] == [
        (b.line, b.pattern, "already-removed") for b in first.barriers
    ]
    assert [b.ops for b in second.barriers] == [b.ops for b in first.barriers]
    assert second.total == first.total - len(first.barriers)


def test_removed_barriers_are_reported_whatever_is_asked_for_later() -> None:
    first = patch((TESTDATA / "barrier_first.cpp").read_text("latin-1"), GU)
    second = patch(first.text, ByPatterns(()))
    assert [(b.pattern, b.outcome) for b in second.barriers] == [("gu", "already-removed")] * 2


TEXT = "f();\npipe_barrier(PIPE_V);\nif (a) pipe_barrier(PIPE_V);\npipe_barrier(PIPE_MTE3);\npipe_barrier(PIPE_V);\n"


def test_barriers_go_by_line() -> None:
    patched = patch(TEXT, ByLines((2, 5), "lines"))
    marker = "// [vec_barriers] lines: pipe_barrier(PIPE_V);"
    assert patched.text.split("\n") == [*TEXT.split("\n")[:1], marker, *TEXT.split("\n")[2:4], marker, ""]
    assert patch(patched.text, ByLines((2, 5), "lines")).text == patched.text


@pytest.mark.parametrize("line", [0, 1, 3, 4, 6, 99])
def test_a_line_without_a_barrier_of_its_own_is_refused(line: int) -> None:
    with pytest.raises(PatchError, match=f"begins on line {line}, so nothing is removed"):
        patch(TEXT, ByLines((2, line), "lines"))


def test_proved_lines_hold_for_the_proved_text_only() -> None:
    proof = ByLines((2,), "proved", digest(TEXT))
    patched = patch(TEXT, proof)
    assert "proved: pipe_barrier" in patched.text.split("\n")[1]
    assert patch(patched.text, proof).text == patched.text
    with pytest.raises(PatchError, match=r"the proof is about C\+\+ with SHA-256"):
        patch(TEXT + " ", proof)


def test_a_proof_and_patterns_have_one_outcome() -> None:
    already = "// [vec_barriers] lines: pipe_barrier(PIPE_V);"
    text = "\n".join([already, GU_STATEMENTS[0], *GU_STATEMENTS[2:0:-1], "pipe_barrier(PIPE_V);", ACCUMULATE])
    patched = patch(text, replace(GU, proof=ByLines((5,), "proved", digest(text))))
    assert [(b.line, b.pattern, b.outcome) for b in patched.barriers] == [
        (1, "lines", "already-removed"),
        (3, "gu", "removed"),
        (5, "proved", "removed"),
    ]
    assert patched.total == 2
    assert "pipe_barrier" not in "".join(item.text for item in scan(patched.text).items)


def test_the_comment_of_another_removal_is_as_any_comment() -> None:
    text = "\n".join([*GU_STATEMENTS, "pipe_barrier(PIPE_V);", ACCUMULATE])
    assert patch(text, GU).barriers == ()
    once = patch(text, ByLines((3,), "lines"))
    twice = patch(once.text, GU)
    assert [(b.line, b.pattern, b.outcome) for b in twice.barriers] == [
        (3, "lines", "already-removed"),
        (4, "gu", "removed"),
    ]
    assert [(b.pattern, b.outcome) for b in patch(twice.text, GU).barriers] == [
        ("lines", "already-removed"),
        ("gu", "already-removed"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "// [vec_barriers] softmax-exp-sum: pipe_barrier(PIPE_V);\n" * 20_000 + "f();",
        "// [vec_barriers] softmax-sum-add: pipe_barrier(PIPE_V);\nTile<T, float, 1, 1> v;\n" * 4_000,
        "f(); " + "pipe_barrier(PIPE_V);" * 50_000,
        " ".join([*GU_STATEMENTS, ACCUMULATE]) * 10_000,
        "TEXP(v1, v1);\npipe_barrier(PIPE_V);\nTROWSUM(v2, v3, v4);\n" * 8_000,
    ],
    ids=lambda text: text[:40],
)
def test_the_time_is_linear(text: str) -> None:
    """The bound is far above what is needed, and far below what quadratic time takes."""
    begin = time.process_time()
    patch(text, ALL)
    assert time.process_time() - begin < 10


STATEMENTS = [
    *GU_STATEMENTS,
    *GU_STATEMENTS,
    ACCUMULATE,
    "TEXP(v4, v5);",
    "TROWSUM(v6, v4, v7);",
    "TRESHAPE(v8, v6);",
    "TASSIGN(v4, 1024);",
    "Tile<TileType::Vec, float, 8, 8> v4;",
    "set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);",
    "pipe_barrier(PIPE_ALL);",
    "if (v9) pipe_barrier(PIPE_V);",
    "{",
    "}",
    "\n#define A\n",
    "// pipe_barrier(PIPE_V);\n",
]


def balanced(statements: list[str]) -> list[str]:
    """Drop closing braces that close nothing, and close what is open."""
    depth, result = 0, []
    for statement in statements:
        if statement != "}" or depth:
            depth += {"{": 1, "}": -1}.get(statement, 0)
            result.append(statement)
    return [*result, "f();", *["}"] * depth]


PROGRAMS = st.lists(st.sampled_from(STATEMENTS), max_size=30).map(balanced)
GAPS = st.sampled_from(["", " ", "\n", "\r\n", "\t", "/* pipe_barrier(PIPE_V); */", "// TADD(v1, v1, v3);\n", "/*\n*/"])


@settings(max_examples=150)
@given(program=PROGRAMS, names=st.sets(st.sampled_from([pattern.name for pattern in LITERAL])), guard=st.booleans())
def test_twice_is_once(program: list[str], names: set[str], guard: bool) -> None:
    selection = ByPatterns(select_patterns(sorted(names)), guard)
    first = patch(" ".join(program), selection)
    second = patch(first.text, selection)
    assert second.text == first.text
    kept = [b for b in first.barriers if b.outcome == "kept"]
    assert [b for b in second.barriers if b.outcome == "kept"] == kept
    assert len(second.barriers) == len(first.barriers)


@settings(max_examples=150)
@given(program=PROGRAMS, data=st.data())
def test_formatting_does_not_change_what_is_removed(program: list[str], data: st.DataObject) -> None:
    formatted = "".join(statement + data.draw(GAPS) for statement in map(lambda s: reformat(s, data), program))
    assert outline(patch(formatted, ALL).text) == outline(patch("\n".join(program), ALL).text)


CODE = ["wait_first.cpp", "barrier_first.cpp"]
BREAKS = re.compile(r"(?<=[(),;{}<>])(?=.)")


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(CODE), end=st.sampled_from(["\n", "\r\n"]), guard=st.booleans(), random=st.randoms())
def test_formatting_of_what_ptoas_prints_changes_nothing(name: str, end: str, guard: bool, random: Random) -> None:
    """Comments, blanks and line ends at random: the same barriers go for the same reasons, and only they change."""
    text = (TESTDATA / name).read_text("latin-1")
    gaps = ["", "", "", " ", "\t", "\n  ", "/* TADD(v1, v1, v3); */", "// pipe_barrier(PIPE_V);\n"]
    lines = [
        line if line.lstrip().startswith(("#", "//")) else BREAKS.sub(lambda _: random.choice(gaps), line)
        for line in text.split("\n")
    ]
    formatted = "\n".join(lines).replace("\n", end)
    selection = ByPatterns(LITERAL, guard)
    expected, found = patch(text, selection), patch(formatted, selection)
    assert [(b.pattern, b.outcome, b.reason, b.dependences) for b in found.barriers] == [
        (b.pattern, b.outcome, b.reason, b.dependences) for b in expected.barriers
    ]
    assert outline(found.text) == outline(expected.text)
    assert patch(found.text, selection).text == found.text


def reformat(statement: str, data: st.DataObject) -> str:
    """Put random gaps after the punctuation of a statement, where C++ allows any."""
    if statement.lstrip()[:1] in ("#", "/"):
        return statement
    return "".join(character + (data.draw(GAPS) if character in "(),;" else "") for character in statement)


def outline(text: str) -> list[tuple[Kind, str]]:
    return [(item.kind, "".join(item.text.split())) for item in scan(text).items]


@settings(max_examples=150)
@given(program=PROGRAMS)
def test_gu_removes_what_a_search_by_list_finds(program: list[str]) -> None:
    """The naive reading of the pattern, on statements that are split already."""
    program = [statement for statement in program if not statement.startswith("//")]
    mul, wait, barrier = GU_STATEMENTS
    expected = []
    for index, statement in enumerate(program):
        around = program[max(index - 2, 0) : index + 3]
        before, after = program[max(index - 2, 0) : index], program[index + 1 : index + 3]
        if statement == barrier and around:
            wait_first = before == [mul, wait] and after[:1] == [ACCUMULATE]
            barrier_first = before[-1:] == [mul] and after == [wait, ACCUMULATE]
            if wait_first or barrier_first:
                expected.append(index)
    patched = patch("\n".join(statement.strip() for statement in program), GU)
    assert [barrier.line - 1 for barrier in patched.barriers if barrier.outcome == "removed"] == expected


@pytest.mark.parametrize("name", ["wait_first.cpp", "barrier_first.cpp"])
def test_a_truncated_file_is_refused_or_loses_no_more_than_the_whole(name: str) -> None:
    """A cut between two functions is a complete file."""
    text = (TESTDATA / name).read_text("latin-1")
    whole = {barrier.line for barrier in patch(text, ALL).barriers if barrier.outcome == "removed"}
    refused = 0
    for end in range(0, len(text), 13):
        try:
            cut = patch(text[:end], ALL).barriers
        except PatchError:
            refused += 1
        else:
            assert {barrier.line for barrier in cut if barrier.outcome == "removed"} <= whole
    assert refused > len(text) / 13 * 0.9


PIECES = ["/*", "*/", "//", 'R"(', ')"', "\\\n", "#if A\n", "#endif\n", "if (a) ", "x"]
NOISE = [*STATEMENTS, *PIECES, *"{}()[];,'\"/*\\#\n\r<>:&= "]


@settings(max_examples=200)
@given(noise=st.lists(st.sampled_from(NOISE), max_size=25).map("".join), guard=st.booleans())
def test_any_text_is_refused_or_patched_once_and_for_all(noise: str, guard: bool) -> None:
    selection = ByPatterns(LITERAL, guard)
    try:
        first = patch(noise, selection)
    except PatchError:
        return
    assert first.text.count("\n") == noise.count("\n")
    assert patch(first.text, selection).text == first.text
    for before, after in zip(outline(noise), outline(first.text), strict=True):
        assert before == after or (before[1] == "pipe_barrier(PIPE_V)" and after[0] is Kind.REMOVED)
