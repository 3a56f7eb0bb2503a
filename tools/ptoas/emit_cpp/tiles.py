"""C++ of tiles: declarations with their addresses, and the calls that work on them, destination first."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.templates import Emitter, statement, value
from tools.ptoas.emit_cpp.vectors import emit_sequence, emit_vector
from tools.ptoas.emit_cpp.views import Term, add, multiply, term
from tools.ptoas.emit_cpp.writer import Writer

ADDRESS_TYPE = "uint64_t"
"""C++ type of a tile's byte offset in its buffer."""


def emit_alloc_tile(writer: Writer, op: pto.AllocTileOp) -> None:
    """`Tile<...> v9(rows, columns); TASSIGN(v9, v2);`, the sizes being those that are dynamic, if any."""
    _assign(writer, op.result, op)


def emit_multi_tile_get(writer: Writer, op: pto.MultiTileGetOp) -> None:
    """As a tile at the place of the chosen one; where that is computed, with a selection of addresses."""
    assert isinstance(op.source.owner, pto.AllocMultiTileOp)
    _assign(writer, op.result, op.source.owner)


def _assign(writer: Writer, tile: SSAValue, allocation: pto.AllocationOp) -> None:
    """Declare a tile of an allocation, with the sizes that are known at run time only, and place it."""
    values = allocation.valid_row, allocation.valid_col
    sizes = ", ".join(writer.name(value) for value in values if value is not None)
    name = _declare(writer, tile, f"({sizes})" if sizes else "")
    writer.line(f"TASSIGN({name}, {_address(writer, tile)});")


def emit_reshape(writer: Writer, op: pto.TReshapeOp) -> None:
    """`Tile<...> v9; TRESHAPE(v9, v8);`."""
    source = writer.name(op.src)
    writer.line(f"TRESHAPE({_declare(writer, op.result)}, {source});")


def emit_subview(writer: Writer, op: pto.SubviewOp) -> None:
    """`Tile<...> v9; TASSIGN(v9, address of the window);`; a dynamic valid size is at most the window's."""
    ty = op.result.type
    assert isinstance(ty, pto.TileBufType)
    names = [
        f"({writer.name(value)} < {size} ? {writer.name(value)} : {size})"
        for valid, size, value in zip(ty.valid_shape, ty.shape, op.valid or (None, None), strict=True)
        if valid == pto.DYNAMIC and value is not None
    ]
    name = _declare(writer, op.result, f"({', '.join(names)})" if names else "")
    writer.line(f"TASSIGN({name}, {_address(writer, op.result)});")


def _address(writer: Writer, tile: SSAValue) -> str:
    """Byte offset of a tile in its buffer: a constant, or an expression of where windows start."""
    origin = writer.ranges.origin(tile)
    if origin is not None:
        return writer.constant(ADDRESS_TYPE, str(origin))
    owner = tile.owner
    if isinstance(owner, pto.TReshapeOp):
        return _address(writer, owner.src)
    if isinstance(owner, pto.MultiTileGetOp):
        return _chosen_address(writer, owner)
    if not isinstance(owner, pto.SubviewOp):
        op = owner if isinstance(owner, Operation) else owner.parent_op()
        assert op is not None
        raise wrong(op, "a window of a tile that is selected at run time has no address")
    ty = owner.source.type
    assert isinstance(ty, pto.TileBufType)
    row, col = (term(writer, offset) for offset in owner.offsets)
    elements: Term = add(multiply(row, pto.row_distance(owner.source)), col)
    start = _address(writer, owner.source)
    return f"{start} + ({ADDRESS_TYPE})({elements}) * {pto.element_bytes(ty.dtype)}"


def _chosen_address(writer: Writer, op: pto.MultiTileGetOp) -> str:
    """A variable with the address of the chosen tile: `uint64_t v17 = (uint64_t) (v15 == 1 ? v3 : v2);`."""
    several, first = op.source.type, writer.ranges.origin(op.source)
    assert isinstance(several, pto.MultiTileBufType)
    assert first is not None
    places = [
        writer.constant(ADDRESS_TYPE, str(first + number * several.tile.byte_size)) for number in range(several.count)
    ]
    # From the inside out: number 0 is what is left if no other one is chosen.
    chosen = places[0]
    for number, place in enumerate(places[1:], 1):
        rest = chosen if number == 1 else f"({chosen})"
        chosen = f"{writer.name(op.index)} == {number} ? {place} : {rest}"
    return writer.variable(ADDRESS_TYPE, f"({ADDRESS_TYPE}) ({chosen})")


def _declare(writer: Writer, tile: SSAValue, arguments: str = "") -> str:
    """Print the declaration of a tile variable; its name."""
    name = writer.define(tile)
    writer.line(f"{tile_type(tile_spec(tile))} {name}{arguments};")
    return name


def emit_call(writer: Writer, op: pto.DpsOp) -> None:
    """`TADD(dst, lhs, rhs);`: the destination first."""
    *ins, dst = op.operands
    writer.call(op.instruction, [dst, *ins])


def emit_cvt(writer: Writer, op: pto.TCvtOp) -> None:
    """`TCVT(dst, src, mode, saturation);`, the last two being variables."""
    mode = writer.constant("RoundMode", f"RoundMode::{op.rounding.spelling}")
    saturation = writer.constant("SaturationMode", f"SaturationMode::{op.saturation}")
    writer.call(op.instruction, [op.dst, op.src, mode, saturation])


def emit_get_validshape(writer: Writer, op: pto.GetValidShapeOp) -> None:
    """`int64_t v5 = v4.GetValidRow(); int64_t v6 = v4.GetValidCol();`."""
    tile = writer.name(op.tile)
    for result, method in ((op.rows, "GetValidRow"), (op.cols, "GetValidCol")):
        writer.variable(scalar_type(result.type, op), f"{tile}.{method}()", result)


def emit_computed_flag(writer: Writer, op: pto.DynamicFlagOp) -> None:
    """`event_t v2 = (event_t) v1; set_flag(PIPE_MTE2, PIPE_V, v2);`, or the wait for it."""
    event = writer.variable("event_t", f"(event_t) {writer.name(op.event_id)}")
    function = "set_flag" if isinstance(op, pto.SetFlagDynOp) else "wait_flag"
    writer.call(function, [op.src_pipe.data, op.dst_pipe.data, event])


FLAG = "_flag({op.src_pipe.data}, {op.dst_pipe.data}, {op.event_id.spelling})"

EMITTERS: dict[type[Operation], Emitter] = {
    pto.AllocTileOp: emit_alloc_tile,
    # Several tiles have no variable: each use of one has its own.
    pto.AllocMultiTileOp: lambda writer, op: None,
    pto.MultiTileGetOp: emit_multi_tile_get,
    pto.TReshapeOp: emit_reshape,
    pto.SubviewOp: emit_subview,
    pto.TCvtOp: emit_cvt,
    pto.TCiOp: emit_sequence,
    pto.TGetValOp: value("{0}.GetValue({1})"),
    pto.TSetValOp: statement("{2}.SetValue({0}, {1})"),
    pto.SetValidShapeOp: statement("{0}.SetValidShape({1}, {2})"),
    pto.GetValidShapeOp: emit_get_validshape,
    pto.VectorOp: emit_vector,
    pto.DpsOp: emit_call,
    **dict.fromkeys((pto.SetFlagOp, pto.RecordEventOp), statement("set" + FLAG)),
    **dict.fromkeys((pto.WaitFlagOp, pto.WaitEventOp), statement("wait" + FLAG)),
    pto.DynamicFlagOp: emit_computed_flag,
    pto.PipeBarrierOp: statement("pipe_barrier({op.pipe.data})"),
    pto.TPrintOp: statement("TPRINT({operands})"),
}
"""Operations on tiles and on pipes; a class without its own row is printed like its base."""
