"""Queues of a core, and what an instruction stream does with them. The values are those of the trace format."""

from __future__ import annotations

from enum import IntEnum


class Pipe(IntEnum):
    """Queue of a core. Instructions are issued in program order; each queue runs its own in that order."""

    S = 0
    V = 1
    M = 2
    MTE1 = 3
    MTE2 = 4
    MTE3 = 5
    FIX = 6
    ALL = 7
    """All of them: the operand of a barrier, never a queue."""


QUEUES = 7
"""Queues of a core: every pipe but ALL."""

EVENT_IDS = 8
"""Event ids per (source pipe, destination pipe) pair: 0..7 on A3."""


class Kind(IntEnum):
    """What an instruction is to the synchronisation of its core."""

    OP = 0
    SET_FLAG = 1
    WAIT_FLAG = 2
    BARRIER = 3
    TALLOC = 4
    TPUSH = 5
    TPOP = 6
    TFREE = 7
