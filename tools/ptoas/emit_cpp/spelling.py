"""C++ spelling of types and enumerators: exact tables, and an error for everything that is not in them."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import cache

from xdsl.dialects.builtin import IndexType, MemRefType, f64, i1
from xdsl.ir import Attribute, Operation, SSAValue

from isa.elements import BY_MLIR, ELEMENTS
from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong

SCALARS: dict[Attribute, str] = {
    **{pto.element_type(element.mlir): element.cpp for element in ELEMENTS},
    f64: "double",
    i1: "bool",
    IndexType(): BY_MLIR["i64"].cpp,
}
"""Scalar types, and element types of tiles and of global memory."""


def enumerator(member: Enum) -> str:
    """Of `TileType`, `BLayout` and the like: `RowMajor` for ROW_MAJOR."""
    return "".join(word.capitalize() for word in member.name.split("_"))


def scalar_type(ty: Attribute, op: Operation) -> str:
    """C++ type of a scalar or element type."""
    if ty not in SCALARS:
        raise wrong(op, f"there is no C++ type for {ty}")
    return SCALARS[ty]


def type_name(ty: Attribute, op: Operation) -> str:
    """C++ type of a scalar or a pointer."""
    match ty:
        case pto.PtrType():
            return f"__gm__ {scalar_type(ty.dtype, op)}*"
        case MemRefType():
            return f"__gm__ {scalar_type(ty.element_type, op)}*"
        case _:
            return scalar_type(ty, op)


def value_type(value: SSAValue, op: Operation) -> str:
    """C++ type of an SSA value that is a variable in C++: a scalar, a pointer, a tile or a FIFO handle."""
    match value.type:
        case pto.TileBufType():
            return tile_type(tile_spec(value))
        case pto.PipeType() if isinstance(value.owner, pto.InitializeL2G2LPipeOp):
            return pipe_type(value.owner)
        case _:
            return type_name(value.type, op)


def tile_spec(tile: SSAValue) -> pto.TileSpec:
    """What the C++ type of a tile says: of a window that is narrower than its tile, the tile's shape.

    The columns of a C++ tile are the distance of its rows, and a window's rows are as far apart as its tile's.
    """
    ty = tile.type
    assert isinstance(ty, pto.TileBufType)
    if not isinstance(tile.owner, pto.SubviewOp):
        return ty.data
    source = tile_spec(tile.owner.source)
    return ty.data if ty.data.cols == source.cols else replace(ty.data, rows=source.rows, cols=source.cols)


@cache
def tile_type(spec: pto.TileSpec) -> str:
    """`Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, ...>`; -1 is dynamic."""
    # L0A of the A3 knows boxes in row-major order only, whatever the module says of them.
    blayout = pto.BLayout.ROW_MAJOR if spec.loc is pto.Loc.LEFT else spec.blayout
    return (
        f"Tile<TileType::{enumerator(spec.loc)}, {SCALARS[spec.dtype]}, {spec.rows}, {spec.cols}, "
        f"BLayout::{enumerator(blayout)}, {spec.v_row}, {spec.v_col}, SLayout::{enumerator(spec.slayout)}, "
        f"{spec.fractal}, PadValue::{enumerator(spec.pad)}, CompactMode::{enumerator(spec.compact)}>"
    )


def pipe_type(fifo: pto.InitializeL2G2LPipeOp | pto.TileFifoOp) -> str:
    """`TPipe<flag base, direction, slot bytes, slots, local slots, no split>`."""
    slots, local = (
        (fifo.slots, fifo.local_slots)
        if isinstance(fifo, pto.TileFifoOp)
        else (fifo.slot_num.value.data, fifo.slot_num.value.data)
    )
    assert fifo.flag_base is not None
    direction, size = pto.DIRECTIONS[fifo.dir_mask.value.data], fifo.slot_size.value.data
    no_split = "true" if fifo.nosplit is not None and fifo.nosplit.value.data else "false"
    return f"TPipe<{fifo.flag_base.value.data}, Direction::{direction}, {size}, {slots}, {local}, {no_split}>"
