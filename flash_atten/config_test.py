"""Tests of the shape envelope and the knobs' rules."""

import dataclasses
import re
from typing import Any

import pytest

from flash_atten.config import LONG_S1, S0, KernelConfig, LaunchShape, auto_kv_split, auto_s1_tile, wave_utilisation


def test_default_is_the_baseline_of_the_reference() -> None:
    """Tile 256, preload 3, ring derived, no split, one head, its schedule."""
    assert dataclasses.astuple(KernelConfig()) == (256, 3, 3, 1, False, "recipe")


@pytest.mark.parametrize(("s1_tile", "factor", "rows"), [(256, 2, 32), (512, 4, 16)])
def test_a_row_slice_of_scores_is_32_kib(s1_tile: int, factor: int, rows: int) -> None:
    """The row slice shrinks as the tile widens."""
    config = KernelConfig(s1_tile=s1_tile)
    assert (config.tile_factor, config.slice_rows) == (factor, rows)
    assert config.slice_rows * config.s1_tile * 4 == 32 * 1024


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"s1_tile": 384}, "s1_tile = 384 is not supported: use 256 or 512."),
        ({"s1_tile": 100}, "multiple of CUBE_S1 = 128"),
        ({"s1_tile": 256.0}, "s1_tile = 256.0 is not supported"),
        ({"qk_preload": 5}, "qk_preload = 5 is not supported: use 3 or 4."),
        ({"qk_preload": True}, "qk_preload = True is not supported"),
        ({"qk_preload": 3, "exp_ring": 4}, "exp_ring = 4 with qk_preload = 3 is not supported: the two must be equal."),
        ({"kv_split": 3}, "kv_split = 3 is not supported: use 1 or 2 or 4."),
        ({"schedule": "quick"}, "schedule = 'quick' is not supported: use recipe or fast or single."),
        ({"schedule": "fast"}, "schedule = fast with qk_preload = 3 is not supported: use 4."),
        (
            {"schedule": "fast", "qk_preload": 4, "kv_split": 2},
            "schedule = fast with kv_split = 2 is not supported: it leaves no partial results",
        ),
        ({"schedule": "fast", "qk_preload": 4, "heads": True}, "schedule = fast with heads = True is not supported"),
        ({"schedule": "single"}, "schedule = single with qk_preload = 3 is not supported: use 4."),
        ({"heads": 8}, "heads = 8 is not supported: use True for a kernel of many heads"),
    ],
)
def test_wrong_knob_is_named_with_value_and_what_is_allowed(knobs: dict[str, Any], message: str) -> None:
    """One ValueError per rule."""
    with pytest.raises(ValueError, match=re.escape(message)):
        KernelConfig(**knobs)


def test_the_fast_schedule_runs_a_single_tile_and_has_two_lanes_where_tiles_are_large() -> None:
    narrow, wide = (KernelConfig(tile, 4, schedule="fast") for tile in (256, 512))
    assert (narrow.lanes, wide.lanes, KernelConfig(512, 4, schedule="single").lanes) == (1, 2, 1)
    LaunchShape(q_rows=128, s1=512).check(wide)
    with pytest.raises(ValueError, match=r"s1 = 768 .* The nearest allowed: 512 and 1024"):
        LaunchShape(q_rows=128, s1=768).check(wide)


def test_the_single_schedule_has_two_wide_tiles_in_flight() -> None:
    config = KernelConfig(512, 4, schedule="single")
    LaunchShape(q_rows=128, s1=1024).check(config)
    with pytest.raises(ValueError, match=r"schedule = single: s1 must be at least 1024, because .* or s1_tile = 256"):
        LaunchShape(q_rows=128, s1=512).check(config)


@pytest.mark.parametrize(("s1", "tile"), [(2048, 256), (4096, 512), (4352, 256), (16384, 512)])
def test_automatic_tile_of_the_fast_schedule(s1: int, tile: int) -> None:
    assert auto_s1_tile(LaunchShape(q_rows=128, s1=s1), "fast") == tile


def test_a_derived_ring_survives_replace() -> None:
    """`replace` passes the derived ring on, so a changed preload with a stale ring is caught rather than accepted."""
    assert dataclasses.replace(KernelConfig(), s1_tile=512).exp_ring == 3
    with pytest.raises(ValueError, match="must be equal"):
        dataclasses.replace(KernelConfig(), qk_preload=4)


@pytest.mark.parametrize(
    ("q_rows", "s1", "message"),
    [
        (100, 1024, "q_rows = 100 is not supported: it must be a multiple of 128"),
        (200, 1024, "The nearest allowed: 128 and 256."),
        (0, 1024, "q_rows = 0 is not a size"),
        (128, -1, "s1 = -1 is not a size"),
    ],
)
def test_impossible_shape_is_refused(q_rows: int, s1: int, message: str) -> None:
    """Rules that need no configuration."""
    with pytest.raises(ValueError, match=re.escape(message)):
        LaunchShape(q_rows, s1)


@pytest.mark.parametrize(
    ("config", "s1", "message"),
    [
        (KernelConfig(256), 1000, "s1 = 1000 is not supported with s1_tile = 256: s1 must be a multiple of s1_tile"),
        (KernelConfig(256), 1000, "The nearest allowed: 768 and 1024."),
        (KernelConfig(256), 100, "The nearest allowed: 768."),
        (KernelConfig(256), 512, "s1 must be at least s1_tile * qk_preload = 768"),
        (KernelConfig(512, 4), 1536, "s1 must be at least s1_tile * qk_preload = 2048"),
        (
            KernelConfig(256, kv_split=2),
            2816,
            "with s1_tile = 256, kv_split = 2: s1 must be a multiple of s1_tile * kv",
        ),
        (KernelConfig(256, kv_split=2), 2816, "The nearest allowed: 2560 and 3072."),
        (KernelConfig(512, kv_split=4), 4096, "s1 must be at least s1_tile * kv_split * qk_preload = 6144"),
    ],
)
def test_shape_that_the_configuration_cannot_run_is_refused(config: KernelConfig, s1: int, message: str) -> None:
    """Rules that bind shape and configuration."""
    shape = LaunchShape(S0, s1)
    with pytest.raises(ValueError, match=re.escape(message)):
        shape.check(config)


@pytest.mark.parametrize(("s1_tile", "preload"), [(256, 3), (256, 4), (512, 3), (512, 4)])
def test_shortest_s1_is_the_preload(s1_tile: int, preload: int) -> None:
    """Exactly the prologue's tiles is allowed: the steady state is then empty."""
    config = KernelConfig(s1_tile, preload)
    shape = LaunchShape(5 * S0, s1_tile * preload)
    shape.check(config)
    assert (shape.q_blocks, shape.tiles(config)) == (5, preload)


@pytest.mark.parametrize(
    ("s1", "s1_tile"), [(1024, 256), (8192, 256), (LONG_S1, 512), (131072, 512), (LONG_S1 + 256, 256)]
)
def test_auto_tile_grows_with_s1(s1: int, s1_tile: int) -> None:
    """256 below 16384, 512 from there on, if it divides."""
    shape = LaunchShape(S0, s1)
    assert auto_s1_tile(shape) == s1_tile
    shape.check(KernelConfig(auto_s1_tile(shape)))


def test_heads_need_a_kernel_of_heads() -> None:
    """A kernel that is built for one head would take the first head's keys for all."""
    shape = LaunchShape(2 * S0, 1024, heads=3)
    assert (shape.rows, shape.q_blocks) == (6 * S0, 6)
    assert shape.units(KernelConfig(heads=True, kv_split=2)) == 12
    shape.check(KernelConfig(heads=True))
    with pytest.raises(ValueError, match="heads = 3 is not supported by a kernel that is built without heads"):
        shape.check(KernelConfig())
    with pytest.raises(ValueError, match="heads = 0 is not a size: give a positive whole number of heads"):
        LaunchShape(S0, 1024, heads=0)


@pytest.mark.parametrize(
    ("q_rows", "s1", "s1_tile", "cores", "split"),
    [
        (16384, 16384, 512, 24, 2),  # 5.33 waves become 10.67: 89 % of the cores are busy, then 97 %
        (16384, 16384, 256, 24, 2),
        (8192, 8192, 256, 24, 1),  # 2.67 and 5.33 waves: 89 % either way
        (16384, 15872, 512, 24, 1),  # 31 tiles: too few, and an odd number
        (16384, 16896, 512, 24, 1),  # 33 tiles have no halves
        (32768, 32768, 512, 24, 1),  # 10.67 waves: 97 %, then 97 %
        (16384, 16384, 512, 16, 1),  # 8 whole waves on 16 cores
        (16384, 16384, 512, 20, 2),  # 6.4 waves: 91 %, then 12.8: 98 %
        (128, 16384, 512, 24, 1),  # one core of 24, then two: 4 points are not worth it
        (256, 16384, 512, 24, 2),
    ],
)
def test_auto_split_fills_the_waves(q_rows: int, s1: int, s1_tile: int, cores: int, split: int) -> None:
    """The reference's rule, worked by hand."""
    assert auto_kv_split(LaunchShape(q_rows, s1), KernelConfig(s1_tile), cores) == split


def test_waves_by_hand() -> None:
    """128 units on 24 cores are 6 waves with room for 144."""
    assert wave_utilisation(128, 24) == 128 / 144
    assert wave_utilisation(48, 24) == 1.0
