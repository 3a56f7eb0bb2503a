"""C++ of tiles: declarations with their addresses, and the calls that work on them, destination first."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    DYNAMIC,
    PRECISIONS,
    AllocationOp,
    AllocMultiTileOp,
    AllocTileOp,
    DeclareEventIdArrayOp,
    DpsOp,
    DynamicFlagOp,
    EventIdArrayGetOp,
    EventIdArraySetOp,
    EventIdArrayType,
    FlagOp,
    GetValidShapeOp,
    MultiTileBufType,
    MultiTileGetOp,
    PipeBarrierOp,
    RecordEventOp,
    SetFlagDynOp,
    SetFlagOp,
    SetValidShapeOp,
    SubviewOp,
    TCiOp,
    TCvtOp,
    TGetValOp,
    TileBufType,
    TPrintOp,
    TReshapeOp,
    TSetValOp,
    VectorOp,
    WaitEventOp,
    WaitFlagDynOp,
    WaitFlagOp,
    element_bytes,
    row_distance,
)
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.emit_cpp.forms import emit_form
from tools.ptoas.emit_cpp.spelling import scalar_type, tile_spec, tile_type
from tools.ptoas.emit_cpp.views import Term, add, multiply, term
from tools.ptoas.emit_cpp.writer import Writer

ADDRESS_TYPE = "uint64_t"
"""C++ type of a tile's byte offset in its buffer."""


def emit_alloc_tile(writer: Writer, op: AllocTileOp) -> None:
    """`Tile<...> v9(rows, columns); TASSIGN(v9, v2);`, the sizes being those that are dynamic, if any."""
    _assign(writer, op.result, op)


def emit_multi_tile_get(writer: Writer, op: MultiTileGetOp) -> None:
    """As a tile at the place of the chosen one; where that is computed, with a selection of addresses."""
    assert isinstance(op.source.owner, AllocMultiTileOp)
    _assign(writer, op.result, op.source.owner)


def _assign(writer: Writer, tile: SSAValue, allocation: AllocationOp) -> None:
    """Declare a tile of an allocation, with the sizes that are known at run time only, and place it."""
    values = allocation.valid_row, allocation.valid_col
    sizes = ", ".join(writer.name(value) for value in values if value is not None)
    name = _declare(writer, tile, f"({sizes})" if sizes else "")
    writer.line(f"TASSIGN({name}, {_address(writer, tile)});")


def _nothing(writer: Writer, op: AllocMultiTileOp) -> None:
    """Several tiles have no variable: each use of one has its own."""


def emit_reshape(writer: Writer, op: TReshapeOp) -> None:
    """`Tile<...> v9; TRESHAPE(v9, v8);`."""
    source = writer.name(op.src)
    writer.line(f"TRESHAPE({_declare(writer, op.result)}, {source});")


def emit_subview(writer: Writer, op: SubviewOp) -> None:
    """`Tile<...> v9; TASSIGN(v9, address of the window);`; a dynamic valid size is at most the window's."""
    ty = op.result.type
    assert isinstance(ty, TileBufType)
    names = [
        f"({writer.name(value)} < {size} ? {writer.name(value)} : {size})"
        for valid, size, value in zip(ty.valid_shape, ty.shape, op.valid or (None, None), strict=True)
        if valid == DYNAMIC and value is not None
    ]
    name = _declare(writer, op.result, f"({', '.join(names)})" if names else "")
    writer.line(f"TASSIGN({name}, {_address(writer, op.result)});")


def _address(writer: Writer, tile: SSAValue) -> str:
    """Byte offset of a tile in its buffer: a constant, or an expression of where windows start."""
    origin = writer.ranges.origin(tile)
    if origin is not None:
        return writer.constant(ADDRESS_TYPE, str(origin))
    owner = tile.owner
    if isinstance(owner, TReshapeOp):
        return _address(writer, owner.src)
    if isinstance(owner, MultiTileGetOp):
        return _chosen_address(writer, owner)
    if not isinstance(owner, SubviewOp):
        op = owner if isinstance(owner, Operation) else owner.parent_op()
        assert op is not None
        raise OperationError(op, f"{op.name}: a window of a tile that is selected at run time has no address")
    ty = owner.source.type
    assert isinstance(ty, TileBufType)
    row, col = (term(writer, offset) for offset in owner.offsets)
    elements: Term = add(multiply(row, row_distance(owner.source)), col)
    start = _address(writer, owner.source)
    return f"{start} + ({ADDRESS_TYPE})({elements}) * {element_bytes(ty.dtype)}"


def _chosen_address(writer: Writer, op: MultiTileGetOp) -> str:
    """A variable with the address of the chosen tile: `uint64_t v17 = (uint64_t) (v15 == 1 ? v3 : v2);`."""
    several, first = op.source.type, writer.ranges.origin(op.source)
    assert isinstance(several, MultiTileBufType)
    assert first is not None
    places = [
        writer.constant(ADDRESS_TYPE, str(first + number * several.tile.byte_size)) for number in range(several.count)
    ]
    # From the inside out: number 0 is what is left if no other one is chosen.
    chosen = places[0]
    for number, place in enumerate(places[1:], 1):
        rest = chosen if number == 1 else f"({chosen})"
        chosen = f"{writer.name(op.index)} == {number} ? {place} : {rest}"
    address = writer.fresh()
    writer.line(f"{ADDRESS_TYPE} {address} = ({ADDRESS_TYPE}) ({chosen});")
    return address


def _declare(writer: Writer, tile: SSAValue, arguments: str = "") -> str:
    """Print the declaration of a tile variable; its name."""
    name = writer.define(tile)
    writer.line(f"{tile_type(tile_spec(tile))} {name}{arguments};")
    return name


def emit_call(writer: Writer, op: DpsOp) -> None:
    """`TADD(dst, lhs, rhs);`: the destination first."""
    call(writer, op)


def emit_cvt(writer: Writer, op: TCvtOp) -> None:
    """`TCVT(dst, src, mode, saturation);`, the last two being variables."""
    mode = writer.constant("RoundMode", f"RoundMode::{op.rounding.spelling}")
    saturation = writer.constant("SaturationMode", f"SaturationMode::{op.saturation}")
    call(writer, op, f", {mode}, {saturation}")


def call(writer: Writer, op: DpsOp, more: str = "", template: str = "") -> None:
    """Print a call with the operands, the destination first."""
    *ins, dst = (writer.name(operand) for operand in op.operands)
    writer.line(f"{op.instruction}{template}({', '.join([dst, *ins])}{more});")


def emit_vector(writer: Writer, op: VectorOp) -> None:
    """`TADD(dst, lhs, rhs);`, with what the attributes of the operation add to the call."""
    template, more = "", ""
    match op.ROW.family.name:
        case "COMPARISON" | "COMPARISON_SCALAR":
            mode = "eq" if op.cmp_mode is None else op.cmp_mode.data.value  # type: ignore[attr-defined]
            more = f", {_variable(writer, 'CmpMode', f'CmpMode::{mode.upper()}')}"
        case "COL_SUM" if op.is_binary is not None:  # type: ignore[attr-defined]
            flag = "true" if op.is_binary.value.data else "false"  # type: ignore[attr-defined]
            more = f", {writer.constant('bool', flag)}"
        case "GATHER" if op.mask_pattern is not None:  # type: ignore[attr-defined]
            types = ", ".join(tile_type(tile_spec(value)) for value in (op.operands[-1], op.operands[0]))
            template = f"<{types}, MaskPattern::{op.mask_pattern.data}>"  # type: ignore[attr-defined]
        case "SCATTER" if op.mask_pattern is not None:  # type: ignore[attr-defined]
            template = f"<pto::MaskPattern::{op.mask_pattern.data}>"  # type: ignore[attr-defined]
        case "PARTIAL_ARGUMENT" | "MERGE_LISTS" | "SEQUENCE_SCRATCH" | "SCALAR_TILE" | "GATHER_COMPARED":
            return emit_form(writer, op)
        case "TRIANGLE":
            which = op.upper_or_lower  # type: ignore[attr-defined]
            template = f"<{tile_type(tile_spec(op.operands[-1]))}, {0 if which is None else which.value.data}>"
        case "QUANTISATION":
            return _quantise(writer, op)
        case "DEQUANTISATION":
            src, fp, _, dst = op.operands
            template = f"<{', '.join(tile_type(tile_spec(value)) for value in (dst, src, fp))}>"
    if getattr(op, "precision", None) is not None and op.ROW.dialect != "tdivs":  # of which 0.48 drops it
        _, name = PRECISIONS[op.ROW.dialect or ""]
        template = f"<pto::{name}Algorithm::{op.precision.data.name}_PRECISION>"  # type: ignore[attr-defined]
    call(writer, op, more, template)


def _quantise(writer: Writer, op: VectorOp) -> None:
    """`TQUANT<pto::QuantType::INT8_SYM, ...>(dst, src, fp, tmp);`, the offset last and by its address."""
    names = ("dst", "src", "fp", "tmp")
    dst, src, fp, tmp = values = [getattr(op, name) for name in names]
    assert tmp is not None, "complete_scratch gives it one"
    types = ", ".join(tile_type(tile_spec(value)) for value in values)
    kind = op.quant_type.data  # type: ignore[attr-defined]
    arguments = [writer.name(value) for value in (dst, src, fp, tmp)]
    offset = op.offset  # type: ignore[attr-defined]
    if offset is not None:
        pointer = _variable(writer, f"{tile_type(tile_spec(offset))}*", f"&{writer.name(offset)}")
        arguments.append(pointer)
    writer.line(f"TQUANT<pto::QuantType::{kind}, {types}>({', '.join(arguments)});")


def _variable(writer: Writer, ty: str, value: str) -> str:
    """Print a variable; its name."""
    name = writer.fresh()
    writer.line(f"{ty} {name} = {value};")
    return name


def emit_ci(writer: Writer, op: TCiOp) -> None:
    """`TCI<Tile<..>, int32_t, 1>(dst, first);`: 1 for falling numbers."""
    ty = scalar_type(op.scalar.type, op)
    dst = tile_type(tile_spec(op.dst))
    writer.line(f"TCI<{dst}, {ty}, {int(op.falls)}>({writer.name(op.dst)}, {writer.name(op.scalar)});")


def emit_getval(writer: Writer, op: TGetValOp) -> None:
    """`float v6 = v4.GetValue(v2);`."""
    src, offset = writer.name(op.src), writer.name(op.offset)
    writer.line(f"{scalar_type(op.result.type, op)} {writer.define(op.result)} = {src}.GetValue({offset});")


def emit_setval(writer: Writer, op: TSetValOp) -> None:
    """`v4.SetValue(v2, v3);`."""
    offset, value, dst = (writer.name(operand) for operand in op.operands)
    writer.line(f"{dst}.SetValue({offset}, {value});")


def emit_set_validshape(writer: Writer, op: SetValidShapeOp) -> None:
    """`v4.SetValidShape(v2, v3);`."""
    tile, rows, cols = (writer.name(operand) for operand in op.operands)
    writer.line(f"{tile}.SetValidShape({rows}, {cols});")


def emit_get_validshape(writer: Writer, op: GetValidShapeOp) -> None:
    """`int64_t v5 = v4.GetValidRow(); int64_t v6 = v4.GetValidCol();`."""
    tile = writer.name(op.tile)
    for result, method in ((op.rows, "GetValidRow"), (op.cols, "GetValidCol")):
        writer.line(f"{scalar_type(result.type, op)} {writer.define(result)} = {tile}.{method}();")


def emit_set_flag(writer: Writer, op: FlagOp) -> None:
    """`set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);`."""
    writer.line(f"set_flag({op.src_pipe.data}, {op.dst_pipe.data}, {op.event_id.spelling});")


def emit_wait_flag(writer: Writer, op: FlagOp) -> None:
    """`wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);`."""
    writer.line(f"wait_flag({op.src_pipe.data}, {op.dst_pipe.data}, {op.event_id.spelling});")


def emit_set_flag_dyn(writer: Writer, op: SetFlagDynOp) -> None:
    """`event_t v2 = (event_t) v1; set_flag(PIPE_MTE2, PIPE_V, v2);`."""
    writer.line(f"set_flag({op.src_pipe.data}, {op.dst_pipe.data}, {_event(writer, op)});")


def emit_wait_flag_dyn(writer: Writer, op: WaitFlagDynOp) -> None:
    """`event_t v2 = (event_t) v1; wait_flag(PIPE_MTE2, PIPE_V, v2);`."""
    writer.line(f"wait_flag({op.src_pipe.data}, {op.dst_pipe.data}, {_event(writer, op)});")


def _event(writer: Writer, op: DynamicFlagOp) -> str:
    event_id, name = writer.name(op.event_id), writer.fresh()
    writer.line(f"event_t {name} = (event_t) {event_id};")
    return name


def emit_declare_eventid_array(writer: Writer, op: DeclareEventIdArrayOp) -> None:
    """`int32_t v3[4];`."""
    ty = op.result.type
    assert isinstance(ty, EventIdArrayType)
    writer.line(f"int32_t {writer.define(op.result)}[{ty.size}];")


def emit_eventid_array_set(writer: Writer, op: EventIdArraySetOp) -> None:
    """`v3[v2] = v1;`."""
    array, index, value = map(writer.name, op.operands)
    writer.line(f"{array}[{index}] = {value};")


def emit_eventid_array_get(writer: Writer, op: EventIdArrayGetOp) -> None:
    """`event_t v4 = (event_t) v3[v2];`."""
    array, index = map(writer.name, op.operands)
    writer.line(f"event_t {writer.define(op.result)} = (event_t) {array}[{index}];")


def emit_barrier(writer: Writer, op: PipeBarrierOp) -> None:
    """`pipe_barrier(PIPE_V);`."""
    writer.line(f"pipe_barrier({op.pipe.data});")


def emit_tprint(writer: Writer, op: TPrintOp) -> None:
    """`TPRINT(tile);`, or `TPRINT(tile, view);`."""
    writer.line(f"TPRINT({', '.join(writer.name(value) for value in op.operands)});")


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    AllocTileOp: emit_alloc_tile,
    AllocMultiTileOp: _nothing,
    MultiTileGetOp: emit_multi_tile_get,
    DeclareEventIdArrayOp: emit_declare_eventid_array,
    EventIdArraySetOp: emit_eventid_array_set,
    EventIdArrayGetOp: emit_eventid_array_get,
    TReshapeOp: emit_reshape,
    SubviewOp: emit_subview,
    TCvtOp: emit_cvt,
    TCiOp: emit_ci,
    TGetValOp: emit_getval,
    TSetValOp: emit_setval,
    SetValidShapeOp: emit_set_validshape,
    GetValidShapeOp: emit_get_validshape,
    VectorOp: emit_vector,
    DpsOp: emit_call,
    SetFlagOp: emit_set_flag,
    WaitFlagOp: emit_wait_flag,
    SetFlagDynOp: emit_set_flag_dyn,
    WaitFlagDynOp: emit_wait_flag_dyn,
    RecordEventOp: emit_set_flag,
    WaitEventOp: emit_wait_flag,
    PipeBarrierOp: emit_barrier,
    TPrintOp: emit_tprint,
}
"""Operations on tiles and on pipes; a class without its own row is printed like its base."""
