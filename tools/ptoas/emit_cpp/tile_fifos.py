"""C++ of FIFOs whose entries are tiles: the FIFO first, then the tile."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    DIRECTIONS,
    ImportReservedBufferOp,
    ReserveBufferOp,
    TFreeTileOp,
    TileFifoOp,
    TileFifoStepOp,
    TPopTileOp,
    TPushTileOp,
)
from tools.ptoas.emit_cpp.spelling import tile_spec, tile_type
from tools.ptoas.emit_cpp.writer import Writer

ADDRESS_TYPE = "int32_t"
"""C++ type of the address of a ring."""


def pipe_type(fifo: TileFifoOp) -> str:
    """`TPipe<flag base, direction, slot bytes, slots, local slots, no split>`."""
    assert fifo.flag_base is not None
    assert fifo.nosplit is not None
    numbers = f"{fifo.slot_size.value.data}, {fifo.slots}, {fifo.local_slots}"
    no_split = "true" if fifo.nosplit.value.data else "false"
    return f"TPipe<{fifo.flag_base.value.data}, Direction::{DIRECTIONS[fifo.direction]}, {numbers}, {no_split}>"


def emit_address(writer: Writer, op: ReserveBufferOp | ImportReservedBufferOp) -> None:
    """Nothing: the address of a ring is a constant."""
    ring = op if isinstance(op, ReserveBufferOp) else op.reserved
    assert ring is not None
    assert ring.base is not None
    writer.alias(op.address, writer.constant(ADDRESS_TYPE, str(ring.base.value.data)))


def emit_initialize(writer: Writer, op: TileFifoOp) -> None:
    """`auto v9 = TPipe<...>(v1, v2, v3);`: slots in GM, then the rings in UB and in L1."""
    assert op.gm_slot_buffer is not None

    def ring(value: SSAValue | None) -> str:
        return writer.constant(ADDRESS_TYPE, "0") if value is None else writer.name(value)

    rings = f"{ring(op.c2v_consumer_buf)}, {ring(op.v2c_consumer_buf)}"
    name = writer.fresh()
    writer.handles[op] = name
    writer.line(f"auto {name} = {pipe_type(op)}({writer.name(op.gm_slot_buffer)}, {rings});")


def emit_push(writer: Writer, op: TPushTileOp) -> None:
    """`TPUSH<TPipe<...>, Tile<...>, TileSplitAxis::TILE_UP_DOWN>(v9, v8);`."""
    _call(writer, "TPUSH", op, op.src)


def emit_pop(writer: Writer, op: TPopTileOp) -> None:
    """`Tile<...> v10; TPOP<TPipe<...>, Tile<...>, TileSplitAxis::TILE_UP_DOWN>(v9, v10);`: TPOP places the tile.

    One of run-time sizes begins as large as it can be: `Tile<...> v10(16, 64); v10.SetValidShape(v1, v2);`.
    """
    spec, name = tile_spec(op.result), writer.define(op.result)
    valid = [writer.name(value) for value in (op.valid_row, op.valid_col) if value is not None]
    writer.line(f"{tile_type(spec)} {name}{f'({spec.rows}, {spec.cols})' if valid else ''};")
    if valid:
        writer.line(f"{name}.SetValidShape({', '.join(valid)});")
    _call(writer, "TPOP", op, op.result)


def emit_free(writer: Writer, op: TFreeTileOp) -> None:
    """`TFREE<TPipe<...>, TileSplitAxis::TILE_UP_DOWN>(v9);`."""
    fifo = op.fifo
    assert fifo is not None
    writer.line(f"TFREE<{pipe_type(fifo)}, TileSplitAxis::{op.split_axis}>({writer.handles[fifo]});")


def _call(writer: Writer, function: str, op: TileFifoStepOp, tile: SSAValue) -> None:
    fifo = op.fifo
    assert fifo is not None
    types = f"{pipe_type(fifo)}, {tile_type(tile_spec(tile))}, TileSplitAxis::{op.split_axis}"
    writer.line(f"{function}<{types}>({writer.handles[fifo]}, {writer.name(tile)});")


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    ReserveBufferOp: emit_address,
    ImportReservedBufferOp: emit_address,
    TileFifoOp: emit_initialize,
    TPushTileOp: emit_push,
    TPopTileOp: emit_pop,
    TFreeTileOp: emit_free,
}
"""Operations on FIFOs of tiles; a class without its own row is printed like its base."""
