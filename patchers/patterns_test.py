"""Tests of what each pattern matches, by near misses, and of the dependences that decide."""

import itertools

import pytest

from patchers.errors import PatchError
from patchers.patch import Barrier, ByPatterns, patch
from patchers.patterns import PATTERNS, Gu, select_patterns

LITERAL = tuple(pattern for pattern in PATTERNS if not pattern.needs_guard)

MUL = "TROWEXPANDMUL(v1, v1, v2);"
WAIT = "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);"
BARRIER = "pipe_barrier(PIPE_V);"
ADD = "TADD(v1, v1, v3);"
TILE = "Tile<TileType::Vec, float, 1, 256, BLayout::RowMajor>"  # 1024 bytes


def looked_at(text: str, *names: str) -> tuple[Barrier, ...]:
    """Return the barriers that these patterns (all of them by default) name in `text`."""
    patterns = select_patterns(names) if names else LITERAL
    return patch(text, ByPatterns(patterns)).barriers


def outcomes(text: str, *names: str) -> list[tuple[str, str]]:
    return [(barrier.pattern, barrier.outcome) for barrier in looked_at(text, *names)]


@pytest.mark.parametrize("middle", [[WAIT, BARRIER], [BARRIER, WAIT]])
@pytest.mark.parametrize("separator", ["\n", " ", "", "\r\n\t", "/* TEXP(v1, v1); */", " // wait\n", ";\n"])
def test_gu_matches_both_orders_in_any_formatting(middle: list[str], separator: str) -> None:
    assert outcomes(separator.join([MUL, *middle, ADD])) == [("gu", "removed")]


@pytest.mark.parametrize(
    "statements",
    [
        [MUL, BARRIER, ADD],
        [WAIT, BARRIER, ADD],
        [MUL, WAIT, BARRIER],
        [MUL, WAIT, BARRIER, WAIT, ADD],
        [MUL, BARRIER, BARRIER, WAIT, ADD],
        [MUL, WAIT, WAIT, BARRIER, ADD],
        [MUL, BARRIER, WAIT, BARRIER, ADD],
        [MUL, "TEXP(v4, v4);", WAIT, BARRIER, ADD],
        [MUL, WAIT, "TLOAD(v4, v5);", BARRIER, ADD],
        [MUL, WAIT, BARRIER, "TRESHAPE(v4, v5);", ADD],
        [MUL, WAIT, BARRIER, "set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);", ADD],
        [MUL, WAIT, BARRIER, "int64_t v4 = 1;", ADD],
        [MUL, WAIT, BARRIER, "UNKNOWN(v4);", ADD],
        [MUL, "wait_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);", BARRIER, ADD],
        [MUL, "wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);", BARRIER, ADD],
        [MUL, "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);", BARRIER, ADD],
        [MUL, WAIT, "pipe_barrier(PIPE_MTE2);", ADD],
        [MUL, WAIT, "pipe_barrier(PIPE_ALL);", ADD],
        ["TROWEXPANDDIV(v1, v1, v2);", WAIT, BARRIER, ADD],
        ["TROWEXPANDMUL(v1, v2);", WAIT, BARRIER, ADD],
        [MUL, WAIT, BARRIER, "TSUB(v1, v1, v3);"],
        [MUL, WAIT, BARRIER, "TADDS(v1, v1, v3);"],
        [MUL, WAIT, BARRIER, "v9 = TADD(v1, v1, v3);"],
        ["{", MUL, "}", WAIT, BARRIER, ADD],
        [MUL, "{", WAIT, BARRIER, ADD, "}"],
        ["if (v4) {", MUL, WAIT, BARRIER, "}", ADD],
        ["if (v4) {", MUL, WAIT, "} else {", BARRIER, ADD, "}"],
        ["for (;;) {", MUL, WAIT, BARRIER, "}", ADD],
        ["if (v4)", MUL, WAIT, BARRIER, ADD],
        [MUL, "if (v4)", WAIT, BARRIER, ADD],
        [MUL, WAIT, BARRIER, "if (v4)", ADD],
        ["case 1:", MUL, WAIT, BARRIER, ADD],
        [MUL, WAIT, BARRIER, "label:", ADD],
        [MUL, WAIT, "\n#if A\n", BARRIER, "\n#endif\n", ADD],
        [MUL, "\n#pragma once\n", WAIT, BARRIER, ADD],
        ["\n#define TADD(a, b, c) g(a)\n", MUL, WAIT, BARRIER, ADD],
        ["\n#define PIPE_V PIPE_ALL\n", MUL, WAIT, BARRIER, ADD],
    ],
    ids=" ".join,
)
def test_gu_does_not_match_anything_else(statements: list[str]) -> None:
    assert ("gu", "removed") not in outcomes("\n".join(statements))


def test_gu_does_not_match_a_barrier_under_a_condition() -> None:
    (barrier,) = looked_at("\n".join([MUL, WAIT, "if (v4)", BARRIER, ADD]))
    assert (barrier.outcome, barrier.reason) == ("kept", "not-a-statement-of-its-own")


@pytest.mark.parametrize(
    "text",
    [
        f"// {MUL} {WAIT} {BARRIER} {ADD}\nf();",
        f"/* {MUL} {WAIT} {BARRIER} {ADD} */ f();",
        f'char* s = "{MUL} {WAIT} {BARRIER} {ADD}";',
        f"#define GU {MUL} {WAIT} {BARRIER} {ADD}\nf();",
        f"{MUL} {WAIT} // {BARRIER}\n{ADD}",
    ],
)
def test_gu_matches_nothing_that_is_not_code(text: str) -> None:
    assert outcomes(text) == []


def test_gu_matches_within_a_block_that_a_preprocessor_condition_surrounds() -> None:
    text = f"#if defined(__DAV_VEC__)\nif (v4) {{ if (v5) {{ {MUL} {WAIT} {BARRIER} {ADD} }} }}\n#endif\n"
    assert outcomes(text) == [("gu", "removed")]


def test_gu_is_kept_where_the_addition_provably_is_no_accumulation() -> None:
    declared = "".join(f"{TILE} v{i}; TASSIGN(v{i}, {i * 1024});" for i in range(1, 7))
    (barrier,) = looked_at(f"{declared} {MUL} {WAIT} {BARRIER} TADD(v4, v5, v6);")
    assert (barrier.outcome, barrier.reason) == ("kept", "no-tile-dependency")


def test_gu_is_removed_where_other_names_may_be_the_accumulation() -> None:
    assert outcomes(f"{MUL} {WAIT} {BARRIER} TADD(v4, v5, v6);") == [("gu", "removed")]


def softmax(declarations: str, first: str, second: str) -> list[tuple[str, str, str]]:
    text = f"{declarations} {first}; {BARRIER} {second};"
    return [(barrier.pattern, barrier.outcome, barrier.reason) for barrier in looked_at(text)]


def tiles(**addresses: int | str) -> str:
    return "".join(f"{TILE} {name}; TASSIGN({name}, {address});" for name, address in addresses.items())


@pytest.mark.parametrize(
    ("first", "second", "pattern"),
    [
        ("TEXP(a, b)", "TROWSUM(c, d, e)", "softmax-exp-sum"),
        ("TROWSUM(a, b, c)", "TADD(d, e, f)", "softmax-sum-add"),
    ],
)
def test_softmax_barriers_between_disjoint_tiles_are_removed(first: str, second: str, pattern: str) -> None:
    declared = tiles(a=0, b=1024, c=2048, d=3072, e=4096, f=5120)
    assert softmax(declared, first, second) == [(pattern, "removed", "")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("TEXP(a, b)", "TROWSUM(c, d, e)"),
        ("TROWSUM(a, b, c)", "TADD(d, e, f)"),
    ],
)
def test_softmax_barriers_go_with_shared_sources(first: str, second: str) -> None:
    """Two reads of the same bytes are no dependence."""
    declared = tiles(a=0, b=1024, c=2048, d=1024, e=4096, f=5120)
    if second.startswith("TADD"):
        declared = tiles(a=0, b=1024, c=2048, d=3072, e=1024, f=1024)
    assert [outcome for _, outcome, _ in softmax(declared, first, second)] == ["removed"]


WRITES_AND_READS = {
    "TEXP(a, b)": ("a", "b"),
    "TROWSUM(c, d, e)": ("ce", "d"),
    "TROWSUM(a, b, c)": ("ac", "b"),
    "TADD(d, e, f)": ("d", "ef"),
}


@pytest.mark.parametrize(
    ("first", "second"), [("TEXP(a, b)", "TROWSUM(c, d, e)"), ("TROWSUM(a, b, c)", "TADD(d, e, f)")]
)
def test_softmax_barriers_are_kept_for_every_raw_war_and_waw(first: str, second: str) -> None:
    (writes, reads), (later_writes, later_reads) = WRITES_AND_READS[first], WRITES_AND_READS[second]
    conflicts = [*itertools.product(writes, later_writes + later_reads), *itertools.product(reads, later_writes)]
    for earlier, later in conflicts:
        places: dict[str, int | str] = {name: 1024 * number for number, name in enumerate("abcdef")}
        places[later] = int(places[earlier]) + 1023  # one byte in common
        (found,) = softmax(tiles(**places), first, second)
        assert found[1:] == ("kept", "direct-tile-dependency"), (earlier, later)


def test_softmax_barriers_are_kept_for_tiles_of_one_name() -> None:
    assert softmax("", "TEXP(a, b)", "TROWSUM(c, a, d)") == [("softmax-exp-sum", "kept", "direct-tile-dependency")]


def test_softmax_barriers_are_kept_where_an_address_is_not_known() -> None:
    declared = tiles(a=0, b=1024, c=2048, d=3072, e="v9")
    assert softmax(declared, "TEXP(a, b)", "TROWSUM(c, d, e)")[0][1] == "kept"


def test_softmax_barriers_are_kept_for_reshaped_tiles() -> None:
    declared = f"{tiles(a=0, b=1024, c=2048, e=4096)} {TILE} d; TRESHAPE(d, a);"
    assert softmax(declared, "TEXP(a, b)", "TROWSUM(c, d, e)")[0][1] == "kept"


def test_softmax_barriers_are_seen_across_declarations_and_reshapes() -> None:
    declared = tiles(a=0, b=1024, c=2048, d=3072)
    reshape = f"{TILE} e; TRESHAPE(e, a); {TILE} f; TASSIGN(f, 8192)"
    assert softmax(declared, f"TROWSUM(a, b, c); {reshape}", "TADD(d, d, e)")[0][1] == "kept"
    assert softmax(declared, "TROWSUM(a, b, c)", f"{reshape}; TADD(d, d, f)")[0][1] == "removed"


@pytest.mark.parametrize(
    "text",
    [
        f"TEXP(a, b); {WAIT} {BARRIER} TROWSUM(c, d, e);",
        f"TEXP(a, b); {BARRIER} {WAIT} TROWSUM(c, d, e);",
        f"TEXP(a, b); TMULS(g, g, 2); {BARRIER} TROWSUM(c, d, e);",
        f"TEXP(a, b); {BARRIER} {BARRIER} TROWSUM(c, d, e);",
        f"TROWSUM(c, d, e); {BARRIER} TEXP(a, b);",
        f"TLOG(a, b); {BARRIER} TROWSUM(c, d, e);",
        f"TEXP(a, b); {BARRIER} TROWMAX(c, d, e);",
        f"TROWMAX(a, b, c); {BARRIER} TADD(d, e, f);",
        f"TROWSUM(a, b, c); {BARRIER} TSUB(d, e, f);",
        f"{{ TEXP(a, b); }} {BARRIER} TROWSUM(c, d, e);",
        f"TEXP(a, b); g(a, b); {BARRIER} TROWSUM(c, d, e);",
        f"TEXP(a, b); {BARRIER}\n#if A\nTROWSUM(c, d, e);\n#endif\n",
    ],
)
def test_softmax_patterns_match_nothing_else(text: str) -> None:
    assert looked_at(text) == ()


def test_no_barrier_matches_two_patterns() -> None:
    """Whatever stands around it: exactly one operation comes before a barrier, and the patterns differ in it."""
    calls = [MUL, ADD, WAIT, BARRIER, "TEXP(a, b);", "TROWSUM(c, d, e);"]
    for around in itertools.product(calls, repeat=4):
        text = "\n".join([*around[:2], BARRIER, *around[2:]])
        lines = [barrier.line for barrier in looked_at(text)]
        assert len(lines) == len(set(lines)), text


def test_patterns_are_selected_by_name_or_alias_in_a_fixed_order() -> None:
    assert [pattern.name for pattern in select_patterns(["trowsum-tadd", "gu", "trowexpandmul-tadd"])] == [
        "gu",
        "softmax-sum-add",
    ]
    assert [pattern.name for pattern in select_patterns(["texp-trowsum"])] == ["softmax-exp-sum"]


@pytest.mark.parametrize("names", [["none"], ["off"], ["disable"], ["disabled"], [], [""], ["none", "off"]])
def test_none_selects_nothing(names: list[str]) -> None:
    assert select_patterns(names) == ()


def test_unknown_patterns_are_refused_with_the_known_ones() -> None:
    with pytest.raises(PatchError, match=r"unknown pattern 'gv'; known are gu \(or trowexpandmul-tadd\), softmax-"):
        select_patterns(["gu", "gv"])


def test_none_with_another_is_refused() -> None:
    with pytest.raises(PatchError, match="pattern none removes nothing and contradicts gu"):
        select_patterns(["none", "gu"])


def test_names_and_aliases_are_unique_and_only_gu_is_stable() -> None:
    names = [name for pattern in PATTERNS for name in (pattern.name, *pattern.aliases)]
    assert len(names) == len(set(names))
    assert [pattern.name for pattern in PATTERNS if pattern.stable] == ["gu"]


def test_every_pattern_states_why_it_is_safe() -> None:
    for pattern in PATTERNS:
        assert "Safe " in pattern.safety
    assert "Safe by the repeat rule" in Gu().safety
