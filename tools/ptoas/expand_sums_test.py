"""Operations that are two of others."""

import re

import pytest

from ptodsl.dialect.testing import snippet
from tools.ptoas.assemble import Options, Sync, assemble_with_origins

TILE = "!pto.tile_buf<vec, 8x64xf32>"
THREE = {"taddc": ("%t1", TILE), "tsubc": ("%t1", TILE), "taddsc": ("%x", "f32"), "tsubsc": ("%x", "f32")}


def sum_of_three(name: str) -> str:
    """A function with one of them."""
    second, ty = THREE[name]
    tiles = "\n".join(f"%t{number} = pto.alloc_tile : {TILE}" for number in range(4))
    return snippet(f"{tiles}\npto.{name} ins(%t0, {second}, %t2 : {TILE}, {ty}, {TILE}) outs(%t3 : {TILE})")


@pytest.mark.parametrize("name", THREE)
def test_a_barrier_stands_between_the_two(name: str) -> None:
    assembled = assemble_with_origins(sum_of_three(name), "a.mlir", Options(sync=Sync.INSERT))
    first = name[:-1].upper()
    pattern = rf"{first}\((v\d+), v\d+, v\d+\);\s*pipe_barrier\(PIPE_V\);\s*TADD\(\1, \1, v\d+\);"
    assert re.search(pattern, assembled.text)
    place = 1 + next(i for i, line in enumerate(sum_of_three(name).splitlines()) if f"pto.{name} " in line)
    assert [origin.mlir for origin in assembled.origins if origin.operation[:6] in ("pto.ta", "pto.ts")] == [place] * 2


def test_without_syncs_they_are_as_the_real_one_prints_them() -> None:
    text = assemble_with_origins(sum_of_three("taddc"), "a.mlir", Options()).text
    assert re.search(r"TADD\((v\d+), v\d+, v\d+\);\s*TADD\(\1, \1, v\d+\);", text)
