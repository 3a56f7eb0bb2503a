"""A slow judge for tests: the ordering as an explicit graph, conflicts by comparing all pairs.

It shares nothing with the clocks, the regions or the replay of the real one. Nodes are the start and the finish
of ops, and the moments of flags, barriers and signals; an edge is "before". An op is ordered before another if
the finish of the one reaches the start of the other.

The repeat rule is applied element by element, to contiguous fp32 tiles of a few operations; others are never in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from isa.pipes import QUEUES, Kind, Pipe
from tracing.format import Buffer, Core, Rw, Trace

EVERY_PIPE = tuple(Pipe)
Pair = tuple[int, int]
"""Event numbers of two ops, neither of which is ordered before the other."""


LANES, NEEDED = 64, 16
"""Elements of fp32 in a repeat, and repeats after which an access is done."""
BY_ROWS, BY_STRIPS = ("TEXP", "TADD"), ("TROWEXPANDMUL",)


class _Graph:
    """Nodes are numbered in the order of their making; edges only go from older to newer nodes."""

    def __init__(self) -> None:
        self.before: list[set[int]] = []

    def node(self, *sources: set[int]) -> int:
        """Add a node after all nodes of `sources`; return its number."""
        self.before.append(set().union(*sources))
        return len(self.before) - 1

    def reachable(self) -> list[set[int]]:
        """Return for every node the nodes that are before it."""
        closed: list[set[int]] = []
        for sources in self.before:
            # Sources are older nodes, so what is before them is complete.
            closed.append(sources.union(*(closed[source] for source in sources)))
        return closed


class _Queue:
    """What a queue has to wait for, and what was issued to it."""

    def __init__(self) -> None:
        self.holds: set[int] = set()
        self.finishes: set[int] = set()


class ReferenceJudge:
    """Judgement of one block of `trace`; `conflicts` are the unordered pairs, `stuck` the blocked events.

    `in_time` are those of the conflicts that the repeat rule orders.
    """

    def __init__(self, trace: Trace) -> None:
        """Run the cores of `trace` (one block) as far as they get, then compare all pairs."""
        self.conflicts: set[Pair] = set()
        self.in_time: set[Pair] = set()
        self.stuck: set[int] = set()
        self._trace = trace
        self._graph = _Graph()
        self._queues = defaultdict(_Queue)  # type: ignore[var-annotated]
        self._flags: dict[tuple[int, ...], int] = {}
        self._signals: dict[tuple[Kind, int, int], list[int]] = defaultdict(list)
        self._counts: dict[tuple[int, int, int], int] = defaultdict(int)
        self._span: dict[int, Pair] = {}
        self._run()
        self.adds: dict[int, dict[tuple[int, int], int]] = {}
        """By event: the bytes to which it adds at once, and the type of their elements."""
        self.touched = {event: self._bytes(event) for event in self._span}
        self._compare()

    def _run(self) -> None:
        cores = self._trace.cores
        todo = {number: list(range(c.first_event, c.first_event + c.events)) for number, c in enumerate(cores)}
        progress = True
        while progress:
            progress = False
            for core, events in todo.items():
                while events and self._step(core, events[0]):
                    events.pop(0)
                    progress = True
        self.stuck = {events[0] for events in todo.values() if events}

    def _step(self, core: int, event: int) -> bool:
        record = self._trace.events[event]
        kind, pipe, dst = Kind(record["kind"]), Pipe(record["pipe"]), Pipe(record["dst_pipe"])
        source = self._queues[core, pipe]
        flag = (core, int(pipe), int(dst), int(record["event_id"]))
        if kind == Kind.OP:
            self._op(core, pipe, event)
        elif kind == Kind.SET_FLAG:
            self._flags[flag] = self._graph.node(source.holds, source.finishes)
        elif kind == Kind.WAIT_FLAG:
            # A wait without a set orders nothing: misuse of flags is not judged here.
            if flag in self._flags:
                self._hold(core, EVERY_PIPE if dst == Pipe.S else [Pipe(dst)], {self._flags.pop(flag)})
        elif kind == Kind.BARRIER:
            self._barrier(core, pipe)
        else:
            return self._fifo(core, kind, pipe, int(record["fifo"]))
        return True

    def _op(self, core: int, pipe: Pipe, event: int) -> None:
        queue = self._queues[core, pipe]
        # V does not wait for its own earlier operations.
        start = self._graph.node(queue.holds, queue.finishes if pipe != Pipe.V else set())
        finish = self._graph.node({start})
        queue.finishes.add(finish)
        self._span[event] = start, finish

    def _barrier(self, core: int, pipe: Pipe) -> None:
        pipes = list(Pipe)[:QUEUES] if pipe == Pipe.ALL else [pipe]
        queues = [self._queues[core, p] for p in pipes]
        done = self._graph.node(*(q.holds for q in queues), *(q.finishes for q in queues))
        self._hold(core, pipes, {done})

    def _hold(self, core: int, pipes: Sequence[Pipe], nodes: set[int]) -> None:
        for pipe in pipes:
            self._queues[core, pipe].holds |= nodes

    def _fifo(self, core: int, kind: Kind, pipe: Pipe, number: int) -> bool:
        fifo = next(f for f in self._trace.fifos if f.id == number)
        waits = {Kind.TALLOC: Kind.TFREE, Kind.TPOP: Kind.TPUSH}.get(kind)
        if waits is None:
            # TFREE is sent when MTE2, which loads from the slot, is done.
            queue = self._queues[core, pipe if kind == Kind.TPUSH else Pipe.MTE2]
            self._signals[kind, number, core].append(self._graph.node(queue.holds, queue.finishes))
            return True
        # The first TALLOCs find a slot that nobody has used.
        count = self._counts[core, kind, number] - (fifo.slots if kind == Kind.TALLOC else 0)
        if count >= 0:
            # All cores of the other kind, however slots are split.
            others = [i for i, c in enumerate(self._trace.cores) if c.kind != self._trace.cores[core].kind]
            signals = [self._signals[waits, number, other] for other in others]
            if any(len(sent) <= count for sent in signals):
                return False
            self._hold(core, EVERY_PIPE, {sent[count] for sent in signals})
        self._counts[core, kind, number] += 1
        return True

    def pipe(self, event: int) -> Pipe:
        """Return the pipe of an event."""
        return Pipe(self._trace.events[event]["pipe"])

    def contested(self, pair: Pair) -> set[tuple[int, int]]:
        """Return the bytes that make the two ops conflict."""
        (reads, writes), (other_reads, other_writes) = (self.touched[event] for event in pair)
        adds, other_adds = (self.adds[event] for event in pair)
        unlike = {byte for byte in adds.keys() & other_adds.keys() if adds[byte] != other_adds[byte]}
        plain, other_plain = reads | writes, other_reads | other_writes
        # Adding to what the other adds to is no conflict, if the elements are of one type.
        return (
            writes & other_plain | reads & other_writes | plain & other_adds.keys() | adds.keys() & other_plain | unlike
        )

    def _compare(self) -> None:
        before = self._graph.reachable()
        for pair in combinations(sorted(self._span), 2):
            (start, finish), (other_start, other_finish) = (self._span[event] for event in pair)
            # Both ways: of two cores the one with the greater event numbers may be the earlier one.
            ordered = finish in before[other_start] or other_finish in before[start]
            if not ordered and self.contested(pair):
                self.conflicts.add(pair)
                if self._is_in_time(*pair):
                    self.in_time.add(pair)

    def _is_in_time(self, first: int, second: int) -> bool:
        """Whether NEEDED repeats lie between the accesses of two ops to each byte that they contest."""
        if self._owner(first) != self._owner(second) or not self.pipe(first) == self.pipe(second) == Pipe.V:
            return False
        # With `first` itself: its accesses are counted from its own first repeat.
        between = [event for event in range(first, second) if event in self._span and self.pipe(event) == Pipe.V]
        issued = sum(self._repeats(event) for event in between)
        earlier, later = self._steps(first), self._steps(second)
        distances = [
            issued + start - end
            for byte in (b for _, b in self.contested((first, second)))
            for end, wrote in ((steps[1], writes) for steps, writes in earlier[byte])
            for start, writes in ((steps[0], writes) for steps, writes in later[byte])
            # Two reads of a byte do not conflict.
            if wrote or writes
        ]
        return min(distances) >= NEEDED

    def _shape(self, event: int) -> tuple[str, int, int]:
        record = self._trace.events[event]
        name, rows, cols = self._trace.op_name(event), int(record["rows"]), int(record["cols"])
        # Rows of 8 fp32, which are 32 bytes, look like the row values of a broadcast (isa.repeats.order_of).
        known = name in BY_ROWS or (name in BY_STRIPS and cols > 8)
        first = int(record["first_access"])
        for access in self._trace.accesses[first : first + int(record["n_access"])]:
            # Whatever has not the bytes of the tile is something else.
            known &= int(access["rows"]) == 1 and int(access["row_bytes"]) == rows * cols * 4
        return name if known and rows * cols else "", rows, cols

    def _repeats(self, event: int) -> int:
        name, rows, cols = self._shape(event)
        if not name:
            return 0
        return rows * -(-cols // LANES) if name in BY_STRIPS else -(-rows * cols // LANES)

    def _steps(self, event: int) -> dict[int, set[tuple[Pair, bool]]]:
        """Return for each byte that an op touches the first and the last repeat of an access, and whether it writes."""
        name, rows, cols = self._shape(event)
        found: dict[int, set[tuple[Pair, bool]]] = defaultdict(set)
        if not name:
            anywhere = 0, self._repeats(event) - 1
            read, written = self.touched[event]
            for writes, touched in ((False, read), (True, written | self.adds[event].keys())):
                for _, byte in touched:
                    found[byte].add((anywhere, writes))
            return found
        record = self._trace.events[event]
        first = int(record["first_access"])
        for access in self._trace.accesses[first : first + int(record["n_access"])]:
            for element in range(rows * cols):
                row, col = divmod(element, cols)
                repeat = col // LANES * rows + row if name in BY_STRIPS else element // LANES
                for byte in range(4):
                    place = int(access["start"]) + 4 * element + byte
                    found[place].add(((repeat, repeat), access["rw"] == Rw.WRITE))
        return found

    def _owner(self, event: int) -> int:
        return next(i for i, c in enumerate(self._trace.cores) if _owns(c, event))

    def _bytes(self, event: int) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Return (bytes read, bytes written) as (memory, address)."""
        record = self._trace.events[event]
        owner = self._owner(event)
        result: dict[int, set[tuple[int, int]]] = {Rw.READ: set(), Rw.WRITE: set()}
        adds = self.adds[event] = {}
        first = int(record["first_access"])
        for access in self._trace.accesses[first : first + int(record["n_access"])]:
            memory = -1 if access["buffer"] == Buffer.GM else owner * len(Buffer) + int(access["buffer"])
            for row in range(int(access["rows"])):
                start = int(access["start"]) + row * int(access["row_stride"])
                run = {(memory, start + i) for i in range(int(access["row_bytes"]))}
                if access["adds"]:
                    adds.update(dict.fromkeys(run, int(access["adds"])))
                else:
                    result[int(access["rw"])] |= run
        return result[Rw.READ], result[Rw.WRITE]


def _owns(core: Core, event: int) -> bool:
    return core.first_event <= event < core.first_event + core.events
