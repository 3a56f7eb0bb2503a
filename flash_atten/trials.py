"""Shapes on which a claim about all shapes is checked.

What a kernel executes depends on the number of tiles and of Q blocks only through loops: prologue, steady state and
epilogue run as often as the shape says, flags are carried from one iteration, or one Q block, to the next, and branches
and addresses go by the number of the tile modulo the rings (of rescale factors, of FIFO slots). So what matters is:
no steady state, one iteration of it, several; every remainder of the tiles by the rings; enough tiles for every FIFO
slot to be reused twice; several Q blocks on a core. Where S1 is split, the tiles are those of a part.

Three sets, for three purposes. The proof and the audit of one kernel share no shape: an error in the choice of one set
is not repeated by the other.
"""

from __future__ import annotations

import math

from flash_atten.config import S0, KernelConfig, LaunchShape
from flash_atten.fifo import FIFO_SLOTS

LONG = 2 * FIFO_SLOTS + 1
"""Tiles for every FIFO slot to be reused twice."""


AUDIT_CORES = 2
"""Cores of an audit's launches: one has four Q blocks, the other three."""


def representative_shapes(config: KernelConfig) -> list[LaunchShape]:
    """Return a few shapes that execute everything, for what is judged very often; each for one core."""
    least = fewest_tiles(config)
    blocks_and_tiles = [
        (1, least),
        (1, least + 1),
        (1, 2 * least + 3),
        (2, least),
        (2, least + 1),
        (2, LONG),
        (3, least + 2),
    ]
    if not config.by_recipe:
        # A pass begins in any slot of the ring, where the one before it ends; blocks go in pairs, or one is left.
        ring = config.qk_preload
        blocks_and_tiles += [(1, LONG), *((2, tiles) for tiles in range(ring + 1, 2 * ring)), (4, ring), (5, ring + 1)]
    return [_shape(config, blocks, tiles) for blocks, tiles in blocks_and_tiles]


def proof_shapes(config: KernelConfig) -> list[LaunchShape]:
    """Return every remainder of the tiles by both rings, from the fewest tiles on, with one and two Q blocks on a core.

    A barrier is redundant only if it is so on all of them: one that is needed at a single remainder shows at that.
    """
    # Remainders by both rings repeat after their least common multiple.
    remainders = max(math.lcm(config.exp_ring, FIFO_SLOTS), LONG)
    fewest = fewest_tiles(config)
    return [_shape(config, blocks, tiles) for tiles in range(fewest, fewest + remainders) for blocks in (1, 2)]


def audit_shapes(config: KernelConfig) -> list[LaunchShape]:
    """Return shapes for the audit of a patched kernel on AUDIT_CORES.

    Every remainder of the tiles by the ring of rescale factors, and a long one.
    """
    fewest = fewest_tiles(config)
    tiles = (*range(fewest, fewest + config.exp_ring), LONG)
    return [_shape(config, 7, count) for count in tiles]


def fewest_tiles(config: KernelConfig) -> int:
    """Return the tiles of the shortest S1 that the kernel runs."""
    return config.least_s1 // config.part_rows


def _shape(config: KernelConfig, blocks: int, tiles: int) -> LaunchShape:
    """Return `blocks` Q blocks a head and `tiles` tiles in each part of S1; where there are heads, two."""
    return LaunchShape(blocks * S0, tiles * config.part_rows, heads=2 if config.heads else 1)
