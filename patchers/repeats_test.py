"""The pattern of the repeat rule: it removes what is in time by the tiles of the C++, and nothing that is not known."""

import pytest

from patchers.errors import PatchError
from patchers.patch import Barrier, ByPatterns, patch
from patchers.patterns import select_patterns

BARRIER = "pipe_barrier(PIPE_V);"


def tile(name: str, address: int, shape: str, valid: str = "", layout: str = "RowMajor", element: str = "float") -> str:
    """A tile's declaration and its address, as ptoas prints them; `shape` is ROWSxCOLS."""
    rows, cols = shape.split("x")
    valid_rows, valid_cols = (valid or shape).split("x")
    arguments = f"TileType::Vec, {element}, {rows}, {cols}, BLayout::{layout}, {valid_rows}, {valid_cols}"
    rest = "SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null"
    return f"Tile<{arguments}, {rest}> {name}; TASSIGN({name}, {address});"


OUT, PV, ROW = tile("o", 0, "32x128"), tile("pv", 65536, "32x128"), tile("e", 32768, "32x1", layout="ColMajor")


def only(*statements: str, names: tuple[str, ...] = ("repeats",)) -> Barrier:
    """Return what becomes of the only barrier of a function."""
    text = "\n".join(["AICORE void f() {", *statements, "}"])
    (barrier,) = patch(text, ByPatterns(select_patterns(names), guard=True)).barriers
    return barrier


def test_a_pair_in_time_loses_its_barrier() -> None:
    barrier = only(OUT, PV, ROW, "TROWEXPANDMUL(o, o, e);", BARRIER, "TADD(o, o, pv);")
    assert (barrier.outcome, barrier.pattern) == ("removed", "repeats")
    assert [str(one) for one in barrier.dependences] == ["RAW on o", "WAW on o", "WAR on o"]


@pytest.mark.parametrize(("rows", "outcome"), [(15, "kept"), (16, "removed")])
def test_sixteen_repeats_are_enough(rows: int, outcome: str) -> None:
    tiles = tile("a", 0, f"{rows}x64"), tile("b", 65536, f"{rows}x64")
    barrier = only(*tiles, "TEXP(a, a);", BARRIER, "TADD(b, a, a);")
    assert (barrier.outcome, barrier.reason) == (outcome, "" if outcome == "removed" else "not-in-time")


def test_scalars_and_modes_are_no_tiles() -> None:
    half = tile("h", 65536, "32x128", element="half")
    assert only(OUT, half, "TMULS(o, o, v5);", BARRIER, "TCVT(h, o, v1, v2);").outcome == "removed"


def test_flags_declarations_and_reshapes_may_stand_between() -> None:
    flags = "set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);"
    barrier = only(
        OUT, PV, ROW, "TROWEXPANDMUL(o, o, e);", flags[0], BARRIER, flags[1], tile("x", 0, "1x8"), "TADD(o, o, pv);"
    )
    assert barrier.outcome == "removed"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ([OUT.replace("TASSIGN(o, 0)", "TASSIGN(o, v9)"), "TEXP(o, o);", BARRIER, "TABS(o, o);"], "shape-not-known"),
        ([tile("o", 0, "32x128", "-1x128"), "TEXP(o, o);", BARRIER, "TABS(o, o);"], "shape-not-known"),
        ([OUT, "TEXP(o, o);", BARRIER, "TABS(o, unknown);"], "shape-not-known"),
        (
            [OUT.replace("SLayout::NoneBox", "SLayout::RowMajor"), "TEXP(o, o);", BARRIER, "TABS(o, o);"],
            "shape-not-known",
        ),
        ([OUT, PV, "TEXP(o, o);", BARRIER, "TABS(pv, pv);"], "no-tile-dependency"),
        ([tile("o", 0, "32x128", "32x100"), "TEXP(o, o);", BARRIER, "TABS(o, o);"], "not-in-time"),
        ([OUT, "TMOV(o, o);", BARRIER, "TABS(o, o);"], "not-in-time"),
        ([OUT, ROW, "TEXP(e, e);", BARRIER, "TROWEXPANDMUL(o, o, e);"], "not-in-time"),
    ],
    ids=str,
)
def test_what_is_not_known_to_be_in_time_keeps_its_barrier(statements: list[str], reason: str) -> None:
    barrier = only(*statements)
    assert (barrier.outcome, barrier.reason) == ("kept", reason)


def test_broadcasts_share_the_scratch_of_the_library() -> None:
    """The tile is in time, the scratch is not."""
    barrier = only(OUT, ROW, "TROWEXPANDSUB(o, o, e);", BARRIER, "TROWEXPANDMUL(o, o, e);")
    assert (barrier.outcome, barrier.reason) == ("kept", "not-in-time")
    scratch = tile("s", 131072, "32x8"), tile("t", 139264, "32x8")
    operations = "TROWEXPANDSUB(o, o, e, s);", BARRIER, "TROWEXPANDMUL(o, o, e, t);"
    assert only(OUT, ROW, *scratch, *operations).outcome == "removed"


def test_a_barrier_that_orders_more_is_kept() -> None:
    other = tile("x", 131072, "1x64")
    barrier = only(OUT, PV, other, "TEXP(x, x);", "TEXP(o, o);", BARRIER, "TADD(o, o, pv);", "TABS(x, x);")
    assert (barrier.outcome, barrier.reason) == ("kept", "other-dependence")


def test_it_gets_what_other_patterns_leave() -> None:
    pair = "TROWEXPANDMUL(o, o, e);", "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);", BARRIER, "TADD(o, o, pv);"
    assert only(OUT, PV, ROW, *pair, names=("gu", "repeats")).pattern == "gu"
    others = "TEXP(o, o);", BARRIER, "TROWSUM(e, o, pv);"
    barrier = only(OUT, PV, ROW, *others, names=("softmax-exp-sum", "repeats"))
    assert (barrier.outcome, barrier.pattern) == ("removed", "repeats")


def test_without_the_guard_it_is_refused() -> None:
    with pytest.raises(PatchError, match="pattern repeats needs --guard: a barrier may order more than the two"):
        patch("", ByPatterns(select_patterns(["repeats"])))
