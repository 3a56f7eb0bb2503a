"""For tests: random programs, and their execution as a trace for the hazard judge."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from sim.trace import Buffer, Trace
from sim.trace import Pipe as TracePipe
from sim.trace_builder import CoreBuilder, Span, TraceBuilder, span
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.fifo_order import link
from tools.ptoas.insert_sync.program import (
    Access,
    Barrier,
    Block,
    FifoNode,
    Flag,
    Gap,
    IfNode,
    LoopNode,
    OpNode,
    Pipe,
    Program,
)

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


def _random_block(rng: random.Random, depth: int, width: int) -> Block:
    block = Block()
    for _ in range(rng.randint(1, width)):
        kind = rng.random() if depth else 1.0
        if kind < 0.15:
            block.nodes.append(LoopNode(_random_block(rng, depth - 1, width), fewest_trips=rng.random() < 0.3))
        elif kind < 0.28:
            other = _random_block(rng, depth - 1, width) if rng.random() < 0.6 else Block()
            block.nodes.append(IfNode((_random_block(rng, depth - 1, width), other)))
        else:
            accesses = tuple(_random_access(rng) for _ in range(rng.randint(1, 3)))
            block.nodes.append(OpNode(rng.choice(PIPES), accesses))
    return block


def _random_access(rng: random.Random) -> Access:
    start = rng.randrange(UNITS)
    return Access(ByteRange("UB", start, start + rng.randint(1, 3)), rng.random() < 0.5)


def read(start: int, end: int) -> Access:
    """A read of bytes `[start, end)` of UB."""
    return Access(ByteRange("UB", start, end), writes=False)


def write(start: int, end: int) -> Access:
    """A write of bytes `[start, end)` of UB."""
    return Access(ByteRange("UB", start, end), writes=True)


def execute(program: Program, rng: random.Random) -> Trace:
    """One run with random trip counts (0 to 3) and branches, after a copy that initialises the whole buffer."""
    build = TraceBuilder()
    fifos = {SENT: build.fifo("c2v"), RETURNED: build.fifo("v2c")}
    core = build.core("cube")
    core.op("INIT", TracePipe.V, writes=[span(Buffer.UB, 0, UNITS + 4)])
    core.barrier(TracePipe.ALL)
    runner = _Runner(rng, core, fifos)
    runner.block(program.root)
    for subblock in (0, 1):
        other = build.core("vec", subblock=subblock)
        for _ in range(runner.sent):
            other.tpop(fifos[SENT])
            other.tfree(fifos[SENT])
            other.talloc(fifos[RETURNED])
            other.tpush(fifos[RETURNED], TracePipe.MTE3)
    return build.build()


@dataclass
class _Runner:
    """Issues a program to a core."""

    rng: random.Random
    core: CoreBuilder
    fifos: Mapping[str, int]
    sent: int = 0

    def block(self, block: Block) -> None:
        """Issue a block."""
        for place, node in enumerate(block.nodes):
            _issue_gap(block.gaps[place], self.core)
            if isinstance(node, OpNode):
                _issue(node, self.core)
            elif isinstance(node, FifoNode):
                self._signal(node)
            elif isinstance(node, LoopNode):
                for _ in range(self.rng.randint(node.fewest_trips, int(min(node.most_trips, 3)))):
                    self.block(node.body)
            else:
                self.block(self.rng.choice(node.branches))
        _issue_gap(block.gaps[-1], self.core)

    def _signal(self, node: FifoNode) -> None:
        fifo = self.fifos[node.fifo]
        if node.pushes:
            self.core.talloc(fifo)
            self.core.tpush(fifo, TracePipe(node.pipe))
            self.sent += 1
        else:
            self.core.tpop(fifo)
            self.core.tfree(fifo)


def _issue(op: OpNode, core: CoreBuilder) -> None:
    spans: dict[bool, list[Span]] = {False: [], True: []}
    for access in op.accesses:
        spans[access.writes].append(span(Buffer.UB, access.bytes.start, access.bytes.end - access.bytes.start))
    core.op(f"OP{op.index}", TracePipe(op.pipe), reads=spans[False], writes=spans[True])


def _issue_gap(gap: Gap, core: CoreBuilder) -> None:
    for flag in gap.drains:
        _wait(flag, core)
    for pair in gap.sets:
        _set(pair.flag, core)
    for pair in gap.waits:
        _wait(pair.flag, core)
    for barrier in gap.barriers:
        core.barrier(_trace_pipe(barrier))
    for flag in gap.primes:
        _set(flag, core)


def _trace_pipe(barrier: Barrier) -> TracePipe:
    return TracePipe.ALL if barrier.pipe is None else TracePipe(barrier.pipe)


def _set(flag: Flag, core: CoreBuilder) -> None:
    core.set_flag(TracePipe(flag.src), TracePipe(flag.dst), flag.event_id)


def _wait(flag: Flag, core: CoreBuilder) -> None:
    core.wait_flag(TracePipe(flag.src), TracePipe(flag.dst), flag.event_id)
