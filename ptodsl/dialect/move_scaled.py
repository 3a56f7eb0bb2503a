"""Moves of accumulators by FIX with a scale for each column, which a tile in its parameters has."""

from __future__ import annotations

from xdsl.irdl import irdl_op_definition, operand_def, traits_def

from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.move_rules import (
    SCALED,
    check_blocks,
    check_conversion,
    check_part,
    check_scaled,
    check_transfer_shape,
)
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile_type import Loc


@irdl_op_definition
class TMovFpOp(DpsOp):
    """dst = src, an accumulator, with a scale for each column: `pto.tmov.fp ins(%src, %fp : T, F)`. Runs on FIX."""

    name = "pto.tmov.fp"
    traits = traits_def(tile_effects("tmov.fp"))

    src = operand_def()
    fp = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        src, dst = check_scaled(self), checks.tile(self, "dst", Loc.MAT)
        check_conversion(self, src.dtype, dst.dtype, SCALED, "moved to L1")
        checks.same_shape(self, src=src, dst=dst)


@irdl_op_definition
class TStoreFpOp(DpsOp):
    """The slice `dst` of GM = src, an accumulator, with a scale for each column. Runs on FIX."""

    name = "pto.tstore_fp"
    traits = traits_def(tile_effects("tstore_fp"))

    src = operand_def()
    fp = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        src, dst = check_scaled(self), checks.partition(self, "dst")
        check_conversion(self, src.dtype, dst.dtype, SCALED, "stored")
        check_transfer_shape(self, self.dst, src)


@irdl_op_definition
class TExtractFpOp(DpsOp):
    """dst = the part of an accumulator that starts at (row, col), with a scale for each column. Runs on FIX."""

    name = "pto.textract_fp"
    traits = traits_def(tile_effects("textract_fp"))

    src = operand_def()
    fp = operand_def()
    row = operand_def()
    col = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes and bounds."""
        src, dst = check_scaled(self), checks.tile(self, "dst", Loc.MAT)
        check_conversion(self, src.dtype, dst.dtype, SCALED, "moved to L1")
        check_part(self, (self.row, self.col), dst, src, "src")


@irdl_op_definition
class TInsertFpOp(DpsOp):
    """The part of dst that starts at (row, col) = an accumulator, with a scale for each column. Runs on FIX."""

    name = "pto.tinsert_fp"
    traits = traits_def(tile_effects("tinsert_fp"))

    src = operand_def()
    fp = operand_def()
    row = operand_def()
    col = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check buffers, dtypes, bounds and blocks."""
        src, dst = check_scaled(self), checks.tile(self, "dst", Loc.MAT)
        check_conversion(self, src.dtype, dst.dtype, SCALED, "moved to L1")
        check_part(self, (self.row, self.col), src, dst, "dst")
        check_blocks(self, (self.row, self.col), src, dst)
