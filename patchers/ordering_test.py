"""Tests of what barriers order besides their pair."""

import itertools
import random
from collections.abc import Iterator
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchers.patch import Barrier, ByPatterns, patch
from patchers.patterns import PATTERNS, select_patterns

LITERAL = tuple(pattern for pattern in PATTERNS if not pattern.needs_guard)

GUARDED = ByPatterns(select_patterns(["gu"]), guard=True)
BARRIER = "pipe_barrier(PIPE_V);"


def gu(tile: str) -> str:
    add = f"TADD({tile}, {tile}, p{tile});"
    return f"TROWEXPANDMUL({tile}, {tile}, e{tile});\nwait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n{BARRIER}\n{add}"


def barriers(*statements: str) -> tuple[Barrier, ...]:
    return patch("\n".join(["void f(int n) {", *statements, "}"]), GUARDED).barriers


def outcomes(*statements: str) -> list[str]:
    return [barrier.reason or barrier.outcome for barrier in barriers(*statements)]


KEPT = "other-dependence"
LOOP = "for (int i = 0; i < n; ++i) {"


@pytest.mark.parametrize(
    "statements",
    [
        [gu("a")],
        [gu("a"), BARRIER, gu("b")],
        [gu("a"), "TROWEXPANDSUB(b, b, eb, sb);", "TROWEXPAND(c, ec);"],
        ["TEXP(c, d);", gu("a"), "TMUL(f, f, g);"],
        ["TEXP(c, d);", BARRIER, gu("a"), "TMUL(c, c, g);"],
        ["TEXP(c, d);", gu("a"), BARRIER, "TMUL(c, c, g);"],
        ["TEXP(c, d);", gu("a"), "pipe_barrier(PIPE_ALL);", "TMUL(c, c, g);"],
        ["TEXP(c, d);", gu("a"), "\n#if A\n", "TMUL(c, c, g);", "\n#endif\n"],
        ["TMULS(c, c, v1);", gu("a"), "TMULS(d, d, v1);"],
        ["TEXP(a, d);", "TMUL(a, a, c);", gu("b")],
        [LOOP, gu("a"), BARRIER, gu("b"), BARRIER, "}"],
        [LOOP, gu("a"), BARRIER, "}"],
        ["if (n) {", gu("a"), "} else {", gu("b"), "}"],
        ["if (n) {", "TEXP(c, d);", "} else {", gu("a"), "TMUL(c, c, g);", "}"],
        ["if (n) {", "TEXP(c, d);", "return;", "}", gu("a"), "TMUL(d, d, g);"],
        [LOOP, "{", gu("a"), "}", BARRIER, "}"],
    ],
    ids=" ".join,
)
def test_a_barrier_of_its_pair_alone_goes(statements: list[str]) -> None:
    assert set(outcomes(*statements)) == {"removed"}


@pytest.mark.parametrize(
    "statements",
    [
        ["TEXP(pa, d);", gu("a")],
        ["TEXP(c, d);", gu("a"), "TMUL(g, g, c);"],
        ["TEXP(c, d);", gu("a"), "TMUL(d, d, g);"],
        ["TEXP(c, d);", gu("a"), "TEXP(c, g);"],
        ["TROWSUM(c, d, s);", gu("a"), "TEXP(g, s);"],
        ["if (n) {", "TEXP(c, d);", "}", gu("a"), "TMUL(c, c, g);"],
        ["if (n) { f(); } else if (m) {", "TEXP(c, d);", "} else { g(); }", gu("a"), "TMUL(c, c, g);"],
        ["TEXP(c, d);", "if (n) {", gu("a"), "}", "TMUL(c, c, g);"],
        ["TEXP(c, d);", "if (n) {", BARRIER, "}", gu("a"), "TMUL(c, c, g);"],
        [LOOP, BARRIER, "TEXP(c, d);", "}", gu("a"), "TMUL(c, c, g);"],
        [LOOP, "TMUL(c, c, g);", gu("a"), "TEXP(d, d);", "TEXP(c, d);", "}"],
        ["TEXP(c, d);", "set_flag(PIPE_V, PIPE_MTE2, EVENT_ID1);", gu("a"), "TMUL(c, c, g);"],
    ],
    ids=" ".join,
)
def test_a_barrier_that_orders_others_stays(statements: list[str]) -> None:
    assert outcomes(*statements) == [KEPT]


def test_the_report_names_what_else_is_ordered() -> None:
    (barrier,) = barriers("TEXP(c, d);", gu("a"), "TMUL(c, c, g);")
    assert [(op.line, op.call.name) for op in barrier.others] == [(2, "TEXP"), (7, "TMUL")]


@pytest.mark.parametrize("operation", ["ADD", "SUB", "MUL", "DIV", "MAX", "MIN"])
def test_broadcasts_share_the_scratch_of_the_library(operation: str) -> None:
    """They name no common tile, yet both write the same bytes of UB."""
    other = f"TROWEXPAND{operation}(b, b, eb);"
    (barrier,) = barriers(gu("a"), other)
    assert (barrier.reason, [op.call.name for op in barrier.others]) == (
        KEPT,
        ["TROWEXPANDMUL", f"TROWEXPAND{operation}"],
    )
    assert outcomes(other, gu("a")) == ["removed"]
    assert outcomes(gu("a"), f"TROWEXPAND{operation}(b, b, eb, tb);") == ["removed"]
    assert outcomes("TEXP(c, tb);", gu("a"), f"TROWEXPAND{operation}(b, b, eb, tb);") == [KEPT]


def test_a_tile_in_the_scratch_of_the_library_conflicts_with_broadcasts() -> None:
    tile = "Tile<TileType::Vec, float, 8, 32, BLayout::RowMajor>"
    declared = f"{tile} c; TASSIGN(c, 196000); {tile} h; TASSIGN(h, 180000);"
    assert outcomes(declared, gu("a"), "TEXP(c, d);") == [KEPT]
    assert outcomes(declared, gu("a"), "TEXP(h, d);") == ["removed"]


def test_a_round_of_two_slices_needs_both_barriers_for_the_next_round() -> None:
    """What a minimal synchronisation leaves: no barrier of its own between one round and the next."""
    (first, second) = barriers(LOOP, gu("a"), gu("b"), "}")
    assert (first.reason, second.reason) == (KEPT, KEPT)


def test_tiles_that_overlap_are_one() -> None:
    tile = "Tile<TileType::Vec, float, 8, 32, BLayout::RowMajor>"
    declared = [f"{tile} c; TASSIGN(c, 0); {tile} g; TASSIGN(g, 1023); {tile} h; TASSIGN(h, 2048);"]
    assert outcomes(*declared, "TEXP(c, d);", gu("a"), "TEXP(k, g);") == [KEPT]
    assert outcomes(*declared, "TEXP(c, d);", gu("a"), "TEXP(k, h);") == ["removed"]


def test_variables_of_one_name_in_two_blocks_are_two() -> None:
    tile = "Tile<TileType::Vec, float, 8, 32, BLayout::RowMajor> c;"
    assert outcomes("{", tile, "TEXP(c, d);", "}", gu("a"), "{", tile, "TMUL(c, c, g);", "}") == ["removed"]


def flags(*pipes: str) -> list[str]:
    hops = list(itertools.pairwise(pipes))
    return [f"{op}_flag(PIPE_{a}, PIPE_{b}, EVENT_ID7);" for a, b in hops for op in ("set", "wait")]


def test_flags_that_lead_back_to_v_order_as_a_barrier_does() -> None:
    around = ["TEXP(c, d);", *flags("V", "MTE2", "V"), gu("a"), "TMUL(c, c, g);"]
    assert outcomes(*around) == ["removed"]
    assert outcomes("TEXP(c, d);", *flags("V", "MTE3", "MTE2", "V"), gu("a"), "TMUL(c, c, g);") == ["removed"]
    assert outcomes("TEXP(c, d);", gu("a"), *flags("V", "MTE2", "V"), "TMUL(c, c, g);") == ["removed"]
    assert outcomes("TEXP(c, d);", gu("a"), *flags("V", "S"), "TMUL(c, c, g);") == ["removed"]


@pytest.mark.parametrize(
    "between",
    [
        flags("V", "MTE2"),
        flags("MTE2", "V"),
        flags("MTE2", "V", "MTE2"),
        [*flags("V", "MTE3"), *flags("MTE2", "V")],
        ["set_flag(PIPE_MTE2, PIPE_V, E1);", *flags("V", "MTE2"), "wait_flag(PIPE_MTE2, PIPE_V, E1);"],
        [*flags("V", "MTE2"), "set_flag(PIPE_MTE2, PIPE_V, E1);", "wait_flag(PIPE_MTE2, PIPE_V, E2);"],
    ],
    ids=" ".join,
)
def test_flags_that_do_not_lead_back_to_v_order_nothing(between: list[str]) -> None:
    assert outcomes("TEXP(c, d);", *between, gu("a"), "TMUL(c, c, g);") == [KEPT]


def test_what_another_core_may_order_is_left_to_the_judge() -> None:
    push, pop = "TPUSH<P, G, S>(p, e);", "TPOP<P, G, S>(q, e);"
    assert outcomes("TEXP(c, d);", *flags("V", "MTE3"), push, gu("a"), pop, "TMUL(c, c, g);") == ["removed"]
    assert outcomes("TEXP(c, d);", push, gu("a"), pop, "TMUL(c, c, g);") == [KEPT]


@pytest.mark.parametrize(
    "statements",
    [
        [LOOP, "if (n) break;", gu("a"), "}"],
        [LOOP, "if (n) { break; }", gu("a"), "}"],
        [LOOP, "if (n) { continue; }", gu("a"), "}"],
        ["goto end;", gu("a"), "end: f();"],
        ["switch (n) {", "case 1: f();", gu("a"), "}"],
        ["do {", gu("a"), "} while (n);"],
        ["try {", gu("a"), "} catch (...) { }"],
        ["for (;;) {" * 12, gu("a"), "}" * 12],
        ["{" * 150, gu("a"), "}" * 150],
    ],
    ids=lambda statements: " ".join(statements)[:40],
)
def test_control_flow_that_is_not_followed_keeps_the_barrier(statements: list[str]) -> None:
    if statements[0].startswith("for"):
        statements = [statements[0], "".join(f"TEXP(x{i}, x{i + 1}); " for i in range(12)), *statements[1:]]
    assert "removed" not in outcomes(*statements)


def test_functions_are_followed_one_by_one() -> None:
    text = (
        f"namespace k {{ void f() {{ TEXP(pa, d); {gu('a')} }} void g() {{ {gu('a')} }} }} void h() {{ TEXP(pa, d); }}"
    )
    assert [barrier.outcome for barrier in patch(text, GUARDED).barriers] == ["kept", "removed"]


def test_statements_outside_functions_are_one_function() -> None:
    assert [barrier.outcome for barrier in patch(f"TEXP(pa, d); {gu('a')}", GUARDED).barriers] == ["kept"]


def test_twice_is_once() -> None:
    body = [gu("a"), BARRIER, gu("b"), BARRIER, "TEXP(c, d);", gu("e"), "TEXP(g, c);"]
    first = patch("\n".join(["void f() {", *body, "}"]), GUARDED)
    second = patch(first.text, GUARDED)
    assert second.text == first.text
    assert [barrier.outcome for barrier in first.barriers] == ["removed", "removed", "kept"]
    assert [barrier.outcome for barrier in second.barriers] == ["already-removed", "already-removed", "kept"]


def test_experimental_patterns_are_guarded_too() -> None:
    tile = "Tile<TileType::Vec, float, 8, 32, BLayout::RowMajor>"
    declared = "".join(f"{tile} {name}; TASSIGN({name}, {1024 * number});" for number, name in enumerate("abcdefg"))
    text = f"void f() {{ {declared} TMUL(c, f, g); TEXP(a, b); {BARRIER} TROWSUM(c, d, e); }}"
    assert [b.outcome for b in patch(text, ByPatterns(LITERAL)).barriers] == ["removed"]
    assert [b.reason for b in patch(text, ByPatterns(LITERAL, guard=True)).barriers] == [KEPT]


# Random programs: statements are (name, written, read) with a number, barriers, branches and loops.
Node: TypeAlias = str | tuple[str, list["Node"], list["Node"]]
TILES = st.sampled_from("abcd")
LEAVES: st.SearchStrategy[Node] = st.one_of(
    TILES.map(gu), st.just(BARRIER), st.builds(lambda a, b: f"TMULS({a}, {b}, 2);", TILES, TILES)
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.tuples(st.sampled_from(["if", "for"]), st.lists(inner, max_size=4), st.lists(inner, max_size=2)),
    max_leaves=12,
)


def write(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield from node.split("\n")
            continue
        kind, body, other = node
        yield "if (n) {" if kind == "if" else LOOP
        yield from write(body)
        yield "}"
        if kind == "if":
            yield "else {"
            yield from write(other)
            yield "}"


def execute(lines: list[str], choose: random.Random) -> list[int]:
    """Return the numbers of the statements of one execution."""
    executed: list[int] = []

    def block(at: int, run: bool) -> int:
        while lines[at] != "}":
            if lines[at] == LOOP:
                end = block(at + 1, False)
                for _ in range(choose.randrange(3) if run else 0):
                    block(at + 1, True)
                at = end
            elif lines[at] == "if (n) {":
                taken = choose.random() < 0.5
                at = block(at + 1, run and taken)
                at = block(at + 2, run and not taken)
            elif run:
                executed.append(at)
            at += 1
        return at

    block(1, True)
    return executed


def unordered(lines: list[str], executed: list[int], barriers: frozenset[int]) -> set[tuple[int, int]]:
    """Return the conflicting pairs of operations of an execution without one of `barriers` in between.

    A barrier on the line of an operation stands before it.
    """
    found: set[tuple[int, int]] = set()
    pending: list[tuple[int, set[str], set[str]]] = []
    for at in executed:
        if at in barriers:
            pending.clear()
        if lines[at].startswith("T"):
            dst, *read = lines[at].split("(")[1].rstrip(");").split(", ")
            written = {dst, "scratch of the library"} if lines[at].startswith("TROWEXPANDMUL") else {dst}
            for earlier, its, used in pending:
                if its & {*written, *read} or written & used:
                    found.add((earlier, at))
            pending.append((at, written, set(read)))
    return found


def synchronised(lines: list[str], choose: random.Random) -> list[str]:
    """Put a barrier before every operation that conflicts with an earlier one on some path, and no more."""
    paths = [execute(lines, choose) for _ in range(30)]
    barriers = frozenset(at for at, line in enumerate(lines) if line == BARRIER)
    late: frozenset[int] = frozenset()
    while more := {later for path in paths for _, later in unordered(lines, path, barriers | late)} - late:
        late |= {min(more)}
    return [line for at, text in enumerate(lines) for line in ([BARRIER, text] if at in late else [text])]


@settings(max_examples=60)
@given(nodes=st.lists(NODES, min_size=1, max_size=6), seed=st.integers(0, 2**32 - 1))
def test_under_guard_nothing_is_left_unordered_but_the_pairs(nodes: list[Node], seed: int) -> None:
    choose = random.Random(seed)
    lines = synchronised(["void f(int n) {", *write(nodes), "}"], choose)
    removed = [found for found in patch("\n".join(lines), GUARDED).barriers if found.outcome == "removed"]
    before = {at for at, line in enumerate(lines) if line == BARRIER}
    after = frozenset(before - {barrier.line - 1 for barrier in removed})
    accepted = {(barrier.ops[0].line - 1, barrier.ops[1].line - 1) for barrier in removed}
    for _ in range(20):
        executed = execute(lines, choose)
        new = unordered(lines, executed, after) - unordered(lines, executed, frozenset(before))
        assert new <= accepted, "\n".join(lines)
