"""The repeat rule in the pass: barriers that it spares, those that it does not, and what the judge says of both."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isa.pipes import Pipe
from isa.repeats import Operand, VRule, own_distance
from isa.repeats import Operation as Walk
from ptodsl import pto, tile
from ptodsl.dialect import BarrierOp
from ptodsl.dialect import Pipe as PipeName
from ptodsl.module import ModuleBuilder
from sim.hazards import judge
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.nodes import Access, Block, IfNode, LoopNode, Node, OpNode
from tools.ptoas.insert_sync.options import SyncOptions
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.testing import execute
from tools.ptoas.plan_memory import plan_memory

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


KIB = 1024
ENOUGH, TOO_FEW = (16, 64), (15, 64)
"""Shapes of 16 and of 15 repeats."""

RUNS = 8
"""Executions with other branches and trip counts."""

BRANCHES = 500
"""Executions, at most, in which some path misses a barrier."""


def solved(*nodes: Node, rule: VRule = VRule.REPEATS) -> Program:
    program = build_program(Block(list(nodes)), rule)
    solve(program)
    assign_event_ids(program)
    return program


def barriers(*nodes: Node, rule: VRule = VRule.REPEATS) -> int:
    pairs, found = solved(*nodes, rule=rule).syncs()
    assert not pairs
    return len(found)


def chain(shape: tuple[int, int]) -> tuple[OpNode, OpNode]:
    """One writes what the next one reads."""
    return vector_op("TEXP", shape, (0,), 8 * KIB), vector_op("TABS", shape, (8 * KIB,), 16 * KIB)


def other(repeats: int) -> OpNode:
    """An operation on other bytes, with so many repeats."""
    return vector_op("TEXP", (repeats, 64), (), 32 * KIB)


def test_a_dependence_at_a_distance_of_16_repeats_gets_no_barrier() -> None:
    assert barriers(*chain(ENOUGH)) == 0
    assert barriers(*chain(TOO_FEW)) == 1
    assert barriers(*chain(ENOUGH), rule=VRule.STRICT) == 1


def test_repeats_in_between_count_even_of_operations_that_depend_on_nothing() -> None:
    first, second = chain(TOO_FEW)
    assert barriers(first, other(1), second) == 0


def test_a_branch_with_fewer_repeats_decides() -> None:
    first, second = chain((8, 64))
    assert barriers(first, IfNode((Block([other(9)]), Block([other(8)]))), second) == 0
    assert barriers(first, IfNode((Block([other(9)]), Block([other(7)]))), second) == 1
    assert barriers(first, IfNode((Block([other(9)]), Block())), second) == 1


def test_a_dependence_round_a_loop_is_never_in_time() -> None:
    step = vector_op("TEXP", (64, 64), (), 0)
    assert barriers(LoopNode(Block([step]))) == 1
    assert barriers(LoopNode(Block([step]), fewest_trips=2, most_trips=2)) == 1
    assert barriers(step, vector_op("TEXP", (64, 64), (), 0)) == 0


def test_an_operation_whose_walk_is_not_known_needs_a_barrier() -> None:
    first, second = chain(ENOUGH)
    second.walk = None
    assert barriers(first, second) == 1
    first, second = chain(ENOUGH)
    assert barriers(first, vector_op("TMOV", ENOUGH, (8 * KIB,), 16 * KIB)) == 1, "its order is not known"


@settings(max_examples=12)
@given(st.randoms(use_true_random=False), st.booleans())
def test_the_judge_finds_nothing_by_the_same_rule(rng: random.Random, loops: bool) -> None:
    program = random_vectors(rng, loops=loops)
    solve(program)
    assign_event_ids(program)
    for _ in range(RUNS):
        verdict = judge(execute(program, rng, SIZE), v_rule=VRule.REPEATS)
        assert verdict.ok, verdict.findings[0]


# Of the first ten those whose programs need a barrier at all.
@pytest.mark.parametrize("seed", [0, 2, 3, 5, 6, 7, 8, 9])
def test_without_loops_the_judge_misses_every_barrier_by_the_same_rule(seed: int) -> None:
    rng = random.Random(seed)
    program = random_vectors(rng, loops=False)
    solve(program)
    assign_event_ids(program)
    barriers = program.syncs()[1]
    assert barriers
    for barrier in barriers:
        assert barrier.pipe is Pipe.V
        program.remove(barrier)
        assert any(not judge(execute(program, rng, SIZE), v_rule=VRule.REPEATS).ok for _ in range(BRANCHES))
        program.add(barrier)


@pytest.mark.parametrize(("rows", "expected"), [(15, 1), (16, 0)])
def test_kernels_are_looked_at_by_the_tiles_of_their_operations(rows: int, expected: int) -> None:
    module = ModuleBuilder()
    with module.function("kernel", {"x": pto.PtrType(pto.float32)}), pto.vector_section():
        first, second, third = (pto.alloc_tile(pto.TileBufType([rows, 64], pto.float32)) for _ in range(3))
        tile.exp(first, second)
        tile.abs(second, third)
    ir = module.finish()
    insert_sync(ir, plan_memory(ir), SyncOptions(v_rule=VRule.REPEATS))
    assert [op.pipe.data for op in ir.walk() if isinstance(op, BarrierOp)] == [PipeName.V] * expected
