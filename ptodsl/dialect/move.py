"""Operations that move tiles: between GM and a core's buffers, and between the buffers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import DenseArrayBase, bf16, f16, f32, i1, i32
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, traits_def
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import Layout
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import DYNAMIC, ELEMENT_TYPES, element_bytes, element_name
from ptodsl.dialect.gm_type import PartitionTensorViewType
from ptodsl.dialect.syntax import SEGMENT_SIZES, DpsOp
from ptodsl.dialect.tile_type import BLayout, Loc, SLayout, TileBufType
from ptodsl.dialect.view import layout_of, strides_of

MOVES = {
    Loc.MAT: (Loc.LEFT, Loc.RIGHT, Loc.BIAS),
    Loc.VEC: (Loc.VEC,),
    Loc.ACC: (Loc.MAT,),
}
"""Destinations that `pto.tmov` reaches from each source."""

EXTRACTS = {Loc.MAT: (Loc.LEFT, Loc.RIGHT), Loc.VEC: (Loc.VEC,)}
"""Destinations that `pto.textract` reaches from each source."""

INSERTS = {Loc.VEC: (Loc.VEC,), Loc.ACC: (Loc.MAT,)}
"""Destinations that `pto.tinsert` reaches from each source."""

ORDERS = {Loc.VEC: (BLayout.ROW_MAJOR, BLayout.COL_MAJOR), Loc.MAT: (BLayout.COL_MAJOR, BLayout.ROW_MAJOR)}
"""blayout of a tile for a view of layout ND, and of layout DN; a tile in L1 without boxes is like one in UB."""

ACC_STORE_TYPES: Mapping[Attribute, Sequence[Attribute]] = {f32: (f32, f16, bf16), i32: (i32,)}
"""Element types that FIX writes to GM from an accumulator of each element type, without a scale."""

ACC_MOVE_TYPES: Mapping[Attribute, Sequence[Attribute]] = {f32: (f16, bf16)}
"""Element types that FIX moves to L1 from an accumulator of each element type, without a scale."""

VEC_MOVE_TYPES = tuple(dtype for dtype in ELEMENT_TYPES.values() if dtype != i1)
"""Element types of moves within UB."""


@irdl_op_definition
class TLoadOp(DpsOp):
    """dst = the slice `src` of GM. Runs on MTE2; `dst` is in UB or L1."""

    name = "pto.tload"
    traits = traits_def(tile_effects("tload"))

    SEGMENTS: ClassVar[Sequence[int]] = (1, 1, 0, 0, 0, 0)
    """src, dst, and four about padding and initialisation. Their number is not verified with the real assembler."""

    src = operand_def()
    dst = operand_def()
    segments = prop_def(DenseArrayBase, prop_name=SEGMENT_SIZES)

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and the layout of the view."""
        self.check_segments()
        src, dst = checks.partition(self, "src"), checks.tile(self, "dst", Loc.VEC, Loc.MAT)
        checks.same_dtype(self, src=src, dst=dst)
        _check_transfer_shape(self, src, dst)
        _check_layout(self, self.src, dst)
        if dst.loc is Loc.MAT:
            _check_row_stride(self)


@irdl_op_definition
class TStoreOp(DpsOp):
    """The slice `dst` of GM = src. Runs on FIX from an accumulator, on MTE3 from UB."""

    name = "pto.tstore"
    traits = traits_def(tile_effects("tstore"))

    src = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        src, dst = checks.tile(self, "src", Loc.VEC, Loc.ACC), checks.partition(self, "dst")
        if src.loc is Loc.ACC:
            _check_conversion(self, src.dtype, dst.dtype, ACC_STORE_TYPES, "stored")
        else:
            checks.same_dtype(self, src=src, dst=dst)
        _check_transfer_shape(self, dst, src)
        _check_layout(self, self.dst, src)


@irdl_op_definition
class TMovOp(DpsOp):
    """dst = src, between on-chip buffers: L1 to L0A, L0B or the bias table (MTE1), UB to UB (V), L0C to L1 (FIX)."""

    name = "pto.tmov"
    traits = traits_def(tile_effects("tmov"))

    SEGMENTS: ClassVar[Sequence[int]] = (1, 1, 0, 0)
    """src, dst, and the scaling tile and scalar of quantising moves."""

    src = operand_def()
    dst = operand_def()
    segments = prop_def(DenseArrayBase, prop_name=SEGMENT_SIZES)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        self.check_segments()
        src, dst = checks.tile(self, "src", *MOVES), checks.tile(self, "dst")
        _check_path(self, src, dst, MOVES[src.loc])
        if src.loc is Loc.ACC:
            _check_conversion(self, src.dtype, dst.dtype, ACC_MOVE_TYPES, "moved to L1")
        else:
            checks.same_dtype(self, src=src, dst=dst)
            checks.dtype_in(self, "src", src, VEC_MOVE_TYPES)
        checks.same_shape(self, src=src, dst=dst)


@irdl_op_definition
class TExtractOp(DpsOp):
    """dst = the part of src that starts at (row, col): `pto.textract ins(%src, %row, %col : T, index, index)`.

    From L1 to L0A or L0B (MTE1), or within UB (V).
    """

    name = "pto.textract"
    traits = traits_def(tile_effects("textract"))

    src = operand_def()
    row = operand_def()
    col = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and, for constant offsets, bounds."""
        src, dst = checks.tile(self, "src", *EXTRACTS), checks.tile(self, "dst")
        _check_path(self, src, dst, EXTRACTS[src.loc])
        checks.same_dtype(self, src=src, dst=dst)
        for axis, offset in enumerate((self.row, self.col)):
            name = ("row", "col")[axis]
            checks.index(self, name, offset)
            start = checks.constant_int(offset)
            size, limit = dst.valid_shape[axis], src.shape[axis]
            if start is not None and not 0 <= start <= limit - size:
                raise VerifyException(
                    f"{self.name}: {name} {start} and the {size} of dst reach outside src, which has {limit}"
                )


@irdl_op_definition
class TInsertOp(DpsOp):
    """The part of dst that starts at (row, col) = src: `pto.tinsert ins(%src, %row, %col : T, index, index)`.

    Within UB (V), or from L0C to L1 (FIX). The rest of dst stays.
    """

    name = "pto.tinsert"
    traits = traits_def(tile_effects("tinsert"))

    src = operand_def()
    row = operand_def()
    col = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and, for constant offsets, bounds and blocks."""
        src, dst = checks.tile(self, "src", *INSERTS), checks.tile(self, "dst")
        _check_path(self, src, dst, INSERTS[src.loc])
        if src.loc is Loc.ACC:
            _check_conversion(self, src.dtype, dst.dtype, ACC_MOVE_TYPES, "moved to L1")
        else:
            checks.same_dtype(self, src=src, dst=dst)
            checks.dtype_in(self, "src", src, VEC_MOVE_TYPES)
            checks.row_major(self, src=src, dst=dst)
        if self.src is self.dst:
            raise VerifyException(f"{self.name}: dst must be another tile than src: it does not work in place")
        single = src.shape == (1, 1)
        units = self._units(dst)
        for axis, offset in enumerate((self.row, self.col)):
            name = ("row", "col")[axis]
            checks.index(self, name, offset)
            start = checks.constant_int(offset)
            size, limit = src.valid_shape[axis], dst.shape[axis]
            if start is None:
                continue
            if size != DYNAMIC and not 0 <= start <= limit - size:
                raise VerifyException(
                    f"{self.name}: {name} {start} and the {size} of src reach outside dst, which has {limit}"
                )
            if start % units[axis] and not single:
                raise VerifyException(
                    f"{self.name}: {name} {start} must be a multiple of {units[axis]}: the device moves whole blocks"
                )

    def _units(self, dst: TileBufType) -> tuple[int, int]:
        """Rows and columns that are moved at once: blocks of 32 bytes in UB, boxes in L1."""
        per_block = a3.BLOCK_BYTES // element_bytes(dst.dtype)
        return (1, per_block) if dst.loc is Loc.VEC else dst.data.storage_unit


def _check_path(
    op: TMovOp | TExtractOp | TInsertOp, src: TileBufType, dst: TileBufType, reached: Sequence[Loc]
) -> None:
    """Check that there is a path between the buffers."""
    if dst.loc not in reached:
        raise VerifyException(f"{op.name}: a tile in {src.loc} can be moved to {', '.join(reached)}, not to {dst.loc}")


def _check_transfer_shape(op: TLoadOp | TStoreOp, view: PartitionTensorViewType, tile: TileBufType) -> None:
    """Check that the slice has the tile's valid shape.

    A row-major tile in UB has the rows of all leading dimensions, one below the other; others need leading ones.
    """
    *leading, rows, cols = (1, 1, *view.shape)
    if tile.loc is Loc.VEC and tile.is_row_major:
        rows = DYNAMIC if DYNAMIC in (*leading, rows) else math.prod(leading) * rows
        leading = []
    if any(dim != 1 for dim in leading) or not checks.shapes_agree((rows, cols), tile.valid_shape):
        raise VerifyException(
            f"{op.name}: the slice of GM is {view}, but must agree with the tile's valid shape {list(tile.valid_shape)}"
        )


def _check_layout(op: TLoadOp | TStoreOp, view: SSAValue, tile: TileBufType) -> None:
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


def _check_row_stride(op: TLoadOp) -> None:
    """Check that the row stride of the view, if constant, fits into the instruction; the runtime checks the others."""
    strides = strides_of(op.src)
    if strides is None or len(strides) < 2:
        return
    stride = strides[-1] if layout_of(op.src) is Layout.DN else strides[-2]
    if stride > a3.MAX_CUBE_ROW_STRIDE:
        raise VerifyException(
            f"{op.name}: the rows of src are {stride} elements apart, but a load into L1 takes a stride of at most "
            f"{a3.MAX_CUBE_ROW_STRIDE}; copy the data closer together, or load it row by row"
        )


def _check_conversion(
    op: TStoreOp | TMovOp | TInsertOp,
    src: Attribute,
    dst: Attribute,
    table: Mapping[Attribute, Sequence[Attribute]],
    what: str,
) -> None:
    """Check that FIX converts an accumulator of src's element type to dst's."""
    allowed = ", ".join(element_name(dtype) for dtype in table.get(src, ()))
    if dst not in table.get(src, ()):
        raise VerifyException(
            f"{op.name}: an accumulator of {element_name(src)} is not {what} as {element_name(dst)} without a scale, "
            + (f"only as {allowed}" if allowed else "nor as another type")
        )
