"""Families of operations with rules of their own, which the dialect has beside the extents of their operands."""

from __future__ import annotations

from isa.elements import BY_MLIR, BYTES, FLOATS, INDEX_TYPES, MASK_TYPES, TWO_OR_FOUR_BYTES, WHOLE_NUMBERS
from isa.make import SCALAR, own, scratch, vector, whole
from isa.op import Extent, Hidden, Operand, Role, Work

AXPY = vector(
    "AXPY",
    "dst = {}; dst may be f32 and src f16",
    "src scalar dst",
    whole("src"),
    SCALAR,
    Operand("dst", Role.UPDATE, Extent.WHOLE, FLOATS, False),
)

LEAKY = vector(
    "LEAKY",
    "dst = {}; the scalar is f32",
    "src scalar dst",
    whole("src"),
    Operand("scalar", Role.SCALAR, Extent.OTHER, ("f32",), False),
    whole("dst", Role.WRITE),
)

UNARY_SCRATCH = vector(
    "UNARY_SCRATCH",
    "dst = {}; `tmp`, which may be left out, is scratch like dst",
    "inp tmp out",
    whole("src"),
    scratch(optional=True),
    whole("dst", Role.WRITE),
    signature="inp out tmp=None",
)

THREE = vector(
    "THREE",
    "dst = {}, as two operations",
    "src0 src1 src2 dst",
    whole("lhs"),
    whole("rhs"),
    whole("addend"),
    whole("dst", Role.WRITE),
)

THREE_SCALAR = vector(
    "THREE_SCALAR",
    "dst = {}, as two operations",
    "src0 scalar src1 dst",
    whole("src"),
    SCALAR,
    whole("addend"),
    whole("dst", Role.WRITE),
)

POWER = vector(
    "POWER",
    "dst = {}; `tmp` is scratch like dst, for f32 only",
    "base exp tmp dst",
    whole("lhs"),
    whole("rhs"),
    scratch(optional=True),
    whole("dst", Role.WRITE),
    signature="base exp dst tmp=None",
)

POWER_SCALAR = vector(
    "POWER_SCALAR",
    "dst = {}; `tmp` is scratch like dst, for f32 only",
    "base scalar tmp dst",
    whole("src"),
    SCALAR,
    scratch(optional=True),
    whole("dst", Role.WRITE),
    signature="base scalar dst tmp=None",
)

TRIANGLE = vector(
    "TRIANGLE",
    "dst[r, c] = {}",
    "diagonal dst",
    Operand("diagonal", Role.INDEX, Extent.OTHER, ("i32",), False),
    whole("dst", Role.WRITE),
    signature="diagonal dst upper=False",
)

PRELU = vector(
    "PRELU",
    "dst = {}; `tmp` is scratch of a row more than dst",
    "lhs rhs tmp out",
    whole("lhs"),
    whole("rhs"),
    scratch(MASK_TYPES),
    whole("dst", Role.WRITE),
)

REMAINDER = vector(
    "REMAINDER",
    "dst = {}; `tmp` is scratch of two rows like those of dst",
    "lhs rhs tmp out",
    whole("lhs"),
    whole("rhs"),
    scratch(),
    whole("dst", Role.WRITE),
)

REMAINDER_SCALAR = vector(
    "REMAINDER_SCALAR",
    "dst = {}; `tmp` is scratch of two rows like those of dst",
    "src scalar tmp dst",
    whole("src"),
    SCALAR,
    scratch(),
    whole("dst", Role.WRITE),
)

PARTIAL = vector(
    "PARTIAL",
    "dst = {} where both are valid, and the one that is valid elsewhere",
    "lhs rhs out",
    own("lhs"),
    own("rhs"),
    own("dst", Role.WRITE),
)

COMPARISON = vector(
    "COMPARISON",
    "bit c % 8 of byte dst[r, c / 8] = {}",
    "lhs rhs out",
    whole("lhs"),
    whole("rhs"),
    own("dst", Role.WRITE, BYTES),
    signature='lhs rhs out cmp_mode="eq"',
    modes=1,
)

COMPARISON_SCALAR = vector(
    "COMPARISON_SCALAR",
    "bit c % 8 of byte dst[r, c / 8] = {}",
    "src scalar dst",
    whole("src"),
    SCALAR,
    own("dst", Role.WRITE, BYTES),
    signature='src scalar dst cmp_mode="eq"',
    modes=1,
)

SELECTION = vector(
    "SELECTION",
    "dst = {}; `tmp` is 32 bytes of scratch",
    "mask lhs rhs tmp out",
    own("mask", Role.READ, WHOLE_NUMBERS),
    whole("lhs"),
    whole("rhs"),
    scratch(tuple(BY_MLIR)),
    whole("dst", Role.WRITE),
)

SELECTION_SCALAR = vector(
    "SELECTION_SCALAR",
    "dst = {}; `tmp` is 32 bytes of scratch",
    "mask src tmp scalar dst",
    own("mask", Role.READ, WHOLE_NUMBERS),
    whole("src"),
    scratch(),
    SCALAR,
    whole("dst", Role.WRITE),
)

GATHER = vector(
    "GATHER",
    "dst = {}",
    "src indices tmp out",
    own("src"),
    own("indices", Role.READ, INDEX_TYPES, optional=True),
    scratch(tuple(BY_MLIR), optional=True),
    own("dst", Role.WRITE, TWO_OR_FOUR_BYTES),
    signature="src out indices=None tmp=None * mask_pattern=None",
)

SCATTER = vector(
    "SCATTER",
    "dst = {}",
    "src indices out",
    own("src"),
    own("indices", Role.READ, WHOLE_NUMBERS, optional=True),
    own("dst", Role.WRITE),
    signature="src out indices",
)

PADDING = vector("PADDING", "dst = {}", "src dst", own("src"), own("dst", Role.WRITE))

# src gives its valid shape and its pad only: the bytes are those of dst.
PADDING_IN_PLACE = vector("PADDING_IN_PLACE", "dst = {}", "src dst", own("src", Role.NAMED), own("dst", Role.UPDATE))

SORT = vector(
    "SORT",
    "dst = {}",
    "src idx tmp dst",
    own("src"),
    own("idx", Role.READ, INDEX_TYPES),
    scratch(optional=True),
    own("dst", Role.WRITE),
    signature="src dst idx tmp=None",
)

MERGE = vector(
    "MERGE",
    "dst = {}",
    "src block_len dst",
    own("src"),
    Operand("block_len", Role.INDEX, Extent.OTHER, ("i32",), False),
    own("dst", Role.WRITE),
    signature="src dst block_len",
)

QUANTISATION = vector(
    "QUANTISATION",
    "dst = {}; src is destroyed, `tmp` is scratch like src",
    "src fp offset tmp dst",
    # The device scales src in place, and leaves a copy in f16 there.
    own("src", Role.UPDATE),
    own("fp"),
    own("offset", optional=True),
    scratch(optional=True),
    own("dst", Role.WRITE, BYTES),
    signature="src fp dst quant_type * offset=None tmp=None",
    hidden=Hidden.BY_CONVERSION,
)

DEQUANTISATION = vector(
    "DEQUANTISATION",
    "dst = {}",
    "src fp offset dst",
    own("src", Role.READ, ("i8", "i16")),
    own("fp"),
    own("offset"),
    own("dst", Role.WRITE),
)

TRANSPOSITION = vector(
    "TRANSPOSITION",
    "dst[c, r] = {}; `tmp` is scratch like dst, its columns rounded up to 16, or 32 of one byte",
    "src tmp dst",
    own("src"),
    scratch(),
    own("dst", Role.WRITE),
)

CONCATENATION = vector("CONCATENATION", "dst = {}", "lhs rhs out", own("lhs"), own("rhs"), own("dst", Role.WRITE))

ROW_ARGUMENT = vector(
    "ROW_ARGUMENT",
    "dst[r] = {}; `tmp` is scratch like src, dst is [rows, 1] column-major",
    "src tmp dst",
    whole("src"),
    scratch(),
    Operand("dst", Role.WRITE, Extent.ROWS, INDEX_TYPES, False),
    work=Work.ROW_REDUCTION,
)

COL_ARGUMENT = vector(
    "COL_ARGUMENT",
    "dst[c] = {}; `tmp` is scratch of 768 bytes, dst is [1, cols]",
    "src tmp dst",
    whole("src"),
    scratch(),
    Operand("dst", Role.WRITE, Extent.COLS, INDEX_TYPES, False),
    work=Work.COLUMN_REDUCTION,
)
