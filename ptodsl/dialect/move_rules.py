"""What moves of tiles check: paths between buffers, element types, shapes, layouts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import bf16, f16, f32, i1, i8, i16, i32, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import Layout
from ptodsl.dialect.elements import DYNAMIC, ELEMENT_TYPES, element_bytes, element_name, element_type, ui8
from ptodsl.dialect.gm_type import PartitionTensorViewType
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile_type import BLayout, Loc, SLayout, TileBufType
from ptodsl.dialect.view import layout_of, strides_of

MOVES = {Loc.MAT: (Loc.LEFT, Loc.RIGHT, Loc.BIAS, Loc.SCALING), Loc.VEC: (Loc.VEC,), Loc.ACC: (Loc.MAT,)}
"""Destinations that `pto.tmov` reaches from each source."""

EXTRACTS = {Loc.MAT: (Loc.LEFT, Loc.RIGHT), Loc.VEC: (Loc.VEC,), Loc.ACC: (Loc.MAT,)}
"""Destinations that `pto.textract` reaches from each source."""

INSERTS = {Loc.VEC: (Loc.VEC,), Loc.ACC: (Loc.MAT,)}
"""Destinations that `pto.tinsert` reaches from each source."""

ORDERS = {Loc.VEC: (BLayout.ROW_MAJOR, BLayout.COL_MAJOR), Loc.MAT: (BLayout.COL_MAJOR, BLayout.ROW_MAJOR)}
"""blayout of a tile for a view of layout ND, and of layout DN; a tile in L1 without boxes is like one in UB."""

ACC_STORE_TYPES: Mapping[Attribute, Sequence[Attribute]] = {f32: (f32, f16, bf16), i32: (i32,)}
"""Element types that FIX writes to GM from an accumulator of each element type, without a scale."""

ACC_MOVE_TYPES: Mapping[Attribute, Sequence[Attribute]] = {f32: (f16, bf16)}
"""Element types that FIX moves to L1 from an accumulator of each element type, without a scale."""

SCALED: Mapping[Attribute, Sequence[Attribute]] = {f32: (i8, ui8, f16, bf16), i32: (i8, ui8, f16, i16)}
"""Element types that FIX makes of an accumulator with a scale. How it encodes the scale is not published."""

Place = tuple[SSAValue, SSAValue]
"""Row and column where a part starts."""

VEC_MOVE_TYPES = tuple(dtype for dtype in ELEMENT_TYPES.values() if dtype != i1)
"""Element types of moves within UB."""


def check_scaled(op: DpsOp) -> TileBufType:
    """Check an accumulator and the scales of its columns; the type of the accumulator."""
    src, fp = checks.tile(op, "src", Loc.ACC), checks.tile(op, "fp", Loc.SCALING)
    checks.dtype_in(op, "fp", fp, (element_type("ui64"), element_type("i64")))
    return src


def check_scale(op: DpsOp, scale: SSAValue | None) -> None:
    """Check that a scale is i64, the bits of FIX's parameter."""
    if scale is not None and scale.type != i64:
        raise VerifyException(f"{op.name}: a scale must be i64, not {scale.type}")


def check_part(op: DpsOp, place: Place, part: TileBufType, whole: TileBufType, name: str) -> None:
    """Check that a part at (row, col), where these are constant, is inside of the tile `name`."""
    other = "dst" if name == "src" else "src"
    for axis, offset in zip(("row", "col"), place, strict=True):
        checks.index(op, axis, offset)
        start, number = checks.constant_int(offset), ("row", "col").index(axis)
        size, limit = part.valid_shape[number], whole.shape[number]
        if start is not None and size != DYNAMIC and not 0 <= start <= limit - size:
            raise VerifyException(
                f"{op.name}: {axis} {start} and the {size} of {other} reach outside {name}, which has {limit}"
            )


def check_blocks(op: DpsOp, place: Place, src: TileBufType, dst: TileBufType) -> None:
    """Check that a part starts at a block of 32 bytes in UB, or at a box in L1, where it is constant."""
    per_block = a3.BLOCK_BYTES // element_bytes(dst.dtype)
    units = (1, per_block) if dst.loc is Loc.VEC else dst.data.storage_unit
    for name, offset, unit in zip(("row", "col"), place, units, strict=True):
        start = checks.constant_int(offset)
        # The device's headers ask no block of a source that is a single element.
        if start is not None and start % unit and src.shape != (1, 1):
            raise VerifyException(
                f"{op.name}: {name} {start} must be a multiple of {unit}: the device moves whole blocks"
            )


def check_path(op: DpsOp, src: TileBufType, dst: TileBufType, reached: Sequence[Loc]) -> None:
    """Check that there is a path between the buffers."""
    if dst.loc not in reached:
        raise VerifyException(f"{op.name}: a tile in {src.loc} can be moved to {', '.join(reached)}, not to {dst.loc}")


def check_transfer_shape(op: DpsOp, part: SSAValue, tile: TileBufType) -> None:
    """Check that the slice `part` has the tile's valid shape; one made of boxes (NZ), as many elements.

    A row-major tile in UB has the rows of all leading dimensions, one below the other; others need leading ones.
    """
    view = part.type
    assert isinstance(view, PartitionTensorViewType)
    if layout_of(part) is Layout.NZ:
        here, there = math.prod(view.shape), math.prod(tile.valid_shape)
        if DYNAMIC not in (*view.shape, *tile.valid_shape) and here != there:
            raise VerifyException(f"{op.name}: the slice of GM has {here} elements, but the tile {there}")
        return
    # Ones in front, so that a view of one dimension has rows, too.
    *leading, rows, cols = (1, 1, *view.shape)
    if tile.loc is Loc.VEC and tile.is_row_major:
        rows = DYNAMIC if DYNAMIC in (*leading, rows) else math.prod(leading) * rows
        leading = []
    if any(dim != 1 for dim in leading) or not checks.shapes_agree((rows, cols), tile.valid_shape):
        raise VerifyException(
            f"{op.name}: the slice of GM is {view}, but must agree with the tile's valid shape {list(tile.valid_shape)}"
        )


def check_layout(op: DpsOp, view: SSAValue, tile: TileBufType) -> None:
    """Check that a tile has the order that its view's layout needs: the data movers transpose boxes, not elements."""
    layout = layout_of(view)
    if layout is None or layout is Layout.NZ or tile.loc not in ORDERS:
        return
    as_it_is = tile.data.slayout is SLayout.NONE_BOX
    wanted = ORDERS[Loc.VEC if as_it_is else tile.loc][layout is Layout.DN]
    if tile.data.blayout is not wanted:
        raise VerifyException(
            f"{op.name}: a view of layout {layout} goes with a {tile.loc} tile of blayout={wanted}, "
            f"not {tile.data.blayout}"
        )


def check_row_stride(op: DpsOp, view: SSAValue) -> None:
    """Check that the row stride of the view, if constant, fits into the instruction; the runtime checks the others."""
    strides = strides_of(view)
    if strides is None or len(strides) < 2:
        return
    stride = strides[-1] if layout_of(view) is Layout.DN else strides[-2]
    # A stride that is not constant is DYNAMIC, which is negative and passes.
    if stride > a3.MAX_CUBE_ROW_STRIDE:
        raise VerifyException(
            f"{op.name}: the rows of src are {stride} elements apart, but a load into L1 takes a stride of at most "
            f"{a3.MAX_CUBE_ROW_STRIDE}; copy the data closer together, or load it row by row"
        )


def check_conversion(
    op: DpsOp, src: Attribute, dst: Attribute, table: Mapping[Attribute, Sequence[Attribute]], what: str
) -> None:
    """Check that FIX converts an accumulator of src's element type to dst's."""
    allowed = ", ".join(element_name(dtype) for dtype in table.get(src, ()))
    if dst not in table.get(src, ()):
        raise VerifyException(
            f"{op.name}: an accumulator of {element_name(src)} is not {what} as {element_name(dst)} without a scale, "
            + (f"only as {allowed}" if allowed else "nor as another type")
        )
