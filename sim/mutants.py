"""Mutants of a kernel's synchronisation: which instructions to delete or change.

The control flow of a kernel does not depend on flags and barriers, so deleting such a line of the C++ is the same as
deleting its events from the trace. Mutants are therefore edits of traces, and cost no compilation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from isa.pipes import EVENT_IDS, Kind, Pipe
from sim.program import Mask
from tracing.format import Records, Trace


class Mutation(Enum):
    """What is done to the program."""

    DELETE_FLAG = "delete a set_flag or wait_flag"
    DELETE_BARRIER = "delete a pipe_barrier"
    DELETE_SIGNAL = "delete a TPUSH or TFREE"
    DELETE_PAIR = "delete a flag with all its set_flag and wait_flag lines"
    SWAP_PIPES = "swap source and destination of a set_flag or wait_flag"
    EVENT_ID = "use another event id in a set_flag or wait_flag"
    WRONG_PIPE = "wait with, or set from, another pipe in all lines of a flag"
    WRONG_BARRIER = "put another pipe in a pipe_barrier"


@dataclass(frozen=True, order=True)
class Instruction:
    """A synchronisation instruction of the C++."""

    line: int
    kind: Kind
    pipe: Pipe
    dst_pipe: Pipe = Pipe.S
    event_id: int = 0

    def __str__(self) -> str:
        """E.g. ``set_flag(PIPE_V, PIPE_MTE2, EVENT_ID1)``."""
        if self.kind in (Kind.SET_FLAG, Kind.WAIT_FLAG):
            name = self.kind.name.lower()
            return f"{name}(PIPE_{self.pipe.name}, PIPE_{self.dst_pipe.name}, EVENT_ID{self.event_id})"
        return f"pipe_barrier(PIPE_{self.pipe.name})" if self.kind == Kind.BARRIER else self.kind.name


@dataclass(frozen=True)
class Mutant:
    """A changed program: `targets` are deleted, or their fields are set to `fields` (of tracing.format.EVENT_DTYPE)."""

    mutation: Mutation
    targets: tuple[Instruction, ...]
    text: str
    """What was changed, for reports."""
    fields: Mapping[str, int] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines of the targets."""
        return tuple(target.line for target in self.targets)

    @property
    def deletes(self) -> bool:
        """Whether the targets are deleted."""
        return not self.fields

    def edit(self, events: Records) -> tuple[Records, Mask]:
        """Return the changed events of a core, and which of them are left."""
        touched = np.zeros(len(events), bool)
        for target in self.targets:
            # The fields of an Instruction are called as those of an event.
            touched |= np.logical_and.reduce([events[name] == value for name, value in vars(target).items()])
        if self.deletes:
            return events, ~touched
        # A copy, since these events are the trace's, and every mutant begins with them.
        changed = events.copy()
        for name, value in self.fields.items():
            changed[name][touched] = value
        return changed, np.ones(len(events), bool)


INSTRUCTION_FIELDS = ["line", "kind", "pipe", "dst_pipe", "event_id"]
"""Fields of an event that tell instructions apart, in the order of Instruction."""
Signal = tuple[Instruction, Instruction]
"""A set_flag, and a wait_flag that it released."""
Flag = tuple[Instruction, ...]
"""All set_flag and wait_flag instructions that signal to each other, over loops and branches."""


@dataclass(frozen=True)
class Inventory:
    """The synchronisation of a kernel, as its traces show it."""

    instructions: tuple[Instruction, ...]
    """All that were executed, by line; FIFO waits are not among them."""
    flags: tuple[Flag, ...]
    """The set_flag and wait_flag among them, grouped by who signals to whom."""
    pipes: Mapping[int, frozenset[Pipe]]
    """For every line: the pipes that do operations on the cores which execute it, the scalar unit excepted."""
    final: frozenset[int]
    """Lines of the barriers on all pipes that no operation ever follows: they end the kernel."""

    def free_event_id(self, src: Pipe, dst: Pipe) -> int:
        """Return an event id that `src` and `dst` do not use, so that only the order changes; 0 if there is none."""
        used = {item.event_id for item in self.instructions if (item.pipe, item.dst_pipe) == (src, dst)}
        return min(set(range(EVENT_IDS)) - used, default=0)


def take_inventory(traces: Iterable[Trace]) -> Inventory:
    """Return what `traces`, launches of one kernel, executed."""
    found: set[Instruction] = set()
    signals: set[Signal] = set()
    pipes: dict[int, frozenset[Pipe]] = {}
    inner: set[int] = set()
    last: set[int] = set()
    for trace in traces:
        for core in trace.cores:
            events = trace.core_events(core)
            own = _instructions(events)
            found |= own
            signals |= _signals(events)
            ops = events[(events["kind"] == Kind.OP) & (events["n_access"] > 0) & (events["pipe"] != Pipe.S)]
            used = frozenset(Pipe(pipe) for pipe in np.unique(ops["pipe"]))
            pipes.update({item.line: pipes.get(item.line, frozenset()) | used for item in own})
            for lines, part in zip((inner, last), _split_at_last_op(events), strict=True):
                everywhere = (part["kind"] == Kind.BARRIER) & (part["pipe"] == Pipe.ALL)
                lines.update(part["line"][everywhere].tolist())
    # A line that ends one core may stand before operations of another: that one is mutated.
    return Inventory(tuple(sorted(found)), _group(found, signals), pipes, frozenset(last - inner))


def _instruction(line: int, kind: int, pipe: int, dst_pipe: int, event_id: int) -> Instruction:
    return Instruction(line, Kind(kind), Pipe(pipe), Pipe(dst_pipe), event_id)


def _instructions(events: Records) -> set[Instruction]:
    mask = np.isin(events["kind"], (Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER, Kind.TPUSH, Kind.TFREE))
    return {_instruction(*record) for record in set(events[mask][INSTRUCTION_FIELDS].tolist())}


def _signals(events: Records) -> set[Signal]:
    """Return who signals to whom on a core."""
    found: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    events = events[np.isin(events["kind"], (Kind.SET_FLAG, Kind.WAIT_FLAG))]
    pending: dict[tuple[int, ...], tuple[int, ...]] = {}
    for record in events[INSTRUCTION_FIELDS].tolist():
        _, kind, *flag = record
        if kind == Kind.SET_FLAG:
            pending[tuple(flag)] = record
        elif tuple(flag) in pending:
            found.add((pending.pop(tuple(flag)), record))
    return {(_instruction(*first), _instruction(*second)) for first, second in found}


def _group(found: set[Instruction], signals: set[Signal]) -> tuple[Flag, ...]:
    """Return the flag instructions in the groups that `signals` connect."""
    leader = {item: item for item in found if item.kind in (Kind.SET_FLAG, Kind.WAIT_FLAG)}

    def find(item: Instruction) -> Instruction:
        while leader[item] != item:
            item = leader[item]
        return item

    # A set of one path may release the waits of several, and the other way round: groups are what is connected.
    for sender, receiver in signals:
        leader[find(receiver)] = find(sender)
    groups: dict[Instruction, list[Instruction]] = {}
    for item in leader:
        groups.setdefault(find(item), []).append(item)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values()))


def _split_at_last_op(events: Records) -> tuple[Records, Records]:
    ops = np.flatnonzero(events["kind"] == Kind.OP)
    cut = int(ops[-1]) if len(ops) else 0
    return events[:cut], events[cut:]


def mutants(inventory: Inventory) -> list[Mutant]:
    """Return all mutants of a kernel, by mutation and line. The barrier that ends the kernel is not mutated."""
    found = [m for item in inventory.instructions if item.line not in inventory.final for m in _line_mutants(item)]
    found += [m for flag in inventory.flags for m in _flag_mutants(flag, inventory)]
    order = list(Mutation)
    return sorted(found, key=lambda m: (order.index(m.mutation), m.lines, m.text))


def _line_mutants(item: Instruction) -> Iterator[Mutant]:
    where = f"line {item.line} {item}"
    own = (item,)
    if item.kind == Kind.BARRIER:
        yield Mutant(Mutation.DELETE_BARRIER, own, f"delete {where}")
        if item.pipe == Pipe.V:
            yield Mutant(Mutation.WRONG_BARRIER, own, f"{where}: PIPE_MTE2", {"pipe": Pipe.MTE2})
    elif item.kind in (Kind.TPUSH, Kind.TFREE):
        yield Mutant(Mutation.DELETE_SIGNAL, own, f"delete {where}")
    else:
        yield Mutant(Mutation.DELETE_FLAG, own, f"delete {where}")
        yield Mutant(Mutation.SWAP_PIPES, own, f"swap {where}", {"pipe": item.dst_pipe, "dst_pipe": item.pipe})
        other = (item.event_id + 1) % EVENT_IDS
        yield Mutant(Mutation.EVENT_ID, own, f"{where}: EVENT_ID{other}", {"event_id": other})


def _flag_mutants(flag: Flag, inventory: Inventory) -> Iterator[Mutant]:
    src, dst = flag[0].pipe, flag[0].dst_pipe
    name = f"flag (PIPE_{src.name}, PIPE_{dst.name}) of lines {', '.join(str(item.line) for item in flag)}"
    yield Mutant(Mutation.DELETE_PAIR, flag, f"delete {name}")
    for pipe in sorted(inventory.pipes[flag[0].line] - {src, dst}):
        for role, wrong_src, wrong_dst in (("source", pipe, dst), ("destination", src, pipe)):
            event_id = inventory.free_event_id(wrong_src, wrong_dst)
            fields = {"pipe": wrong_src, "dst_pipe": wrong_dst, "event_id": event_id}
            yield Mutant(Mutation.WRONG_PIPE, flag, f"{name}: {role} PIPE_{pipe.name}", fields)
