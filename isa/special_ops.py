"""Operations with rules of their own (`ptodsl/dialect/vector_rules.py`): their families, and the rows of the table."""

from __future__ import annotations

from isa.elements import (
    BY_MLIR,
    BYTES,
    FLOATS,
    INDEX_TYPES,
    MASK_TYPES,
    NUMBERS,
    SHORT,
    SINGLE,
    TWO_OR_FOUR_BYTES,
    WHOLE_NUMBERS,
)
from isa.make import (
    ANY,
    DST,
    LHS,
    OTHER_DST,
    OTHER_DST_2,
    OWN_DST,
    OWN_SRC,
    OWN_TMP,
    OWN_TMP_2,
    RHS,
    SCALAR,
    SRC,
    col_values,
    number,
    own,
    row_values,
    scratch,
    special,
    vector,
    whole,
)
from isa.op import Hidden, Op, Role, Work

_OPTIONAL_TMP = scratch(optional=True)

AXPY = vector(
    "AXPY", "dst = {}; dst may be f32 and src f16", "src scalar dst", SRC, SCALAR, whole("dst", Role.UPDATE, FLOATS)
)
LEAKY = vector(
    "LEAKY", "dst = {}; the scalar is f32", "src scalar dst", SRC, number("scalar", Role.SCALAR, ("f32",)), DST
)
UNARY_SCRATCH = vector(
    "UNARY_SCRATCH",
    "dst = {}; `tmp`, which may be left out, is scratch like dst",
    "inp tmp out",
    SRC,
    _OPTIONAL_TMP,
    DST,
    signature="inp out tmp=None",
)

_TWICE, _ADDEND = "dst = {}, as two operations", whole("addend")
THREE = vector("THREE", _TWICE, "src0 src1 src2 dst", LHS, RHS, _ADDEND, DST)
THREE_SCALAR = vector("THREE_SCALAR", _TWICE, "src0 scalar src1 dst", SRC, SCALAR, _ADDEND, DST)

_POWER = "dst = {}; `tmp` is scratch like dst, for f32 only"
POWER = vector("POWER", _POWER, "base exp tmp dst", LHS, RHS, _OPTIONAL_TMP, DST, signature="base exp dst tmp=None")
POWER_SCALAR = vector(
    "POWER_SCALAR", _POWER, "base scalar tmp dst", SRC, SCALAR, _OPTIONAL_TMP, DST, signature="base scalar dst tmp=None"
)

TRIANGLE = vector(
    "TRIANGLE",
    "dst[r, c] = {}",
    "diagonal dst",
    number("diagonal", types=("i32",)),
    DST,
    signature="diagonal dst upper=False",
)
PRELU = vector(
    "PRELU", "dst = {}; `tmp` is scratch of a row more than dst", "lhs rhs tmp out", LHS, RHS, scratch(MASK_TYPES), DST
)

_TWO_ROWS = "dst = {}; `tmp` is scratch of two rows like those of dst"
REMAINDER = vector("REMAINDER", _TWO_ROWS, "lhs rhs tmp out", LHS, RHS, scratch(), DST)
REMAINDER_SCALAR = vector("REMAINDER_SCALAR", _TWO_ROWS, "src scalar tmp dst", SRC, SCALAR, scratch(), DST)

PARTIAL = vector(
    "PARTIAL",
    "dst = {} where both are valid, and the one that is valid elsewhere",
    "lhs rhs out",
    own("lhs"),
    own("rhs"),
    OWN_DST,
)

_BITS, _BITS_RULE = own("dst", Role.WRITE, BYTES), "bit c % 8 of byte dst[r, c / 8] = {}"
COMPARISON = vector(
    "COMPARISON", _BITS_RULE, "lhs rhs out", LHS, RHS, _BITS, signature='lhs rhs out cmp_mode="eq"', modes=1
)
COMPARISON_SCALAR = vector(
    "COMPARISON_SCALAR",
    _BITS_RULE,
    "src scalar dst",
    SRC,
    SCALAR,
    _BITS,
    signature='src scalar dst cmp_mode="eq"',
    modes=1,
)

_MASK, _SELECTION = own("mask", Role.READ, WHOLE_NUMBERS), "dst = {}; `tmp` is 32 bytes of scratch"
SELECTION = vector("SELECTION", _SELECTION, "mask lhs rhs tmp out", _MASK, LHS, RHS, scratch(tuple(BY_MLIR)), DST)
SELECTION_SCALAR = vector("SELECTION_SCALAR", _SELECTION, "mask src tmp scalar dst", _MASK, SRC, scratch(), SCALAR, DST)

GATHER = vector(
    "GATHER",
    "dst = {}",
    "src indices tmp out",
    OWN_SRC,
    own("indices", Role.READ, INDEX_TYPES, optional=True),
    scratch(tuple(BY_MLIR), optional=True),
    own("dst", Role.WRITE, TWO_OR_FOUR_BYTES),
    signature="src out indices=None tmp=None * mask_pattern=None",
)
SCATTER = vector(
    "SCATTER",
    "dst = {}",
    "src indices out",
    OWN_SRC,
    own("indices", Role.READ, WHOLE_NUMBERS, optional=True),
    OWN_DST,
    signature="src out indices",
)

PADDING = vector("PADDING", "dst = {}", "src dst", OWN_SRC, OWN_DST)
# src gives its valid shape and its pad only: the bytes are those of dst.
PADDING_IN_PLACE = vector("PADDING_IN_PLACE", "dst = {}", "src dst", own("src", Role.NAMED), own("dst", Role.UPDATE))

SORT = vector(
    "SORT",
    "dst = {}",
    "src idx tmp dst",
    OWN_SRC,
    own("idx", Role.READ, INDEX_TYPES),
    _OPTIONAL_TMP,
    OWN_DST,
    signature="src dst idx tmp=None",
)
MERGE = vector(
    "MERGE",
    "dst = {}",
    "src block_len dst",
    OWN_SRC,
    number("block_len", types=("i32",)),
    OWN_DST,
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
    _OPTIONAL_TMP,
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
    OWN_DST,
)

TRANSPOSITION = vector(
    "TRANSPOSITION",
    "dst[c, r] = {}; `tmp` is scratch like dst, its columns rounded up to 16, or 32 of one byte",
    "src tmp dst",
    OWN_SRC,
    scratch(),
    OWN_DST,
)
CONCATENATION = vector("CONCATENATION", "dst = {}", "lhs rhs out", own("lhs"), own("rhs"), OWN_DST)

ROW_ARGUMENT = vector(
    "ROW_ARGUMENT",
    "dst[r] = {}; `tmp` is scratch like src, dst is [rows, 1] column-major",
    "src tmp dst",
    SRC,
    scratch(),
    row_values("dst", Role.WRITE, INDEX_TYPES),
    work=Work.ROW_REDUCTION,
)
COL_ARGUMENT = vector(
    "COL_ARGUMENT",
    "dst[c] = {}; `tmp` is scratch of 768 bytes, dst is [1, cols]",
    "src tmp dst",
    SRC,
    scratch(),
    col_values("dst", Role.WRITE, INDEX_TYPES),
    work=Work.COLUMN_REDUCTION,
)

_COMPARED = ("f16", "f32", "i32")
_SCATTERED = ("f16", "f32", "i8", "i16", "i32", "ui8", "ui16", "ui32")
_SELECTED_SCALAR = ("f16", "f32", "i16", "i32", "ui16", "ui32")
_POWERS = ("f32", "i8", "i16", "i32", "ui8", "ui16", "ui32")
_POWERS_SCALAR = ("f32", "i8", "i16", "i32")
_TRIANGLES = ("f16", "f32", "i16", "i32", "ui16", "ui32")

_APART = (*OTHER_DST, *OWN_TMP)
_APART_2 = (*OTHER_DST_2, *OWN_TMP_2)
_LHS_APART = (("dst", "lhs"), *OWN_TMP_2)
_OTHER_ADDEND = (("dst", "addend"),)
_OTHER_MASK = ("tmp", "mask")
_CLEARED = (*OTHER_DST, ("dst", "indices"))

_LEAKY = "src where it is positive, else src * scalar"
_PRELU = "lhs where it is positive, else lhs * rhs"
_TRIANGLE = "1 where c <= r + diagonal, else 0; or, upper, 0 where c < r + diagonal, else 1"
_SELECTED, _SELECTED_OR_SCALAR = (
    "lhs where the bit of mask is 1, else rhs",
    "src where the bit of mask is 1, else scalar",
)
_GATHERED = "elements of src by position, or the columns that a pattern keeps"
_PADDED = "src where it is valid, dst's pad value elsewhere"
_PADDED_IN_PLACE = "itself where src is valid, its pad value elsewhere; src names the same bytes"
_SORTED = "pairs of value and index, in blocks of 32 by falling value"
_MERGED = "every four sorted blocks of block_len elements merged into one"
_QUANTISED = "src * fp[r] + offset[r] to the nearest integer, saturated"

SPECIAL: tuple[Op, ...] = (
    # Two calls, dst = lhs + rhs and dst = dst + addend: the first one must not overwrite the addend.
    special(THREE, "TADDC", "addc", NUMBERS, "lhs + rhs + addend", "add add", _OTHER_ADDEND),
    special(THREE, "TSUBC", "subc", NUMBERS, "lhs - rhs + addend", "sub add", _OTHER_ADDEND),
    special(THREE_SCALAR, "TADDSC", "addsc", NUMBERS, "src + scalar + addend", "scalar add", _OTHER_ADDEND),
    special(THREE_SCALAR, "TSUBSC", "subsc", NUMBERS, "src - scalar + addend", "scalar add", _OTHER_ADDEND),
    special(POWER, "TPOW", "pow", _POWERS, "lhs to the power of rhs", "exp mul exp", _APART_2),
    special(POWER_SCALAR, "TPOWS", "pows", _POWERS_SCALAR, "src to the power of scalar", "exp mul exp", _APART),
    special(LEAKY, "TLRELU", "lrelu", FLOATS, _LEAKY, "unary", ANY, function="Lrelu"),
    special(UNARY_SCRATCH, "TRSQRT", "rsqrt", FLOATS, "1 / square root of src", "root", OWN_TMP, function="Rsqrt"),
    special(TRIANGLE, "TTRI", "tri", _TRIANGLES, _TRIANGLE, "compare select", ANY),
    special(AXPY, "TAXPY", "axpy", FLOATS, "src * scalar + dst", "mul", ANY),
    # The product, a comparison of lhs with 0 into tmp, and a selection.
    special(PRELU, "TPRELU", "prelu", FLOATS, _PRELU, "mul scalar add", _APART_2),
    special(REMAINDER, "TREM", "rem", SINGLE, "lhs - floor(lhs / rhs) * rhs", "div unary mul sub", _LHS_APART),
    special(
        REMAINDER_SCALAR, "TREMS", "rems", SINGLE, "src - floor(src / scalar) * scalar", "div unary mul sub", _APART
    ),
    special(PARTIAL, "TPARTADD", "part_add", NUMBERS, "lhs + rhs", "add copy", ANY),
    special(PARTIAL, "TPARTMUL", "part_mul", NUMBERS, "lhs * rhs", "mul copy", ANY),
    special(PARTIAL, "TPARTMAX", "part_max", NUMBERS, "max(lhs, rhs)", "max copy", ANY),
    special(PARTIAL, "TPARTMIN", "part_min", NUMBERS, "min(lhs, rhs)", "max copy", ANY),
    special(COMPARISON, "TCMP", "cmp", _COMPARED, "whether lhs compares so with rhs", "compare", OTHER_DST_2),
    special(COMPARISON_SCALAR, "TCMPS", "cmps", _COMPARED, "whether src compares so with scalar", "compare", OTHER_DST),
    # The device puts the address of the mask into tmp; of the other form, the scalar, before the selection.
    special(SELECTION, "TSEL", "sel", TWO_OR_FOUR_BYTES, _SELECTED, "select", (*OWN_TMP_2, _OTHER_MASK)),
    special(
        SELECTION_SCALAR, "TSELS", "sels", _SELECTED_SCALAR, _SELECTED_OR_SCALAR, "select", (*OWN_TMP, _OTHER_MASK)
    ),
    # Byte offsets are computed in dst, or in tmp, before src is read.
    special(GATHER, "TGATHER", "gather", TWO_OR_FOUR_BYTES, _GATHERED, "gather", _APART),
    # All of dst is cleared before anything is read.
    special(
        SCATTER,
        "TSCATTER",
        "scatter",
        _SCATTERED,
        "0, then element indices[r, c] = src[r, c]",
        "copy element",
        _CLEARED,
    ),
    special(PADDING, "TFILLPAD", "fillpad", SHORT, _PADDED, "copy", OTHER_DST),
    special(PADDING, "TFILLPAD_EXPAND", "fillpad_expand", SHORT, f"{_PADDED}; dst may be larger", "copy", OTHER_DST),
    special(PADDING_IN_PLACE, "TFILLPAD_INPLACE", "fillpad_inplace", SHORT, _PADDED_IN_PLACE, "copy", ANY),
    special(SORT, "TSORT32", "sort32", FLOATS, _SORTED, "sort", (*OTHER_DST, ("dst", "idx"), *OWN_TMP)),
    special(MERGE, "TMRGSORT", "mrgsort", FLOATS, _MERGED, "sort", OTHER_DST),
    # Three conversions: over i32 and f16 to bytes.
    special(QUANTISATION, "TQUANT", "quant", SINGLE, _QUANTISED, "mul add convert convert convert", _APART),
    special(DEQUANTISATION, "TDEQUANT", "dequant", SINGLE, "(src - offset[r]) * fp[r]", "convert sub mul", OTHER_DST),
    special(TRANSPOSITION, "TTRANS", "trans", SHORT, "src[r, c]", "gather", (*OWN_TMP, *OTHER_DST)),
    special(CONCATENATION, "TCONCAT", "concat", SHORT, "lhs, and rhs to the right of it", "copy copy", OTHER_DST_2),
    special(ROW_ARGUMENT, "TROWARGMAX", "row_argmax", NUMBERS, "column of the maximum of row r", "group_max", OWN_TMP),
    special(ROW_ARGUMENT, "TROWARGMIN", "row_argmin", NUMBERS, "column of the minimum of row r", "group_max", OWN_TMP),
    special(
        COL_ARGUMENT, "TCOLARGMAX", "col_argmax", FLOATS, "row of the maximum of column c", "compare select", OWN_TMP
    ),
    special(
        COL_ARGUMENT, "TCOLARGMIN", "col_argmin", FLOATS, "row of the minimum of column c", "compare select", OWN_TMP
    ),
)
"""They come last in the table."""
