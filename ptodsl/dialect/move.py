"""Operations that move tiles: between GM and a core's buffers, and between the buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self, cast

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.irdl import irdl_op_definition, operand_def, opt_operand_def, opt_prop_def, prop_def, traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.mode_attributes import AtomicTypeAttr, ReluPreModeAttr, StPhaseAttr
from ptodsl.dialect.move_rules import (
    ACC_MOVE_TYPES,
    ACC_STORE_TYPES,
    EXTRACTS,
    INSERTS,
    MOVES,
    SCALED,
    VEC_MOVE_TYPES,
    check_blocks,
    check_conversion,
    check_layout,
    check_part,
    check_path,
    check_row_stride,
    check_scale,
    check_scaled,
    check_transfer_shape,
)
from ptodsl.dialect.syntax import SEGMENT_SIZES, DpsOp, Value, parse_group, print_group
from ptodsl.dialect.tile_type import Loc, TileBufType


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
        check_transfer_shape(self, self.src, dst)
        check_layout(self, self.src, dst)
        if dst.loc is Loc.MAT:
            check_row_stride(self, self.src)


@irdl_op_definition
class TStoreOp(DpsOp):
    """The slice `dst` of GM = src. Runs on FIX from an accumulator, on MTE3 from UB."""

    name = "pto.tstore"
    traits = traits_def(tile_effects("tstore"))

    BEHIND: ClassVar[Sequence[str]] = ("atomicType", "stPhase", "reluPreMode")
    INTERLEAVED: ClassVar[bool] = True

    src = operand_def()
    scale = opt_operand_def()
    dst = operand_def()
    atomic_type = opt_prop_def(AtomicTypeAttr, prop_name="atomicType")
    st_phase = opt_prop_def(StPhaseAttr, prop_name="stPhase")
    relu_pre_mode = opt_prop_def(ReluPreModeAttr, prop_name="reluPreMode")

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, None, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        src, dst = checks.tile(self, "src", Loc.VEC, Loc.ACC), checks.partition(self, "dst")
        if src.loc is Loc.ACC:
            check_conversion(self, src.dtype, dst.dtype, SCALED if self.scale else ACC_STORE_TYPES, "stored")
            check_scale(self, self.scale)
        elif self.scale or self.st_phase or self.relu_pre_mode:
            raise VerifyException(f"{self.name}: phases, relu and scales are FIX's: src must be an accumulator")
        else:
            checks.same_dtype(self, src=src, dst=dst)
        check_transfer_shape(self, self.dst, src)
        check_layout(self, self.dst, src)


@irdl_op_definition
class TMovOp(DpsOp):
    """dst = src, between on-chip buffers: L1 to L0A, L0B, the bias table or FIX's parameters (MTE1), UB to UB (V), L0C
    to L1 (FIX). With a scale in the generic form only; `pto.tmov ins(%a : T, %fp : F)` is read as `pto.tmov.fp`.
    """

    name = "pto.tmov"
    traits = traits_def(tile_effects("tmov"))

    SEGMENTS: ClassVar[Sequence[int]] = (1, 1, 0, 0)
    """src, dst, and the scaling tile and scalar of quantising moves."""

    BEHIND: ClassVar[Sequence[str]] = ("reluPreMode",)

    src = operand_def()
    dst = operand_def()
    scale = opt_operand_def()
    segments = prop_def(DenseArrayBase, prop_name=SEGMENT_SIZES)
    relu_pre_mode = opt_prop_def(ReluPreModeAttr, prop_name="reluPreMode")

    def __init__(self, src: Value, dst: Value) -> None:
        super().__init__(src, dst, None)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `ins(%a : T) outs(%d : T) {..}`, or `ins(%a : T, %fp : F)`, which is another operation."""
        start = parser.pos
        ins, _ = parse_group(parser, "ins", interleaved=True)
        outs, _ = parse_group(parser, "outs")
        attributes = parser.parse_optional_attr_dict()
        properties = {name: attributes.pop(name) for name in cls.BEHIND if name in attributes}
        if len(ins) not in (1, 2) or len(outs) != 1:
            parser.raise_error(f"{cls.name} takes 1 or 2 ins and 1 outs, not {len(ins)} and {len(outs)}", start)
        if len(ins) == 1:
            return cls.create(
                operands=[*ins, *outs], properties={**cls._segments(), **properties}, attributes=attributes
            )
        if properties:
            parser.raise_error(f"{cls.name} with a scaling tile has no reluPreMode", start)
        return cast(Self, TMovFpOp.create(operands=[*ins, *outs], attributes=attributes))

    def print(self, printer: Printer) -> None:
        """Print it; a scale has no pretty form, and stands behind dst."""
        outs = [self.dst] if self.scale is None else [self.dst, self.scale]
        print_group(printer, "ins", [self.src], {})
        print_group(printer, "outs", outs, {})
        printer.print_op_attributes(
            self.attributes | {name: value for name, value in self.properties.items() if name in self.BEHIND}
        )

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        given = tuple(self.segments.get_values())
        if given != (1, 1, 0, int(self.scale is not None)):
            raise VerifyException(
                f"{self.name}: {SEGMENT_SIZES} must be [1, 1, 0, {int(self.scale is not None)}], not {list(given)}; "
                "with a scaling tile it is pto.tmov.fp"
            )
        src, dst = checks.tile(self, "src", *MOVES), checks.tile(self, "dst")
        check_path(self, src, dst, MOVES[src.loc])
        _check_dtypes(self, src, dst)
        if src.loc is not Loc.ACC:
            checks.dtype_in(self, "src", src, VEC_MOVE_TYPES)
        checks.same_shape(self, src=src, dst=dst)


@irdl_op_definition
class TExtractOp(DpsOp):
    """dst = the part of src that starts at (row, col): `pto.textract ins(%src, %row, %col : T, index, index)`.

    From L1 to L0A or L0B (MTE1), or within UB (V).
    """

    name = "pto.textract"
    traits = traits_def(tile_effects("textract"))

    BEHIND: ClassVar[Sequence[str]] = ("reluPreMode",)

    src = operand_def()
    row = operand_def()
    col = operand_def()
    scale = opt_operand_def()
    dst = operand_def()
    relu_pre_mode = opt_prop_def(ReluPreModeAttr, prop_name="reluPreMode")

    def __init__(self, src: Value, row: Value, col: Value, dst: Value) -> None:
        super().__init__(src, row, col, None, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and, for constant offsets, bounds."""
        src, dst = checks.tile(self, "src", *EXTRACTS), checks.tile(self, "dst")
        check_path(self, src, dst, EXTRACTS[src.loc])
        _check_dtypes(self, src, dst)
        check_part(self, (self.row, self.col), dst, src, "src")


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
        check_path(self, src, dst, INSERTS[src.loc])
        if src.loc is Loc.ACC:
            check_conversion(self, src.dtype, dst.dtype, ACC_MOVE_TYPES, "moved to L1")
        else:
            checks.same_dtype(self, src=src, dst=dst)
            checks.dtype_in(self, "src", src, VEC_MOVE_TYPES)
            checks.row_major(self, src=src, dst=dst)
        if self.src is self.dst:
            raise VerifyException(f"{self.name}: dst must be another tile than src: it does not work in place")
        check_part(self, (self.row, self.col), src, dst, "dst")
        check_blocks(self, (self.row, self.col), src, dst)


def _check_dtypes(op: TMovOp | TExtractOp, src: TileBufType, dst: TileBufType) -> None:
    """Check the element types, and that only FIX, which moves accumulators, scales and clamps."""
    check_scale(op, op.scale)
    if src.loc is Loc.ACC:
        check_conversion(op, src.dtype, dst.dtype, SCALED if op.scale else ACC_MOVE_TYPES, "moved to L1")
    elif op.scale or op.relu_pre_mode:
        raise VerifyException(f"{op.name}: relu and scales are FIX's: src must be an accumulator")
    else:
        checks.same_dtype(op, src=src, dst=dst)


# The same moves of accumulators with a scale for each column, which a tile in FIX's parameters has.


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
        src, dst = _check_scaled_to_l1(self)
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
        src, dst = _check_scaled_to_l1(self)
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
        src, dst = _check_scaled_to_l1(self)
        check_part(self, (self.row, self.col), src, dst, "dst")
        check_blocks(self, (self.row, self.col), src, dst)


def _check_scaled_to_l1(op: DpsOp) -> tuple[TileBufType, TileBufType]:
    """Check an accumulator, the scales of its columns and a tile in L1; the types of the first and the last."""
    src, dst = check_scaled(op), checks.tile(op, "dst", Loc.MAT)
    check_conversion(op, src.dtype, dst.dtype, SCALED, "moved to L1")
    return src, dst
