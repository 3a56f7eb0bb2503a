"""Tests of the address analysis."""

import pytest

from patchers.calls import Calls
from patchers.scanner import scan
from patchers.tiles import Extent, tiles_of

TILE = "Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor>"
EXTENT = Extent("Vec", 1024, 1024 + 32 * 256 * 4)


def extents(text: str) -> list[dict[str, Extent | None]]:
    """Return the extents of the operands of every TEXP in `text`."""
    source = scan(text)
    wanted = [index for index, item in enumerate(source.items) if item.text.startswith("TEXP")]
    found = tiles_of(source, Calls(source), wanted)
    return [{name: tile.extent for name, tile in found[index].items()} for index in wanted]


def extent(text: str) -> Extent | None:
    (found,) = extents(text)
    return found["v1"]


@pytest.mark.parametrize(
    "text",
    [
        "{TILE} v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, 0x400ull); TEXP(v1, v1);",
        "const uint64_t v2 = 1024; {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "int64_t v2 = 1024; uint64_t v3 = (uint64_t) v2; {TILE} v1; TASSIGN(v1, v3); TEXP(v1, v1);",
        "static constexpr unsigned const v2 = 1024; {TILE} v1; TASSIGN( v1 , (uint64_t)v2 ); TEXP(v1, v1);",
        "{{ int64_t v2 = 1024; {TILE} v1; TASSIGN(v1, v2); for (int i = v2; i < 9; i += v2) {{ TEXP(v1, v1); }} }}",
        "{TILE} v1(v8, v9); TASSIGN(v1, 1024); v5 = v1; g(v1); TEXP(v1, v1);",
        "{TILE} v2; TASSIGN(v2, 1024); {TILE} v1; TRESHAPE(v1, v2); TEXP(v1, v1);",
        "{TILE} v2; TASSIGN(v2, 1024); {TILE} v3; TRESHAPE(v3, v2); {TILE} v1; TRESHAPE(v1, v3); TEXP(v1, v1);",
        "void f() {{ {TILE} v1; TASSIGN(v1, 8); }} void g() {{ {TILE} v1; TASSIGN(v1, 1024); TEXP(v1, v1); }}",
        "#if A\n{TILE} v1; TASSIGN(v1, 1024); TEXP(v1, v1);\n#endif\n",
    ],
)
def test_a_constant_address_gives_an_extent(text: str) -> None:
    assert extent(text.format(TILE=TILE)) == EXTENT


@pytest.mark.parametrize(
    "text",
    [
        "TEXP(v1, v1);",
        "{TILE} v1; TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, 1024 + v2); TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, 1024); TASSIGN(v1, 1024); TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, 1024); TEXP(v1, v1); TASSIGN(v1, 2048);",
        "{TILE} v1; if (a) {{ TASSIGN(v1, 1024); }} TEXP(v1, v1);",
        "{TILE} v1;\n#if A\nTASSIGN(v1, 1024);\n#endif\nTEXP(v1, v1);",
        "#if A\n{TILE} v1;\n#else\nTASSIGN(v1, 1024);\n#endif\nTEXP(v1, v1);",
        "int64_t v2 = 1024; v2 = 8; {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "int64_t v2 = 1024; v2 += 8; {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "int64_t v2 = 1024; ++v2; {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "int64_t v2 = 1024; g(&v2); {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1);",
        "int64_t v2 = 1024; {{ char v2; {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1); }}",
        "int64_t v2 = 1024; for (int v2 = 0; v2 < 3; v2 += 1) {{ {TILE} v1; TASSIGN(v1, v2); TEXP(v1, v1); }}",
        "int64_t v2 = 1, v3 = 1024; {TILE} v1; TASSIGN(v1, v3); TEXP(v1, v1);",
        "{TILE} v1; TASSIGN(v1, 1024); {{ auto v1 = v9; TEXP(v1, v1); }}",
        "{TILE} v1; TASSIGN(v1, 1024); {{ {TILE} v1, v2; TEXP(v1, v1); }}",
        "{TILE} v1; TASSIGN(v1, 1024); v1 = v9; TEXP(v1, v1);",
        "{TILE} v1; TRESHAPE(v1, v2); TEXP(v1, v1);",
        "{TILE} v1; TRESHAPE(v1, v1); TEXP(v1, v1);",
        "Tile<TileType::Vec, float8, 32, 256> v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
        "Tile<TileType::Vec, float, ROWS, 256> v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
        "Tile<TileType::Vec> v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
        "using T = {TILE}; T v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
        "#define TASSIGN(a, b)\n{TILE} v1; TASSIGN(v1, 1024); TEXP(v1, v1);",
    ],
)
def test_anything_else_is_unknown(text: str) -> None:
    assert extent(text.format(TILE=TILE)) is None


def test_a_reshaped_tile_takes_at_least_the_bytes_of_its_source() -> None:
    text = f"Tile<TileType::Vec, half, 1, 8> v1; {TILE} v2; TASSIGN(v2, 1024); TRESHAPE(v1, v2); TEXP(v1, v1);"
    assert extent(text) == EXTENT


def test_a_long_chain_of_names_is_not_followed_forever() -> None:
    chain = "".join(f"int64_t c{i + 1} = c{i}; " for i in range(5000))
    assert extent(f"int64_t c0 = 1; {chain}{TILE} v1; TASSIGN(v1, c5000); TEXP(v1, v1);") is None


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (Extent("Vec", 0, 1024), False),
        (Extent("Vec", 0, 1025), True),
        (Extent("Vec", EXTENT.end, EXTENT.end + 32), False),
        (Extent("Vec", EXTENT.end - 1, EXTENT.end + 32), True),
        (Extent("Mat", 0, 65536), False),
        (EXTENT, True),
    ],
)
def test_overlap_is_sharing_a_byte_of_one_buffer(other: Extent, overlaps: bool) -> None:
    assert EXTENT.overlaps(other) is overlaps
    assert other.overlaps(EXTENT) is overlaps


def test_nothing_is_looked_up_for_nobody() -> None:
    source = scan("f();")
    assert tiles_of(source, Calls(source), []) == {}


def test_keys_tell_variables_apart_and_not_uses() -> None:
    source = scan(f"{TILE} v1; TEXP(v1, v2); {{ TEXP(v1, v2); {TILE} v1; TEXP(v1, v2); }} TEXP(v1, v2);")
    found = tiles_of(source, Calls(source), range(len(source.items)))
    keys = [operands["v1"].key for operands in found.values()]
    assert keys[0] == keys[1] == keys[3] != keys[2]
    assert {operands["v2"].key for operands in found.values()} == {"v2"}
