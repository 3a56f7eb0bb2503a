"""What a function's FIFO operations must agree on: cores, flags, the size of an entry on a vector core, its use.

ptoas 0.48 takes most of what is refused here; the device's library then corrupts data or hangs.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.complete_fifos import flag_bases
from tools.ptoas.diagnostics import OperationError, wrong
from tools.ptoas.functions import core_of


def verify_fifos(function: FuncOp) -> Iterator[OperationError]:
    """All violations in a function whose operations obey their own rules."""
    yield from _verify_flags(function)
    for op in function.walk():
        if isinstance(op, pto.InitializeL2G2LPipeOp):
            yield from _OneAtATime(op).errors(function)
        elif isinstance(op, pto.FifoOp) and isinstance(fifo := op.pipe.owner, pto.InitializeL2G2LPipeOp):
            problem = _wrong_core(op, fifo, core_of(op)) or _wrong_part(op, fifo, core_of(op))
            if problem is not None:
                yield wrong(op, problem)


def _verify_flags(function: FuncOp) -> Iterator[OperationError]:
    """Check that every FIFO of a core has flags of its own, among those that it may use."""
    taken: dict[tuple[Operation | None, int], pto.InitializeL2G2LPipeOp] = {}
    for fifo, base in flag_bases(function).items():
        section = fifo.parent_op()
        if fifo.flag is None and isinstance(section, pto.SectionOp):
            yield wrong(
                fifo,
                "give a FIFO in a section its flag_base: the other end is in another section, and both "
                "must have the same",
            )
            continue
        if fifo.flag is None and (problem := pto.flag_problem(base)) is not None:
            yield wrong(fifo, f"the FIFOs of this function are numbered, and {problem}")
        # Two sections may name the same flags: they are two cores, and the two ends of one FIFO.
        for flag in (base, base + 1):
            if taken.setdefault((section, flag), fifo) is not fifo:
                yield wrong(
                    fifo,
                    f"flag_base = {base} takes the flags {base} to {base + 1}, and another FIFO of this "
                    f"core takes {flag}; give each FIFO two flags of its own",
                )
                break


def _wrong_core(op: pto.FifoOp, fifo: pto.InitializeL2G2LPipeOp, core: pto.KernelKind | None) -> str | None:
    """Why an operation cannot be where it is."""
    if core is None:
        return "must be inside pto.section.cube, pto.section.vector or a function with pto.kernel_kind"
    from_cube = fifo.dir_mask.value.data == pto.CUBE_TO_VECTOR
    produces = isinstance(op, pto.TAllocOp | pto.TPushOp)
    wanted = pto.KernelKind.CUBE if produces == from_cube else pto.KernelKind.VECTOR
    if core is wanted:
        return None
    side, verbs = ("fills", "tpop and tfree") if produces else ("empties", "talloc and tpush")
    return f"dir_mask = {fifo.dir_mask.value.data}: the {wanted} core {side} this FIFO, the {core} core has {verbs}"


def _wrong_part(op: pto.FifoOp, fifo: pto.InitializeL2G2LPipeOp, core: pto.KernelKind | None) -> str | None:
    """Why the entry of a vector core is not its part of a slot, which begins at subblock x bytes of the entry."""
    entry = op.entry_type
    if not isinstance(entry, pto.TensorViewType):
        return None  # its own rules say what is wrong
    if core is not pto.KernelKind.VECTOR or op.split_axis is pto.Split.NONE or pto.DYNAMIC in entry.shape:
        return None
    size, slot = pto.entry_bytes(entry), fifo.slot_size.value.data
    if 2 * size != slot:
        return (
            f"the entry {entry} has {size} bytes, but on a vector core it must be half of a slot, {slot // 2}: with "
            f"split = {op.split.value.data} that of vector core 1 begins at byte {size}, and would end beyond the slot"
        )
    if op.split_axis is pto.Split.LEFT_RIGHT and prod(entry.shape[:-1]) > 1:
        return (
            f"the entry {entry} has several rows, one behind the other, but the left and the right half of a slot lie "
            "in each other's gaps: use split = 1 (up/down)"
        )
    return None


def _entries_of(fifo: pto.InitializeL2G2LPipeOp) -> set[SSAValue]:
    """Entries that no other FIFO of the function has."""
    steps = [use.operation for use in fifo.pipe.uses if isinstance(use.operation, pto.FifoOp)]
    entries = {step.entry for step in steps if step.entry_type is not None}
    return {
        entry
        for entry in entries
        if all(use.operation.pipe is fifo.pipe for use in entry.uses if isinstance(use.operation, pto.FifoOp))
    }


def _slice_of(op: pto.TLoadOp | pto.TStoreOp) -> SSAValue | None:
    """What an operation loads or stores a slice of."""
    part = op.src if isinstance(op, pto.TLoadOp) else op.dst
    return part.owner.source if isinstance(part.owner, pto.PartitionViewOp) else None


def _trips(loop: scf.ForOp) -> int | None:
    """How many passes a loop makes, if its bounds are constant."""
    first, end, step = (pto.checks.constant_int(bound) for bound in (loop.lb, loop.ub, loop.step))
    return None if first is None or end is None or not step else max(0, -(-(end - first) // step))


_FOLLOWED = (
    pto.TPopOp,
    pto.TAllocOp,
    pto.TPushOp,
    pto.TFreeOp,
    pto.TLoadOp,
    pto.TStoreOp,
    scf.IfOp,
    scf.ForOp,
    scf.WhileOp,
    pto.SectionOp,
)
"""Operations that `_OneAtATime.block` looks at."""


class _OneAtATime:
    """Follows the entries of one FIFO on all paths: the library frees the one that was popped last.

    An entry is held from talloc to tpush, and from tpop to tfree; then it may be loaded and stored.
    """

    def __init__(self, fifo: pto.InitializeL2G2LPipeOp) -> None:
        self.fifo = fifo
        self.entries = _entries_of(fifo)
        self.found: dict[Operation, OperationError] = {}
        self.last_pop: pto.TPopOp | None = None
        self.passes = 0
        """Loops around the current operation of which one pass is being followed."""
        self.unsure = 0
        """Branches around it that this pass may not take."""
        self.followed: dict[Block, list[Operation]] = {}
        """Of each block those of _FOLLOWED: blocks of loops are gone through several times."""

    def errors(self, function: FuncOp) -> Iterator[OperationError]:
        """What is wrong on every path that comes there; what depends on run-time values, the runtime sees."""
        held = self.block(function.body.block, frozenset((False,)))
        if held == {True} and not self.found and self.last_pop is not None:
            self.complain(self.last_pop, "this entry is never freed, so the producer waits for it for ever")
        yield from self.found.values()

    def complain(self, op: Operation, problem: str) -> None:
        """Note an error, once for an operation, if the operation is sure to be executed in this state."""
        if not self.unsure:
            self.found[op] = wrong(op, problem)

    def block(self, block: Block, held: frozenset[bool]) -> frozenset[bool]:
        """Whether an entry may be (and may not be) held after a block, from the same before it."""
        if block not in self.followed:
            self.followed[block] = [op for op in block.ops if isinstance(op, _FOLLOWED)]
        for op in self.followed[block]:
            match op:
                case pto.TPopOp() if op.pipe is self.fifo.pipe:
                    held = self.pop(op, held)
                case pto.TAllocOp() if op.pipe is self.fifo.pipe:
                    held = frozenset((True,))
                case pto.TPushOp() if op.pipe is self.fifo.pipe:
                    if held == {False}:
                        self.complain(op, "there is no entry to push: each talloc is pushed once")
                    held = frozenset((False,))
                case pto.TLoadOp() | pto.TStoreOp() if held == {False} and _slice_of(op) in self.entries:
                    self.complain(
                        op,
                        "the entry belongs to the other core here: use it from talloc to tpush or from tpop to tfree",
                    )
                case pto.TFreeOp() if op.pipe is self.fifo.pipe:
                    if held == {False}:
                        self.complain(op, "there is no entry to free: each tpop is freed once")
                    held = frozenset((False,))
                case scf.IfOp():
                    held = self.branches(op, held)
                case scf.ForOp():
                    held = self.loop(op.body.block, _trips(op), held)
                case scf.WhileOp():
                    held = self.loop(op.after_region.block, None, self.block(op.before_region.block, held))
                case pto.SectionOp():
                    held = self.block(op.block, held)
        return held

    def pop(self, op: pto.TPopOp, held: frozenset[bool]) -> frozenset[bool]:
        """State after a pop."""
        self.last_pop = op
        if held == {True}:
            self.complain(
                op, "the entry popped before is not freed yet, and a FIFO frees only the one popped last: tfree first"
            )
        return frozenset((True,))

    def loop(self, body: Block, trips: int | None, held: frozenset[bool]) -> frozenset[bool]:
        """State after a loop of `trips` passes, None if not known: two passes show all states, since there are two.

        What is in a branch may be executed in some passes only, so it is judged by the states of all passes together.
        """
        if trips == 0:
            return held
        self.passes += 1
        once = self.block(body, held)
        twice = once if trips == 1 else self.block(body, once)
        self.passes -= 1
        if not self.passes:
            self.block(body, held | once | twice)
        return once | twice if trips else held | once | twice

    def branches(self, op: scf.IfOp, held: frozenset[bool]) -> frozenset[bool]:
        """State after one branch or the other; without an else, after the one or none."""
        self.unsure += self.passes > 0
        blocks = [region.block for region in op.regions if region.blocks]
        after = [self.block(block, held) for block in blocks]
        self.unsure -= self.passes > 0
        return frozenset().union(*after, held if len(blocks) == 1 else ())
