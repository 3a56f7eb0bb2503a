"""The Ascend A3 (910B, `dav-2201`) core in numbers: on-chip buffers, fractal boxes, pipes' flags.

Source: the PTO tile ISA's buffer table for `--pto-arch=a3`; sizes are per core, in bytes. Dialect verifiers,
the assembler's memory planner and the kernels' budgets all read them here.
"""

from dataclasses import dataclass

KIB = 1024
"""Bytes in a KiB."""

TILE_ALIGNMENT = 32
"""Bytes: every tile starts at a multiple of this, in every buffer. One UB block, the unit of the data movers."""

BLOCK_BYTES = 32
"""Bytes of one UB block: rows of a row-major vector tile are a multiple of it, and so are fractal box rows."""

FRACTAL_ROWS = 16
"""Rows (of the outer direction) of one fractal box of the matrix unit."""

FRACTAL_BYTES = 512
"""Bytes of one operand fractal box in L1, L0A and L0B: 16 rows of 32 bytes."""

ACC_FRACTAL_BYTES = 1024
"""Bytes of one result fractal box in L0C: 16 x 16 elements of 4 bytes."""

EVENT_IDS = 8
"""Flags per (source pipe, destination pipe) pair: EVENT_ID0 to EVENT_ID7."""

SUBBLOCKS = 2
"""Vector cores (subblocks) that work with one cube core."""


@dataclass(frozen=True)
class Buffer:
    """One on-chip buffer of a core."""

    name: str
    """The hardware's name of it (UB, L1, L0A, L0B, L0C, BT)."""

    size: int
    """Capacity in bytes."""

    alignment: int = TILE_ALIGNMENT
    """Required alignment of a tile's byte address."""


UB = Buffer("UB", 192 * KIB)
"""Unified buffer: tiles of `loc=vec`."""

L1 = Buffer("L1", 512 * KIB)
"""Matrix staging buffer: tiles of `loc=mat`."""

L0A = Buffer("L0A", 64 * KIB)
"""Left operands of the matrix unit: tiles of `loc=left`."""

L0B = Buffer("L0B", 64 * KIB)
"""Right operands of the matrix unit: tiles of `loc=right`."""

L0C = Buffer("L0C", 128 * KIB)
"""Accumulators of the matrix unit: tiles of `loc=acc`."""

BT = Buffer("BT", 1 * KIB)
"""Bias table: tiles of `loc=bias`."""

BUFFER_OF_LOC = {"vec": UB, "mat": L1, "left": L0A, "right": L0B, "acc": L0C, "bias": BT}
"""The buffer that holds tiles of each `loc` of `!pto.tile_buf`."""
