"""Tests of buffers that take turns: what they print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from ptodsl import pto
from ptodsl.errors import DslError
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.printing import module_text

TILE = pto.TileBufType([16, 64], pto.float32)


def lines(body: Callable[[Arguments], object]) -> list[str]:
    module = ModuleBuilder()
    with module.function("main", {"n": pto.index}) as arguments:
        body(arguments)
    return [line.strip() for line in module_text(module.finish(), locations=False).splitlines()]


def test_a_number_chooses_one_of_several_tiles() -> None:
    def body(arguments: Arguments) -> None:
        tiles = pto.alloc_multi_tile(pto.MultiTileBufType(TILE, 3))
        assert tiles[1].type == TILE
        pto.multi_tile_get(tiles, arguments.scalar("n") % 3)

    printed = lines(body)
    several = f"!pto.multi_tile_buf<{TILE}, count=3>"
    assert sum(line.endswith(f"pto.alloc_multi_tile : {several}") for line in printed) == 1
    assert sum(f"] : {several} -> {TILE}" in line for line in printed) == 2


def test_event_ids_of_an_array_make_flags_with_a_computed_id() -> None:
    def body(arguments: Arguments) -> None:
        ids = pto.declare_eventid_array(2)
        ids[0], ids[1] = 4, 5
        event = ids[arguments.scalar("n") % 2]
        pto.record_event("MTE2", "V", event)
        pto.wait_event("MTE2", "V", event)

    names = [word for line in lines(body) for word in line.split() if word.startswith("pto.")]
    assert names == [
        "pto.declare_eventid_array",
        "pto.eventid_array_set",
        "pto.eventid_array_set",
        "pto.eventid_array_get",
        "pto.set_flag_dyn",
        "pto.wait_flag_dyn",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda _: pto.MultiTileBufType(TILE, 1), "count=1 must be between 2 and 16"),
        (lambda _: pto.MultiTileBufType(cast("Any", pto.float32), 2), "several tiles need a TileBufType, not"),
        (lambda _: pto.alloc_multi_tile(cast("Any", TILE)), "alloc_multi_tile needs a MultiTileBufType, not"),
        (lambda _: pto.alloc_multi_tile(pto.MultiTileBufType(TILE, 2))[2], "there is no tile 2"),
        (lambda _: pto.multi_tile_get(pto.alloc_tile(TILE), 0), "tiles must be a MultiTile, not"),
        (lambda _: pto.declare_eventid_array(0), "at least 1, not 0"),
        (lambda arguments: pto.record_event("MTE2", "V", arguments.scalar("n") > 0), "event_id has type i1"),
    ],
)
def test_refuses(body: Callable[[Arguments], object], message: str) -> None:
    with pytest.raises(DslError, match=message):
        lines(body)
