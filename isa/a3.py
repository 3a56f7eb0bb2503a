"""The Ascend A3 (910B, `dav-2201`) core in numbers: on-chip buffers, fractal boxes, pipes' flags.

Source: the PTO tile ISA's buffer table for `--pto-arch=a3`; sizes are per core, in bytes. Dialect verifiers,
the assembler's memory planner and the kernels' budgets all read them here.
"""

from dataclasses import dataclass
from enum import IntEnum

KIB = 1024
"""Bytes in a KiB."""

TILE_ALIGNMENT = 32
"""Bytes: every tile starts at a multiple of this, in every buffer. One UB block, the unit of the data movers."""

BLOCK_BYTES = 32
"""Bytes of one UB block: rows of a row-major vector tile are a multiple of it, and so are fractal box rows."""

REPEAT_BYTES = 256
"""Bytes of an operand that one repeat of a vector instruction covers: 64 lanes of fp32."""

FRACTAL_ROWS = 16
"""Rows (of the outer direction) of one fractal box of the matrix unit."""

FRACTAL_BYTES = 512
"""Bytes of one operand fractal box in L1, L0A and L0B: 16 rows of 32 bytes."""

ACC_FRACTAL_BYTES = 1024
"""Bytes of one result fractal box in L0C: 16 x 16 elements of 4 bytes."""

CUBE_CORES = 24
"""Cube cores of a die (910B2), each with SUBBLOCKS vector cores. The host simulates as many."""

SUBBLOCKS = 2
"""Vector cores (subblocks) that work with one cube core."""

CROSS_CORE_FLAGS = 16
"""Flags between the cores of an AI core."""

SYNCALL_FLAGS = range(11, 15)
"""Cross-core flags that SYNCALL uses; nothing else may."""

FLAGS_PER_FIFO = 2
"""Cross-core flags of a FIFO, "full" and "free", counted from its flag base."""

FLAG_COUNT_MAX = 15
"""Signals that a cross-core flag can hold: its counter has 4 bits."""


@dataclass(frozen=True)
class Buffer:
    """One on-chip buffer of a core."""

    name: str
    """The hardware's name of it (UB, L1, L0A, L0B, L0C, BT, FB)."""

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


FB = Buffer("FB", 2 * KIB)
"""Parameters of FIX, a 64-bit scale for each column: tiles of `loc=scaling`. The size is assumed."""


class Memory(IntEnum):
    """Memories that tile operations touch. The values are those of the trace format."""

    GM = 0
    UB = 1
    L1 = 2
    L0A = 3
    L0B = 4
    L0C = 5
    BT = 6
    FB = 7

    @property
    def cpp(self) -> str:
        """Its enumerator in the runtime."""
        return {"BT": "BiasTable", "FB": "FixBuffer"}.get(self.name, self.name.capitalize())


def size_of(memory: Memory) -> int:
    """Return the bytes of an on-chip memory; 0 for GM, whose size no program relies on."""
    return next((buffer.size for buffer in BUFFER_OF_LOC.values() if buffer.name == memory.name), 0)


@dataclass(frozen=True)
class Region:
    """Bytes of an on-chip buffer."""

    buffer: Buffer
    start: int
    size: int

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.start + self.size


LIBRARY_SCRATCH = Region(UB, 184 * KIB, 8 * KIB)
"""UB that the device library uses without being told: it broadcasts the row values of TROWEXPAND{ADD, SUB, MUL, ...}
there, 32 bytes a row, and TCVT f16 -> i8 and TEXTRACT vec -> vec work in it. At the end of the buffer, so what is left
for tiles is one piece. Source: the A3 headers of the PTO tile ISA, August 2026; the real assembler reserves nothing.
"""

MAX_VEC_ROWS = 4095
"""Rows that a tile in UB can have: the device headers assert fewer than 4,096."""

MAX_CUBE_ROW_STRIDE = 65535
"""Elements from one row of a GM view to the next in a load into L1: the instruction takes them as 16 bits."""

BUFFER_OF_LOC = {"vec": UB, "mat": L1, "left": L0A, "right": L0B, "acc": L0C, "bias": BT, "scaling": FB}
"""The buffer that holds tiles of each `loc` of `!pto.tile_buf`."""

FAST_ROW_REDUCTIONS = ((32, 256), (16, 512), (64, 128), (8, 1024))
"""Shapes of f32 tiles for whose rows the device library has a path of its own, if dst is column-major."""

FAST_SCRATCH_BYTES = 4 * KIB
"""Scratch that this path touches, from the first byte of `tmp` on; it checks no size."""
