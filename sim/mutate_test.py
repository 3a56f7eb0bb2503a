"""Tests of mutants and their judgement on small synthetic programs."""

from __future__ import annotations

import pytest

from isa.pipes import Kind, Pipe
from sim.confirm import edit_cpp
from sim.mutants import Instruction, Mutant, Mutation, mutants, take_inventory
from sim.mutate import Outcome, UncleanError, judge_mutants, sample, summary, summary_text
from sim.record import Recording
from tracing.builder import TraceBuilder, span
from tracing.format import Buffer, Trace

A, B = span(Buffer.UB, 0, 128), span(Buffer.UB, 128, 128)
L1, SLOT = span(Buffer.L1, 0, 128), span(Buffer.GM, 4096, 128)


def loop(rounds: int, *, superfluous_barrier: bool = False) -> Trace:
    """Load, compute, load again: flags both ways, one of them primed, carried and drained."""
    build = TraceBuilder()
    vec = build.core("vec")
    vec.set_flag(Pipe.V, Pipe.MTE2, 0, line=1)
    for _ in range(rounds):
        vec.wait_flag(Pipe.V, Pipe.MTE2, 0, line=2)
        vec.op("TLOAD", Pipe.MTE2, writes=[A], line=3)
        vec.set_flag(Pipe.MTE2, Pipe.V, 0, line=4)
        vec.wait_flag(Pipe.MTE2, Pipe.V, 0, line=5)
        vec.op("TEXP", Pipe.V, reads=[A], writes=[B], line=6)
        vec.barrier(Pipe.V, line=7)
        if superfluous_barrier:
            vec.barrier(Pipe.V, line=8)
        vec.op("TLOG", Pipe.V, reads=[B], writes=[B], line=12)
        vec.set_flag(Pipe.V, Pipe.MTE2, 0, line=9)
    vec.wait_flag(Pipe.V, Pipe.MTE2, 0, line=10)
    vec.barrier(Pipe.ALL, line=11)
    return build.build()


def outcomes(*traces: Trace) -> list[Outcome]:
    recordings = [Recording(trace, ()) for trace in traces]
    return judge_mutants(recordings, mutants(take_inventory(traces)))


def survivors(found: list[Outcome]) -> list[str]:
    return [outcome.mutant.text for outcome in found if not outcome.killed]


def test_a_flag_is_primed_carried_and_drained_by_all_its_lines() -> None:
    inventory = take_inventory([loop(2)])
    assert [[item.line for item in flag] for flag in inventory.flags] == [[1, 2, 9, 10], [4, 5]]


def test_every_mutant_of_a_minimal_program_is_killed() -> None:
    found = outcomes(loop(1), loop(3))
    assert survivors(found) == []
    assert {outcome.mutant.mutation for outcome in found} == set(Mutation) - {
        Mutation.DELETE_SIGNAL,
        Mutation.WRONG_PIPE,  # a core with two pipes has no third one to take
    }


def test_one_iteration_does_not_show_what_a_loop_needs() -> None:
    assert [text for text in survivors(outcomes(loop(1))) if text.startswith("delete")] == [
        "delete flag (PIPE_V, PIPE_MTE2) of lines 1, 2",
        "delete flag (PIPE_V, PIPE_MTE2) of lines 9, 10",
    ]


def test_superfluous_barriers_are_redundant() -> None:
    found = outcomes(loop(3, superfluous_barrier=True))
    redundant = [outcome for outcome in found if outcome.redundant]
    assert {outcome.mutant.lines for outcome in redundant} == {(7,), (8,)}
    assert not any(outcome.needs_fifos for outcome in redundant)


def test_the_barrier_that_ends_the_kernel_is_not_mutated() -> None:
    inventory = take_inventory([loop(2)])
    assert inventory.final == {11}
    mutated = {line for mutant in mutants(inventory) for line in mutant.lines}
    assert mutated
    assert 11 not in mutated


def test_order_by_fifo_signals_alone_is_told() -> None:
    """The cube loads, sends and loads again: its own flag V to V is not needed as the FIFO comes back."""
    build = TraceBuilder()
    there, back = build.fifo("c2v"), build.fifo("v2c")
    cube, vec = build.core("cube"), build.core("vec")
    cube.op("TLOAD", Pipe.MTE2, writes=[L1], line=1)
    cube.talloc(there, line=2)
    cube.op("TSTORE", Pipe.FIX, writes=[SLOT], line=3)
    for src, dst in ((Pipe.MTE2, Pipe.FIX), (Pipe.FIX, Pipe.MTE1)):
        cube.set_flag(src, dst, 0, line=4)
        cube.wait_flag(src, dst, 0, line=4)
    cube.tpush(there, Pipe.FIX, line=5)
    vec.tpop(there, line=20)
    vec.op("TLOAD", Pipe.MTE2, reads=[SLOT], writes=[A], line=21)
    vec.tfree(there, line=22)
    vec.set_flag(Pipe.MTE2, Pipe.MTE3, 0, line=23)
    vec.wait_flag(Pipe.MTE2, Pipe.MTE3, 0, line=23)
    vec.talloc(back, line=24)
    vec.tpush(back, Pipe.MTE3, line=25)
    cube.tpop(back, line=6)
    cube.tfree(back, line=7)
    cube.op("TMOV", Pipe.MTE1, reads=[L1], line=8)
    found = {outcome.mutant.text: outcome for outcome in outcomes(build.build())}
    flag = found["delete flag (PIPE_FIX, PIPE_MTE1) of lines 4, 4"]
    assert (flag.killed, flag.redundant, flag.needs_fifos) == (False, True, True)
    assert found["delete flag (PIPE_MTE2, PIPE_FIX) of lines 4, 4"].killed


def test_a_missing_signal_is_killed() -> None:
    build = TraceBuilder()
    fifo = build.fifo("v2c")
    cube, vec = build.core("cube"), build.core("vec")
    vec.talloc(fifo)
    vec.op("TSTORE", Pipe.MTE3, writes=[SLOT])
    vec.tpush(fifo, Pipe.MTE3)
    cube.tpop(fifo)
    cube.op("TLOAD", Pipe.MTE2, reads=[SLOT], writes=[L1])
    cube.tfree(fifo)
    found = outcomes(build.build())
    assert [outcome.mutant.mutation for outcome in found] == [Mutation.DELETE_SIGNAL] * 2
    assert survivors(found) == []


def test_unclean_programs_are_refused() -> None:
    build = TraceBuilder()
    vec = build.core("vec")
    vec.op("TEXP", Pipe.V, writes=[A])
    vec.op("TLOG", Pipe.V, writes=[A])
    with pytest.raises(UncleanError, match="findings before it is mutated, such as WAW at line 2"):
        outcomes(build.build())


def test_sample_is_the_same_for_the_same_seed() -> None:
    found = mutants(take_inventory([loop(2)]))
    assert sample(found, 5) == sample(found, 5)
    assert sample(found, 5) != sample(found, 5, seed=1)
    assert sample(found, 10_000) == found


def test_summary_counts_by_mutation() -> None:
    report = summary(outcomes(loop(3, superfluous_barrier=True)))
    rows = {row["mutation"]: row for row in report["by_mutation"]}
    barriers = rows["delete a pipe_barrier"]
    assert (barriers["mutants"], barriers["killed"], barriers["redundant"]) == (2, 0, 2)
    assert report["score"] == 1.0
    text = summary_text("kernel", report)
    assert text.startswith(f"kernel: {report['killed']} of {report['mutants']} mutants killed, score 100.00%\n")
    assert "redundant: delete line 7 pipe_barrier(PIPE_V) (in order without it)" in text


CPP = """int a;
  set_flag( PIPE_V ,PIPE_MTE2, EVENT_ID1 ); wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID1);
  pipe_barrier(PIPE_V);
"""
SET = Instruction(2, Kind.SET_FLAG, Pipe.V, Pipe.MTE2, 1)


def test_edited_cpp_has_the_mutation_on_the_same_line() -> None:
    wait = "wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID1);"
    deleted = edit_cpp(CPP, Mutant(Mutation.DELETE_FLAG, (SET,), ""))
    assert deleted.splitlines()[1].split() == wait.split()
    renamed = edit_cpp(CPP, Mutant(Mutation.EVENT_ID, (SET,), "", {"event_id": 2}))
    assert renamed.splitlines()[1].strip() == f"set_flag(PIPE_V, PIPE_MTE2, EVENT_ID2); {wait}"
    barrier = Mutant(Mutation.DELETE_BARRIER, (Instruction(3, Kind.BARRIER, Pipe.V),), "")
    assert edit_cpp(CPP, barrier).splitlines()[2].strip() == ""


@pytest.mark.parametrize("line", [1, 3, 99])
def test_edited_cpp_must_have_the_instruction_where_the_trace_says(line: int) -> None:
    moved = Instruction(line, Kind.SET_FLAG, Pipe.V, Pipe.MTE2, 1)
    with pytest.raises(ValueError, match=f"line {line} of the C\\+\\+ has no set_flag"):
        edit_cpp(CPP, Mutant(Mutation.DELETE_FLAG, (moved,), ""))
