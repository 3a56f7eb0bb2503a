"""What operations cost on an A3 core (910B2), in cycles of CLOCK_GHZ.

Every figure is published or calibrated by the vendor's public repository, unless its comment says that it is assumed. A
vector operation is a sequence of vector instructions: each holds the pipe for `slope` cycles a repeat, and its result
is there `fixed` cycles later. Tails overlap with the next instruction until a barrier drains the pipe; the library's
operations contain barriers of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from isa.a3 import REPEAT_BYTES
from isa.op import Work
from isa.ops import BY_CPP

CLOCK_GHZ = 1.85
"""Clock of the vendor's cost model; the figures below are cycles of it."""

GIB = 1024**3

MACS_PER_CYCLE = 4096
"""Multiply-accumulates of fp16 that the cube unit does in a cycle."""

MATMUL_FIXED = 6
"""Cycles of a matmul beyond its multiply-accumulates."""

LAUNCH_US = 6.0
"""Microseconds on the device from the start of a launch to its first instruction, and from its last one to the end."""

SIGNAL_CYCLES = 300
"""Cycles from a FIFO's signal on one core to the core that waits for it. Placeholder: hardly matters in the steady
state."""

ISSUE_CYCLES = 1
"""Cycles that a flag or barrier takes on the scalar unit. The vendor's simulator: 1. Placeholder."""


class CostError(ValueError):
    """An operation, or a move between two memories, has no cost here."""


@dataclass(frozen=True)
class Instruction:
    """A vector instruction: `slope` cycles a repeat, and `fixed` cycles until the last result is there."""

    slope: float
    fixed: float


INSTRUCTIONS: Mapping[str, Instruction] = {
    # The vendor fits 2.0 to 2.3 for the four of them; 2.0 reproduces its published costs of whole tile operations
    # better.
    "add": Instruction(2.0, 24),
    "sub": Instruction(2.0, 24),
    "max": Instruction(2.0, 24),
    "mul": Instruction(2.0, 25),
    "scalar": Instruction(1.0, 26),
    "exp": Instruction(2.0, 31),
    "div": Instruction(4.0, 31),
    # Published as 0.9; whole tiles of TCVT (155 cycles for 128 repeats) say 1.0.
    "convert": Instruction(1.0, 27),
    "copy": Instruction(1.0, 24),
    "broadcast": Instruction(0.0, 18),
    "group_max": Instruction(1.0, 31),
    "group_add": Instruction(1.0, 38),
    # Assumed: no figure is published for these.
    "unary": Instruction(1.0, 26),
    "root": Instruction(2.0, 31),
    "bits": Instruction(2.0, 24),
    "compare": Instruction(2.0, 24),
    "select": Instruction(2.0, 24),
    "gather": Instruction(8.0, 31),
    "sort": Instruction(16.0, 31),
    # Assumed, too: the scalar unit takes 10 cycles for each of the 64 elements of a repeat.
    "element": Instruction(640.0, 10),
}

MASKED_BINARY = 18.0
"""Extra cycles of a two-operand instruction on less than one repeat: published 44 for the [1, 32] add, 45 for its
mul."""

MASKED_UNARY = 2.0
"""The same with one operand: published 29 for the [1, 32] multiply-by-scalar, 35 for its exp."""

REDUCTION_TOTALS: Mapping[tuple[str, int, int], float] = {
    ("group_max", 32, 256): 270,
    ("group_max", 16, 512): 242,
    ("group_max", 32, 128): 240,
    ("group_add", 32, 256): 284,
    ("group_add", 16, 512): 263,
    ("group_add", 32, 128): 255,
}
"""Published cycles of whole row reductions of fp32 tiles."""

REDUCTION_REST = 111.0
"""Cycles of a row reduction after its first pass where no total is published: as for [32, 256]."""


@dataclass(frozen=True)
class MicroOp:
    """A part of a vector operation: cycles on the pipe, cycles until its result is there, a barrier after it or not."""

    occupancy: float
    tail: float
    drains: bool = False


def vector_cost(op: str, rows: int, cols: int, element_bytes: int) -> tuple[MicroOp, ...]:
    """Return what the vector operation `op` on a tile of `rows` x `cols` elements consists of.

    Args:
        op: its C++ name, such as TROWMAX.
        rows: of its largest tile, the source of a reduction and the destination of anything else.
        cols: of that tile.
        element_bytes: of its widest element.

    Raises:
        CostError: the operation has no cost.
    """
    row = BY_CPP.get(op)
    if row is None or not row.cost:
        raise CostError(f"{op} has no cost in isa/ops.py: add it there, with the source of the figure in isa/costs.py")
    tile_bytes = rows * cols * element_bytes
    repeats = max(1, math.ceil(tile_bytes / REPEAT_BYTES))
    match row.family.work:
        case Work.ROW_REDUCTION:
            return _row_reduction(row.cost[0], rows, cols, repeats)
        case Work.BROADCAST:
            steps = _in_turn(_instruction(name, repeats) for name in row.cost)
            # The row values are spread over a block each first; a barrier follows, since the pass reads these blocks.
            return MicroOp(0, INSTRUCTIONS["broadcast"].fixed, drains=True), *steps
        case Work.COLUMN_REDUCTION:
            return (_instruction(row.cost[0], repeats),)
    extra = 0.0
    if tile_bytes < REPEAT_BYTES:
        extra = MASKED_BINARY if len(row.family.reads) > 1 else MASKED_UNARY
    return _in_turn(_instruction(name, repeats, extra) for name in row.cost)


def _in_turn(steps: Iterable[MicroOp]) -> tuple[MicroOp, ...]:
    """Steps each of which waits for the one before."""
    *first, last = steps
    return *(replace(step, drains=True) for step in first), last


def _instruction(name: str, repeats: int, extra: float = 0) -> MicroOp:
    instruction = INSTRUCTIONS[name]
    return MicroOp(instruction.slope * repeats + extra, instruction.fixed)


def _row_reduction(name: str, rows: int, cols: int, repeats: int) -> tuple[MicroOp, ...]:
    """A pass over the tile, a barrier, and the reduction of what it leaves, which ends with a barrier."""
    first = _instruction(name, repeats)
    total = REDUCTION_TOTALS.get((name, rows, cols))
    # What is published is the total: the rest of it is what the first pass leaves.
    rest = REDUCTION_REST if total is None else total - first.occupancy - first.tail
    return MicroOp(first.occupancy, first.tail, drains=True), MicroOp(rest, 0, drains=True)


@dataclass(frozen=True)
class Path:
    """A way between two memories: GiB/s for one core alone."""

    gib_per_second: float
    shared: bool = False
    """Whether the traffic of other cores slows it down, by the hypothesis of contention."""

    @property
    def bytes_per_cycle(self) -> float:
        """Bytes that it moves in a cycle."""
        return self.gib_per_second * GIB / (CLOCK_GHZ * 1e9)


PATHS: Mapping[tuple[str, str], Path] = {
    ("GM", "UB"): Path(100.9),
    ("GM", "L1"): Path(135.0, shared=True),
    ("UB", "GM"): Path(188.5),
    ("L0C", "GM"): Path(70.0, shared=True),
    ("L1", "L0A"): Path(441.0),
    ("L1", "L0B"): Path(220.5),
    # Assumed: as the slowest published path from the same memory.
    ("L1", "BT"): Path(220.5),
    ("L0C", "L1"): Path(70.0),
}
"""By the names of the two memories."""

FIX_ELEMENT_BYTES = 2
"""Bytes that a store from L0C is charged per element, of fp32 too. 4 is excluded: 5,357 cycles a tile of [128, 256]
against 3,500 to 4,400 measured."""


def path_of(source: str, destination: str) -> Path:
    """Return the path from memory `source` to memory `destination`; raises CostError."""
    try:
        return PATHS[source, destination]
    except KeyError:
        raise CostError(
            f"a move from {source} to {destination} has no cost in isa/costs.py: add its path there"
        ) from None


def matmul_cost(rows: int, cols: int, inner_bytes: int) -> float:
    """Return the cycles of [rows, inner] x [inner, cols], `inner_bytes` the bytes of a row of the left operand."""
    # MACS_PER_CYCLE is of operands of 2 bytes: those of 4 count twice, those of 1 half.
    macs = rows * cols * inner_bytes / 2
    return macs / MACS_PER_CYCLE + MATMUL_FIXED
