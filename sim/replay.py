"""Replay of a block's program under the clock model: finds what nothing orders.

The cores of the block run in turn, each until a TPOP or TALLOC must wait for a signal that has not been sent.
Any such order gives the same clocks, so the same findings. Per region the replay keeps the last write and the
last read of every queue: if an op conflicts with an earlier one that is not ordered before it, then also with
the last one of that queue, or some write in between conflicts with one of the two. So a program without
findings has no unordered conflict at all; of a chain of unordered conflicts the adjacent pairs are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from isa.pipes import EVENT_IDS, QUEUES, Kind, Pipe
from isa.sync import Instruction, Misuse, Visitor, Walk
from sim.happens_before import Clocks, Token, queue_number
from sim.program import BlockProgram
from sim.vector_repeats import VRule, is_in_time
from tracing.format import Buffer, Fifo
from tracing.streams import rings_of, stream_of

_S, _V, _WAIT_FLAG = int(Pipe.S), int(Pipe.V), int(Kind.WAIT_FLAG)
_UNWRITTEN, _BEFORE_LAUNCH = -1, -2
"""States of a region without a write in the trace: it holds no value, or what was there before the launch."""


class FindingKind(Enum):
    """What is wrong."""

    RAW = "RAW"
    WAR = "WAR"
    WAW = "WAW"
    UNWRITTEN = "read of bytes nobody wrote"
    OVERLAP = "result over an operand that is still read"
    SPOILT = "read of what was scratch"
    SET_TWICE = "flag set twice"
    WAIT_WITHOUT_SET = "wait without a set"
    LEFT_SET = "set without a wait"
    EVENT_ID = "event id out of range"
    FLAG_PIPES = "flag from a pipe to itself"
    FIFO = "FIFO misuse"
    DEADLOCK = "deadlock"
    REUSE = "flag set again perhaps before its last wait"
    """A warning: in issue order the flag is free, but the setting pipe does not know that the waiting one was there."""


_FLAG_MISUSE = {Misuse.SET_TWICE: FindingKind.SET_TWICE, Misuse.WAIT_WITHOUT_SET: FindingKind.WAIT_WITHOUT_SET}


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


class _Enough(Exception):
    """The first finding is there, and no other is asked for."""


class Replay(Visitor[Token]):
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
        self._last_wait: dict[tuple[int, int, int, int], int] = {}
        # Lists of ints: the replay reads them event by event, which NumPy scalars make many times slower.
        self._lines = [part.events["line"].tolist() for part in program.cores]
        self._pipes = [part.events["pipe"].tolist() for part in program.cores]
        self._numbers = [part.patterns.tolist() for part in program.cores]
        self._operations = [part.events["op"].tolist() for part in program.cores]
        self._own: dict[tuple[int, int], int | None] = {}
        """By operation and pattern: repeats until it reads what it has written itself."""
        self._streams = [stream_of(part.events) for part in program.cores]
        cores = [part.core for part in program.cores]
        # The walk passes over FIFOs without a ring.
        rings = rings_of(program.fifos, cores) if fifo_order else {}
        self._walk = Walk(self._streams, rings, self)
        # State of a region: queue of the last write (or a negative state), its position, {queue: last read}.
        self._write_queue = [_BEFORE_LAUNCH if region.initialised else _UNWRITTEN for region in program.regions]
        self._write_position = [0] * len(program.regions)
        self._reads: list[dict[int, int]] = [{} for _ in program.regions]
        self._spoilt: set[int] = set()
        """Regions whose last write was to scratch."""
        self._adders: dict[int, dict[tuple[int, ...], int]] = {}
        """By region that was added to since its last write: {(queue, element type, ..): last such atomic store}."""

    def run(self) -> dict[Key, RawFinding]:
        """Replay to the end, or to the deadlock, and return the findings."""
        try:
            if self._walk.run():
                # Not after a deadlock: what is left set or full there follows from it.
                self._check_leftovers()
            else:
                self._check_stuck()
        except _Enough:
            pass
        return self.findings

    def pipe(self, core: int, position: int) -> int:
        """Return the pipe of the event at `position` of core number `core`."""
        return int(self._pipes[core][position])

    def op(self, core: int, position: int, pipe: int) -> None:
        """Check an operation against the last accesses of what it touches."""
        queue = core * QUEUES + pipe
        row = self._clocks.rows[queue]
        # Only V starts an operation before its earlier ones are done, and a repeat before its earlier repeats are.
        if pipe != _V:
            row[queue] = position
        else:
            self._check_result(core, position, self._numbers[core][position])
        self._check_op(core, position, queue, row, self._numbers[core][position])

    def signal(self, core: int, position: int, pipe: int) -> Token:
        """Return the clock that a signal of `pipe` carries."""
        return self._clocks.signal(core, pipe, position)

    def receive(self, core: int, position: int, pipe: int, signal: Token) -> None:
        """Let `pipe` go on after a flag."""
        self._clocks.receive(core, pipe, signal)

    def arrive(self, core: int, position: int, kind: int, signals: Sequence[Token]) -> None:
        """Let the core go on after FIFO signals."""
        for signal in signals:
            self._clocks.receive_everywhere(core, signal)

    def drain(self, core: int, position: int, pipe: int) -> None:
        """A barrier."""
        self._clocks.drain(core, pipe, position)

    def _check_result(self, core: int, position: int, pattern: int) -> None:
        """Check that an operation on V reads nothing that it has written itself, in an earlier repeat."""
        reads, writes, *_ = self._patterns[pattern]
        key = self._operations[core][position], pattern
        if key not in self._own:
            # Without a region that is read and written, there is nothing to ask for.
            overlaps = not set(reads).isdisjoint(writes)
            self._own[key] = self._program.cores[core].repeats_within(position) if overlaps else None
        repeats = self._own[key]
        if repeats is not None:
            in_time = self._v_rule is VRule.REPEATS and is_in_time(repeats)
            place, region = Place(core, position), min({*reads} & {*writes})
            found = self.in_time if in_time else self.findings
            self._note(found, FindingKind.OVERLAP, "", RawFinding(None, place, region, 1, repeats))

    def _check_op(self, core: int, position: int, queue: int, row: list[int], pattern: int) -> None:
        """Compare the op at `position`, which starts with clock `row`, with the last accesses of its regions."""
        reads, writes, spoils, adds = self._patterns[pattern]
        write_queue, write_position, reads_of = self._write_queue, self._write_position, self._reads
        if adds or self._adders:
            self._check_adds(core, position, queue, row, pattern)
        # What an atomic store adds to, it reads.
        for region in (*reads, *(region for region, _ in adds)) if adds else reads:
            last = write_queue[region]
            if last >= 0:
                # At or above the clock: nothing says that the write is complete.
                if write_position[region] >= row[last]:
                    self._conflict(FindingKind.RAW, last, write_position[region], core, position, region)
                # Only of a write in order: an unordered one is a RAW already.
                elif region in self._spoilt:
                    spoiler = Place(last // QUEUES, write_position[region])
                    self._add(FindingKind.SPOILT, spoiler, Place(core, position), "", region)
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
                # These reads may go: a later write that is unordered with one of them is unordered with this write,
                # or this write is with the read. So one of the adjacent pairs is found.
                readers.clear()
            write_queue[region] = queue
            write_position[region] = position
        # After the writes: else an operation in place would conflict with its own read.
        for region in reads:
            reads_of[region][queue] = position
        # In this order, because scratch is among the writes, too.
        if self._spoilt:
            self._spoilt.difference_update(writes)
        self._spoilt.update(spoils)

    def _check_adds(self, core: int, position: int, queue: int, row: list[int], pattern: int) -> None:
        _, writes, _, adds = self._patterns[pattern]
        self._compare_adds(core, position, row, pattern)
        for region in writes:
            # They may go as reads may, in _check_op.
            self._adders.pop(region, None)
        for region, element in adds:
            for reader, read_position in self._reads[region].items():
                if read_position >= row[reader]:
                    self._conflict(FindingKind.WAR, reader, read_position, core, position, region)
            # Last write and reads stay: what orders them before this one orders them before no other that adds.
            self._adders.setdefault(region, {})[queue, element] = position

    def _compare_adds(self, core: int, position: int, row: list[int], pattern: int) -> None:
        """Compare an op with the atomic stores before it. Two that add elements of one type commute: each element is
        added at once, in either order.
        """
        reads, writes, _, adds = self._patterns[pattern]
        compared = [(FindingKind.RAW, region, 0) for region in reads]
        compared += [(FindingKind.WAW, region, element) for region, element in (*((r, 0) for r in writes), *adds)]
        for kind, region, element in compared:
            for (other, added, *_), earlier in self._adders.get(region, {}).items():
                if added != element and earlier >= row[other]:
                    self._conflict(kind, other, earlier, core, position, region)

    def _conflict(self, kind: FindingKind, queue: int, earlier: int, core: int, position: int, region: int) -> None:
        # Without FIFO signals nothing orders the GM of two cores, whatever their own syncs are.
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
        if self._stop_at_first and found is self.findings:
            raise _Enough

    def flag(self, core: int, position: int, instruction: Instruction) -> None:
        """Check what a flag names, and whether its last wait is known to be over when it is set again."""
        kind, src, dst, event_id = instruction
        flag = core, src, dst, event_id
        if event_id >= EVENT_IDS:
            self._add(FindingKind.EVENT_ID, None, Place(core, position))
        if src == dst:
            self._add(FindingKind.FLAG_PIPES, None, Place(core, position))
        if kind == _WAIT_FLAG:
            self._last_wait[flag] = position
        # A wait of S is over before anything is issued behind it, and a flag that is still set is SET_TWICE.
        elif flag in self._last_wait and dst != _S and not self._walk.is_set(*flag):
            # How far `src` knows `dst` to be: if not past the wait, that may still be pending.
            known = self._clocks.rows[queue_number(core, src)][queue_number(core, dst)]
            if known <= self._last_wait[flag]:
                self._add(FindingKind.REUSE, Place(core, self._last_wait[flag]), Place(core, position))

    def misuse(self, what: Misuse, core: int, position: int, earlier: int | None) -> None:
        """Note what the walk says is wrong."""
        first = None if earlier is None else Place(core, earlier)
        if what in _FLAG_MISUSE:
            self._add(_FLAG_MISUSE[what], first, Place(core, position))
        else:
            self._add(FindingKind.FIFO, first, Place(core, position), what.value)

    def _check_stuck(self) -> None:
        for core, position in enumerate(self._walk.next):
            if position < len(self._streams[core]):
                self._add(FindingKind.DEADLOCK, None, Place(core, position), self._missing_signals(core, position))

    def _missing_signals(self, core: int, position: int) -> str:
        """Say which signal the blocked `core` waits for."""
        fifo, number, missing = self._walk.missing(core)
        names = [self._program.cores[other].core for other in missing]
        late = (
            " and ".join(f"{other.kind} subblock {other.subblock}" for other in names)
            or "no core: nobody uses that side"
        )
        awaited = "TPUSH" if self._streams[core][position][0] == Kind.TPOP else "TFREE"
        return f"{awaited} number {number} of FIFO {fifo} never comes from {late}"

    def _check_leftovers(self) -> None:
        for core, position in self._walk.left_set():
            self._add(FindingKind.LEFT_SET, None, Place(core, position))
        for fifo in self._program.fifos if self._fifo_order else ():
            traffic = self._walk.traffic(fifo.id)
            for core, allocs in traffic.allocs.items():
                if allocs > traffic.pushes[core]:
                    self._fifo_leftover(core, fifo, Kind.TALLOC, "allocated and never pushed")
            for core, pops in traffic.pops.items():
                if pops > traffic.frees[core]:
                    self._fifo_leftover(core, fifo, Kind.TPOP, "popped and never freed")
                # Each consumer pops every slot, even if it reads only a part of it.
                if traffic.pushes and pops < max(traffic.pushes.values()):
                    producer = max(traffic.pushes, key=lambda other: traffic.pushes[other])
                    who = self._program.cores[core].core
                    text = f"pushed and never popped by {who.kind} subblock {who.subblock}"
                    self._fifo_leftover(producer, fifo, Kind.TPUSH, text)

    def _fifo_leftover(self, core: int, fifo: Fifo, kind: Kind, text: str) -> None:
        """Report the last event of `kind` that `core` did on the FIFO."""
        last = max(
            at for at, (done, _, which, _) in enumerate(self._streams[core]) if done == kind and which == fifo.id
        )
        self._add(FindingKind.FIFO, None, Place(core, last), text)


class ExhaustiveReplay(Replay):
    """All unordered conflicts, also those that ordering others would order. Slower: for broken programs.

    Keeps, per region, the last access of every line on every queue, and compares with all of them.

    The last one is enough: if an earlier access of the same line and queue is not ordered before an op, neither is it.
    """

    def __init__(self, program: BlockProgram, *, v_rule: VRule = VRule.STRICT) -> None:
        """Prepare; nothing runs yet."""
        super().__init__(program, v_rule=v_rule)
        # By queue and C++ line.
        self._writers: list[dict[tuple[int, int], int]] = [{} for _ in program.regions]
        self._readers: list[dict[tuple[int, int], int]] = [{} for _ in program.regions]

    def _check_op(self, core: int, position: int, queue: int, row: list[int], pattern: int) -> None:
        reads, writes, _, adds = self._patterns[pattern]
        added = [region for region, _ in adds]
        # Conflicts only: reads of what nobody wrote, or of scratch, Replay itself has found.
        compared = (
            (FindingKind.RAW, (*reads, *added), self._writers),
            (FindingKind.WAW, writes, self._writers),
            (FindingKind.WAR, (*writes, *added), self._readers),
        )
        for kind, regions, accesses in compared:
            for region in regions:
                for (other, _), earlier in accesses[region].items():
                    if earlier >= row[other]:
                        self._conflict(kind, other, earlier, core, position, region)
        if adds or self._adders:
            self._compare_adds(core, position, row, pattern)
        access = queue, self._lines[core][position]
        for region in reads:
            self._readers[region][access] = position
        for region in writes:
            self._writers[region][access] = position
        for region, element in adds:
            self._adders.setdefault(region, {})[queue, element, access[1]] = position
