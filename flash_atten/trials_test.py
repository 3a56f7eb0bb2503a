"""The launches that stand for all: what they cover, and that proof and audit are independent."""

from __future__ import annotations

import itertools
import math

import pytest

from flash_atten.config import FAST, FAST_PRELOAD, QK_PRELOADS, S1_TILES, KernelConfig, LaunchShape
from flash_atten.fifo import FIFO_SLOTS
from flash_atten.trials import AUDIT_CORES, audit_shapes, fewest_tiles, proof_shapes, representative_shapes

CONFIGS = [
    *(KernelConfig(*knobs) for knobs in itertools.product(S1_TILES, QK_PRELOADS)),
    KernelConfig(256, kv_split=2),
    KernelConfig(512, 4, kv_split=4, heads=True),
    KernelConfig(256, heads=True),
    *(KernelConfig(tile, FAST_PRELOAD, schedule=FAST) for tile in S1_TILES),
]

every_config = pytest.mark.parametrize("config", CONFIGS, ids=str)


@pytest.mark.parametrize("s1_tile", S1_TILES)
def test_passes_of_pairs_begin_in_every_slot_and_leave_a_block_or_none(s1_tile: int) -> None:
    """Where a pass ends in the ring, the next one begins: tiles mod slots, with passes behind each other."""
    config = KernelConfig(s1_tile, FAST_PRELOAD, schedule=FAST)
    shapes = representative_shapes(config)
    assert min(shape.tiles(config) for shape in shapes) == 1
    several = [shape for shape in shapes if shape.q_blocks > config.lanes]
    slots = FAST_PRELOAD // config.lanes
    assert {shape.tiles(config) % slots for shape in several} == set(range(slots))
    assert {shape.q_blocks % config.lanes for shape in several} == set(range(config.lanes))


def tiles_of_a_part(config: KernelConfig, shape: LaunchShape) -> int:
    return shape.s1 // config.part_rows


@every_config
def test_the_proof_covers_every_remainder_with_one_and_two_q_blocks(config: KernelConfig) -> None:
    rings = math.lcm(config.exp_ring, FIFO_SLOTS)
    shapes = proof_shapes(config)
    for blocks in (1, 2):
        tiles = [tiles_of_a_part(config, shape) for shape in shapes if shape.q_blocks == blocks * shape.heads]
        assert min(tiles) == fewest_tiles(config)
        assert max(tiles) > 2 * FIFO_SLOTS
        assert {count % rings for count in tiles} == set(range(rings))


@every_config
def test_the_audit_covers_the_ring_on_two_cores_with_other_shapes_than_the_proof(config: KernelConfig) -> None:
    shapes = audit_shapes(config)
    tiles = [tiles_of_a_part(config, shape) for shape in shapes]
    assert {count % config.exp_ring for count in tiles} == set(range(config.exp_ring))
    assert max(tiles) > 2 * FIFO_SLOTS
    assert AUDIT_CORES >= 2
    # What a core executes goes by its number of units.
    per_core = {-(-shape.units(config) // AUDIT_CORES) for shape in shapes}
    per_core |= {shape.units(config) // AUDIT_CORES for shape in shapes}
    assert per_core.isdisjoint(shape.units(config) for shape in proof_shapes(config))


@every_config
def test_every_shape_can_be_launched(config: KernelConfig) -> None:
    for shape in (*representative_shapes(config), *proof_shapes(config)):
        shape.check(config)
    for shape in audit_shapes(config):
        shape.check(config)
        assert shape.q_blocks >= AUDIT_CORES
