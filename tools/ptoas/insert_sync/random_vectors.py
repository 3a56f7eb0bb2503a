"""For tests: random programs of vector operations on whole tiles, of which the repeat rule knows the walks."""

from __future__ import annotations

import random

from isa.pipes import Pipe
from isa.repeats import Operand, VRule, own_distance
from isa.repeats import Operation as Walk
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.nodes import Access, Block, IfNode, LoopNode, OpNode
from tools.ptoas.insert_sync.program import Program

PLACES, PLACE_BYTES = 6, 1024
"""Where tiles start. Larger ones reach into the places of their neighbours."""

SHAPES = ((8, 64), (15, 64), (16, 64), (33, 64), (8, 128), (16, 128), (20, 8))
NAMES = ("TEXP", "TADD", "TROWEXPANDMUL", "TMOV")
"""Operations that walk their tiles row by row, in strips, and in an unknown order."""

FP32_BYTES = 4

SIZE = PLACES * PLACE_BYTES + FP32_BYTES * max(rows * cols for rows, cols in SHAPES)
"""Bytes of UB that they use."""


def vector_op(name: str, shape: tuple[int, int], reads: tuple[int, ...], writes: int) -> OpNode:
    """An operation on fp32 tiles of one shape that start at these bytes of UB."""
    rows, cols = shape
    places = [*((start, False) for start in reads), (writes, True)]
    operands = [Operand(start, rows, cols, FP32_BYTES, cols * FP32_BYTES, write) for start, write in places]
    accesses = [_access(start, rows * cols * FP32_BYTES, write) for start, write in places]
    return OpNode(Pipe.V, tuple(accesses), walk=Walk(name, rows, cols, tuple(operands)))


def random_vectors(rng: random.Random, *, loops: bool) -> Program:
    """Operations on V with ifs and some loads and stores between them; loops, too, if asked."""
    return build_program(_block(rng, 3, 7, loops=loops), VRule.REPEATS)


def _block(rng: random.Random, depth: int, width: int, *, loops: bool) -> Block:
    block = Block()
    for _ in range(rng.randint(1, width)):
        kind = rng.random() if depth else 1.0
        if loops and kind < 0.15:
            block.nodes.append(LoopNode(_block(rng, depth - 1, width, loops=True), fewest_trips=rng.random() < 0.3))
        elif kind < 0.3:
            other = _block(rng, depth - 1, 3, loops=loops) if rng.random() < 0.5 else Block()
            block.nodes.append(IfNode((_block(rng, depth - 1, 3, loops=loops), other)))
        elif kind < 0.4:
            block.nodes.append(OpNode(rng.choice((Pipe.MTE2, Pipe.MTE3)), (_random_access(rng),)))
        else:
            block.nodes.append(_vector_op(rng))
    return block


def _vector_op(rng: random.Random) -> OpNode:
    """An operation whose result does not lie over what it still reads."""
    while True:
        reads = tuple(_place(rng) for _ in range(rng.randint(0, 2)))
        node = vector_op(rng.choice(NAMES), rng.choice(SHAPES), reads, _place(rng))
        assert node.walk is not None
        if own_distance(node.walk) is None:
            return node


def _place(rng: random.Random) -> int:
    return PLACE_BYTES * rng.randrange(PLACES)


def _random_access(rng: random.Random) -> Access:
    return _access(_place(rng), PLACE_BYTES, rng.random() < 0.5)


def _access(start: int, size: int, writes: bool) -> Access:
    return Access(ByteRange("UB", start, start + size), writes)
