"""Tests of the on-chip budgets and of the GM FIFO layout."""

import itertools
import re

import pytest

from flash_atten.config import FAST, FAST_PRELOAD, KV_SPLITS, QK_PRELOADS, S1_TILES, SINGLE, KernelConfig
from flash_atten.memory import (
    BudgetError,
    CubeTiles,
    ReduceTiles,
    TileDecl,
    VectorTiles,
    buffer_use,
    check_budget,
    check_budgets,
    declared,
    reduce_scratch,
    room_in,
)
from flash_atten.memory_table import budget_table
from isa import a3

KIB = 1024
CONFIGS = [KernelConfig(tile, preload) for tile, preload in itertools.product(S1_TILES, QK_PRELOADS)]


FAST_CONFIGS = [KernelConfig(tile, FAST_PRELOAD, schedule=FAST) for tile in S1_TILES]


def _needs(config: KernelConfig) -> dict[str, int]:
    tiles = declared(CubeTiles.of(config)) + declared(VectorTiles.of(config))
    return {buffer.name: sum(t.total_bytes for t in inside) for buffer, inside in buffer_use(tiles).items()}


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_every_configuration_fits(config: KernelConfig) -> None:
    """The matrix unit's own buffers are exactly full, L1 has room to spare."""
    check_budgets(config)
    needs = _needs(config)
    assert (needs["L0A"], needs["L0B"], needs["L0C"]) == (64 * KIB, 64 * KIB, 128 * KIB)
    assert needs["L1"] == 224 * KIB


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_ub_holds_176_kib_of_tiles_and_little_row_state(config: KernelConfig) -> None:
    """Scores 2 x 32, scratch 32, probabilities 16, PV 32, output 32 KiB for all knobs; the rest is row state."""
    need = _needs(config)["UB"]
    assert 176 * KIB < need < 180 * KIB < room_in(a3.UB)


@pytest.mark.parametrize("split", KV_SPLITS[1:])
def test_combining_has_tiles_for_every_part_of_two_row_slices(split: int) -> None:
    """16 KiB of output a part and slice, and a table that says so."""
    config = KernelConfig(kv_split=split)
    check_budgets(config)
    tiles = ReduceTiles.of(config)
    assert tiles.output.total_bytes == 2 * split * 16 * KIB
    assert f"vector, combining UB: {sum(t.total_bytes for t in declared(tiles))} of 188416" in budget_table(config)
    assert f"GM partial results, 66560 bytes per unit ({split} units per Q block)" in budget_table(config)


@pytest.mark.parametrize("config", FAST_CONFIGS, ids=str)
def test_the_fast_schedule_fits_with_the_scratch_that_the_library_touches(config: KernelConfig) -> None:
    """A reduction's own path needs 4 KiB; the tile's 32 KiB would leave no room for the second lane's output."""
    check_budgets(config)
    vector, cube = VectorTiles.of(config), CubeTiles.of(config)
    assert vector.reduce_scratch.total_bytes == 4 * KIB
    use = buffer_use(declared(cube))
    needs = {buffer.name: sum(tile.total_bytes for tile in inside) for buffer, inside in use.items()}
    assert (needs["L0A"], needs["L0B"], needs["L0C"]) == (64 * KIB, 64 * KIB, 128 * KIB)


@pytest.mark.parametrize("s1_tile", S1_TILES)
def test_the_single_schedule_fits_with_scratch_as_large_as_the_tile(s1_tile: int) -> None:
    config = KernelConfig(s1_tile, FAST_PRELOAD, schedule=SINGLE)
    check_budgets(config)
    assert VectorTiles.of(config).reduce_scratch.total_bytes == 32 * KIB
    assert f"vector UB: {179 * KIB} of 188416 bytes" in budget_table(config)


def test_a_reduction_without_a_path_of_its_own_gets_scratch_of_the_tiles_shape() -> None:
    assert reduce_scratch(24, 512, FAST).total_bytes == 24 * 512 * 4


def test_overflow_names_buffer_need_and_largest_tiles() -> None:
    """The error is enough to act on."""
    tiles = [
        TileDecl("small", "vec", "f32", 8, 8),
        TileDecl("wide", "vec", "f32", 64, 512, 2),
        TileDecl("acc", "acc", "f32", 16, 16),
    ]
    text = (
        "need 262400 bytes of UB, which has 188416 for them: 73984 too many. "
        "The largest: wide 2 x [64, 512] f32 = 262144 bytes,"
    )
    with pytest.raises(BudgetError, match=re.escape(text)):
        check_budget(tiles)


def test_the_scratch_of_the_library_is_not_for_tiles() -> None:
    """[1, 47104] f32 is the largest tile that ends before it."""
    check_budget([TileDecl("all", "vec", "f32", 1, 47104)])
    with pytest.raises(BudgetError, match="need 188448 bytes of UB, which has 188416 for them: 32 too many"):
        check_budget([TileDecl("all", "vec", "f32", 1, 47112)])


def test_tile_bytes_are_rounded_up_to_the_alignment() -> None:
    """A tile of four bytes still takes a 32-byte block."""
    assert TileDecl("one", "vec", "f32", 1, 1, 3).total_bytes == 96


def test_table_lists_every_tile_and_fifo() -> None:
    """One line per declaration, one per buffer."""
    config = KernelConfig(512, 4)
    text = budget_table(config)
    for tile in declared(CubeTiles.of(config)) + declared(VectorTiles.of(config)):
        assert f"  {tile.name} " in text
    assert "vector UB: 182656 of 188416 bytes, 5760 free" in text
    assert "  not for tiles: 8192 bytes at 188416, scratch of the device library" in text
    assert text.count("not for tiles") == 1
    assert "GM FIFOs, 3670016 bytes per core" in text
