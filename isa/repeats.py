"""The vendor's rule for vector operations without a barrier, as a distance in repeats.

A vector instruction works in repeats of 256 bytes, and V issues the repeats of its operations one after the other. Its
scoreboard does not follow UB. Since May 2026 the vendor's assembler prints no `pipe_barrier(PIPE_V)` where an operation
reads exactly what the one before it wrote, if the tile is contiguous and was written with at least 16 repeats. So the
vendor holds that what a repeat did is done when the 16th repeat after it issues. Read so, the rule is about distance:
two conflicting operations are *in time* if for every byte that both touch at least `SAFE_DISTANCE` repeats issue from
the one access to the other. Nobody has published a proof on hardware.

The distance follows from the order in which an operation walks its tile: most go through it row by row, TROWEXPAND* in
strips as wide as a repeat, each from the top row to the bottom row. What is not known here counts as the worst: an
operation of unknown order may touch each of its bytes in its first repeat and in its last, and adds no repeats.

This module is pure and knows neither IR nor traces: assembler, judge and patcher describe their operations to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from isa.a3 import BLOCK_BYTES, REPEAT_BYTES
from isa.op import Order
from isa.ops import OPS

SAFE_DISTANCE = 16
"""Repeats after which an access is done. 15 keep the barrier; a test of the vendor's assembler fixes both."""


class VRule(Enum):
    """What orders two dependent operations on V."""

    STRICT = "strict"
    """A barrier, or a way round through flags."""
    REPEATS = "repeats"
    """That, or the vendor's rule: enough repeats issue from one access to the other."""


ORDERS: Mapping[str, Order] = {op.cpp: op.order for op in OPS if op.order is not Order.UNKNOWN}
"""Orders by C++ name. Only operations that are one pass of one instruction over their tiles are here."""


class Operand(NamedTuple):
    """The valid part of a tile in UB that an operation reads or writes."""

    start: int
    """Its first byte."""
    rows: int
    cols: int
    element_bytes: int
    pitch: int
    """Bytes from one row to the next."""
    writes: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.cols * self.element_bytes

    @property
    def is_contiguous(self) -> bool:
        """Whether the rows follow each other without gaps."""
        return self.rows == 1 or self.pitch == self.row_bytes

    @property
    def end(self) -> int:
        """One past its last byte."""
        return self.start + (self.rows - 1) * self.pitch + self.row_bytes


class Operation(NamedTuple):
    """An operation on V: its C++ name, the shape that it walks (its source's, if it reduces), and all that it touches.

    Scratch is an operand, too. The same bytes may be several operands.
    """

    name: str
    rows: int
    cols: int
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class _Touch:
    """Bytes [lo, hi) and the first and the last repeat of the operation that touches them."""

    lo: int
    hi: int
    first: int
    last: int
    writes: bool

    @property
    def places(self) -> range:
        """Numbers of the REPEAT_BYTES of UB that it lies in."""
        return range(self.lo // REPEAT_BYTES, (self.hi - 1) // REPEAT_BYTES + 1)

    def conflicts(self, other: _Touch) -> bool:
        """Whether the two share a byte and one writes it."""
        return (self.writes or other.writes) and self.lo < other.hi and other.lo < self.hi


def order_of(op: Operation) -> Order:
    """The order in which `op` walks its tiles, UNKNOWN unless all of them are contiguous."""
    order, walked = ORDERS.get(op.name, Order.UNKNOWN), _walked(op)
    # The vendor spares barriers of contiguous tiles only, so that nothing is known of others.
    known = bool(walked) and all(operand.is_contiguous and operand.element_bytes in (2, 4) for operand in walked)
    # Rows of one block look like the row values of a broadcast, or its scratch: these are used before the strips.
    told_apart = order is not Order.STRIPS or all(operand.row_bytes > BLOCK_BYTES for operand in walked)
    return order if known and told_apart else Order.UNKNOWN


@lru_cache(maxsize=4096)
def repeats_of(op: Operation) -> int:
    """How many repeats `op` issues, at least."""
    order = order_of(op)
    # Too few is safe: distances come out shorter, and a barrier stays.
    if order is Order.UNKNOWN:
        return 0
    lanes = _lanes(op)
    # In strips each row of a strip is a repeat, also where it is narrower than one.
    return op.rows * _ceil_div(op.cols, lanes) if order is Order.STRIPS else _ceil_div(op.rows * op.cols, lanes)


def distance(first: Operation, second: Operation, between: int = 0) -> int | None:
    """The fewest repeats from an access of `first` to the conflicting one of `second`; None if there is no conflict.

    `between` is how many repeats the operations issued between the two have. Both operations are issued once, in this
    order; an access conflicts with another of the same byte if one of the two writes it.
    """
    nearest = _nearest(first, second)
    return None if nearest is None else nearest + between


def in_time(first: Operation, second: Operation, between: int = 0) -> bool:
    """Whether `second` may follow `first` without a barrier by the repeat rule; true if they do not conflict."""
    repeats = distance(first, second, between)
    return repeats is None or repeats >= SAFE_DISTANCE


@lru_cache(maxsize=4096)
def own_distance(op: Operation) -> int | None:
    """The fewest repeats from the write of a byte to a later read of it by `op` itself; None if it reads none later.

    V waits for results no more within an operation than between two, so what a repeat has written must not be what a
    later one reads: a result may lie exactly on an operand, or be narrower and begin where it does.
    """
    order = order_of(op)
    distances = (
        # Spans of repeats may overlap, which gives less than 1: a later read is at least one repeat away.
        max(read.first - written.last, 1)
        for result, source in product(op.operands, op.operands)
        # Whole operands first: what follows compares all their repeats with each other.
        if result.writes and not source.writes and result.start < source.end and source.start < result.end
        if not _is_in_place(result, source)
        for written, read in product(_operand_touches(op, order, result), _operand_touches(op, order, source))
        # Within a repeat V reads before it writes, so that only reads in later repeats count.
        if written.conflicts(read) and (order is Order.UNKNOWN or read.last > written.first)
    )
    return min(distances, default=None)


def _is_in_place(result: Operand, source: Operand) -> bool:
    """Whether each element is written where it, or one that has been used before, is read."""
    return result.start == source.start and result.pitch <= source.pitch and result.row_bytes <= source.row_bytes


@lru_cache(maxsize=4096)
def _nearest(first: Operation, second: Operation) -> int | None:
    """The distance of two operations that follow each other at once."""
    # By place, so that touches are compared with their neighbours only. One that lies in two places is compared
    # twice, which the minimum does not see.
    earlier: dict[int, list[_Touch]] = {}
    for touch in _touches(first):
        for place in touch.places:
            earlier.setdefault(place, []).append(touch)
    issued = repeats_of(first)
    distances = (
        # What the first operation issues from the access on, and what the second one issues before its own.
        issued - other.last + touch.first
        for touch in _touches(second)
        for place in touch.places
        for other in earlier.get(place, ())
        if other.conflicts(touch)
    )
    return min(distances, default=None)


def _touches(op: Operation) -> Iterator[_Touch]:
    """What each repeat of `op` touches."""
    order = order_of(op)
    for operand in op.operands:
        yield from _operand_touches(op, order, operand)


def _operand_touches(op: Operation, order: Order, operand: Operand) -> Iterator[_Touch]:
    """What each repeat of `op` touches of one operand."""
    # What a row reduction writes in its source's shape is scratch, which it walks in an order of its own.
    walks = _is_walked(op, operand) and not (order is Order.SOURCE and operand.writes)
    # Row values and scratch may be touched at any time.
    if order is Order.UNKNOWN or not walks:
        # Of an unknown order that is -1: as if the access were in the very last repeat before the next operation.
        yield from _somewhen(operand, repeats_of(op) - 1)
    elif order is Order.ROWS:
        yield from _by_rows(operand, _lanes(op))
    else:
        yield from _by_strips(operand, _lanes(op), reads_once=order is Order.SOURCE)


def _somewhen(operand: Operand, last: int) -> Iterator[_Touch]:
    """In the first repeat at the earliest, and in the last one at the latest."""
    # Rows with gaps are touched one by one, since other tiles may lie in the gaps.
    rows = 1 if operand.is_contiguous else operand.rows
    size = operand.row_bytes if rows > 1 else operand.rows * operand.row_bytes
    for row in range(rows):
        lo = operand.start + row * operand.pitch
        yield _Touch(lo, lo + size, 0, last, operand.writes)


def _by_rows(operand: Operand, lanes: int) -> Iterator[_Touch]:
    """All rows are one run, in pieces of `lanes` elements."""
    end, size = operand.start + operand.rows * operand.row_bytes, lanes * operand.element_bytes
    for repeat, lo in enumerate(range(operand.start, end, size)):
        yield _Touch(lo, min(lo + size, end), repeat, repeat, operand.writes)


def _by_strips(operand: Operand, lanes: int, *, reads_once: bool) -> Iterator[_Touch]:
    """Strips of `lanes` columns from top to bottom; with `reads_once` perhaps row by row, and used to the end."""
    strips = _ceil_div(operand.cols, lanes)
    end = _ceil_div(operand.rows * operand.cols, lanes) - 1
    for row, strip in product(range(operand.rows), range(strips)):
        first = last = strip * operand.rows + row
        if reads_once:
            # Which of the two orders holds is not known: the one that reads earlier counts.
            first, last = min(first, (row * operand.cols + strip * lanes) // lanes), end
        width = min(lanes, operand.cols - strip * lanes)
        lo = operand.start + row * operand.row_bytes + strip * lanes * operand.element_bytes
        yield _Touch(lo, lo + width * operand.element_bytes, first, last, operand.writes)


def _walked(op: Operation) -> list[Operand]:
    return [operand for operand in op.operands if _is_walked(op, operand)]


def _is_walked(op: Operation, operand: Operand) -> bool:
    """Whether the operation walks this operand in its order; row values and scratch it does not."""
    return (operand.rows, operand.cols) == (op.rows, op.cols)


def _lanes(op: Operation) -> int:
    """Elements per repeat: the widest operand fills it."""
    return REPEAT_BYTES // max(operand.element_bytes for operand in _walked(op))


def _ceil_div(value: int, divisor: int) -> int:
    return -(-value // divisor)
