"""Tests of the walk: who waits for whom, with a visitor that writes down what it is told."""

from __future__ import annotations

from collections.abc import Sequence

from isa.pipes import Kind, Pipe
from isa.sync import Instruction, Misuse, Ring, Visitor, Walk, free_batch_of

OP: Instruction = (Kind.OP, Pipe.V, 0, 0)


def flag(kind: Kind, src: Pipe = Pipe.V, dst: Pipe = Pipe.MTE3, event: int = 0) -> Instruction:
    return (kind, src, dst, event)


def fifo(kind: Kind, number: int = 0) -> Instruction:
    return (kind, Pipe.MTE3, number, 0)


class Log(Visitor[str]):
    """Signals are named after where they were sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def op(self, core: int, position: int, pipe: int) -> None:
        self.lines.append(f"{core}.{position} op {Pipe(pipe).name}")

    def signal(self, core: int, position: int, pipe: int) -> str:
        return f"{Pipe(pipe).name}@{core}.{position}"

    def receive(self, core: int, position: int, pipe: int, signal: str) -> None:
        self.lines.append(f"{core}.{position} {Pipe(pipe).name} after {signal}")

    def arrive(self, core: int, position: int, kind: int, signals: Sequence[str]) -> None:
        self.lines.append(f"{core}.{position} {Kind(kind).name} after {' '.join(signals)}")

    def drain(self, core: int, position: int, pipe: int) -> None:
        self.lines.append(f"{core}.{position} drain {Pipe(pipe).name}")

    def misuse(self, what: Misuse, core: int, position: int, earlier: int | None) -> None:
        self.lines.append(f"{core}.{position} {what.value} {earlier}")


def walk(streams: Sequence[Sequence[Instruction]], rings: dict[int, Ring] | None = None) -> tuple[Log, Walk[str], bool]:
    log = Log()
    walk = Walk(streams, rings or {}, log)
    return log, walk, walk.run()


def test_a_flag_holds_back_the_pipe_that_waits() -> None:
    log, _, ended = walk([[OP, flag(Kind.SET_FLAG), flag(Kind.WAIT_FLAG), (Kind.BARRIER, Pipe.ALL, 0, 0)]])
    assert ended
    assert log.lines == ["0.0 op V", "0.2 MTE3 after V@0.1", "0.3 drain ALL"]


def test_a_flag_is_a_counter_of_one() -> None:
    log, state, _ = walk([[flag(Kind.SET_FLAG), flag(Kind.SET_FLAG), flag(Kind.WAIT_FLAG), flag(Kind.WAIT_FLAG)]])
    assert "0.1 flag set twice 0" in log.lines
    assert "0.3 wait without a set None" in log.lines
    assert state.left_set() == []


def test_a_flag_that_nobody_waits_for_is_left_set() -> None:
    assert walk([[OP, flag(Kind.SET_FLAG)]])[1].left_set() == [(0, 1)]


def test_a_pop_waits_for_all_producers_and_an_alloc_for_all_consumers() -> None:
    ring = Ring(slots=1, producers=(1, 2), consumers=(0,))
    cube = [fifo(Kind.TPOP), fifo(Kind.TFREE)]
    vector = [fifo(Kind.TALLOC), fifo(Kind.TPUSH), fifo(Kind.TALLOC), fifo(Kind.TPUSH)]
    log, _, ended = walk([cube * 2, vector, vector], {0: ring})
    assert ended
    assert "0.0 TPOP after MTE3@1.1 MTE3@2.1" in log.lines
    assert "1.2 TALLOC after MTE2@0.1" in log.lines


def test_slots_handed_back_in_batches_are_waited_for_in_batches() -> None:
    ring = Ring(slots=8, producers=(0,), consumers=(1,), free_batch=free_batch_of(8))
    producer = [fifo(Kind.TALLOC), fifo(Kind.TPUSH)] * 16
    consumer = [fifo(Kind.TPOP), fifo(Kind.TFREE)] * 16
    log, _, ended = walk([producer, consumer], {0: ring})
    assert ended
    allocs = [line for line in log.lines if "TALLOC" in line]
    # Allocations 8 and 12: each waits for the last free of a batch of 4, numbers 3 and 7.
    assert allocs == ["0.16 TALLOC after MTE2@1.7", "0.24 TALLOC after MTE2@1.15"]


def test_cores_that_wait_for_each_other_are_stuck_and_say_for_what() -> None:
    ring = Ring(slots=8, producers=(0,), consumers=(1,))
    _, state, ended = walk([[OP], [fifo(Kind.TPOP)]], {0: ring})
    assert not ended
    assert state.next == [1, 0]
    assert state.missing(1) == (0, 0, [0])


def test_misuse_of_a_fifo_is_told() -> None:
    ring = Ring(slots=8, producers=(0,), consumers=(1,))
    log, _, _ = walk([[fifo(Kind.TPUSH), fifo(Kind.TPOP)], [fifo(Kind.TFREE)]], {0: ring})
    assert log.lines == [
        "0.0 pushed without a TALLOC of the slot None",
        "0.1 this core is not on the consumer side of the FIFO None",
        "1.0 freed without a TPOP of the slot None",
    ]
