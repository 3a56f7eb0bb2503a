"""Tests of the synchronisation solver: what it adds for known patterns, and random programs before the hazard judge."""

import random
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from isa.pipes import Pipe
from sim.hazards import judge
from tools.ptoas.insert_sync.analysis import has_hazard
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.nodes import Block, IfNode, LoopNode, Node, OpNode
from tools.ptoas.insert_sync.options import Scope
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.syncs import Barrier, FlagPair
from tools.ptoas.insert_sync.testing import execute, random_pipeline, random_program, random_rings, read, write


def load(start: int = 0, end: int = 4) -> OpNode:
    """A TLOAD into UB."""
    return OpNode(Pipe.MTE2, (write(start, end),))


def vector(start: int, to: int, size: int = 4) -> OpNode:
    """A vector operation from one range to another."""
    return OpNode(Pipe.V, (read(start, start + size), write(to, to + size)))


def store(start: int, end: int) -> OpNode:
    """A TSTORE from UB."""
    return OpNode(Pipe.MTE3, (read(start, end),))


def solved(*nodes: Node) -> tuple[Program, list[FlagPair], list[Barrier]]:
    """Solve a straight-line program."""
    program = build_program(Block(list(nodes)))
    solve(program)
    return program, *program.syncs()


def test_orders_a_load_before_its_consumer() -> None:
    _, pairs, barriers = solved(load(), vector(0, 4))
    assert [(p.flag.src, p.flag.dst, p.set_gap, p.wait_gap, p.flag.frame) for p in pairs] == [
        (Pipe.MTE2, Pipe.V, 1, 1, None)
    ]
    assert not barriers


def test_independent_operations_get_no_sync() -> None:
    _, pairs, barriers = solved(load(0, 4), vector(4, 8), load(12, 16))
    assert not pairs
    assert not barriers


def test_one_barrier_serves_all_dependences_that_cross_it() -> None:
    _, pairs, barriers = solved(vector(0, 4), vector(8, 12), vector(4, 16), vector(12, 20))
    assert not pairs
    assert [barrier.gap for barrier in barriers] == [2]


def test_operations_of_an_in_order_pipe_need_nothing() -> None:
    _, pairs, barriers = solved(load(0, 4), load(0, 4))
    assert not pairs
    assert not barriers


def test_a_dependence_implied_by_two_flags_gets_no_third() -> None:
    _, pairs, _ = solved(load(0, 4), vector(0, 4), OpNode(Pipe.MTE3, (read(0, 8),)))
    assert [(p.flag.src, p.flag.dst) for p in pairs] == [(Pipe.MTE2, Pipe.V), (Pipe.V, Pipe.MTE3)]


def test_a_buffer_reused_by_a_loop_is_primed_carried_and_drained() -> None:
    loop = LoopNode(Block([load(), vector(0, 4)]))
    program, pairs, _ = solved(loop)
    carried = [pair for pair in pairs if pair.flag.frame]
    assert [(p.flag.src, p.flag.dst, p.wait_gap, p.set_gap) for p in carried] == [(Pipe.V, Pipe.MTE2, 0, 2)]
    assert program.root.gaps[0].primes == [carried[0].flag]
    assert program.root.gaps[1].drains == [carried[0].flag]


def test_a_consumer_in_a_branch_waits_before_the_branch() -> None:
    branch = IfNode((Block([vector(0, 4)]), Block()))
    _, pairs, _ = solved(load(), branch)
    assert [(p.set_gap, p.wait_gap) for p in pairs] == [(1, 1)]
    assert not branch.branches[0].gaps[0]


def test_exclusive_branches_in_a_loop_are_ordered_by_the_loop() -> None:
    loop = LoopNode(Block([IfNode((Block([load()]), Block([vector(0, 4)])))]))
    program, pairs, _ = solved(loop)
    assert {(p.flag.src, p.flag.dst) for p in pairs} == {(Pipe.MTE2, Pipe.V), (Pipe.V, Pipe.MTE2)}
    assert all(pair.flag.frame for pair in pairs)
    assert not has_hazard(program)


def test_event_ids_are_reused_when_free() -> None:
    starts = [8 * (i % 2) for i in range(12)]
    program, _, _ = solved(*(node for start in starts for node in (load(start, start + 4), vector(start, start + 4))))
    assign_event_ids(program)
    pairs, barriers = program.syncs()
    assert sum(pair.flag.src is Pipe.MTE2 for pair in pairs) == 12
    assert {pair.flag.event_id for pair in pairs} <= set(range(8))
    assert not any(barrier.pipe is None for barrier in barriers)


def test_an_id_is_not_reused_while_the_setter_may_overtake_the_waiter() -> None:
    # Nothing makes MTE2 wait for V here, so a ninth set_flag could meet a flag that V has not yet taken: V tells it.
    nodes = [node for i in range(9) for node in (load(8 * i, 8 * i + 4), OpNode(Pipe.V, (read(8 * i, 8 * i + 4),)))]
    program, _, _ = solved(*nodes)
    assign_event_ids(program)
    pairs, barriers = program.syncs()
    assert [(p.flag.src, p.flag.dst) for p in pairs if p.flag.src is not Pipe.MTE2] == [(Pipe.V, Pipe.MTE2)]
    assert not barriers


def test_an_acknowledgement_serves_several_flags() -> None:
    nodes = [node for i in range(80) for node in (load(8 * i, 8 * i + 4), OpNode(Pipe.V, (read(8 * i, 8 * i + 4),)))]
    program, _, _ = solved(*nodes)
    assign_event_ids(program)
    pairs, barriers = program.syncs()
    assert sum(pair.acknowledges is not None for pair in pairs) <= 80 / 4
    assert not barriers


def test_pairs_that_meet_get_different_ids() -> None:
    loads = [load(8 * i, 8 * i + 4) for i in range(8)]
    program, pairs, _ = solved(*loads, *(vector(8 * i, 8 * i + 4) for i in range(8)))
    assign_event_ids(program)
    assert sorted(pair.flag.event_id for pair in pairs) == list(range(8))


def test_when_ids_run_out_flags_that_guard_neighbours_are_merged() -> None:
    loads = [load(8 * i, 8 * i + 4) for i in range(4)]
    program, _, _ = solved(*loads, *(vector(8 * i, 8 * i + 4) for i in range(4)))
    assign_event_ids(program, limit=2)
    pairs, barriers = program.syncs()
    assert [pair.set_gap <= pair.wait_gap for pair in pairs] == [True, True]
    assert not barriers
    assert not has_hazard(program)


def test_a_ring_of_nine_needs_no_barrier() -> None:
    body = [node for i in range(9) for node in (load(8 * i, 8 * i + 4), OpNode(Pipe.V, (read(8 * i, 8 * i + 4),)))]
    program, _, _ = solved(LoopNode(Block(list(body))))
    assign_event_ids(program)
    pairs, barriers = program.syncs()
    assert not barriers
    assert not has_hazard(program)
    # What an acknowledgement tells, too, no flag of a slot has to say.
    assert sum(pair.flag.frame is not None for pair in pairs) <= 8


def test_loops_in_a_row_over_one_tile_share_one_flag() -> None:
    loops = [LoopNode(Block([load(), vector(0, 4), store(4, 8)])) for _ in range(20)]
    program, _, _ = solved(*loops)
    assign_event_ids(program)
    flags = {pair.flag for pair in program.syncs()[0] if pair.flag.frame}
    assert flags
    assert all(len(flag.pairs) == len(loops) for flag in flags)
    assert not program.syncs()[1]


def test_loops_in_a_row_over_many_tiles_take_turns_with_flags() -> None:
    loops = [LoopNode(Block([load(8 * i, 8 * i + 4), vector(8 * i, 8 * i + 4)])) for i in range(20)]
    program, _, _ = solved(*loops)
    assign_event_ids(program)
    assert not any(barrier.pipe is None for barrier in program.syncs()[1])


def test_a_set_waits_for_an_acknowledgement_where_nothing_else_holds_it_back() -> None:
    # Whether the branch is taken or not, V sets the flag in each pass.
    loop = LoopNode(Block([IfNode((Block([load()]), Block())), vector(0, 4)]))
    program, _, _ = solved(loop)
    assign_event_ids(program)
    assert not any(barrier.pipe is None for barrier in program.syncs()[1])


def test_flags_of_one_source_may_share_their_ids() -> None:
    # V to MTE3 and V to MTE2 are both set at the end of a pass.
    loop = LoopNode(Block([load(0, 4), load(4, 8), vector(0, 8), vector(4, 12), store(8, 12), store(12, 16)]))
    used = {}
    for scope in Scope:
        program, _, _ = solved(loop_copy(loop))
        assign_event_ids(program, scope=scope)
        flags = {pair.flag for pair in program.syncs()[0] if pair.flag.src is Pipe.V}
        used[scope] = sorted((flag.dst, flag.event_id) for flag in flags)
    assert len({event_id for _, event_id in used[Scope.SOURCE]}) == len(used[Scope.SOURCE])
    assert len({event_id for _, event_id in used[Scope.PAIR]}) < len(used[Scope.PAIR])


def loop_copy(loop: LoopNode) -> LoopNode:
    """The same loop with nodes of its own."""
    return LoopNode(Block([OpNode(op.pipe, op.accesses) for op in loop.body.nodes if isinstance(op, OpNode)]))


def sync_count(program: Program) -> int:
    """Number of pairs and barriers."""
    pairs, barriers = program.syncs()
    return len(pairs) + len(barriers)


DRAWS = st.sampled_from([random_program, random_pipeline, random_rings])


# With few ids a flag that takes turns with three, and sets before it waits, has to do with one.
@example(464, 2, random_rings)
@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([2, 3, 8]), DRAWS)
def test_the_judge_finds_nothing_in_random_programs(
    seed: int, limit: int, draw: Callable[[random.Random], Program]
) -> None:
    rng = random.Random(seed)
    program = draw(rng)
    solve(program)
    assign_event_ids(program, limit)
    for _ in range(3):
        verdict = judge(execute(program, rng))
        assert verdict.ok, verdict.findings[0]
        assert verdict.warnings == (), "a flag may be set before its last wait is over"


@settings(max_examples=40)
@given(st.integers(0, 2**32), DRAWS)
def test_no_sync_of_a_random_program_is_redundant(seed: int, draw: Callable[[random.Random], Program]) -> None:
    program = draw(random.Random(seed))
    solve(program)
    pairs, barriers = program.syncs()
    for barrier in barriers:
        program.remove(barrier)
        assert has_hazard(program)
        program.add(barrier)
    for pair in pairs:
        program.remove(pair)
        assert has_hazard(program)
        program.add(pair)
