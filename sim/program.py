"""A block's part of a trace, laid out for the judge: small integers per event, regions instead of addresses.

Blocks of a launch mostly do the same on other addresses; `BlockProgram.key` is equal for two blocks whose
judgement must be the same, so that one of them is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.regions import Regions, divide
from sim.vector_repeats import VectorRepeats
from tracing.format import ACCESS_DTYPE, Buffer, Core, Fifo, Records, Rw, Trace, blocks_of

ByteRange = tuple[int, int]
Mask = NDArray[np.bool_]
Edit = Callable[[Records], tuple[Records, Mask]]
"""Gets the events of a core; returns them with changed fields, and which of them to keep."""
Ints = NDArray[np.int64]
GM_MEMORY = 0
"""Memory number of GM; buffer b of core c is ``c * len(Buffer) + b``."""


class Pattern(NamedTuple):
    """Regions that an op touches."""

    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    spoils: tuple[int, ...] = ()
    """Those of `writes` that hold no value afterwards: scratch."""
    adds: tuple[tuple[int, int], ...] = ()
    """Regions that it adds to, and the type of the elements: atomic stores, which are none of `writes`."""

    @property
    def reading(self) -> set[int]:
        """Regions whose value it uses."""
        return {*self.reads, *(region for region, _ in self.adds)}

    @property
    def writing(self) -> set[int]:
        """Regions that it changes."""
        return {*self.writes, *(region for region, _ in self.adds)}


@dataclass(frozen=True)
class Region:
    """Where a region of a block's shadow memory is."""

    core: int
    """Core number within the block; -1 for GM."""
    buffer: Buffer
    initialised: bool
    """Whether its bytes have a value before the launch: all GM but the scratch ranges."""
    memory: Regions
    """Division of the memory that it is of."""
    number: int
    """Number in `memory`."""

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Its byte ranges [lo, hi): offsets in the core's buffer, or GM addresses."""
        return self.memory.ranges(self.number)


@dataclass(frozen=True)
class CoreProgram:
    """What one core issues."""

    core: Core
    events: Records
    """[E] of EVENT_DTYPE."""
    patterns: Ints
    """[E] number of each event's pattern; 0 for an event without accesses."""
    first_event: int
    """Event number in the trace of events[0]."""
    positions: Ints
    """[E] number of each event, relative to first_event; gaps are events that an edit removed."""
    repeats: VectorRepeats
    """Distances between its operations on V."""

    def event_number(self, position: int) -> int:
        """Return the number in the trace of the event at `position`."""
        return self.first_event + int(self.positions[position])

    def repeats_within(self, position: int) -> int | None:
        """Return how late an operation on V reads what it writes itself, as VectorRepeats does."""
        return self.repeats.own_distance(int(self.positions[position]))

    def repeats_between(self, first: int, second: int) -> int | None:
        """Return the distance of two operations on V, as VectorRepeats does."""
        return self.repeats.distance(int(self.positions[first]), int(self.positions[second]))


@dataclass(frozen=True)
class BlockProgram:
    """What the cores of one block issue, and on which regions."""

    block: int
    cores: tuple[CoreProgram, ...]
    patterns: tuple[Pattern, ...]
    regions: tuple[Region, ...]
    fifos: tuple[Fifo, ...]
    n_accesses: int

    @property
    def n_events(self) -> int:
        """Events of all cores."""
        return sum(len(part.events) for part in self.cores)

    @property
    def key(self) -> bytes:
        """Digest of all that the judgement depends on; not of addresses, block number or event numbers."""
        digest = hashlib.sha256(repr((self.patterns, [region.initialised for region in self.regions])).encode())
        for program in self.cores:
            digest.update(f"{program.core.kind}{program.core.subblock} {len(program.events)};".encode())
            # Operations and lines as well, since findings name them.
            for field in ("op", "line", "kind", "pipe", "dst_pipe", "event_id", "fifo"):
                digest.update(np.ascontiguousarray(program.events[field]).tobytes())
            digest.update(program.patterns.tobytes())
        return digest.digest()


def bytes_of(array: NDArray[Any]) -> ByteRange:
    """The addresses of a contiguous array, as scratch memory for `prepare` and the judge."""
    return array.ctypes.data, array.ctypes.data + array.nbytes


def prepare(trace: Trace, scratch: Sequence[ByteRange] = ()) -> list[BlockProgram]:
    """Lay out every block of `trace`; `scratch` are GM ranges [lo, hi) that hold no value before the launch."""
    return [_prepare_block(trace, block, cores, scratch) for block, cores in blocks_of(trace).items()]


def distinct_programs(programs: Sequence[BlockProgram]) -> list[list[BlockProgram]]:
    """Return the programs in groups whose judgement is the same."""
    groups: dict[bytes, list[BlockProgram]] = {}
    for program in programs:
        groups.setdefault(program.key, []).append(program)
    return list(groups.values())


def edited(program: BlockProgram, edit: Edit) -> BlockProgram:
    """Return `program` with the events of every core edited; `edit` may only touch synchronisation instructions."""
    cores = []
    for old in program.cores:
        events, kept = edit(old.events)
        # Positions stay those of the trace: findings and distances on V refer to it.
        cores.append(replace(old, events=events[kept], patterns=old.patterns[kept], positions=old.positions[kept]))
    return replace(program, cores=tuple(cores))


def _prepare_block(trace: Trace, block: int, cores: Sequence[Core], scratch: Sequence[ByteRange]) -> BlockProgram:
    event_index = np.concatenate([np.arange(core.first_event, core.first_event + core.events) for core in cores])
    events = trace.events[event_index]
    counts = events["n_access"].astype(np.int64)
    offsets = np.cumsum(counts) - counts
    # The accesses of the events, event after event: where those of the event begin, plus 0, 1, ..
    access_index = np.arange(counts.sum()) + np.repeat(events["first_access"].astype(np.int64) - offsets, counts)
    accesses = trace.accesses[access_index]
    core_of_access = np.repeat(np.repeat(np.arange(len(cores)), [core.events for core in cores]), counts)
    # GM is one memory for all cores, every other buffer is the core's own.
    memory = np.where(accesses["buffer"] == Buffer.GM, GM_MEMORY, core_of_access * len(Buffer) + accesses["buffer"])
    at, code = _distinct(accesses, memory)
    of_access, regions = _divide_memories(accesses[at], memory[at], scratch)
    pattern_of_event, patterns = _patterns(counts, offsets, code, accesses[at], of_access)
    programs, begin = [], 0
    for core in cores:
        part = slice(begin, begin + core.events)
        positions = np.arange(core.events)
        own = events[part], pattern_of_event[part], core.first_event, positions, VectorRepeats(trace, core)
        programs.append(CoreProgram(core, *own))
        begin += core.events
    return BlockProgram(block, tuple(programs), patterns, tuple(regions), trace.fifos, len(accesses))


def _distinct(accesses: Records, memory: Ints) -> tuple[Ints, Ints]:
    """Return (index of the first of every kind of access, kind of every access)."""
    code = memory * (max(Rw) + 1) + accesses["rw"]
    for field in ("start", "row_bytes", "rows", "row_stride", "spoils", "adds"):
        # Ranked again after each field: all fields multiplied out would not fit in 64 bits.
        values, value_code = np.unique(accesses[field], return_inverse=True)
        code = np.unique(code * max(len(values), 1) + value_code.reshape(-1), return_inverse=True)[1].reshape(-1)
    _, at, code = np.unique(code, return_index=True, return_inverse=True)
    return at, code.reshape(-1)


def _divide_memories(
    accesses: Records, memory: Ints, scratch: Sequence[ByteRange]
) -> tuple[list[tuple[int, ...]], list[Region]]:
    """Divide every memory; return the regions of every access, and all regions.

    GM that the block only reads, and that is not scratch, cannot take part in a finding: it has no region.
    """
    of_access: list[tuple[int, ...]] = [()] * len(accesses)
    regions: list[Region] = []
    for place in np.unique(memory):
        index = np.flatnonzero(memory == place)
        own = accesses[index]
        extra = _scratch_accesses(scratch) if place == GM_MEMORY else own[:0]
        # Scratch takes part, so that no region lies half in it. It counts as written: a read of it by a block that
        # writes none needs a region to be found.
        divided = divide(np.concatenate((own, extra)))
        writes = np.concatenate((own["rw"] == Rw.WRITE, np.ones(len(extra), bool)))
        written = {region for i in np.flatnonzero(writes) for region in divided.of_access[i]}
        blank = {region for part in divided.of_access[len(own) :] for region in part}
        number: dict[int, int] = {}
        core, buffer = divmod(int(place), len(Buffer)) if place != GM_MEMORY else (-1, Buffer.GM)
        for region in range(len(divided.lo)):
            if place != GM_MEMORY or region in written:
                number[region] = len(regions)
                initialised = place == GM_MEMORY and region not in blank
                regions.append(Region(core, Buffer(buffer), initialised, divided, region))
        # Not strict: behind the accesses there are the scratch ranges, which are nobody's.
        for i, parts in zip(index, divided.of_access, strict=False):
            of_access[i] = tuple(number[region] for region in parts if region in number)
    return of_access, regions


def _scratch_accesses(scratch: Sequence[ByteRange]) -> Records:
    return np.array([(lo, hi - lo, 1, 0, Buffer.GM, Rw.WRITE, 0, 0) for lo, hi in scratch], ACCESS_DTYPE)


def _patterns(
    counts: Ints, offsets: Ints, code: Ints, accesses: Records, of_access: Sequence[tuple[int, ...]]
) -> tuple[Ints, tuple[Pattern, ...]]:
    """Return (pattern number of every event, patterns); pattern 0 is "touches nothing"."""
    is_write, spoils = accesses["rw"] == Rw.WRITE, accesses["spoils"] != 0
    added = accesses["adds"].tolist()
    kind: Ints = np.zeros(len(counts), np.int64)
    for k in range(int(counts.max(initial=0))):
        # The k-th access of all events at a time; 0 stands for none.
        present = counts > k
        column = np.zeros(len(counts), np.int64)
        column[present] = code[offsets[present] + k] + 1
        kind = np.unique(kind * (len(of_access) + 1) + column, return_inverse=True)[1].reshape(-1)
    _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
    numbers: dict[Pattern, int] = {Pattern(): 0}
    number_of_kind = np.zeros(len(first), np.int64)
    # By first event, and not by address as `kind` is: blocks that do the same then have the same numbers in `key`.
    for i in np.argsort(first):
        event = first[i]
        reads: set[int] = set()
        results: set[int] = set()
        scratch: set[int] = set()
        adds: set[tuple[int, int]] = set()
        for access in code[offsets[event] : offsets[event] + counts[event]]:
            if added[access]:
                adds.update((region, added[access]) for region in of_access[access])
            else:
                (scratch if spoils[access] else results if is_write[access] else reads).update(of_access[access])
        writes = tuple(sorted(results | scratch))
        # What is result as well as scratch holds the result.
        spoilt = tuple(sorted(scratch - results))
        pattern = Pattern(tuple(sorted(reads)), writes, spoilt, tuple(sorted(adds)))
        number_of_kind[i] = numbers.setdefault(pattern, len(numbers))
    return number_of_kind[kind.reshape(-1)], tuple(numbers)
