"""Operations of the vector core on tiles in UB: one class for each row of the operation table, made from it."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from xdsl.ir import Attribute
from xdsl.irdl import opt_prop_def
from xdsl.utils.exceptions import VerifyException

from isa.families import ROW_BINARY
from isa.op import Extent, Op, Role
from isa.ops import OPS
from isa.ptoas_types import LOOSE_TYPES
from ptodsl.dialect import checks
from ptodsl.dialect.checks import Tiles
from ptodsl.dialect.elements import element_type
from ptodsl.dialect.form_rules import FORM_CHECKS, FORM_FIELDS
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.mode_attributes import PRECISIONS
from ptodsl.dialect.row_op import RowOp, row_op
from ptodsl.dialect.tile_type import Loc, TileBufType
from ptodsl.dialect.vector_rules import FAMILY_CHECKS, OWN_FIELDS, row_major_cols

PRECISION = "precisionType"
"""Property that chooses how exact a function is."""

NEED_SCRATCH = ("trowexpanddiv", "trsqrt")
"""Operations that take it only with scratch."""


class VectorOp(RowOp, abc.ABC):
    """An operation on row-major tiles in UB. What it takes, and what it does to that, is its row."""

    ALLOWED: ClassVar[tuple[Attribute, ...]]
    """Element types of the tiles whose type the row gives."""

    LOOSE: ClassVar[tuple[Attribute, ...]]
    """Those that the real assembler takes besides."""

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        operands = self.ROW.family.operands
        tiles = {
            operand.name: checks.tile(self, operand.name, Loc.VEC)
            for operand in operands
            if operand.is_tile and getattr(self, operand.name) is not None
        }
        self._check_types(tiles)
        self._check_shapes(tiles)
        self._check_distinct()
        if check := FAMILY_CHECKS.get(self.ROW.family.name):
            check(self, tiles)
        if check := FORM_CHECKS.get(self.ROW.family.name):
            check(self, tiles)
        if getattr(self, "precision", None) is not None and self.ROW.dialect in NEED_SCRATCH and "tmp" not in tiles:
            raise VerifyException(f"{self.name}: with {PRECISION} it needs tmp")
        # Last, since the assembler makes a warning of a DeviceLimit, which must not hide an error.
        name, ty = self._typed(tiles)
        if ty.dtype not in self.ALLOWED:
            raise DeviceLimit(checks.dtype_message(self, name, ty, self.ALLOWED))

    def _typed(self, tiles: Tiles) -> tuple[str, TileBufType]:
        """Return the first tile that has the element type of the row."""
        return next((o.name, tiles[o.name]) for o in self.ROW.family.operands if o.name in tiles and o.types is None)

    @property
    def is_swapped(self) -> bool:
        """Whether the value of each row is the first operand: `row[r] - src[r, c]`. A sum has no such form."""
        if self.ROW.family is not ROW_BINARY or self.ROW.cpp == "TROWEXPANDADD":
            return False
        src, row, dst = (getattr(self, name).type for name in ("src", "row", "dst"))
        if not all(isinstance(ty, TileBufType) for ty in (src, row, dst)):
            return False
        first, second = (checks.shapes_agree(ty.valid_shape, dst.valid_shape) for ty in (src, row))
        # Where both have dst's shape, the one that is not row-major has the values of the rows.
        return second and (not first or not src.is_row_major) and bool(row.is_row_major)

    def _check_distinct(self) -> None:
        """Check that tiles which are overwritten while others are read are none of these."""
        roles = {operand.name: operand.role for operand in self.ROW.family.operands}
        for first, second in self.ROW.distinct:
            if getattr(self, first) is None or getattr(self, first) is not getattr(self, second):
                continue
            if roles[first] is Role.SCRATCH:
                use = "read" if roles[second] is Role.READ else "written"
                raise VerifyException(
                    f"{self.name}: {first} is overwritten while {second} is {use}: use a tile of its own"
                )
            raise VerifyException(f"{self.name}: {first} must be another tile than {second}: it does not work in place")

    def _check_types(self, tiles: Tiles) -> None:
        """Check element types; scalars have that of the row."""
        operands = self.ROW.family.operands
        # Unpacking a dictionary gives its keys: `first` is the name of one tile, `same` has all of them.
        (first, *_) = same = {o.name: tiles[o.name] for o in operands if o.name in tiles and o.types is None}
        checks.same_dtype(self, **same)
        # What the real assembler takes besides passes here, and is a DeviceLimit at the end of verify_.
        if same[first].dtype not in self.LOOSE:
            checks.dtype_in(self, first, same[first], self.ALLOWED)
        for operand in operands:
            if operand.role is Role.SCALAR:
                own = None if operand.types is None else tuple(map(element_type, operand.types))
                checks.scalar(self, operand.name, same[first].dtype, own)
            elif operand.types is not None and operand.name in tiles:
                checks.dtype_in(self, operand.name, tiles[operand.name], tuple(map(element_type, operand.types)))

    def _check_shapes(self, tiles: Tiles) -> None:
        """Check valid shapes and layouts against the first tile that has the shape of the operation."""
        extents = {operand.name: operand.extent for operand in self.ROW.family.operands}
        if self.is_swapped:
            # In the swapped form each of the two has the shape and the layout of the other.
            tiles = {**tiles, "src": tiles["row"], "row": tiles["src"]}
        whole = {name: ty for name, ty in tiles.items() if extents[name] is Extent.WHOLE}
        rules_of_their_own = (Extent.ROWS, Extent.OWN)
        checks.lines(
            self, self.ROW.cpp, {name: ty for name, ty in tiles.items() if extents[name] not in rules_of_their_own}
        )
        if not whole:
            return
        checks.same_shape(self, **whole)
        rows, cols = next(iter(whole.values())).valid_shape
        for name, ty in tiles.items():
            if extents[name] is Extent.ROWS:
                checks.row_scalars(self, name, ty, rows, row_major_cols(self.ROW.family.name, ty))
            elif extents[name] is Extent.COLS:
                checks.expect_shape(self, name, ty, (1, cols), "one value per column")


def vector_op(row: Op) -> type[VectorOp]:
    """Return the class of the operation `pto.<row.dialect>`."""
    fields = {**OWN_FIELDS.get(row.family.name, {}), **FORM_FIELDS.get(row.family.name, {})}
    if row.dialect is not None and row.dialect in PRECISIONS:
        attribute, _ = PRECISIONS[row.dialect]
        fields |= {"precision": opt_prop_def(attribute, prop_name=PRECISION), "BEHIND": (PRECISION,)}
    loose = tuple(element_type(name) for name in LOOSE_TYPES.get(row.dialect or "", ()) if name not in row.types)
    return row_op(row, VectorOp, ALLOWED=tuple(map(element_type, row.types)), LOOSE=loose, **fields)


VECTOR_OPS: Mapping[str, type[VectorOp]] = {
    row.dialect: vector_op(row) for row in OPS if row.dialect is not None and row.family.is_regular
}
"""The operations that have no class of their own, by their names without `pto.`."""
