"""What each operation does to memory, and on which pipe: the single source for all synchronisation.

`effects_of(op)` is the question; the tables below are the answer, one row per kind of operation. Operations that are
in no table (arithmetic, control flow, names for memory) run on the scalar unit and touch no tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from xdsl.ir import Operation, SSAValue

from isa import a3
from ptodsl.dialect import control, cube, fifo, move, pointer, reduce, tile, vector
from ptodsl.dialect.attributes import Pipe
from ptodsl.dialect.tile_type import BLayout, Loc, TileBufType

V = TypeVar("V")


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


@dataclass(frozen=True)
class Access:
    """Names of the operands that a kind of operation reads and writes; scratch operands count as written."""

    reads: tuple[str, ...]
    writes: tuple[str, ...] = ("dst",)


ACCESSES: dict[type[Operation], Access] = {
    move.TLoadOp: Access(("src",)),
    move.TStoreOp: Access(("src",)),
    move.TMovOp: Access(("src",)),
    move.TExtractOp: Access(("src",)),
    cube.TMatmulOp: Access(("left", "right")),
    cube.TMatmulAccOp: Access(("acc", "left", "right")),
    cube.TMatmulBiasOp: Access(("left", "right", "bias")),
    vector.BinaryOp: Access(("lhs", "rhs")),
    vector.TXorOp: Access(("lhs", "rhs"), ("tmp", "dst")),
    vector.UnaryOp: Access(("src",)),
    vector.TileScalarOp: Access(("src",)),
    vector.TExpandsOp: Access(()),
    vector.TCvtOp: Access(("src",)),
    reduce.RowReduceOp: Access(("src",), ("tmp", "dst")),
    reduce.ColReduceOp: Access(("src",)),
    reduce.RowExpandBinaryOp: Access(("src", "row")),
    reduce.ColExpandBinaryOp: Access(("src", "col")),
    reduce.TRowExpandOp: Access(("src",)),
    reduce.TColExpandOp: Access(("src",)),
    fifo.TAllocOp: Access((), ("entry",)),
    fifo.TPushOp: Access(("entry",), ()),
    fifo.TPopOp: Access((), ("entry",)),
    fifo.TFreeOp: Access(("entry",), ()),
    pointer.LoadScalarOp: Access(("ptr",), ()),
    pointer.StoreScalarOp: Access((), ("ptr",)),
    control.TPrintOp: Access(("src",), ()),
    tile.TReshapeOp: Access((), ()),
    tile.SubviewOp: Access((), ()),
}
"""Operations, or bases of families of them, that touch memory or name tiles."""

PIPES: dict[type[Operation], Pipe] = {
    move.TLoadOp: Pipe.MTE2,
    cube.TMatmulOp: Pipe.M,
    cube.TMatmulAccOp: Pipe.M,
    cube.TMatmulBiasOp: Pipe.M,
    vector.BinaryOp: Pipe.V,
    vector.TXorOp: Pipe.V,
    vector.UnaryOp: Pipe.V,
    vector.TileScalarOp: Pipe.V,
    vector.TExpandsOp: Pipe.V,
    vector.TCvtOp: Pipe.V,
    reduce.RowReduceOp: Pipe.V,
    reduce.ColReduceOp: Pipe.V,
    reduce.RowExpandBinaryOp: Pipe.V,
    reduce.ColExpandBinaryOp: Pipe.V,
    reduce.TRowExpandOp: Pipe.V,
    reduce.TColExpandOp: Pipe.V,
    fifo.TAllocOp: Pipe.MTE3,
    fifo.TPopOp: Pipe.MTE2,
    fifo.TFreeOp: Pipe.S,
}
"""Pipes of the operations whose kind alone decides it; `pipe_of` decides the others, or they run on S."""

MOVE_PIPES = {Loc.MAT: Pipe.MTE1, Loc.VEC: Pipe.V, Loc.ACC: Pipe.FIX}
"""Pipe of `pto.tmov` and `pto.textract` by the buffer of their source."""

STORE_PIPES = {Loc.ACC: Pipe.FIX, Loc.VEC: Pipe.MTE3}
"""Pipe of `pto.tstore` by the buffer of its source."""

PUSH_PIPES = {fifo.CUBE_TO_VECTOR: Pipe.FIX, fifo.VECTOR_TO_CUBE: Pipe.MTE3}
"""Pipe of `pto.tpush` by direction: the pipe of the stores into the entry, FIX on the cube, MTE3 on a vector core."""


def effects_of(op: Operation) -> Effects | None:
    """Pipe, reads and writes of an operation; None when it touches no memory and needs no ordering."""
    access = _row(ACCESSES, op)
    if access is None:
        return None
    return Effects(
        pipe_of(op),
        tuple(getattr(op, name) for name in access.reads),
        tuple(getattr(op, name) for name in access.writes),
        a3.LIBRARY_SCRATCH if uses_library_scratch(op) else None,
    )


def uses_library_scratch(op: Operation) -> bool:
    """Whether the device library works in `a3.LIBRARY_SCRATCH` for this operation, without an operand that says so."""
    match op:
        case reduce.RowExpandBinaryOp():
            row = op.row.type
            return isinstance(row, TileBufType) and row.data.blayout is BLayout.COL_MAJOR
        case vector.TCvtOp():
            conversion = op.conversion
            return conversion is not None and conversion.uses_library_scratch
        case move.TExtractOp():
            return _loc(op.src) is Loc.VEC
        case _:
            return False


def touches_memory(op: Operation) -> bool:
    """Whether an operation reads or writes a tile, GM or the entry of a FIFO."""
    effects = effects_of(op)
    return effects is not None and bool(effects.reads or effects.writes)


def pipe_of(op: Operation) -> Pipe:
    """Pipe that runs an operation; S for everything that the scalar unit does itself."""
    if isinstance(op, move.TMovOp | move.TExtractOp):
        return MOVE_PIPES[_loc(op.src)]
    if isinstance(op, move.TStoreOp):
        return STORE_PIPES[_loc(op.src)]
    if isinstance(op, fifo.TPushOp):
        return _push_pipe(op)
    return _row(PIPES, op) or Pipe.S


def _push_pipe(op: fifo.TPushOp) -> Pipe:
    """Pipe of the stores that the push announces, from the direction of its FIFO."""
    owner = op.pipe.owner
    if not isinstance(owner, fifo.InitializeL2G2LPipeOp):
        raise ValueError(f"{op.name}: pipe must come from pto.initialize_l2g2l_pipe in the same function")
    return PUSH_PIPES[owner.dir_mask.value.data]


def _loc(value: SSAValue) -> Loc:
    ty = value.type
    assert isinstance(ty, TileBufType)
    return ty.loc


def _row(table: Mapping[type[Operation], V], op: Operation) -> V | None:
    """Row of an operation's class or of the family it belongs to."""
    for cls in type(op).__mro__:
        if cls in table:
            return table[cls]
    return None
