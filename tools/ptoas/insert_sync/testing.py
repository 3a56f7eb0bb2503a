"""For tests: random programs, and their execution as a trace for the hazard judge."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isa.pipes import Pipe
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.fifo_order import link
from tools.ptoas.insert_sync.nodes import Access, Block, FifoNode, IfNode, LoopNode, OpNode, Phase
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.syncs import Action, Flag, Gap
from tracing.builder import CoreBuilder, Span, TraceBuilder, span
from tracing.format import Buffer, Trace

PIPES = (Pipe.V, Pipe.V, Pipe.MTE2, Pipe.MTE3, Pipe.M, Pipe.MTE1)
SENT, RETURNED = "sent", "returned"
"""FIFOs to the other core and back."""

UNITS = 8
"""Places in the one small buffer that all random operations fight for."""


def random_program(rng: random.Random, *, depth: int = 3, width: int = 5) -> Program:
    """Nested loops and ifs around operations on random pipes with random ranges."""
    return build_program(_random_block(rng, depth, width))


def random_pipeline(rng: random.Random) -> Program:
    """A core that sends up to `ahead` tiles more than it has had back, as software pipelines do.

    The other core answers each of them. Loops as in prologue, steady state and epilogue, inside a loop over blocks.
    """
    ahead, pipe = rng.randint(1, 3), rng.choice((Pipe.MTE3, Pipe.M))

    def body(*signals: bool) -> Block:
        nodes = list(_random_block(rng, 1, 3).nodes)
        for pushes in signals:
            nodes.append(FifoNode(SENT if pushes else RETURNED, pushes, pipe))
            nodes += _random_block(rng, 1, 3).nodes
        return Block(nodes)

    loops = [
        LoopNode(body(True), fewest_trips=ahead, most_trips=ahead),
        LoopNode(body(*rng.choice(((True, False), (False, True))))),
        LoopNode(body(False), fewest_trips=ahead, most_trips=ahead),
    ]
    program = build_program(Block([LoopNode(Block([*body().nodes, *loops, *body().nodes]))]))
    link(program, answering_program())
    return program


def answering_program() -> Program:
    """The other core's."""
    answer = Block([FifoNode(SENT, False, Pipe.MTE2), FifoNode(RETURNED, True, Pipe.MTE3)])
    return build_program(Block([LoopNode(answer)]))


def random_rings(rng: random.Random) -> Program:
    """Loops whose operations take turns with the slots of rings: by the bytes that they touch, or by branches."""
    return build_program(_random_block(rng, 3, 5, rings=True))


def _random_block(
    rng: random.Random, depth: int, width: int, loop: LoopNode | None = None, *, rings: bool = False
) -> Block:
    block = Block()
    for _ in range(rng.randint(1, width)):
        kind = rng.random() if depth else 1.0
        if kind < 0.15 or (rings and kind < 0.25):
            block.nodes.append(_random_loop(rng, depth, width, loop, rings=rings))
        elif kind < 0.38 and loop is not None:
            block.nodes.append(_random_ladder(rng, depth, width, loop))
        elif kind < 0.28:
            other = _random_block(rng, depth - 1, width, loop) if rng.random() < 0.6 else Block()
            block.nodes.append(IfNode((_random_block(rng, depth - 1, width, loop), other)))
        else:
            accesses = [_random_access(rng) for _ in range(rng.randint(1, 3))]
            if loop is not None and rng.random() < 0.7:
                accesses = accesses[1:] + _random_turns(rng, loop)
            block.nodes.append(OpNode(rng.choice(PIPES), tuple(accesses)))
    return block


def _random_loop(rng: random.Random, depth: int, width: int, outer: LoopNode | None, *, rings: bool) -> LoopNode:
    loop = LoopNode(Block(), fewest_trips=rng.random() < 0.3)
    if rings and outer is None:
        loop.copies, loop.start = rng.choice((2, 3, 4, 6)), rng.choice((0, 0, None))
    inside = loop if loop.copies > 1 else outer
    loop.body = _random_block(rng, depth - 1, width, inside, rings=rings)
    return loop


def _random_ladder(rng: random.Random, depth: int, width: int, loop: LoopNode) -> IfNode:
    """A branch for each slot, or for some."""
    slots, ahead = _random_slot(rng, loop)
    taken = [_phase(loop, slots, slot - ahead) for slot in range(rng.randint(1, slots))]
    rest = frozenset(range(loop.copies)).difference(*(phase.passes for phase in taken))
    branches = [_random_block(rng, depth - 1, width, loop) for _ in taken]
    return IfNode((*branches, Block()), when=(*((phase,) for phase in taken), (Phase(loop, rest),)))


def _random_turns(rng: random.Random, loop: LoopNode) -> list[Access]:
    """An access to slot (pass + something) of a ring."""
    slots, ahead = _random_slot(rng, loop)
    start, writes = rng.randrange(UNITS), rng.random() < 0.5
    return [
        Access(ByteRange("UB", start + slot, start + slot + 1), writes, (_phase(loop, slots, slot - ahead),))
        for slot in range(slots)
    ]


def _random_slot(rng: random.Random, loop: LoopNode) -> tuple[int, int]:
    slots = rng.choice([slots for slots in range(2, loop.copies + 1) if loop.copies % slots == 0])
    return slots, rng.randrange(slots)


def _phase(loop: LoopNode, slots: int, number: int) -> Phase:
    """The passes that are congruent to a number."""
    return Phase(loop, frozenset(copy for copy in range(loop.copies) if (copy - number) % slots == 0))


def _random_access(rng: random.Random) -> Access:
    start = rng.randrange(UNITS)
    return Access(ByteRange("UB", start, start + rng.randint(1, 3)), rng.random() < 0.5)


def read(start: int, end: int) -> Access:
    """A read of bytes `[start, end)` of UB."""
    return Access(ByteRange("UB", start, end), writes=False)


def write(start: int, end: int) -> Access:
    """A write of bytes `[start, end)` of UB."""
    return Access(ByteRange("UB", start, end), writes=True)


def execute(program: Program, rng: random.Random, size: int = 2 * UNITS) -> Trace:
    """One run with random trip counts (0 to 3) and branches, after a copy that initialises `size` bytes of UB."""
    build = TraceBuilder()
    fifos = {SENT: build.fifo("c2v"), RETURNED: build.fifo("v2c")}
    core = build.core("cube")
    core.op("INIT", Pipe.V, writes=[span(Buffer.UB, 0, size)])
    core.barrier(Pipe.ALL)
    runner = _Runner(rng, core, fifos)
    runner.block(program.code)
    for subblock in (0, 1):
        other = build.core("vec", subblock=subblock)
        for _ in range(runner.sent):
            other.tpop(fifos[SENT])
            other.tfree(fifos[SENT])
            other.talloc(fifos[RETURNED])
            other.tpush(fifos[RETURNED], Pipe.MTE3)
    return build.build()


@dataclass
class _Runner:
    """Issues a program to a core."""

    rng: random.Random
    core: CoreBuilder
    fifos: Mapping[str, int]
    sent: int = 0
    passes: dict[LoopNode, int] = field(default_factory=dict)
    """The number of each loop's pass, counted from its first copy; after it, of the pass that would follow."""

    def block(self, block: Block) -> None:
        """Issue a block."""
        for place, node in enumerate(block.nodes):
            self._gap(block.gaps[place])
            if isinstance(node, OpNode):
                self._op(node)
            elif isinstance(node, FifoNode):
                self._signal(node)
            elif isinstance(node, LoopNode):
                self._loop(node)
            else:
                self._if(node)
        self._gap(block.gaps[-1])

    def _loop(self, node: LoopNode) -> None:
        most = min(node.most_trips, 3 if node.copies == 1 else 2 * node.copies + 1)
        first = self.rng.randrange(node.copies) if node.start is None else node.start
        self.passes[node] = first
        for _ in range(self.rng.randint(node.fewest_trips, int(most))):
            self.block(node.body)
            self.passes[node] += 1

    def _holds(self, phases: Sequence[Phase]) -> bool:
        return all(self.passes[phase.loop] % phase.loop.copies in phase.passes for phase in phases)

    def _if(self, node: IfNode) -> None:
        when = node.when or ((),) * len(node.branches)
        taken = [branch for branch, phases in zip(node.branches, when, strict=True) if self._holds(phases)]
        self.block(self.rng.choice(taken))

    def _op(self, op: OpNode) -> None:
        spans: dict[bool, list[Span]] = {False: [], True: []}
        for access in op.accesses:
            if self._holds(access.when):
                size = access.bytes.end - access.bytes.start
                spans[access.writes].append(span(Buffer.UB, access.bytes.start, size))
        if op.walk is None:
            self.core.op(f"OP{op.index}", op.pipe, reads=spans[False], writes=spans[True])
        else:
            name, rows, cols, _ = op.walk
            self.core.op(name, op.pipe, reads=spans[False], writes=spans[True], shape=(rows, cols), dtype="f32")

    def _signal(self, node: FifoNode) -> None:
        fifo = self.fifos[node.fifo]
        if node.pushes:
            self.core.talloc(fifo)
            self.core.tpush(fifo, node.pipe)
            self.sent += 1
        else:
            self.core.tpop(fifo)
            self.core.tfree(fifo)

    def _gap(self, gap: Gap) -> None:
        for action, flag, barrier in (*gap.behind(), *gap.ahead()):
            if flag is not None:
                for number in self._ids(action, flag):
                    sync = self.core.set_flag if action in (Action.SET, Action.PRIME) else self.core.wait_flag
                    sync(flag.src, flag.dst, flag.event_id + number)
            elif barrier is not None:
                self.core.barrier(Pipe.ALL if barrier.pipe is None else barrier.pipe)

    def _ids(self, action: Action, flag: Flag) -> list[int]:
        """Which ids of a flag a sync sets or takes."""
        rotation = flag.rotation
        if rotation is None:
            return [0]
        if action is Action.PRIME:
            return list(flag.primed())
        if rotation.is_whole and action is Action.DRAIN:
            return list(range(rotation.ids))
        number = self.passes[rotation.loop]
        if action is Action.SET:
            return [number % rotation.ids]
        oldest = number - rotation.distance
        return [(oldest + age) % rotation.ids for age in range(rotation.distance if action is Action.DRAIN else 1)]
