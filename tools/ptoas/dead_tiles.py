"""Tiles that come to nothing: what is computed there never reaches global memory, a FIFO or the printer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from isa.op import Role
from ptodsl.dialect import AllocationOp, MultiTileBufType, TileBufType, effects_of, row_of
from tools.ptoas.diagnostics import OperationWarning
from tools.ptoas.functions import functions_of
from tools.ptoas.tile_sources import allocations_of


@dataclass
class _Uses:
    """What happens to the tiles of a function."""

    writers: dict[AllocationOp, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    """Operations with a result in the tile, in program order."""
    inputs: dict[AllocationOp, set[AllocationOp]] = field(default_factory=lambda: defaultdict(set))
    """Tiles that those operations read."""
    live: set[AllocationOp] = field(default_factory=set)
    """Tiles that are read by what has an effect elsewhere."""


def dead_tiles(module: ModuleOp) -> Iterator[OperationWarning]:
    """A warning for each tile of a verified module that is written and comes to nothing, at the last write.

    A tile that is not touched at all is none: pto-dsl demands some that the device does without.
    """
    for function in functions_of(module):
        uses = _Uses()
        for op in function.walk():
            _note(op, uses)
        todo = list(uses.live)
        while todo:
            more = uses.inputs[todo.pop()] - uses.live
            uses.live |= more
            todo += more
        # In the order of the allocations, not of the writes.
        for op in function.walk():
            if isinstance(op, AllocationOp) and op not in uses.live and (writers := uses.writers[op]):
                problem = "nobody uses what it leaves in its tile: store it, or leave the operation out"
                yield OperationWarning(writers[-1], f"{writers[-1].name}: {problem}")


def _note(op: Operation, uses: _Uses) -> None:
    effects = effects_of(op)
    if effects is None:
        if not isinstance(op, AllocationOp) and not op.results:
            uses.live |= _tiles(op.operands)  # a call, or what goes around a loop
        return
    roles = {operand.name: operand.role for operand in row_of(op).family.operands}
    # Scratch is written, but nothing in it is a result.
    scratch = [value for name, role in roles.items() if role is Role.SCRATCH and (value := getattr(op, name, None))]
    read = _tiles(effects.reads)
    written = [value for value in effects.writes if value not in scratch]
    targets = _tiles(written)
    # What it does is seen elsewhere, in GM or by the printer, so all that it reads counts.
    if not written or not all(isinstance(value.type, TileBufType | MultiTileBufType) for value in written):
        uses.live |= read
    for target in targets:
        uses.writers[target].append(op)
        uses.inputs[target] |= read


def _tiles(values: Iterable[SSAValue]) -> set[AllocationOp]:
    return {
        allocation
        for value in values
        if isinstance(value.type, TileBufType | MultiTileBufType)
        for allocation in allocations_of(value)
    }
