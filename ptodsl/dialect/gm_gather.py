"""Rows and elements of GM by index, and a load that only warms a cache.

What ptoas 0.48 prints of gathers and scatters passes pointers; the device's headers of August 2026 take tiles and
views.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, traits_def
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from isa.elements import INDEX_TYPES
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import attribute_of
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import element_type
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile_type import Loc, TileBufType


class Coalesce(StrEnum):
    """What an index is of."""

    ROW = "row"
    ELEM = "elem"


class OutOfBounds(StrEnum):
    """What happens to an index outside of the table; skip is a scatter's, and zero a gather's."""

    UNDEFINED = "undefined"
    CLAMP = "clamp"
    WRAP = "wrap"
    ZERO = "zero"
    SKIP = "skip"


class ScatterAtomic(StrEnum):
    """What a scatter does with what was there."""

    NONE = "none"
    ADD = "add"
    MAX = "max"
    MIN = "min"


CoalesceAttr = attribute_of(Coalesce, "coalesce")
GatherOobAttr = attribute_of(OutOfBounds, "gather_oob")
ScatterOobAttr = attribute_of(OutOfBounds, "scatter_oob")
ScatterAtomicOpAttr = attribute_of(ScatterAtomic, "scatter_atomic_op")

GATHER_ATTRIBUTES: tuple[type[Attribute], ...] = (CoalesceAttr, GatherOobAttr, ScatterOobAttr, ScatterAtomicOpAttr)
"""All of this file."""


def _check_indices(op: DpsOp, values: TileBufType, coalesce: Coalesce) -> None:
    """Check an index for each element, or one for each row, [1, rows]."""
    indices = checks.tile(op, "indices", Loc.VEC)
    checks.dtype_in(op, "indices", indices, tuple(map(element_type, INDEX_TYPES)))
    wanted = values.valid_shape if coalesce is Coalesce.ELEM else (1, values.valid_shape[0])
    checks.expect_shape(op, "indices", indices, wanted, f"an index for each {coalesce}")


def _limit(op: DpsOp) -> DeviceLimit:
    return DeviceLimit(f"{op.name}: it passes pointers, and the headers of 2026-08-21 want tiles and views")


@irdl_op_definition
class MGatherOp(DpsOp):
    """dst[r, :] = row indices[r] of the slice `src` of GM, or dst[r, c] = its element indices[r, c], counted flat."""

    name = "pto.mgather"
    traits = traits_def(tile_effects("mgather"))

    BEHIND: ClassVar[Sequence[str]] = ("coalesce", "gatherOob")

    src = operand_def()
    indices = operand_def()
    dst = operand_def()
    coalesce = prop_def(CoalesceAttr)
    oob = opt_prop_def(GatherOobAttr, prop_name="gatherOob")

    def verify_(self) -> None:
        """Check the element type, the indices and the mode."""
        src, dst = checks.partition(self, "src"), checks.tile(self, "dst", Loc.VEC)
        checks.same_dtype(self, src=src, dst=dst)
        _check_indices(self, dst, self.coalesce.data)
        if self.oob is not None and self.oob.data is OutOfBounds.SKIP:
            raise VerifyException(f"{self.name}: gatherOob must be undefined, clamp, wrap or zero, not skip")
        raise _limit(self)


@irdl_op_definition
class MScatterOp(DpsOp):
    """Row indices[r] of the slice `dst` of GM = src[r, :], or its element indices[r, c] = src[r, c]; the last wins."""

    name = "pto.mscatter"
    traits = traits_def(tile_effects("mscatter"))

    BEHIND: ClassVar[Sequence[str]] = ("coalesce", "scatterAtomicOp", "scatterOob")

    src = operand_def()
    indices = operand_def()
    dst = operand_def()
    coalesce = opt_prop_def(CoalesceAttr)
    atomic = opt_prop_def(ScatterAtomicOpAttr, prop_name="scatterAtomicOp")
    oob = opt_prop_def(ScatterOobAttr, prop_name="scatterOob")

    def verify_(self) -> None:
        """Check the element type, the indices and the mode."""
        src, dst = checks.tile(self, "src", Loc.VEC), checks.partition(self, "dst")
        checks.same_dtype(self, src=src, dst=dst)
        _check_indices(self, src, Coalesce.ELEM if self.coalesce is None else self.coalesce.data)
        if self.oob is not None and self.oob.data is OutOfBounds.ZERO:
            raise VerifyException(f"{self.name}: scatterOob must be undefined, skip, clamp or wrap, not zero")
        raise _limit(self)


@irdl_op_definition
class TPrefetchOp(DpsOp):
    """Bring the slice `src` of GM closer; dst, where it passes, has no meaning afterwards. Runs on MTE2."""

    name = "pto.tprefetch"
    traits = traits_def(tile_effects("tprefetch"))

    src = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check the element type."""
        src, dst = checks.partition(self, "src"), checks.tile(self, "dst", Loc.VEC)
        checks.same_dtype(self, src=src, dst=dst)
