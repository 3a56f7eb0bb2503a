"""Launch shapes on which a claim about all shapes is checked.

What a kernel executes depends on the number of tiles and of Q blocks only through loops: prologue, steady state and
epilogue run as often as the shape says, and flags are carried from one iteration, or one Q block, to the next. So the
shapes are: no steady state, one iteration of it, several; few tiles, and enough for every FIFO slot to be reused twice;
one, two and three Q blocks on a core.
"""

from __future__ import annotations

from flash_atten.config import S0, KernelConfig, LaunchShape
from flash_atten.fifo import FIFO_SLOTS


def representative_shapes(config: KernelConfig) -> list[LaunchShape]:
    """Return the shapes for a kernel with `config`; each is to be launched on one core."""
    least, many = config.qk_preload, 2 * FIFO_SLOTS + 1
    blocks_and_tiles = [
        (1, least),
        (1, least + 1),
        (1, 2 * least + 3),
        (2, least),
        (2, least + 1),
        (2, many),
        (3, least + 2),
    ]
    return [LaunchShape(blocks * S0, tiles * config.s1_tile) for blocks, tiles in blocks_and_tiles]
