"""Rows of the operation table: operations with rules of their own (`ptodsl/dialect/vector_rules.py`)."""

from __future__ import annotations

from isa.elements import FLOATS, NUMBERS, SHORT, TWO_OR_FOUR_BYTES
from isa.op import Op, Order
from isa.rows import ANY, OTHER_DST, OTHER_DST_2, OWN_TMP, OWN_TMP_2, SINGLE, rows_of
from isa.special_families import (
    AXPY,
    COL_ARGUMENT,
    COMPARISON,
    COMPARISON_SCALAR,
    CONCATENATION,
    DEQUANTISATION,
    GATHER,
    LEAKY,
    MERGE,
    PADDING,
    PADDING_IN_PLACE,
    PARTIAL,
    POWER,
    POWER_SCALAR,
    PRELU,
    QUANTISATION,
    REMAINDER,
    REMAINDER_SCALAR,
    ROW_ARGUMENT,
    SCATTER,
    SELECTION,
    SELECTION_SCALAR,
    SORT,
    THREE,
    THREE_SCALAR,
    TRANSPOSITION,
    TRIANGLE,
    UNARY_SCRATCH,
)

_COMPARED = ("f16", "f32", "i32")
_SCATTERED = ("f16", "f32", "i8", "i16", "i32", "ui8", "ui16", "ui32")
_SELECTED_SCALAR = ("f16", "f32", "i16", "i32", "ui16", "ui32")
_ALL_APART = (*OTHER_DST_2, *OWN_TMP_2)

_POWERS = ("f32", "i8", "i16", "i32", "ui8", "ui16", "ui32")
_POWERS_SCALAR = ("f32", "i8", "i16", "i32")
_TRIANGLES = ("f16", "f32", "i16", "i32", "ui16", "ui32")

SPECIAL: tuple[Op, ...] = (
    *rows_of(
        THREE,
        # Two calls, dst = lhs + rhs and dst = dst + addend: the first one must not overwrite the addend.
        ("TADDC", "addc", NUMBERS, "lhs + rhs + addend", None, "add add", Order.UNKNOWN, (("dst", "addend"),)),
        ("TSUBC", "subc", NUMBERS, "lhs - rhs + addend", None, "sub add", Order.UNKNOWN, (("dst", "addend"),)),
    ),
    *rows_of(
        THREE_SCALAR,
        ("TADDSC", "addsc", NUMBERS, "src + scalar + addend", None, "scalar add", Order.UNKNOWN, (("dst", "addend"),)),
        ("TSUBSC", "subsc", NUMBERS, "src - scalar + addend", None, "scalar add", Order.UNKNOWN, (("dst", "addend"),)),
    ),
    *rows_of(
        POWER,
        ("TPOW", "pow", _POWERS, "lhs to the power of rhs", None, "exp mul exp", Order.UNKNOWN, _ALL_APART),
    ),
    *rows_of(
        POWER_SCALAR,
        (
            "TPOWS",
            "pows",
            _POWERS_SCALAR,
            "src to the power of scalar",
            None,
            "exp mul exp",
            Order.UNKNOWN,
            (("dst", "src"), *OWN_TMP),
        ),
    ),
    *rows_of(
        LEAKY,
        (
            "TLRELU",
            "lrelu",
            FLOATS,
            "src where it is positive, else src * scalar",
            "Lrelu",
            "unary",
            Order.UNKNOWN,
            ANY,
        ),
    ),
    *rows_of(
        UNARY_SCRATCH,
        ("TRSQRT", "rsqrt", FLOATS, "1 / square root of src", "Rsqrt", "root", Order.UNKNOWN, OWN_TMP),
    ),
    *rows_of(
        TRIANGLE,
        (
            "TTRI",
            "tri",
            _TRIANGLES,
            "1 where c <= r + diagonal, else 0; or, upper, 0 where c < r + diagonal, else 1",
            None,
            "compare select",
            Order.UNKNOWN,
            ANY,
        ),
    ),
    *rows_of(
        AXPY,
        ("TAXPY", "axpy", FLOATS, "src * scalar + dst", None, "mul", Order.UNKNOWN, ANY),
    ),
    *rows_of(
        PRELU,
        (
            "TPRELU",
            "prelu",
            FLOATS,
            "lhs where it is positive, else lhs * rhs",
            None,
            # The product, a comparison of lhs with 0 into tmp, and a selection.
            "mul scalar add",
            Order.UNKNOWN,
            _ALL_APART,
        ),
    ),
    *rows_of(
        REMAINDER,
        (
            "TREM",
            "rem",
            SINGLE,
            "lhs - floor(lhs / rhs) * rhs",
            None,
            "div unary mul sub",
            Order.UNKNOWN,
            (("dst", "lhs"), *OWN_TMP_2),
        ),
    ),
    *rows_of(
        REMAINDER_SCALAR,
        (
            "TREMS",
            "rems",
            SINGLE,
            "src - floor(src / scalar) * scalar",
            None,
            "div unary mul sub",
            Order.UNKNOWN,
            (("dst", "src"), *OWN_TMP),
        ),
    ),
    *rows_of(
        PARTIAL,
        ("TPARTADD", "part_add", NUMBERS, "lhs + rhs", None, "add copy", Order.UNKNOWN, ANY),
        ("TPARTMUL", "part_mul", NUMBERS, "lhs * rhs", None, "mul copy", Order.UNKNOWN, ANY),
        ("TPARTMAX", "part_max", NUMBERS, "max(lhs, rhs)", None, "max copy", Order.UNKNOWN, ANY),
        ("TPARTMIN", "part_min", NUMBERS, "min(lhs, rhs)", None, "max copy", Order.UNKNOWN, ANY),
    ),
    *rows_of(
        COMPARISON,
        ("TCMP", "cmp", _COMPARED, "whether lhs compares so with rhs", None, "compare", Order.UNKNOWN, OTHER_DST_2),
    ),
    *rows_of(
        COMPARISON_SCALAR,
        ("TCMPS", "cmps", _COMPARED, "whether src compares so with scalar", None, "compare", Order.UNKNOWN, OTHER_DST),
    ),
    *rows_of(
        SELECTION,
        (
            "TSEL",
            "sel",
            TWO_OR_FOUR_BYTES,
            "lhs where the bit of mask is 1, else rhs",
            None,
            "select",
            Order.UNKNOWN,
            # The device puts the address of the mask into tmp.
            (*OWN_TMP_2, ("tmp", "mask")),
        ),
    ),
    *rows_of(
        SELECTION_SCALAR,
        (
            "TSELS",
            "sels",
            _SELECTED_SCALAR,
            "src where the bit of mask is 1, else scalar",
            None,
            "select",
            Order.UNKNOWN,
            # The scalar unit puts the scalar into tmp before the selection.
            (*OWN_TMP, ("tmp", "mask")),
        ),
    ),
    *rows_of(
        GATHER,
        (
            "TGATHER",
            "gather",
            TWO_OR_FOUR_BYTES,
            "elements of src by position, or the columns that a pattern keeps",
            None,
            "gather",
            Order.UNKNOWN,
            # Byte offsets are computed in dst, or in tmp, before src is read.
            (("dst", "src"), ("tmp", "src"), ("tmp", "dst")),
        ),
    ),
    *rows_of(
        SCATTER,
        (
            "TSCATTER",
            "scatter",
            _SCATTERED,
            "0, then element indices[r, c] = src[r, c]",
            None,
            "copy element",
            Order.UNKNOWN,
            # All of dst is cleared before anything is read.
            (("dst", "src"), ("dst", "indices")),
        ),
    ),
    *rows_of(
        PADDING,
        (
            "TFILLPAD",
            "fillpad",
            SHORT,
            "src where it is valid, dst's pad value elsewhere",
            None,
            "copy",
            Order.UNKNOWN,
            OTHER_DST,
        ),
        (
            "TFILLPAD_EXPAND",
            "fillpad_expand",
            SHORT,
            "src where it is valid, dst's pad value elsewhere; dst may be larger",
            None,
            "copy",
            Order.UNKNOWN,
            OTHER_DST,
        ),
    ),
    *rows_of(
        PADDING_IN_PLACE,
        (
            "TFILLPAD_INPLACE",
            "fillpad_inplace",
            SHORT,
            "itself where src is valid, its pad value elsewhere; src names the same bytes",
            None,
            "copy",
            Order.UNKNOWN,
            ANY,
        ),
    ),
    *rows_of(
        SORT,
        (
            "TSORT32",
            "sort32",
            FLOATS,
            "pairs of value and index, in blocks of 32 by falling value",
            None,
            "sort",
            Order.UNKNOWN,
            (("dst", "src"), ("dst", "idx"), ("tmp", "src"), ("tmp", "dst")),
        ),
    ),
    *rows_of(
        MERGE,
        (
            "TMRGSORT",
            "mrgsort",
            FLOATS,
            "every four sorted blocks of block_len elements merged into one",
            None,
            "sort",
            Order.UNKNOWN,
            OTHER_DST,
        ),
    ),
    *rows_of(
        QUANTISATION,
        (
            "TQUANT",
            "quant",
            SINGLE,
            "src * fp[r] + offset[r] to the nearest integer, saturated",
            None,
            # Three conversions: over i32 and f16 to bytes.
            "mul add convert convert convert",
            Order.UNKNOWN,
            (("dst", "src"), *OWN_TMP),
        ),
    ),
    *rows_of(
        DEQUANTISATION,
        ("TDEQUANT", "dequant", SINGLE, "(src - offset[r]) * fp[r]", None, "convert sub mul", Order.UNKNOWN, OTHER_DST),
    ),
    *rows_of(
        TRANSPOSITION,
        ("TTRANS", "trans", SHORT, "src[r, c]", None, "gather", Order.UNKNOWN, (*OWN_TMP, ("dst", "src"))),
    ),
    *rows_of(
        CONCATENATION,
        ("TCONCAT", "concat", SHORT, "lhs, and rhs to the right of it", None, "copy copy", Order.UNKNOWN, OTHER_DST_2),
    ),
    *rows_of(
        ROW_ARGUMENT,
        (
            "TROWARGMAX",
            "row_argmax",
            NUMBERS,
            "column of the maximum of row r",
            None,
            "group_max",
            Order.UNKNOWN,
            OWN_TMP,
        ),
        (
            "TROWARGMIN",
            "row_argmin",
            NUMBERS,
            "column of the minimum of row r",
            None,
            "group_max",
            Order.UNKNOWN,
            OWN_TMP,
        ),
    ),
    *rows_of(
        COL_ARGUMENT,
        (
            "TCOLARGMAX",
            "col_argmax",
            FLOATS,
            "row of the maximum of column c",
            None,
            "compare select",
            Order.UNKNOWN,
            OWN_TMP,
        ),
        (
            "TCOLARGMIN",
            "col_argmin",
            FLOATS,
            "row of the minimum of column c",
            None,
            "compare select",
            Order.UNKNOWN,
            OWN_TMP,
        ),
    ),
)
"""They come last in the table."""
