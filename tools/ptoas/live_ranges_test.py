"""Live ranges of tiles in straight code, loops and ifs."""

from ptodsl.dialect import AllocTileOp
from ptodsl.dialect.testing import parse
from tools.ptoas.live_ranges import LiveRange, live_ranges

EXP = "pto.texp ins(%A : !vec) outs(%B : !vec)"


def exp(source: str, target: str) -> str:
    return EXP.replace("%A", f"%{source}").replace("%B", f"%{target}")


def ranges(*lines: str, tiles: str = "uvw") -> dict[str, LiveRange]:
    allocations = [f"%{name} = pto.alloc_tile : !vec" for name in tiles]
    block = parse("\n".join([*allocations, *lines]))[0].parent
    assert block is not None
    found = live_ranges(block)
    assert all(isinstance(op, AllocTileOp) for op in found)
    return {op.results[0].name_hint or "": live for op, live in found.items()}


def test_a_tile_lives_from_its_first_to_its_last_use() -> None:
    live = ranges(exp("u", "v"), exp("v", "w"), exp("w", "w"))
    assert live["u"].overlaps(live["v"])
    assert not live["u"].overlaps(live["w"])
    assert live["v"].overlaps(live["w"])


def test_a_use_in_a_loop_counts_as_the_whole_loop() -> None:
    live = ranges("scf.for %i = %c0 to %n step %c1 {", exp("u", "v"), exp("w", "w"), "}")
    assert live["u"] == live["v"] == live["w"]


def test_a_tile_that_is_allocated_in_a_loop_lives_inside_it() -> None:
    body = ["%v = pto.alloc_tile : !vec", "%w = pto.alloc_tile : !vec", exp("v", "v"), exp("w", "w")]
    live = ranges("scf.for %i = %c0 to %n step %c1 {", *body, "}", tiles="u")
    assert not live["v"].overlaps(live["w"])


def test_branches_follow_each_other() -> None:
    live = ranges("scf.if %b {", exp("u", "u"), "} else {", exp("w", "w"), "}", tiles="uw")
    assert not live["u"].overlaps(live["w"])


def test_other_names_count() -> None:
    reshape = "%r = pto.treshape %u : !vec -> !vec"
    live = ranges(reshape, exp("v", "v"), exp("r", "r"))
    assert live["u"].overlaps(live["v"])


def test_a_tile_without_uses_lives_where_it_is_made() -> None:
    live = ranges(exp("v", "w"))
    assert live["u"].first == live["u"].last
    assert not live["u"].overlaps(live["v"])
