"""Replay of a block's program under the clock model: finds what nothing orders.

The cores of the block run in turn, each until a TPOP or TALLOC must wait for a signal that has not been sent.
Any such order gives the same clocks, so the same findings. Per region the replay keeps the last write and the
last read of every queue: if an op conflicts with an earlier one that is not ordered before it, then also with
the last one of that queue, or some write in between conflicts with one of the two. So a program without
findings has no unordered conflict at all; of a chain of unordered conflicts the adjacent pairs are reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from sim.happens_before import Clocks, Token, queue_number
from sim.program import BlockProgram
from sim.trace import EVENT_IDS, QUEUES, Buffer, Fifo, Kind, Pipe
from sim.vector_repeats import VRule, is_in_time

_OP, _SET_FLAG, _WAIT_FLAG, _BARRIER = map(int, (Kind.OP, Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER))
_V = int(Pipe.V)
_UNWRITTEN, _BEFORE_LAUNCH = -1, -2
"""States of a region without a write in the trace: it holds no value, or what was there before the launch."""
EVENT_FIELDS = ("kind", "pipe", "dst_pipe", "event_id", "fifo")


class FindingKind(Enum):
    """What is wrong."""

    RAW = "RAW"
    WAR = "WAR"
    WAW = "WAW"
    UNWRITTEN = "read of bytes nobody wrote"
    SET_TWICE = "flag set twice"
    WAIT_WITHOUT_SET = "wait without a set"
    LEFT_SET = "set without a wait"
    EVENT_ID = "event id out of range"
    FLAG_PIPES = "flag from a pipe to itself"
    FIFO = "FIFO misuse"
    DEADLOCK = "deadlock"
    REUSE = "flag set again perhaps before its last wait"
    """A warning: in issue order the flag is free, but the setting pipe does not know that the waiting one was there."""


class Place(NamedTuple):
    """An event of a block's program."""

    core: int
    position: int


class Key(NamedTuple):
    """Findings with the same key are one finding with a count."""

    kind: FindingKind
    first_line: int
    second_line: int
    detail: str


@dataclass
class RawFinding:
    """Occurrences of one finding in one block; the example is the first one, or the closest on V."""

    first: Place | None
    """Earlier event of a pair."""
    second: Place
    """Later event of a pair, or the event at fault."""
    region: int
    """Region of the first conflict, or -1."""
    count: int
    repeats: int | None = None
    """For two operations of one V: the fewest repeats from the one access to the other, over all occurrences."""


class _FifoState:
    """Signals of one FIFO of one block."""

    def __init__(self, fifo: Fifo, producers: list[int], consumers: list[int]) -> None:
        self.fifo = fifo
        self.producers, self.consumers = producers, consumers
        self.full: dict[int, list[Token]] = {core: [] for core in producers}
        self.free: dict[int, list[Token]] = {core: [] for core in consumers}
        self.allocs = dict.fromkeys(producers, 0)
        self.pops = dict.fromkeys(consumers, 0)


class Replay:
    """One run of `program`; `findings` holds what it found, `warnings` what is no error by the rules.

    By VRule.REPEATS, conflicts within V that are far enough apart are not findings but `in_time`. With `stop_at_first`
    it ends at the first finding. Without `fifo_order` FIFO signals order nothing, and only what a core does to its own
    buffers is judged: what is in order then needs no other core to be so.
    """

    def __init__(
        self,
        program: BlockProgram,
        *,
        v_rule: VRule = VRule.STRICT,
        stop_at_first: bool = False,
        fifo_order: bool = True,
    ) -> None:
        """Prepare; nothing runs yet."""
        self.findings: dict[Key, RawFinding] = {}
        self.in_time: dict[Key, RawFinding] = {}
        self.warnings: dict[Key, RawFinding] = {}
        self._program = program
        self._patterns = program.patterns
        self._v_rule = v_rule
        self._stop_at_first = stop_at_first
        self._fifo_order = fifo_order
        self._clocks = Clocks(len(program.cores))
        self._flags: dict[tuple[int, int, int, int], tuple[Token, int]] = {}
        self._last_wait: dict[tuple[int, int, int, int], int] = {}
        self._fifos = {fifo.id: _fifo_state(fifo, program) for fifo in program.fifos}
        self._next = [0] * len(program.cores)
        self._lines = [part.events["line"].tolist() for part in program.cores]
        self._fields = [
            (*(part.events[name].tolist() for name in EVENT_FIELDS), part.patterns.tolist()) for part in program.cores
        ]
        # State of a region: queue of the last write (or a negative state), its position, {queue: last read}.
        self._write_queue = [_BEFORE_LAUNCH if region.initialised else _UNWRITTEN for region in program.regions]
        self._write_position = [0] * len(program.regions)
        self._reads: list[dict[int, int]] = [{} for _ in program.regions]

    def run(self) -> dict[Key, RawFinding]:
        """Replay to the end, or to the deadlock, and return the findings."""
        cores = range(len(self._program.cores))
        while True:
            before = list(self._next)
            for core in cores:
                self._run_core(core)
                if self._stop_at_first and self.findings:
                    return self.findings
            if self._next == before:
                break
        stuck = [core for core in cores if self._next[core] < len(self._lines[core])]
        for core in stuck:
            self._add(FindingKind.DEADLOCK, None, Place(core, self._next[core]), self._missing_signals(core))
        if not stuck:
            self._check_leftovers()
        return self.findings

    def pipe(self, core: int, position: int) -> int:
        """Return the pipe of the event at `position` of core number `core`."""
        return int(self._fields[core][1][position])

    def _run_core(self, core: int) -> None:
        """Run `core` until it has to wait or its program ends. The hot loop: plain integers, lists and few calls."""
        kinds, pipes, *_, numbers = self._fields[core]
        rows, base = self._clocks.rows, core * QUEUES
        vector_queue = base + _V
        position, end = self._next[core], len(kinds)
        while position < end:
            kind = kinds[position]
            if kind == _OP:
                queue = base + pipes[position]
                row = rows[queue]
                if queue != vector_queue:
                    row[queue] = position
                self._check_op(core, position, queue, row, numbers[position])
                if queue == base:
                    self._clocks.finish_scalar(core, position)
            elif kind == _BARRIER and pipes[position] == _V:
                rows[vector_queue][vector_queue] = position
            elif not self._synchronise(core, position, kind):
                break
            position += 1
            if self._stop_at_first and self.findings:
                break
        self._next[core] = position

    def _check_op(self, core: int, position: int, queue: int, row: list[int], pattern: int) -> None:
        """Compare the op at `position`, which starts with clock `row`, with the last accesses of its regions."""
        reads, writes = self._patterns[pattern]
        write_queue, write_position, reads_of = self._write_queue, self._write_position, self._reads
        for region in reads:
            last = write_queue[region]
            if last >= 0:
                if write_position[region] >= row[last]:
                    self._conflict(FindingKind.RAW, last, write_position[region], core, position, region)
            elif last == _UNWRITTEN:
                self._add(FindingKind.UNWRITTEN, None, Place(core, position), "", region)
        for region in writes:
            last = write_queue[region]
            if last >= 0 and write_position[region] >= row[last]:
                self._conflict(FindingKind.WAW, last, write_position[region], core, position, region)
            readers = reads_of[region]
            if readers:
                for reader, read_position in readers.items():
                    if read_position >= row[reader]:
                        self._conflict(FindingKind.WAR, reader, read_position, core, position, region)
                readers.clear()
            write_queue[region] = queue
            write_position[region] = position
        for region in reads:
            reads_of[region][queue] = position

    def _synchronise(self, core: int, position: int, kind: int) -> bool:
        """Run an event that is no op; return False if it must wait."""
        _, pipes, destinations, event_ids, fifos, _ = self._fields[core]
        pipe = pipes[position]
        if kind == _SET_FLAG:
            self._set_flag(core, position, pipe, destinations[position], event_ids[position])
        elif kind == _WAIT_FLAG:
            self._wait_flag(core, position, pipe, destinations[position], event_ids[position])
        elif kind == _BARRIER:
            self._clocks.drain(core, pipe, position)
        else:
            return not self._fifo_order or self._fifo_event(core, position, kind, pipe, self._fifos[fifos[position]])
        return True

    def _conflict(self, kind: FindingKind, queue: int, earlier: int, core: int, position: int, region: int) -> None:
        if self._fifo_order or self._program.regions[region].buffer != Buffer.GM:
            repeats = self.repeats(queue, earlier, core, position)
            in_time = self._v_rule is VRule.REPEATS and is_in_time(repeats)
            found = self.in_time if in_time else self.findings
            pair = Place(queue // QUEUES, earlier), Place(core, position)
            self._note(found, kind, "", RawFinding(*pair, region, 1, repeats))

    def repeats(self, queue: int, earlier: int, core: int, position: int) -> int | None:
        """Return the distance of two operations if both are of the V of one core."""
        if queue != queue_number(core, Pipe.V) or self.pipe(core, position) != Pipe.V:
            return None
        return self._program.cores[core].repeats_between(earlier, position)

    def _add(self, kind: FindingKind, first: Place | None, second: Place, detail: str = "", region: int = -1) -> None:
        found = self.warnings if kind is FindingKind.REUSE else self.findings
        self._note(found, kind, detail, RawFinding(first, second, region, 1))

    def _note(self, found: dict[Key, RawFinding], kind: FindingKind, detail: str, new: RawFinding) -> None:
        first, second = new.first, new.second
        first_line = self._lines[first.core][first.position] if first else 0
        key = Key(kind, first_line, self._lines[second.core][second.position], detail)
        known = found.get(key)
        if known is None:
            found[key] = new
        elif new.repeats is not None and known.repeats is not None and new.repeats < known.repeats:
            # The closest occurrence is the one to describe.
            found[key] = replace(new, count=known.count + 1)
        else:
            known.count += 1

    def _set_flag(self, core: int, position: int, src: int, dst: int, event_id: int) -> None:
        place = Place(core, position)
        if event_id >= EVENT_IDS:
            self._add(FindingKind.EVENT_ID, None, place)
        if src == dst:
            self._add(FindingKind.FLAG_PIPES, None, place)
        flag = (core, src, dst, event_id)
        if flag in self._flags:
            self._add(FindingKind.SET_TWICE, Place(core, self._flags[flag][1]), place)
        elif flag in self._last_wait and dst != Pipe.S:
            known = self._clocks.rows[queue_number(core, src)][queue_number(core, dst)]
            if known <= self._last_wait[flag]:
                self._add(FindingKind.REUSE, Place(core, self._last_wait[flag]), place)
        self._flags[flag] = self._clocks.signal(core, src, position), position

    def _wait_flag(self, core: int, position: int, src: int, dst: int, event_id: int) -> None:
        if event_id >= EVENT_IDS:
            self._add(FindingKind.EVENT_ID, None, Place(core, position))
        if src == dst:
            self._add(FindingKind.FLAG_PIPES, None, Place(core, position))
        flag = core, src, dst, event_id
        signal = self._flags.pop(flag, None)
        self._last_wait[flag] = position
        if signal is None:
            self._add(FindingKind.WAIT_WITHOUT_SET, None, Place(core, position))
        else:
            self._clocks.receive(core, dst, signal[0])

    def _fifo_event(self, core: int, position: int, kind: int, pipe: int, state: _FifoState) -> bool:
        """Run a FIFO event; return False if it must wait."""
        produces = kind in (Kind.TALLOC, Kind.TPUSH)
        if core not in (state.producers if produces else state.consumers):
            side = "producer" if produces else "consumer"
            self._add(FindingKind.FIFO, None, Place(core, position), f"this core is not on the {side} side of the FIFO")
        elif kind == Kind.TALLOC:
            return self._talloc(core, state)
        elif kind == Kind.TPOP:
            return self._tpop(core, state)
        elif kind == Kind.TPUSH:
            if len(state.full[core]) == state.allocs[core]:
                self._add(FindingKind.FIFO, None, Place(core, position), "pushed without a TALLOC of the slot")
            state.full[core].append(self._clocks.signal(core, pipe, position))
        else:
            if len(state.free[core]) == state.pops[core]:
                self._add(FindingKind.FIFO, None, Place(core, position), "freed without a TPOP of the slot")
            state.free[core].append(self._clocks.signal(core, Pipe.MTE2, position))
        return True

    def _talloc(self, core: int, state: _FifoState) -> bool:
        reused = state.allocs[core] - state.fifo.slots
        if reused >= 0:
            if not state.free or any(len(signals) <= reused for signals in state.free.values()):
                return False
            for signals in state.free.values():
                self._clocks.receive_everywhere(core, signals[reused])
        state.allocs[core] += 1
        return True

    def _tpop(self, core: int, state: _FifoState) -> bool:
        number = state.pops[core]
        if not state.full or any(len(signals) <= number for signals in state.full.values()):
            return False
        for signals in state.full.values():
            self._clocks.receive_everywhere(core, signals[number])
        state.pops[core] += 1
        return True

    def _missing_signals(self, core: int) -> str:
        """Say which signal the blocked `core` waits for."""
        position = self._next[core]
        kinds, _, _, _, fifos, _ = self._fields[core]
        state = self._fifos[fifos[position]]
        pops = kinds[position] == Kind.TPOP
        signals = state.full if pops else state.free
        number = state.pops[core] if pops else state.allocs[core] - state.fifo.slots
        names = [self._program.cores[other].core for other in signals if len(signals[other]) <= number]
        late = (
            " and ".join(f"{other.kind} subblock {other.subblock}" for other in names)
            or "no core: nobody uses that side"
        )
        return f"{'TPUSH' if pops else 'TFREE'} number {number} of FIFO {state.fifo.id} never comes from {late}"

    def _check_leftovers(self) -> None:
        for (core, *_), (_, position) in self._flags.items():
            self._add(FindingKind.LEFT_SET, None, Place(core, position))
        for state in self._fifos.values():
            for core, allocs in state.allocs.items():
                if allocs > len(state.full[core]):
                    self._fifo_leftover(core, state, Kind.TALLOC, "allocated and never pushed")
            for core, pops in state.pops.items():
                if pops > len(state.free[core]):
                    self._fifo_leftover(core, state, Kind.TPOP, "popped and never freed")
                if state.full and pops < max(map(len, state.full.values())):
                    producer = max(state.full, key=lambda other: len(state.full[other]))
                    who = self._program.cores[core].core
                    text = f"pushed and never popped by {who.kind} subblock {who.subblock}"
                    self._fifo_leftover(producer, state, Kind.TPUSH, text)

    def _fifo_leftover(self, core: int, state: _FifoState, kind: Kind, text: str) -> None:
        """Report the last event of `kind` that `core` did on the FIFO."""
        kinds, _, _, _, fifos, _ = self._fields[core]
        last = max(i for i, (k, f) in enumerate(zip(kinds, fifos, strict=True)) if k == kind and f == state.fifo.id)
        self._add(FindingKind.FIFO, None, Place(core, last), text)


def _fifo_state(fifo: Fifo, program: BlockProgram) -> _FifoState:
    """Return the state of `fifo` before the launch: all cores of a kind take part, however slots are split."""
    by_kind: dict[str, list[int]] = {"cube": [], "vec": []}
    for number, part in enumerate(program.cores):
        by_kind[part.core.kind].append(number)
    sides = by_kind["cube"], by_kind["vec"]
    producers, consumers = sides if fifo.direction == "c2v" else sides[::-1]
    return _FifoState(fifo, producers, consumers)
