"""Rows of the operations on FIFOs whose entries are tiles.

In C++ they are TPUSH and TPOP like those on entries in GM, which have the rows of these names in `isa.ops`. A push is
a store that waits for a slot, a pop a load that waits for data.
"""

from __future__ import annotations

from isa.families import POP_TILE, PUSH_ACC, PUSH_VEC
from isa.op import Family, Op, Order


def _row(cpp: str, dialect: str, family: Family, meaning: str) -> Op:
    return Op(cpp, dialect, None, family, (), meaning, None, (), Order.UNKNOWN, ())


PUSH_FROM_CUBE = _row("TPUSH", "tpush_to_aiv", PUSH_ACC, "store src into the next slot, and signal full")
PUSH_FROM_VECTOR = _row("TPUSH", "tpush_to_aic", PUSH_VEC, "store src into the next slot, and signal full")
POP_TO_VECTOR = _row("TPOP", "tpop_from_aic", POP_TILE, "load the next slot, and signal free")
POP_TO_CUBE = _row("TPOP", "tpop_from_aiv", POP_TILE, "load the next slot, and signal free")
