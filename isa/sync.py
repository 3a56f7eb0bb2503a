"""One walk over what the cores of a block issue: queues, flags, barriers and FIFO signals, each rule stated once.

The walk runs the cores in turn, each until a TPOP or TALLOC must wait for a signal that nobody has sent yet. What it
computes is the visitor's: times for a timeline, clocks for a judge. The rules:

* `set_flag(src, dst, id)` happens when everything issued to src before it is complete; `wait_flag` holds back what is
  issued to dst after it. A flag is a counter of one.
* a barrier drains its pipe, PIPE_ALL every pipe of the core, and the scalar unit with them.
* TPUSH signals "full" behind the pipe of the stores, TFREE signals "free" behind MTE2. TPOP and TALLOC block the scalar
  unit: nothing after them is issued before the signals of all producers, or of all consumers, are there.
* TALLOC number n reuses a slot from n = slots on. The real library hands slots back in batches, which changes times and
no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from isa.pipes import Kind, Pipe

T = TypeVar("T")

Instruction = tuple[int, int, int, int]
"""Kind, pipe, then destination pipe and event id of a flag, or the FIFO's id and 0."""

_OP, _SET_FLAG, _WAIT_FLAG, _BARRIER = map(int, (Kind.OP, Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER))
_TALLOC, _TPUSH, _TPOP = map(int, (Kind.TALLOC, Kind.TPUSH, Kind.TPOP))


class Misuse(Enum):
    """What a program does wrong whatever its times are."""

    SET_TWICE = "flag set twice"
    WAIT_WITHOUT_SET = "wait without a set"
    NOT_A_PRODUCER = "this core is not on the producer side of the FIFO"
    NOT_A_CONSUMER = "this core is not on the consumer side of the FIFO"
    PUSH_WITHOUT_ALLOC = "pushed without a TALLOC of the slot"
    FREE_WITHOUT_POP = "freed without a TPOP of the slot"


class Visitor(Generic[T]):
    """What a walk computes. `position` numbers the instructions of a core; T is what a signal carries."""

    def op(self, core: int, position: int, pipe: int) -> None:
        """An operation is issued to `pipe`."""
        raise NotImplementedError

    def signal(self, core: int, position: int, pipe: int) -> T:
        """Return what is known when everything issued to `pipe` so far is complete."""
        raise NotImplementedError

    def receive(self, core: int, position: int, pipe: int, signal: T) -> None:
        """What is issued to `pipe` from here on waits for `signal`."""
        raise NotImplementedError

    def arrive(self, core: int, position: int, kind: int, signals: Sequence[T]) -> None:
        """The core's scalar unit has waited for FIFO signals of other cores: a TPOP or a TALLOC, by `kind`."""
        raise NotImplementedError

    def drain(self, core: int, position: int, pipe: int) -> None:
        """A barrier on `pipe`, perhaps Pipe.ALL."""
        raise NotImplementedError

    def flag(self, core: int, position: int, instruction: Instruction) -> None:
        """A set_flag or wait_flag is about to be walked: for what a visitor asks of flags beyond their order."""

    def misuse(self, what: Misuse, core: int, position: int, earlier: int | None) -> None:
        """Something is wrong at `position`; `earlier` is the instruction that it collides with, if there is one."""


@dataclass(frozen=True)
class Ring:
    """A FIFO of a block, by the numbers of the cores on its two sides."""

    slots: int
    producers: tuple[int, ...]
    consumers: tuple[int, ...]
    free_batch: int = 1
    """Slots that are handed back at a time; `free_batch_of` is what the device's library does."""


def free_batch_of(slots: int) -> int:
    """Return how many slots the device's FIFO library hands back at a time."""
    return slots if slots <= 2 else slots // 2


class Traffic(NamedTuple):
    """How often each core of a side has done what on a FIFO."""

    allocs: Mapping[int, int]
    pushes: Mapping[int, int]
    pops: Mapping[int, int]
    frees: Mapping[int, int]


class _RingState(Generic[T]):
    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.full: dict[int, list[T]] = {core: [] for core in ring.producers}
        self.free: dict[int, list[T]] = {core: [] for core in ring.consumers}
        self.allocs = dict.fromkeys(ring.producers, 0)
        self.pops = dict.fromkeys(ring.consumers, 0)

    def awaited(self, core: int, pops: bool) -> tuple[Mapping[int, Sequence[T]], int]:
        """Return the signals that the next TPOP or TALLOC of `core` waits for, and the number of the one; -1 for
        none.
        """
        if pops:
            return self.full, self.pops[core]
        number, batch = self.allocs[core], self.ring.free_batch
        # The first `slots` TALLOCs find empty slots. After that only the first one of a batch waits: for the last
        # TFREE of the batch that had these slots before, which is number - slots + batch - 1.
        waits = number >= self.ring.slots and number % batch == 0
        return self.free, number - self.ring.slots + batch - 1 if waits else -1


class Walk(Generic[T]):
    """A walk over `streams`, one per core, with `rings` by FIFO id. A FIFO that is not among them orders nothing."""

    def __init__(
        self, streams: Sequence[Sequence[Instruction]], rings: Mapping[int, Ring], visitor: Visitor[T]
    ) -> None:
        self._streams = streams
        self._visitor = visitor
        self._rings: dict[int, _RingState[T]] = {number: _RingState(ring) for number, ring in rings.items()}
        self._flags: dict[tuple[int, int, int, int], tuple[T, int]] = {}
        self.next = [0] * len(streams)
        """Where each core stands; after `run`, the instruction at which it is stuck, or the end."""

    def run(self) -> bool:
        """Walk to the end; return False if the cores are stuck before it, each waiting for another's signal."""
        while True:
            before = list(self.next)
            for core in range(len(self._streams)):
                self._run_core(core)
            # A round in which no core moved: nobody is left to send what the others wait for.
            if self.next == before:
                return all(at == len(stream) for at, stream in zip(self.next, self._streams, strict=True))

    def missing(self, core: int) -> tuple[int, int, list[int]]:
        """Return (FIFO, number of the signal, cores that have not sent it) for a core that is stuck."""
        kind, _, fifo, _ = self._streams[core][self.next[core]]
        signals, number = self._rings[fifo].awaited(core, kind == _TPOP)
        return fifo, number, [other for other, sent in signals.items() if len(sent) <= number]

    def is_set(self, core: int, src: int, dst: int, event_id: int) -> bool:
        """Whether a flag is set and nobody has waited for it."""
        return (core, src, dst, event_id) in self._flags

    def traffic(self, fifo: int) -> Traffic:
        """Return what each core has done on a FIFO so far."""
        state = self._rings[fifo]
        pushes = {core: len(sent) for core, sent in state.full.items()}
        frees = {core: len(sent) for core, sent in state.free.items()}
        return Traffic(state.allocs, pushes, state.pops, frees)

    def left_set(self) -> list[tuple[int, int]]:
        """Return (core, position) of each flag that was set and never waited for."""
        return [(core, position) for (core, *_), (_, position) in self._flags.items()]

    def _run_core(self, core: int) -> None:
        stream, visitor = self._streams[core], self._visitor
        position, end = self.next[core], len(stream)
        while position < end:
            kind, pipe, second, third = stream[position]
            if kind == _OP:
                visitor.op(core, position, pipe)
            elif kind == _SET_FLAG:
                visitor.flag(core, position, stream[position])
                self._set_flag(core, position, pipe, second, third)
            elif kind == _WAIT_FLAG:
                visitor.flag(core, position, stream[position])
                self._wait_flag(core, position, pipe, second, third)
            elif kind == _BARRIER:
                visitor.drain(core, position, pipe)
            # A core that must wait stays at this instruction and tries it again in the next round.
            elif second in self._rings and not self._fifo(core, position, kind, pipe, self._rings[second]):
                break
            position += 1
        self.next[core] = position

    def _set_flag(self, core: int, position: int, src: int, dst: int, event_id: int) -> None:
        flag = core, src, dst, event_id
        if flag in self._flags:
            self._visitor.misuse(Misuse.SET_TWICE, core, position, self._flags[flag][1])
        # After a misuse the later set replaces the earlier one, and the walk goes on.
        self._flags[flag] = self._visitor.signal(core, position, src), position

    def _wait_flag(self, core: int, position: int, src: int, dst: int, event_id: int) -> None:
        pending = self._flags.pop((core, src, dst, event_id), None)
        if pending is None:
            self._visitor.misuse(Misuse.WAIT_WITHOUT_SET, core, position, None)
        else:
            self._visitor.receive(core, position, dst, pending[0])

    def _fifo(self, core: int, position: int, kind: int, pipe: int, state: _RingState[T]) -> bool:
        """Run a FIFO instruction; return False if it must wait."""
        produces = kind in (_TALLOC, _TPUSH)
        # A core that is not on this side has no counters here: it is reported, and the instruction passed over.
        if core not in (state.allocs if produces else state.pops):
            side = Misuse.NOT_A_PRODUCER if produces else Misuse.NOT_A_CONSUMER
            self._visitor.misuse(side, core, position, None)
        elif kind in (_TALLOC, _TPOP):
            return self._take(core, position, kind, state)
        elif kind == _TPUSH:
            if len(state.full[core]) == state.allocs[core]:
                self._visitor.misuse(Misuse.PUSH_WITHOUT_ALLOC, core, position, None)
            # Its pipe is that of the stores which it announces.
            state.full[core].append(self._visitor.signal(core, position, pipe))
        else:
            if len(state.free[core]) == state.pops[core]:
                self._visitor.misuse(Misuse.FREE_WITHOUT_POP, core, position, None)
            # The loads from the slot ran on MTE2, whatever pipe the instruction itself is on.
            state.free[core].append(self._visitor.signal(core, position, Pipe.MTE2))
        return True

    def _take(self, core: int, position: int, kind: int, state: _RingState[T]) -> bool:
        """Take the next slot to read or to fill; return False if its signals have not been sent."""
        signals, number = state.awaited(core, kind == _TPOP)
        if number >= 0:
            # With nobody on the other side no signal ever comes; `any` of nothing would let the core pass.
            if not signals or any(len(sent) <= number for sent in signals.values()):
                return False
            self._visitor.arrive(core, position, kind, [sent[number] for sent in signals.values()])
        counts = state.pops if kind == _TPOP else state.allocs
        counts[core] += 1
        return True
