"""From a function in the `pto` dialect to the `Program` that the solver works on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from xdsl.dialects import arith, func, scf
from xdsl.ir import Block as IRBlock
from xdsl.ir import Operation

from isa.pipes import EVENT_IDS, Pipe
from isa.repeats import VRule
from ptodsl import dialect as pto
from ptodsl.dialect import Pipe as PipeName
from tools.ptoas.byte_ranges import ByteRange, ByteRanges
from tools.ptoas.diagnostics import wrong
from tools.ptoas.functions import kernel_kind, section_kind
from tools.ptoas.insert_sync.build import build_program
from tools.ptoas.insert_sync.global_memory import GlobalMemory
from tools.ptoas.insert_sync.nodes import Access, Block, FifoNode, IfNode, LoopNode, Node, OpNode
from tools.ptoas.insert_sync.options import SyncOptions
from tools.ptoas.insert_sync.program import OwnIds, Program
from tools.ptoas.insert_sync.rings import Rings, Use
from tools.ptoas.insert_sync.series import SeriesFinder
from tools.ptoas.insert_sync.slots import Conditions, Slots
from tools.ptoas.insert_sync.vector_walks import walk_of

WHOLE = 1 << 62
"""End of a range of unknown extent."""


class Lowering:
    """Makes the programs of one function: of each kind of core that executes it."""

    def __init__(self, function: func.FuncOp, ranges: ByteRanges, options: SyncOptions = SyncOptions()) -> None:
        self._function = function
        self._ranges = ranges
        self._options = options
        self.memory = GlobalMemory(function)
        """Names of the function's global memory, the buffers of accesses to it."""
        self._series = SeriesFinder()
        self._slots = Slots(ranges, self._series)
        self._loops: dict[scf.ForOp, LoopNode] = {}
        # Before any node is made, since what an access says depends on which loops have copies.
        self._rings = Rings(self._uses(function.body.block, ()))

    def program(self, kind: pto.KernelKind | None) -> Program:
        """What the cores of a kind execute: the function's body with the sections of that kind, in program order.

        Raises:
            OperationError: the function has control flow other than `scf.for`, `scf.while` and `scf.if`, or operations
                that work on memory outside of its sections, where every core executes them.
        """
        block = self._function.body.block
        nodes: list[Node] = []
        outside_of_sections = kernel_kind(self._function) is None and any(
            isinstance(op, pto.SectionOp) for op in block.ops
        )
        for op in block.ops:
            if isinstance(op, pto.SectionOp):
                nodes += self._block(op.block).nodes if section_kind(op) is kind else ()
            elif outside_of_sections:
                self._check_outside(op)
            elif (node := self._node(op)) is not None:
                nodes.append(node)
        program = build_program(Block(nodes), self._options.v_rule)
        program.own_ids = tuple(_own_ids(self._function))
        return program

    def _check_outside(self, op: Operation) -> None:
        """Refuse what would need order with the sections: a flag beside it would be every core's."""
        for inner in op.walk():
            if isinstance(inner, pto.SectionOp):
                raise wrong(inner, "--enable-insert-sync knows sections at the top of a function only")
            if pto.touches_memory(inner) and not self._reads_what_nobody_writes(inner):
                raise wrong(
                    inner,
                    f"stands outside of the sections of @{self._function.sym_name.data}, where every "
                    "core executes it, so that --enable-insert-sync cannot order it: move it into a section",
                )

    def _reads_what_nobody_writes(self, op: Operation) -> bool:
        effects = pto.effects_of(op)
        assert effects is not None
        values = (*effects.reads, *effects.writes)
        if effects.writes or any(isinstance(value.type, pto.TileBufType) for value in values):
            return False
        return not any(self.memory.of(value) & self._written for value in values)

    @cached_property
    def _written(self) -> frozenset[str]:
        """Global memory that the function writes."""
        effects = [found for op in self._function.walk() if (found := pto.effects_of(op)) is not None]
        values = [value for found in effects for value in found.writes if not isinstance(value.type, pto.TileBufType)]
        return frozenset().union(*map(self.memory.of, values))

    def _block(self, block: IRBlock) -> Block:
        return Block([node for op in block.ops if (node := self._node(op)) is not None])

    def _node(self, op: Operation) -> Node | None:
        if isinstance(op, scf.ForOp):
            return self._loop(op)
        if isinstance(op, scf.WhileOp):
            return self._while(op)
        if isinstance(op, scf.IfOp):
            return self._if(op)
        if isinstance(op, pto.TPushOp | pto.TPopOp):
            return _fifo_node(op)
        if isinstance(op, pto.TAllocOp):
            # Binds an entry and touches nothing; it holds back the whole core until the slot is free.
            return None
        if pto.effects_of(op) is None:
            if op.regions:
                raise wrong(op, "--enable-insert-sync knows scf.for, scf.while and scf.if only")
            return None
        accesses = [
            Access(item, writes, self._rings.phases(conditions, self._loops))
            for item, writes, conditions in self._touched(op)
        ]
        if not accesses:
            return None
        pipe = queue_of(_pipe(op))
        walks = self._options.v_rule is VRule.REPEATS and pipe is Pipe.V
        return OpNode(pipe, tuple(accesses), op, walk=walk_of(op, self._ranges) if walks else None)

    def _loop(self, op: scf.ForOp) -> LoopNode | None:
        ring = self._rings.of(op)
        # What is inside may depend on the pass, so the loop's node is there first.
        node = self._loops[op] = LoopNode(Block(), op, *_trips(op))
        if ring is not None:
            node.copies, node.start, node.numbering = ring.copies, ring.start, ring
        node.body = self._block(op.body.block)
        return node if node.body.nodes else None

    def _while(self, op: scf.WhileOp) -> LoopNode | None:
        """A loop that makes any number of passes, of what stands behind its condition."""
        for inner in op.before_region.walk():
            if pto.effects_of(inner) is not None:
                raise wrong(
                    inner,
                    "--enable-insert-sync orders what is in the second region of scf.while, behind its "
                    "condition: move this there, or before the loop",
                )
        body = self._block(op.after_region.block)
        return LoopNode(body, op, 0, math.inf) if body.nodes else None

    def _if(self, op: scf.IfOp) -> IfNode | None:
        regions = (op.true_region, op.false_region)
        branches = tuple(self._block(region.block) if region.blocks else Block() for region in regions)
        known = self._series.branches(op.cond)
        when = tuple(self._rings.phases([c] if c is not None else [], self._loops) for c in known)
        return IfNode(branches, op, when) if any(branch.nodes for branch in branches) else None

    def _uses(self, block: IRBlock, around: Conditions) -> Iterator[Use]:
        """What the operations of a block touch, and when."""
        for op in block.ops:
            if pto.effects_of(op) is not None:
                for item, writes, conditions in self._touched(op):
                    yield Use(queue_of(_pipe(op)), item, writes, (*around, *conditions))
            known = self._series.branches(op.cond) if isinstance(op, scf.IfOp) else (None,) * len(op.regions)
            for region, condition in zip(op.regions, known, strict=True):
                for inner in region.blocks:
                    yield from self._uses(inner, around if condition is None else (*around, condition))

    def _touched(self, op: Operation) -> Iterator[tuple[ByteRange, bool, Conditions]]:
        """Bytes that an operation touches, whether it writes them, and when."""
        effects = pto.effects_of(op)
        assert effects is not None
        for values, writes in ((effects.reads, False), (effects.writes, True)):
            for value in values:
                if isinstance(value.type, pto.TileBufType):
                    yield from ((item, writes, conditions) for item, conditions in self._slots.of(value))
                else:
                    names = sorted(self.memory.of(value))
                    yield from ((ByteRange(name, 0, WHOLE), writes, ()) for name in names)
        if self._options.hidden_scratch and (scratch := effects.scratch) is not None:
            yield ByteRange(scratch.buffer.name, scratch.start, scratch.end), True, ()


def queue_of(pipe: PipeName) -> Pipe:
    """The queue that the dialect calls so."""
    return Pipe[pipe.name]


def _pipe(op: Operation) -> PipeName:
    # A slot is given back behind the loads from it, on their pipe.
    return PipeName.MTE2 if isinstance(op, pto.TFreeOp) else pto.pipe_of(op)


def _trips(loop: scf.ForOp) -> tuple[int, float]:
    """The fewest and the most passes of a loop: exact for constant bounds, and for `end - constant` to `end`."""
    length = _length(loop)
    step = pto.checks.constant_int(loop.step)
    if length is None:
        return 0, math.inf
    if length <= 0:
        return 0, 0
    if step is None or step < 1:
        # Whatever the step is, it is positive, so a positive length makes a pass.
        return 1, math.inf
    # Rounded up.
    trips = -(-length // step)
    return trips, trips


def _length(loop: scf.ForOp) -> int | None:
    first, end, lower = pto.checks.constant_int(loop.lb), pto.checks.constant_int(loop.ub), loop.lb.owner
    if first is not None and end is not None:
        return end - first
    if isinstance(lower, arith.SubiOp) and lower.lhs is loop.ub:
        return pto.checks.constant_int(lower.rhs)
    return None


def _fifo_node(op: pto.TPushOp | pto.TPopOp) -> FifoNode | None:
    """A signal of a FIFO whose signals can be counted: opened once, for both vector cores; None for others.

    Both cores know a FIFO by its direction and its first flag.
    """
    handle = op.pipe.owner
    if not isinstance(handle, pto.InitializeL2G2LPipeOp) or not isinstance(
        handle.parent_op(), func.FuncOp | pto.SectionOp
    ):
        return None
    siblings = (
        [other for other in handle.parent.ops if isinstance(other, pto.InitializeL2G2LPipeOp)] if handle.parent else []
    )
    same = [other for other in siblings if (other.dir_mask, other.flag) == (handle.dir_mask, handle.flag)]
    ends = [use.operation for use in handle.pipe.uses]
    if len(same) > 1 or any(isinstance(end, pto.FifoOp) and end.split_axis is pto.Split.NONE for end in ends):
        return None
    name = f"{pto.DIRECTIONS[handle.dir_mask.value.data]}{handle.flag}"
    return FifoNode(name, isinstance(op, pto.TPushOp), queue_of(pto.pipe_of(op)), op)


def _own_ids(function: func.FuncOp) -> Iterator[OwnIds]:
    """Event ids that the function uses itself; where it computes one, it may be any."""
    for op in function.body.walk():
        if isinstance(op, pto.FlagOp | pto.DynamicFlagOp):
            ids = {op.event_id.data} if isinstance(op, pto.FlagOp) else range(EVENT_IDS)
            yield OwnIds(queue_of(op.src_pipe.data), queue_of(op.dst_pipe.data), frozenset(ids))
