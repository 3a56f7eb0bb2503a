"""C++ of FIFOs: those with entries in GM, and those of tiles."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import pipe_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.templates import Emitter
from tools.ptoas.emit_cpp.views import entry_view
from tools.ptoas.emit_cpp.writer import Writer

ADDRESS_TYPE = "int32_t"
"""C++ type of the address of a ring."""

CALLS: dict[type[pto.FifoOp], str] = {
    pto.TAllocOp: "TALLOC",
    pto.TPushOp: "TPUSH",
    pto.TPopOp: "TPOP",
    pto.TFreeOp: "TFREE",
}


def emit_initialize_pipe(writer: Writer, op: pto.InitializeL2G2LPipeOp) -> None:
    """`auto v9 = TPipe<...>(v1, v2, v2);`: base in GM, and no slots on chip."""
    view = op.gm_addr.owner
    if not isinstance(view, pto.MakeTensorViewOp):
        raise wrong(op, "gm_addr must be made by pto.make_tensor_view in this function")
    no_local = writer.constant(ADDRESS_TYPE, "0")
    writer.variable("auto", f"{pipe_type(op)}({writer.name(view.ptr)}, {no_local}, {no_local})", op.pipe)


def emit_fifo(writer: Writer, op: pto.FifoOp) -> None:
    """`TPUSH<TPipe<...>, GlobalTensor<...>, TileSplitAxis::TILE_UP_DOWN>(pipe, entry);`."""
    owner = op.pipe.owner
    if not isinstance(owner, pto.InitializeL2G2LPipeOp):
        raise wrong(op, "pipe must come from pto.initialize_l2g2l_pipe in the same function")
    types = pipe_type(owner), entry_view(op.entry, op).type, f"TileSplitAxis::{op.split_axis}"
    writer.call(CALLS[type(op)], [op.pipe, op.entry], types)


def emit_address(writer: Writer, op: pto.ReserveBufferOp | pto.ImportReservedBufferOp) -> None:
    """Nothing: the address of a ring is a constant."""
    ring = op if isinstance(op, pto.ReserveBufferOp) else op.reserved
    assert ring is not None
    assert ring.base is not None
    writer.alias(op.address, writer.constant(ADDRESS_TYPE, str(ring.base.value.data)))


def emit_initialize(writer: Writer, op: pto.TileFifoOp) -> None:
    """`auto v9 = TPipe<...>(v1, v2, v3);`: slots in GM, then the rings in UB and in L1."""
    assert op.gm_slot_buffer is not None
    rings = [
        writer.constant(ADDRESS_TYPE, "0") if ring is None else writer.name(ring)
        for ring in (op.c2v_consumer_buf, op.v2c_consumer_buf)
    ]
    places = ", ".join([writer.name(op.gm_slot_buffer), *rings])
    writer.handles[op] = writer.variable("auto", f"{pipe_type(op)}({places})")


def emit_push(writer: Writer, op: pto.TPushTileOp) -> None:
    """`TPUSH<TPipe<...>, Tile<...>, TileSplitAxis::TILE_UP_DOWN>(v9, v8);`."""
    _call(writer, "TPUSH", op, op.src)


def emit_pop(writer: Writer, op: pto.TPopTileOp) -> None:
    """`Tile<...> v10; TPOP<TPipe<...>, Tile<...>, TileSplitAxis::TILE_UP_DOWN>(v9, v10);`: TPOP places the tile.

    One of run-time sizes begins as large as it can be: `Tile<...> v10(16, 64); v10.SetValidShape(v1, v2);`.
    """
    spec, name = tile_spec(op.result), writer.define(op.result)
    valid = [writer.name(value) for value in (op.valid_row, op.valid_col) if value is not None]
    writer.line(f"{tile_type(spec)} {name}{f'({spec.rows}, {spec.cols})' if valid else ''};")
    if valid:
        writer.call(f"{name}.SetValidShape", valid)
    _call(writer, "TPOP", op, op.result)


def emit_free(writer: Writer, op: pto.TFreeTileOp) -> None:
    """`TFREE<TPipe<...>, TileSplitAxis::TILE_UP_DOWN>(v9);`."""
    _call(writer, "TFREE", op)


def _call(writer: Writer, function: str, op: pto.TileFifoStepOp, *tiles: SSAValue) -> None:
    fifo = op.fifo
    assert fifo is not None
    types = pipe_type(fifo), *(tile_type(tile_spec(tile)) for tile in tiles), f"TileSplitAxis::{op.split_axis}"
    writer.call(function, [writer.handles[fifo], *tiles], types)


EMITTERS: dict[type[Operation], Emitter] = {
    pto.InitializeL2G2LPipeOp: emit_initialize_pipe,
    pto.FifoOp: emit_fifo,
    pto.ReserveBufferOp: emit_address,
    pto.ImportReservedBufferOp: emit_address,
    pto.TileFifoOp: emit_initialize,
    pto.TPushTileOp: emit_push,
    pto.TPopTileOp: emit_pop,
    pto.TFreeTileOp: emit_free,
}
"""Operations on FIFOs; a class without its own row is printed like its base."""
