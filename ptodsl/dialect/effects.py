"""What each operation does to memory, and on which pipe: the single source for all synchronisation.

An operation that touches memory has the trait `TileEffects`, which is its row of the operation table; `effects_of(op)`
is the question. Operations without it (arithmetic, control flow, names for memory) run on the scalar unit and touch no
tile.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

from xdsl.ir import Operation, SSAValue
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind

from isa import a3
from isa.op import MOVE_PIPES, STORE_PIPES, Decides, Hidden, Op
from isa.ops import BY_DIALECT
from ptodsl.dialect.attributes import Pipe
from ptodsl.dialect.tile_type import BLayout, Loc, TileBufType


@dataclass(frozen=True)
class Effects:
    """The pipe of an operation and the memory that it reads and writes.

    The values are tiles (on-chip bytes), slices or pointers of GM, or entries of FIFOs.
    """

    pipe: Pipe
    reads: tuple[SSAValue, ...] = ()
    writes: tuple[SSAValue, ...] = ()
    scratch: a3.Region | None = None
    """Bytes that no operand names, written first and then read."""


class Directed(Protocol):
    """An operation that runs on the pipe of the stores which its FIFO announces."""

    @property
    def store_pipe(self) -> Pipe:
        """That pipe; raises ValueError if the FIFO is out of sight."""


class Converting(Protocol):
    """An operation for some element types of which the device library needs scratch."""

    @property
    def uses_library_scratch(self) -> bool:
        """Whether it does for these."""


@dataclass(frozen=True)
class TileEffects(MemoryEffect):
    """The operation does to its operands what a row of the operation table says."""

    row: Op

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Operands that are read."""
        return self.row.family.reads

    @cached_property
    def writes(self) -> tuple[str, ...]:
        """Operands that are written; scratch counts."""
        return self.row.family.writes

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        """Reads and writes as xDSL's passes know them."""
        trait = op.get_trait(cls)
        assert trait is not None
        kinds = {MemoryEffectKind.READ: trait.reads, MemoryEffectKind.WRITE: trait.writes}
        return {EffectInstance(kind) for kind, operands in kinds.items() if operands}

    def pipe_of(self, op: Operation) -> Pipe:
        """The pipe that runs `op`."""
        rule = self.row.family.pipe
        match rule:
            case Decides.SOURCE:
                rule = MOVE_PIPES[_loc(op, "src")]
            case Decides.STORED:
                rule = STORE_PIPES[_loc(op, "src")]
            case Decides.DIRECTION:
                return cast(Directed, op).store_pipe
        return Pipe[rule.name]

    def uses_library_scratch(self, op: Operation) -> bool:
        """Whether the device library works in `a3.LIBRARY_SCRATCH`, without an operand that says so."""
        match self.row.family.hidden:
            case Hidden.NEVER:
                return False
            case Hidden.COLUMN_MAJOR_ROWS:
                # The row values are broadcast into the program's scratch then.
                if getattr(op, "tmp", None) is not None:
                    return False
                types = [operand.type for operand in op.operands]
                return any(isinstance(ty, TileBufType) and ty.data.blayout is BLayout.COL_MAJOR for ty in types)
            case Hidden.WITHIN_UB:
                return _loc(op, "src") is Loc.VEC
            case Hidden.BY_CONVERSION:
                return cast(Converting, op).uses_library_scratch


def tile_effects(name: str) -> TileEffects:
    """The trait of the operation `pto.<name>`, from its row."""
    return TileEffects(BY_DIALECT[name])


def row_of(op: Operation) -> Op:
    """The row of the operation table of an operation that has one."""
    trait = op.get_trait(TileEffects)
    assert trait is not None, f"{op.name} has no row in isa/ops.py"
    return trait.row


def effects_of(op: Operation) -> Effects | None:
    """Pipe, reads and writes of an operation; None when it touches no memory and needs no ordering."""
    trait = op.get_trait(TileEffects)
    if trait is None:
        return None
    return Effects(
        trait.pipe_of(op),
        tuple(value for name in trait.reads if (value := getattr(op, name)) is not None),
        tuple(value for name in trait.writes if (value := getattr(op, name)) is not None),
        a3.LIBRARY_SCRATCH if trait.uses_library_scratch(op) else None,
    )


def uses_library_scratch(op: Operation) -> bool:
    """Whether the device library works in `a3.LIBRARY_SCRATCH` for this operation, without an operand that says so."""
    trait = op.get_trait(TileEffects)
    return trait is not None and trait.uses_library_scratch(op)


def touches_memory(op: Operation) -> bool:
    """Whether an operation reads or writes a tile, GM or the entry of a FIFO."""
    trait = op.get_trait(TileEffects)
    return trait is not None and bool(trait.reads or trait.writes)


def pipe_of(op: Operation) -> Pipe:
    """Pipe that runs an operation; S for everything that the scalar unit does itself."""
    trait = op.get_trait(TileEffects)
    return Pipe.S if trait is None else trait.pipe_of(op)


def _loc(op: Operation, name: str) -> Loc:
    ty = getattr(op, name).type
    assert isinstance(ty, TileBufType)
    return ty.loc
