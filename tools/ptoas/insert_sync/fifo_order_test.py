"""What FIFO signals order, so that nothing else has to: programs of a core that sends and gets answers."""

import pytest

from isa.pipes import Pipe
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.fifo_order import link
from tools.ptoas.insert_sync.nodes import Block, FifoNode, LoopNode, Node, OpNode
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.testing import RETURNED, SENT, answering_program, read, write


def push() -> FifoNode:
    """Announce what FIX has stored."""
    return FifoNode(SENT, True, Pipe.FIX)


def pop() -> FifoNode:
    """Take an answer."""
    return FifoNode(RETURNED, False, Pipe.MTE2)


def produce() -> list[Node]:
    """A matmul whose result is stored."""
    return [OpNode(Pipe.M, (write(0, 4),)), OpNode(Pipe.FIX, (read(0, 4),))]


def reuse() -> OpNode:
    """Something on a third pipe that overwrites the result."""
    return OpNode(Pipe.MTE1, (write(0, 4),))


def flags(other: Program, *nodes: Node) -> list[tuple[Pipe, Pipe]]:
    """Pipes of the flags that a program needs beside `other`."""
    program = build_program(Block(list(nodes)))
    link(program, other)
    solve(program)
    return [(pair.flag.src, pair.flag.dst) for pair in program.syncs()[0]]


def other_core(*pushes: bool) -> Program:
    """A program that repeats pops of what was sent (False) and answers (True)."""
    return build_program(Block([LoopNode(Block([FifoNode(RETURNED if p else SENT, p, Pipe.MTE3) for p in pushes]))]))


PRODUCED = (Pipe.M, Pipe.FIX)
REUSED = (Pipe.FIX, Pipe.MTE1)


def test_an_answer_orders_what_was_announced_before_what_comes_next() -> None:
    assert flags(answering_program(), *produce(), push(), pop(), reuse()) == [PRODUCED]


def test_what_is_issued_after_the_push_is_not_announced() -> None:
    assert flags(answering_program(), push(), *produce(), pop(), reuse()) == [PRODUCED, REUSED]


def test_what_is_reused_before_the_answer_is_not_known_to_be_done() -> None:
    assert flags(answering_program(), *produce(), push(), reuse(), pop()) == [PRODUCED, REUSED]


def test_a_push_tells_nothing_of_other_pipes() -> None:
    assert flags(answering_program(), OpNode(Pipe.M, (read(0, 4),)), push(), pop(), reuse()) == [(Pipe.M, Pipe.MTE1)]


@pytest.mark.parametrize(("answers", "needed"), [(1, [PRODUCED, REUSED]), (2, [PRODUCED])])
def test_answers_are_counted(answers: int, needed: list[tuple[Pipe, Pipe]]) -> None:
    pops = [pop() for _ in range(answers)]
    assert flags(answering_program(), push(), *produce(), push(), *pops, reuse()) == needed


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ((False, True), [PRODUCED]),
        ((True, False), [PRODUCED, REUSED]),
        ((False, False, True), [PRODUCED]),
        ((False, True, True), [PRODUCED, REUSED]),
        ((True,), [PRODUCED, REUSED]),
        ((), [PRODUCED, REUSED]),
    ],
)
def test_only_answers_that_follow_the_receipt_count(pattern: tuple[bool, ...], needed: list[tuple[Pipe, Pipe]]) -> None:
    assert flags(other_core(*pattern), *produce(), push(), pop(), reuse()) == needed


def test_a_short_loop_is_counted_pass_by_pass() -> None:
    def loop(node: FifoNode, *, trips: int) -> LoopNode:
        return LoopNode(Block([node]), fewest_trips=trips, most_trips=trips)

    def needed(pops: int) -> list[tuple[Pipe, Pipe]]:
        return flags(answering_program(), *produce(), loop(push(), trips=3), loop(pop(), trips=pops), reuse())

    assert needed(pops=1) == [PRODUCED]
    assert flags(answering_program(), loop(push(), trips=3), *produce(), push(), loop(pop(), trips=3), reuse()) == [
        PRODUCED,
        REUSED,
    ]


def test_a_loop_of_unknown_length_keeps_the_count_only_if_it_is_balanced() -> None:
    def steady(*nodes: Node) -> list[tuple[Pipe, Pipe]]:
        return flags(answering_program(), *produce(), push(), LoopNode(Block(list(nodes))), pop(), reuse())

    assert steady(push(), pop()) == [PRODUCED]
    assert steady(pop(), push()) == [PRODUCED]
    assert steady(push()) == [PRODUCED, REUSED]
