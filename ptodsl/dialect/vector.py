"""Operations of the vector core on tiles in UB: one class for each row of the operation table, made from it."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, traits_def
from xdsl.utils.exceptions import VerifyException

from isa import a3
from isa.families import ROW_REDUCTION
from isa.op import Extent, Family, Op, Role
from isa.ops import OPS
from ptodsl.dialect import checks
from ptodsl.dialect.effects import TileEffects
from ptodsl.dialect.elements import DYNAMIC, element_type
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile_type import Loc, TileBufType

Tiles = Mapping[str, TileBufType]
"""Types of an operation's tiles, by operand."""


class VectorOp(DpsOp, abc.ABC):
    """An operation on row-major tiles in UB. What it takes, and what it does to that, is its row."""

    ROW: ClassVar[Op]

    ALLOWED: ClassVar[tuple[Attribute, ...]]
    """Element types of the tiles whose type the row gives."""

    def verify_(self) -> None:
        """Check buffers, dtypes, shapes and layouts."""
        operands = self.ROW.family.operands
        tiles = {operand.name: checks.tile(self, operand.name, Loc.VEC) for operand in operands if operand.is_tile}
        self._check_types(tiles)
        self._check_shapes(tiles)
        self._check_distinct()
        if check := FAMILY_CHECKS.get(self.ROW.family.name):
            check(self, tiles)

    def _check_distinct(self) -> None:
        """Check that tiles which are overwritten while others are read are none of these."""
        roles = {operand.name: operand.role for operand in self.ROW.family.operands}
        for first, second in self.ROW.distinct:
            if getattr(self, first) is not getattr(self, second):
                continue
            if roles[first] is Role.SCRATCH:
                raise VerifyException(f"{self.name}: {first} is overwritten while src is read: use a tile of its own")
            raise VerifyException(f"{self.name}: {first} must be another tile than {second}: it does not work in place")

    def _check_types(self, tiles: Tiles) -> None:
        """Check element types; scalars have that of the row."""
        operands = self.ROW.family.operands
        (first, *_) = same = {o.name: tiles[o.name] for o in operands if o.is_tile and o.types is None}
        checks.same_dtype(self, **same)
        checks.dtype_in(self, first, same[first], self.ALLOWED)
        for operand in operands:
            if operand.role is Role.SCALAR:
                checks.scalar(self, operand.name, same[first].dtype)
            elif operand.types is not None:
                checks.dtype_in(self, operand.name, tiles[operand.name], tuple(map(element_type, operand.types)))

    def _check_shapes(self, tiles: Tiles) -> None:
        """Check valid shapes and layouts against the first tile that has the shape of the operation."""
        extents = {operand.name: operand.extent for operand in self.ROW.family.operands}
        whole = {name: ty for name, ty in tiles.items() if extents[name] is Extent.WHOLE}
        checks.same_shape(self, **whole)
        checks.row_major(self, **{name: ty for name, ty in tiles.items() if extents[name] is not Extent.ROWS})
        rows, cols = next(iter(whole.values())).valid_shape
        for name, ty in tiles.items():
            if extents[name] is Extent.ROWS:
                checks.row_scalars(self, name, ty, rows)
            elif extents[name] is Extent.COLS:
                checks.expect_shape(self, name, ty, (1, cols), "one value per column")


def check_row_scratch(op: VectorOp, tiles: Tiles) -> None:
    """Check that `tmp` holds what the library's path for this shape touches.

    It has src's shape at least, but for the shapes in `a3.FAST_ROW_REDUCTIONS` any shape of `a3.FAST_SCRATCH_BYTES`
    does.
    """
    src, tmp = tiles["src"], tiles["tmp"]
    if is_fast(src):
        if not _is_contiguous(tmp) or tmp.byte_size < a3.FAST_SCRATCH_BYTES:
            raise VerifyException(
                f"{op.name}: tmp is {checks.describe(tmp)}, but for src {checks.describe(src)} the device "
                f"overwrites {a3.FAST_SCRATCH_BYTES} bytes from its start: use a tile with so many in one piece"
            )
    elif any(DYNAMIC not in (s, t) and t < s for s, t in zip(src.valid_shape, tmp.valid_shape, strict=True)):
        raise VerifyException(
            f"{op.name}: tmp is {checks.describe(tmp)}, but the device overwrites as much as src has, "
            f"{checks.describe(src)}: use a tile of that shape"
        )


def is_fast(src: TileBufType) -> bool:
    """Whether the device library has a path for the rows of this source; `dst` is column-major always."""
    return src.dtype == f32 and src.shape == src.valid_shape and src.shape in a3.FAST_ROW_REDUCTIONS


def _is_contiguous(tile: TileBufType) -> bool:
    """Whether the valid part of a row-major tile is one run of bytes."""
    return tile.shape[1] == tile.valid_shape[1] or tile.valid_shape[0] == 1


FAMILY_CHECKS: Mapping[str, Callable[[VectorOp, Tiles], None]] = {ROW_REDUCTION.name: check_row_scratch}
"""What the operands' extents do not say, by the name of the family."""


def vector_op(row: Op) -> type[VectorOp]:
    """Return the class of the operation `pto.<row.dialect>`."""
    fields = {
        "__doc__": f"{row.formula}.",
        "__module__": __name__,
        "__annotations__": {"ROW": ClassVar, "ALLOWED": ClassVar},
        "name": f"pto.{row.dialect}",
        "ROW": row,
        "ALLOWED": tuple(map(element_type, row.types)),
        "traits": traits_def(TileEffects(row)),
    }
    return irdl_op_definition(type(f"{row.cpp}Op", (_base(row.family),), fields))


@cache
def _base(family: Family) -> type[VectorOp]:
    """The operands that the operations of a family share."""
    fields = {operand.name: operand_def() for operand in family.operands}
    return type(f"{family.name}_OP", (VectorOp,), {"__module__": __name__, **fields})


VECTOR_OPS: Mapping[str, type[VectorOp]] = {
    row.dialect: vector_op(row) for row in OPS if row.dialect is not None and row.family.is_regular
}
"""The operations that have no class of their own, by their names without `pto.`."""
