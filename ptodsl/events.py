"""Explicit synchronisation of a core's pipes, for kernels that are assembled without insert_sync.

A pipe is named by itself (`"V"`, `"PIPE_V"`) or, as kernels written for pto-dsl do, by the kind of operation that runs
on it (`"VEC"`, `"TLOAD"`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.ir import SSAValue

from ptodsl.dialect import (
    PIPE_OF_OPERATION,
    BarrierOp,
    Pipe,
    SetFlagDynOp,
    SetFlagOp,
    SyncSetOp,
    SyncWaitOp,
    WaitFlagDynOp,
    WaitFlagOp,
)
from ptodsl.errors import fail
from ptodsl.scope import emit
from ptodsl.values import Scalar, as_index

_EVENT_PREFIX = "EVENT_ID"

EventId = int | str | Scalar
"""0 to 7, or "EVENT_ID0" to "EVENT_ID7", or an index that is known at run time, as from an array of event ids."""

_PIPE_OF_OPERATION = {name.removeprefix("T"): pipe for name, pipe in PIPE_OF_OPERATION.items()}
"""Where the assembler says that each kind of operation runs."""


PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_FIX, PIPE_ALL = Pipe
"""The pipes by name, for `record_event` and others."""


def sync_set(pipe: str, event_id: EventId) -> None:
    """Set a flag for the other cores of the block once everything issued to `pipe` so far is complete.

    The cube core and its two vector cores see each other's flags, 0 to 15; the cube core goes on when both vector cores
    have set one. FIFOs take flags of their own, from 0 on. `pto.set_ffts` must stand in the same function.
    """
    name, number = _pipe(pipe), _event(event_id)
    emit(lambda: SyncSetOp(name, number))


def sync_wait(pipe: str, event_id: EventId) -> None:
    """Hold back this core until the other cores have set the flag; see `sync_set`."""
    name, number = _pipe(pipe), _event(event_id)
    emit(lambda: SyncWaitOp(name, number))


def record_event(record_op: str, wait_op: str, event_id: EventId | Sequence[EventId] = 0) -> None:
    """Set a flag between two pipes once everything issued to that of `record_op` so far is complete.

    A list of event ids sets one flag each.
    """
    for number in _events(event_id):
        pipes = _pipe(record_op), _pipe(wait_op)
        emit(partial(SetFlagOp, *pipes, number) if isinstance(number, int) else partial(SetFlagDynOp, *pipes, number))


def wait_event(record_op: str, wait_op: str, event_id: EventId | Sequence[EventId] = 0) -> None:
    """Hold back what is issued to the pipe of `wait_op` from here on until the flag is set; clears it."""
    for number in _events(event_id):
        pipes = _pipe(record_op), _pipe(wait_op)
        emit(partial(WaitFlagOp, *pipes, number) if isinstance(number, int) else partial(WaitFlagDynOp, *pipes, number))


def record_wait_pair(record_op: str, wait_op: str, event_id: EventId | Sequence[EventId] = 0) -> None:
    """Order the pipe of `wait_op` after everything issued to that of `record_op` so far."""
    for number in _several(event_id):
        record_event(record_op, wait_op, number)
        wait_event(record_op, wait_op, number)


def barrier(sync_op: str) -> None:
    """Start what is issued to the pipe of `sync_op` from here on only when everything before it is complete."""
    emit(lambda: BarrierOp(_pipe(sync_op)))


def _pipe(name: str) -> Pipe:
    """Return the pipe called `name`, with or without `PIPE_`, or the one that runs an operation of that name."""
    short = str(name).upper().removeprefix("PIPE_")
    for pipe in Pipe:
        if pipe.value == f"PIPE_{short}":
            return pipe
    # Kernels say TLOAD, LOAD or VEC; no name of the table has its T.
    operation = short if short in _PIPE_OF_OPERATION else short.removeprefix("T")
    if operation in _PIPE_OF_OPERATION:
        return _PIPE_OF_OPERATION[operation]
    fail(
        f"there is no pipe {name!r}; the pipes are {', '.join(pipe.value for pipe in Pipe)}, "
        f"and the operations that stand for one {', '.join(_PIPE_OF_OPERATION)}"
    )


def _several(given: EventId | Sequence[EventId]) -> list[EventId]:
    return [given] if isinstance(given, int | str | Scalar) else list(given)


def _events(given: EventId | Sequence[EventId]) -> list[int | SSAValue]:
    """Return event ids as numbers, or as indices that are known at run time only."""
    return [_event(event) for event in _several(given)]


def _event(event: EventId) -> int | SSAValue:
    if isinstance(event, Scalar):
        return as_index(event, "event_id")
    text = str(event).removeprefix(_EVENT_PREFIX)
    # Which ids there are, the operation checks: 8 between two pipes, 16 between cores.
    return int(text) if text.isdecimal() else fail(f"{event!r} is not an event id: use 0 to 7 or {_EVENT_PREFIX}0 ...")
