"""Rules of vector operations that the extents of their operands do not say, by the name of the family.

What an operation writes beyond its results, and how large its scratch must be, is what the device's headers do: neither
they nor the real assembler check most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.dialects.builtin import IntegerAttr, f16, f32, i1, i32
from xdsl.ir import Operation
from xdsl.irdl import opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from isa import a3, families
from isa import special_ops as special
from isa.a3 import REPEAT_BYTES
from ptodsl.dialect import arrange_rules as arrange
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import CmpMode, CmpModeAttr, MaskPatternAttr, QuantType, QuantTypeAttr
from ptodsl.dialect.checks import Tiles
from ptodsl.dialect.convert import CONVERSIONS
from ptodsl.dialect.elements import DYNAMIC, element_bytes, element_name, ui8
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.tile_type import TileBufType

PRODUCT_SCRATCH = 32
"""Bytes of scratch of a row's product: one for each lane of a block."""
REMAINDER_ROWS = 2
SELECT_SCRATCH = 32
"""Bytes of scratch of a selection: the address of the mask, or the scalar."""
COLUMN_SCRATCH_REPEATS = {4: 2, 2: 3}
"""Repeats of scratch of TCOLARGMAX, by the bytes of an element."""


def row_major_cols(family: str, ty: TileBufType) -> int:
    """Valid columns of a row-major tile with one value per row; 0 where there must be a column.

    A reduction leaves one in each row. An operand that is combined with all of its row has it in a whole block.
    """
    if family == families.ROW_REDUCTION.name:
        return 1
    return a3.BLOCK_BYTES // element_bytes(ty.dtype) if family == families.ROW_BINARY.name else 0


def check_row_scratch(op: Operation, tiles: Tiles) -> None:
    """Check that `tmp` holds what the library's path for this shape touches.

    It has src's shape at least, but for the shapes in `a3.FAST_ROW_REDUCTIONS` any shape of `a3.FAST_SCRATCH_BYTES`
    does; products need a block only.
    """
    src, tmp = tiles["src"], tiles["tmp"]
    if tmp.dtype != src.dtype:
        raise DeviceLimit(
            f"{op.name}: tmp is {element_name(tmp.dtype)}, but must be like src, {element_name(src.dtype)}"
        )
    # The device multiplies a row lane by lane into a block of tmp, then these lanes by the scalar unit.
    if op.name == "pto.trowprod":
        if tmp.byte_size < PRODUCT_SCRATCH:
            raise DeviceLimit(f"{op.name}: tmp has {tmp.byte_size} bytes, but the device overwrites {PRODUCT_SCRATCH}")
        return
    if is_fast(src, tiles["dst"]):
        if not is_contiguous(tmp) or tmp.byte_size < a3.FAST_SCRATCH_BYTES:
            raise DeviceLimit(
                f"{op.name}: tmp is {checks.describe(tmp)}, but for src {checks.describe(src)} the device "
                f"overwrites {a3.FAST_SCRATCH_BYTES} bytes from its start: use a tile with so many in one piece"
            )
    elif any(DYNAMIC not in (s, t) and t < s for s, t in zip(src.valid_shape, tmp.valid_shape, strict=True)):
        raise DeviceLimit(
            f"{op.name}: tmp is {checks.describe(tmp)}, but the device overwrites as much as src has, "
            f"{checks.describe(src)}: use a tile of that shape"
        )


def is_fast(src: TileBufType, dst: TileBufType) -> bool:
    """Whether the device library has a path for the rows of this source, whose results are a column."""
    whole = src.shape == src.valid_shape and not dst.is_row_major
    return whole and src.dtype == f32 and src.shape in a3.FAST_ROW_REDUCTIONS


def is_contiguous(tile: TileBufType) -> bool:
    """Whether the valid part of a row-major tile is one run of bytes."""
    return tile.shape[1] == tile.valid_shape[1] or tile.valid_shape[0] == 1


def _rows(tile: TileBufType) -> int:
    """Valid rows of a tile, at most."""
    return tile.shape[0] if tile.valid_shape[0] == DYNAMIC else tile.valid_shape[0]


def check_column_sum(op: Operation, tiles: Tiles) -> None:
    """Check the scratch of a sum as a tree: half of src's rows."""
    is_binary = getattr(op, "is_binary", None) is not None
    if ("tmp" in tiles) != is_binary:
        raise VerifyException(f"{op.name}: tmp and isBinary go together: a sum as a tree needs scratch, another none")
    if "tmp" not in tiles:
        return
    src, tmp = tiles["src"], tiles["tmp"]
    checks.row_major(op, tmp=tmp)
    rows, cols = src.valid_shape
    # Of rows that are DYNAMIC, which is -1, that is the least that there can be.
    half = (max(1, -(-rows // 2)), cols)
    if any(DYNAMIC not in (s, t) and t < s for s, t in zip(half, tmp.shape, strict=True)):
        raise VerifyException(
            f"{op.name}: tmp is {list(tmp.shape)}, but a sum as a tree of {list(src.valid_shape)} needs {list(half)}"
        )


def check_row_binary(op: Operation, tiles: Tiles) -> None:
    """Check the scratch that a broadcast of row values is given: a block for each row, rows rounded up to 8."""
    if "tmp" in tiles:
        rows = _rows(tiles["dst"])
        checks.scratch_bytes(
            op, tiles["tmp"], a3.BLOCK_BYTES * -(-rows // 8) * 8, "32 bytes a row, rows rounded up to 8"
        )


def check_prelu(op: Operation, tiles: Tiles) -> None:
    """Check that scratch has a row of mask for each row of dst, and one more."""
    dst, tmp = tiles["dst"], tiles["tmp"]
    checks.row_major(op, tmp=tmp)
    _mask_holds(op, "tmp", tmp, dst)
    # The operation ends with a selection, whose scratch the row behind the mask is.
    if _rows(dst) + 1 > tmp.shape[0]:
        raise VerifyException(f"{op.name}: tmp has {tmp.shape[0]} rows, but needs one more than dst's {_rows(dst)}")


def check_remainder(op: Operation, tiles: Tiles) -> None:
    """Check that scratch has two rows like those of dst, and what the device puts between them."""
    dst, tmp = tiles["dst"], tiles["tmp"]
    checks.row_major(op, tmp=tmp)
    pitch, (rows, cols) = dst.shape[1], tmp.shape
    # ptoas 0.48 asks two rows of pto.trem only: pto.trems passes with one.
    if cols < pitch or (rows < REMAINDER_ROWS and op.name == "pto.trem"):
        raise VerifyException(
            f"{op.name}: tmp is {[rows, cols]}, but must have {REMAINDER_ROWS} rows of dst's {pitch} columns"
        )
    wanted = element_bytes(dst.dtype) * (pitch + -(-pitch // 64) * 2)
    if tmp.byte_size < wanted:
        raise DeviceLimit(
            f"{op.name}: tmp has {tmp.byte_size} bytes, but the device overwrites {wanted}: a row of dst, and 2 "
            "elements for each 64 of it"
        )


def check_axpy(op: Operation, tiles: Tiles) -> None:
    """Check that a sum has src's element type, or is f32 where src is f16."""
    src, dst = tiles["src"].dtype, tiles["dst"].dtype
    if src != dst and (src, dst) != (f16, f32):
        raise VerifyException(
            f"{op.name}: dst is {element_name(dst)}, but must be like src, {element_name(src)}, or f32 where src is f16"
        )


def check_power(op: Operation, tiles: Tiles) -> None:
    """Check that floats, and only these, have scratch."""
    dtype, scratch = tiles["dst"].dtype, "tmp" in tiles
    # Whole numbers are computed by the scalar unit, which needs no scratch.
    if scratch != (dtype == f32):
        needs = "needs tmp, scratch like dst" if dtype == f32 else "takes no tmp"
        raise VerifyException(f"{op.name}: of {element_name(dtype)} it {needs}")
    if scratch:
        checks.same_shape(op, dst=tiles["dst"], tmp=tiles["tmp"])


def check_unary_scratch(op: Operation, tiles: Tiles) -> None:
    """Check that scratch, if there is some, is like dst."""
    if "tmp" in tiles:
        checks.same_shape(op, dst=tiles["dst"], tmp=tiles["tmp"])


def check_triangle(op: Operation, _: Tiles) -> None:
    """Check the diagonal, and which triangle it is."""
    diagonal, which = op.operands[0].type, getattr(op, "upper_or_lower", None)
    if diagonal != i32:
        raise VerifyException(f"{op.name}: diagonal must be i32, not {diagonal}")
    if which is not None and which.value.data not in (0, 1):
        raise VerifyException(f"{op.name}: upperOrLower is {which.value.data}, but must be 0 (lower) or 1 (upper)")


def check_partial(op: Operation, tiles: Tiles) -> None:
    """Check that one source covers dst, and none is larger."""
    checks.lines(op, op.ROW.cpp, tiles)  # type: ignore[attr-defined]
    dst, sources = tiles["dst"].valid_shape, [tiles["lhs"].valid_shape, tiles["rhs"].valid_shape]
    if not any(checks.shapes_agree(source, dst) for source in sources):
        raise VerifyException(f"{op.name}: lhs or rhs must have the valid shape of dst, {list(dst)}")
    for name, source in zip(("lhs", "rhs"), sources, strict=True):
        if any(DYNAMIC not in (s, d) and s > d for s, d in zip(source, dst, strict=True)):
            raise VerifyException(f"{op.name}: {name} is {list(source)}, which is more than dst's {list(dst)}")


def _mask_holds(op: Operation, name: str, mask: TileBufType, tile: TileBufType) -> None:
    """Check that a row of a mask holds the bits of the whole repeats that a row of `tile` takes."""
    checks.row_major(op, **{name: mask})
    cols = tile.shape[1] if tile.valid_shape[1] == DYNAMIC else tile.valid_shape[1]
    lanes = REPEAT_BYTES // element_bytes(tile.dtype)
    # A comparison writes whole repeats, also beyond the valid columns.
    wanted = -(-cols // lanes) * lanes // 8
    if mask.shape[1] * element_bytes(mask.dtype) < wanted:
        raise VerifyException(
            f"{op.name}: {name} has rows of {mask.shape[1]} bytes, but {cols} columns of {element_name(tile.dtype)} "
            f"take {wanted}: a bit for each element of whole repeats of {REPEAT_BYTES} bytes"
        )


def check_comparison(op: Operation, tiles: Tiles) -> None:
    """Check the mask that is written, and the modes that the device has for integers."""
    src = tiles["lhs" if "lhs" in tiles else "src"]
    _mask_holds(op, "dst", tiles["dst"], src)
    _same_rows(op, src, tiles["dst"], "dst")
    mode = getattr(op, "cmp_mode", None)
    if src.dtype == i32 and mode is not None and mode.data not in (CmpMode.EQ, CmpMode.NE):
        raise DeviceLimit(
            f"{op.name}: the device compares i32 for eq and ne only, whatever mode is given, not for {mode.data}: "
            "convert to f32 with pto.tcvt, or compare the difference's sign with pto.tshrs"
        )
    if tiles["dst"].dtype != ui8:
        raise DeviceLimit(f"{op.name}: dst is {element_name(tiles['dst'].dtype)}, but must be ui8, which has no sign")


def _same_rows(op: Operation, first: TileBufType, second: TileBufType, name: str) -> None:
    rows, limit = first.valid_shape[0], second.shape[0]
    if rows != DYNAMIC and rows > limit:
        raise VerifyException(f"{op.name}: {name} has {limit} rows, but there are {rows} rows of elements")


def check_selection(op: Operation, tiles: Tiles) -> None:
    """Check the mask, a bit for each element, and 32 bytes of scratch."""
    checks.row_major(op, mask=tiles["mask"])
    cols = tiles["dst"].valid_shape[1]
    width = tiles["mask"].shape[1] * element_bytes(tiles["mask"].dtype)
    if cols != DYNAMIC and width * 8 < cols:
        raise VerifyException(f"{op.name}: mask has {8 * width} bits a row, but dst has {cols} valid columns")
    _same_rows(op, tiles["dst"], tiles["mask"], "mask")
    checks.scratch_bytes(op, tiles["tmp"], SELECT_SCRATCH, "a block")


def check_quantisation(op: Operation, tiles: Tiles) -> None:
    """Check one scale for each row, an offset where the type has one, and scratch like src."""
    src, dst = tiles["src"], tiles["dst"]
    checks.row_major(op, src=src, dst=dst)
    checks.same_shape(op, src=src, dst=dst)
    for name in ("fp", "offset"):
        if name in tiles:
            checks.row_scalars(op, name, tiles[name], src.valid_shape[0])
    kind = op.quant_type.data  # type: ignore[attr-defined]
    unsigned = kind is QuantType.INT8_ASYM
    if ("offset" in tiles) != unsigned or (dst.dtype == ui8 and not unsigned):
        raise VerifyException(
            f"{op.name}: INT8_SYM makes i8 and has no offset, INT8_ASYM makes ui8 and has one; here {kind} makes "
            f"{element_name(dst.dtype)} {'with' if 'offset' in tiles else 'without'} one"
        )
    if "tmp" in tiles:
        checks.row_major(op, tmp=tiles["tmp"])
        if tiles["tmp"].shape != src.shape:
            raise VerifyException(
                f"{op.name}: tmp is {list(tiles['tmp'].shape)}, but must be like src, {list(src.shape)}"
            )
    if unsigned and dst.dtype != ui8:
        raise DeviceLimit(f"{op.name}: INT8_ASYM makes ui8, not {element_name(dst.dtype)}")


def check_dequantisation(op: Operation, tiles: Tiles) -> None:
    """Check one scale and one offset for each row."""
    src, dst = tiles["src"], tiles["dst"]
    checks.row_major(op, src=src, dst=dst)
    checks.same_shape(op, src=src, dst=dst)
    for name in ("fp", "offset"):
        checks.row_scalars(op, name, tiles[name], src.valid_shape[0])


def check_row_argument(op: Operation, tiles: Tiles) -> None:
    """Check the scratch, of three stages in each row."""
    src, tmp = tiles["src"], tiles["tmp"]
    checks.row_major(op, tmp=tmp)
    lanes = REPEAT_BYTES // element_bytes(src.dtype)
    cols = src.shape[1]
    # Of a row of one repeat an instruction writes the index by itself: tmp is not used.
    if cols <= lanes:
        return
    repeats = -(-cols // lanes)
    # How the device's headers lay out the stages of a row: ceil8(2 * repeats) elements, then one for each repeat.
    wanted = (src.shape[0], -(-2 * repeats // 8) * 8 + repeats)
    if tmp.shape[0] < wanted[0] or tmp.shape[1] < wanted[1]:
        raise VerifyException(f"{op.name}: tmp is {list(tmp.shape)}, but for {cols} columns must be {list(wanted)}")


def check_col_argument(op: Operation, tiles: Tiles) -> None:
    """Check the scratch: a few repeats."""
    repeats = COLUMN_SCRATCH_REPEATS.get(element_bytes(tiles["src"].dtype))
    if repeats is None:
        return  # the device has no such element type
    checks.scratch_bytes(op, tiles["tmp"], repeats * REPEAT_BYTES, f"{repeats} repeats")


FAMILY_CHECKS: Mapping[str, Callable[[Operation, Tiles], None]] = {
    families.ROW_REDUCTION.name: check_row_scratch,
    families.COL_SUM.name: check_column_sum,
    families.ROW_BINARY.name: check_row_binary,
    special.AXPY.name: check_axpy,
    special.POWER.name: check_power,
    special.POWER_SCALAR.name: check_power,
    special.UNARY_SCRATCH.name: check_unary_scratch,
    special.TRIANGLE.name: check_triangle,
    special.PRELU.name: check_prelu,
    special.REMAINDER.name: check_remainder,
    special.REMAINDER_SCALAR.name: check_remainder,
    special.PARTIAL.name: check_partial,
    special.COMPARISON.name: check_comparison,
    special.COMPARISON_SCALAR.name: check_comparison,
    special.SELECTION.name: check_selection,
    special.SELECTION_SCALAR.name: check_selection,
    special.GATHER.name: arrange.check_gather,
    special.SCATTER.name: arrange.check_scatter,
    special.PADDING.name: arrange.check_padding,
    special.PADDING_IN_PLACE.name: arrange.check_padding_in_place,
    special.SORT.name: arrange.check_sort,
    special.MERGE.name: arrange.check_merge,
    special.QUANTISATION.name: check_quantisation,
    special.DEQUANTISATION.name: check_dequantisation,
    special.TRANSPOSITION.name: arrange.check_transposition,
    special.CONCATENATION.name: arrange.check_concatenation,
    special.ROW_ARGUMENT.name: check_row_argument,
    special.COL_ARGUMENT.name: check_col_argument,
}
"""What the operands' extents do not say."""


def _narrows_through_f16(op: Operation) -> bool:
    """Whether the last step of a quantisation, from f16, works in the library's scratch as TCVT does."""
    ty = op.dst.type  # type: ignore[attr-defined]
    conversion = CONVERSIONS.get((f16, ty.dtype)) if isinstance(ty, TileBufType) else None
    return conversion is not None and conversion.uses_library_scratch


_COMPARING = {"cmp_mode": opt_prop_def(CmpModeAttr, prop_name="cmpMode")}

OWN_FIELDS: Mapping[str, Mapping[str, object]] = {
    special.COMPARISON.name: _COMPARING,
    special.COMPARISON_SCALAR.name: _COMPARING,
    special.TRIANGLE.name: {"upper_or_lower": opt_prop_def(IntegerAttr.constr(i32), prop_name="upperOrLower")},
    special.GATHER.name: {"mask_pattern": opt_prop_def(MaskPatternAttr, prop_name="maskPattern"), "COMMA": ","},
    special.SCATTER.name: {"mask_pattern": opt_prop_def(MaskPatternAttr, prop_name="maskPattern"), "COMMA": ","},
    families.COL_SUM.name: {"is_binary": opt_prop_def(IntegerAttr.constr(i1), prop_name="isBinary")},
    special.QUANTISATION.name: {
        "quant_type": prop_def(QuantTypeAttr),
        "BEHIND": ("quant_type",),
        "SECOND": "tmp",
        "uses_library_scratch": property(_narrows_through_f16),
    },
}
"""Attributes of the operations of a family, and where they stand, as fields of their classes."""
