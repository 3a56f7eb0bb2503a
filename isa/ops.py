"""The operation table: one row for each operation of the tile ISA that this workspace knows.

From it follow the dialect's classes, what they do to memory, `ptodsl.tile`, the lists of the runtime and of the
patcher, costs, walk orders, and the reference in docs/dsl.md. `tools/bazel run //isa:generate` writes what is
generated. docs/adding_an_operation.md adds a row.

Sources: the A3 headers of the PTO tile ISA (August 2026) and ptoas 0.48; an element type is here if both take it.
"""

from __future__ import annotations

from collections.abc import Mapping

from isa import families
from isa.elements import BITS, FLOATS, NUMBERS, SHORT, SINGLE, WHOLE_NUMBERS
from isa.form_ops import FORMS
from isa.make import ANY, OTHER_DST, OTHER_DST_2, OWN_TMP, plain, rows_of, special
from isa.op import Op, Order
from isa.special_ops import SPECIAL

_ROWS, _STRIPS, _SOURCE, _UNKNOWN = Order.ROWS, Order.STRIPS, Order.SOURCE, Order.UNKNOWN
_EXP_ROW, _EXP_COL = "exp(src[r, c] - row[r])", "exp(src[r, c] - col[c])"
_BY_ANY, _BY_LESS = "from 0 to the bits of an element", "less than the bits of an element"
_TRUNCATED = "src - trunc(src / scalar) * scalar"
_SHIFTED_LEFT = ("i16", "i32")
_SHIFTED_RIGHT = ("i16", "i32", "ui16", "ui32")
_RELU = ("f16", "f32", "i32")
_WORDS = ("i16", "ui16")
_FILLED = ("f16", "bf16", "f32", "i16", "i32")

OPS: tuple[Op, ...] = (
    plain(families.SYNC, "set_flag", "set_flag", None, ""),
    plain(families.SYNC, "wait_flag", "wait_flag", None, ""),
    plain(families.SYNC, "pipe_barrier", "barrier", None, ""),
    plain(families.SCALAR_LOAD, "load_scalar", "load_scalar", None, "ptr[offset]"),
    plain(families.SCALAR_STORE, "store_scalar", "store_scalar", None, "ptr[offset] = value"),
    plain(families.PRODUCER_WAIT, "TALLOC", "talloc", None, "wait for a free slot"),
    plain(families.PRODUCER_SIGNAL, "TPUSH", "tpush", None, "signal full"),
    plain(families.CONSUMER_WAIT, "TPOP", "tpop", None, "wait for a full slot"),
    plain(families.CONSUMER_SIGNAL, "TFREE", "tfree", None, "signal free"),
    plain(families.LOAD, "TLOAD", "tload", None, "src, a slice of GM"),
    plain(families.STORE, "TSTORE", "tstore", None, "src; dst is a slice of GM"),
    plain(families.MOVE, "TMOV", "tmov", "mov", "src", "copy"),
    plain(families.EXTRACT, "TEXTRACT", "textract", "extract", "src from (row, col) on", "copy"),
    plain(families.INSERT, "TINSERT", "tinsert", "insert", "src into dst from (row, col) on", "copy", OTHER_DST),
    plain(families.MOVE_SCALED, "TMOV_FP", "tmov.fp", None, "src scaled", "copy"),
    plain(families.MOVE_SCALED, "TSTORE_FP", "tstore_fp", None, "src scaled; dst is in GM"),
    plain(families.EXTRACT_SCALED, "TEXTRACT_FP", "textract_fp", None, "src scaled", "copy"),
    plain(families.INSERT_SCALED, "TINSERT_FP", "tinsert_fp", None, "src scaled", "copy", OTHER_DST),
    plain(families.GM_GATHER, "MGATHER", "mgather", None, "rows or elements of src by index"),
    plain(families.GM_SCATTER, "MSCATTER", "mscatter", None, "rows or elements of dst by index = src"),
    plain(families.PREFETCH, "TPREFETCH", "tprefetch", None, "src closer, through dst"),
    special(families.SEQUENCE, "TCI", "ci", ("i16", "i32"), "scalar, scalar + 1, ...", "element", ANY),
    plain(families.ELEMENT_READ, "TGETVAL", "tgetval", "getval", "element offset of src"),
    plain(families.ELEMENT_WRITE, "TSETVAL", "tsetval", "setval", "element offset of dst = value"),
    plain(families.NAME, "TRESHAPE", "treshape", "reshape", "the bytes of src as another tile"),
    plain(families.PRINT, "TPRINT", "tprint", "print", "print src"),
    plain(families.PRODUCT, "TMATMUL", "tmatmul", "matmul", "left x right"),
    plain(families.PRODUCT_SUM, "TMATMUL_ACC", "tmatmul.acc", "matmul_acc", "acc + left x right"),
    plain(families.PRODUCT_BIAS, "TMATMUL_BIAS", "tmatmul.bias", "matmul_bias", "left x right + bias"),
    plain(families.PRODUCT, "TGEMV", "tgemv", "gemv", "left x right, left being one row"),
    plain(families.PRODUCT_SUM, "TGEMV_ACC", "tgemv.acc", "gemv_acc", "acc + left x right, of one row"),
    plain(families.PRODUCT_BIAS, "TGEMV_BIAS", "tgemv.bias", "gemv_bias", "left x right + bias, of one row"),
    *rows_of(
        families.BINARY,
        ("TADD", "add", NUMBERS, "lhs + rhs", "Add", "add", _ROWS, ANY),
        ("TSUB", "sub", NUMBERS, "lhs - rhs", "Sub", "sub", _ROWS, ANY),
        ("TMUL", "mul", NUMBERS, "lhs * rhs", "Mul", "mul", _ROWS, ANY),
        ("TDIV", "div", FLOATS, "lhs / rhs", "Div", "div", _ROWS, ANY),
        ("TMAX", "max", NUMBERS, "max(lhs, rhs)", "Max", "max", _ROWS, ANY),
        ("TMIN", "min", NUMBERS, "min(lhs, rhs)", "Min", "max", _ROWS, ANY),
        ("TAND", "and_", BITS, "lhs & rhs", "And", "bits", _ROWS, ANY),
        ("TOR", "or_", BITS, "lhs | rhs", "Or", "bits", _ROWS, ANY),
        # The device shifts by another tile in a loop of the scalar unit.
        ("TSHL", "shl", WHOLE_NUMBERS, f"lhs << rhs, {_BY_ANY}", "Shl", "element", _UNKNOWN, ANY),
        ("TSHR", "shr", WHOLE_NUMBERS, f"lhs >> rhs, {_BY_ANY}; the sign stays", "Shr", "element", _UNKNOWN, ANY),
        # dst is scratch for the device while it still reads both sources.
        ("TFMOD", "fmod", SINGLE, "lhs - trunc(lhs / rhs) * rhs", "Fmod", "div unary mul sub", _UNKNOWN, OTHER_DST_2),
    ),
    *rows_of(families.BINARY_SCRATCH, ("TXOR", "xor", BITS, "lhs ^ rhs", "Xor", "bits", _UNKNOWN, ANY)),
    *rows_of(
        families.TILE_SCALAR,
        ("TADDS", "adds", NUMBERS, "src + scalar", "Add", "scalar", _ROWS, ANY),
        ("TSUBS", "subs", NUMBERS, "src - scalar", "Sub", "scalar", _ROWS, ANY),
        ("TMULS", "muls", NUMBERS, "src * scalar", "Mul", "scalar", _ROWS, ANY),
        # The scalar is written into dst, and src divided by that; where both are one tile, src times 1 / scalar.
        ("TDIVS", "divs", NUMBERS, "src / scalar", None, "copy div", _UNKNOWN, ANY),
        ("TMAXS", "maxs", NUMBERS, "max(src, scalar)", "Max", "scalar", _ROWS, ANY),
        # These write the scalar into all of dst first, so that src would be lost there.
        ("TANDS", "ands", BITS, "src & scalar", "And", "copy bits", _UNKNOWN, OTHER_DST),
        ("TORS", "ors", BITS, "src | scalar", "Or", "copy bits", _UNKNOWN, OTHER_DST),
        ("TFMODS", "fmods", SINGLE, _TRUNCATED, "Fmod", "div unary mul sub", _UNKNOWN, OTHER_DST),
        ("TMINS", "mins", NUMBERS, "min(src, scalar)", "Min", "scalar", _ROWS, ANY),
    ),
    *rows_of(
        families.SHIFT,
        ("TSHLS", "shls", _SHIFTED_LEFT, f"src << scalar, {_BY_LESS}", "Shl", "scalar", _UNKNOWN, ANY),
        ("TSHRS", "shrs", _SHIFTED_RIGHT, f"src >> scalar, {_BY_LESS}; the sign stays", "Shr", "scalar", _UNKNOWN, ANY),
    ),
    *rows_of(
        families.TILE_SCALAR_SCRATCH, ("TXORS", "xors", BITS, "src ^ scalar", "Xor", "copy bits", _UNKNOWN, OTHER_DST)
    ),
    *rows_of(families.FILL, ("TEXPANDS", "expands", _FILLED, "scalar", None, "copy", _ROWS, ANY)),
    *rows_of(
        families.UNARY,
        ("TEXP", "exp", FLOATS, "exp(src)", None, "exp", _ROWS, ANY),
        ("TLOG", "log", FLOATS, "natural logarithm of src", "Log", "exp", _ROWS, ANY),
        ("TSQRT", "sqrt", FLOATS, "square root of src", "Sqrt", "root", _ROWS, ANY),
        ("TRECIP", "reciprocal", FLOATS, "1 / src", "Recip", "root", _UNKNOWN, OTHER_DST),
        ("TRELU", "relu", _RELU, "src where it is positive, else 0", "Relu", "unary", _ROWS, ANY),
        ("TABS", "abs", FLOATS, "|src|", "Abs", "unary", _ROWS, ANY),
        ("TNEG", "neg", NUMBERS, "-src", "Neg", "unary", _UNKNOWN, ANY),
        ("TNOT", "not_", _WORDS, "~src", "Not", "unary", _ROWS, ANY),
    ),
    *rows_of(families.CONVERSION, ("TCVT", "cvt", (), "src as dst's element type", None, "convert", _ROWS, ANY)),
    *rows_of(
        families.ROW_REDUCTION,
        ("TROWSUM", "row_sum", NUMBERS, "sum of row r", "Add", "group_add", _SOURCE, OWN_TMP),
        ("TROWMAX", "row_max", NUMBERS, "maximum of row r", "Max", "group_max", _SOURCE, OWN_TMP),
        ("TROWMIN", "row_min", NUMBERS, "minimum of row r", "Min", "group_max", _SOURCE, OWN_TMP),
        ("TROWPROD", "row_prod", NUMBERS, "product of row r", "Mul", "mul", _UNKNOWN, OWN_TMP),
    ),
    *rows_of(families.COL_SUM, ("TCOLSUM", "col_sum", NUMBERS, "sum of column c", "Add", "add", _UNKNOWN, OWN_TMP)),
    *rows_of(
        families.COL_REDUCTION,
        ("TCOLMAX", "col_max", NUMBERS, "maximum of column c", "Max", "max", _UNKNOWN, ANY),
        ("TCOLMIN", "col_min", NUMBERS, "minimum of column c", "Min", "max", _UNKNOWN, ANY),
        ("TCOLPROD", None, NUMBERS, "product of column c", "Mul", "mul", _UNKNOWN, ANY),
    ),
    *rows_of(families.ROW_EXPANSION, ("TROWEXPAND", "row_expand", SHORT, "src[r]", None, "copy", _UNKNOWN, ANY)),
    *rows_of(
        families.ROW_BINARY,
        ("TROWEXPANDADD", "row_expand_add", NUMBERS, "src[r, c] + row[r]", "Add", "add", _STRIPS, OWN_TMP),
        ("TROWEXPANDSUB", "row_expand_sub", NUMBERS, "src[r, c] - row[r]", "Sub", "sub", _STRIPS, OWN_TMP),
        ("TROWEXPANDMUL", "row_expand_mul", NUMBERS, "src[r, c] * row[r]", "Mul", "mul", _STRIPS, OWN_TMP),
        ("TROWEXPANDDIV", "row_expand_div", FLOATS, "src[r, c] / row[r]", "Div", "div", _STRIPS, OWN_TMP),
        ("TROWEXPANDMAX", "row_expand_max", NUMBERS, "max(src[r, c], row[r])", "Max", "max", _STRIPS, OWN_TMP),
        ("TROWEXPANDMIN", "row_expand_min", NUMBERS, "min(src[r, c], row[r])", "Min", "max", _STRIPS, OWN_TMP),
        # A TROWEXPANDSUB into dst, a barrier, and exp in place: an order is of one pass only.
        ("TROWEXPANDEXPDIF", "row_expand_expdif", FLOATS, _EXP_ROW, "ExpDif", "sub exp", _UNKNOWN, OWN_TMP),
    ),
    *rows_of(families.COL_EXPANSION, ("TCOLEXPAND", "col_expand", SHORT, "src[c]", None, "copy", _UNKNOWN, ANY)),
    *rows_of(
        families.COL_BINARY,
        ("TCOLEXPANDADD", "col_expand_add", NUMBERS, "src[r, c] + col[c]", "Add", "add", _UNKNOWN, ANY),
        ("TCOLEXPANDSUB", "col_expand_sub", NUMBERS, "src[r, c] - col[c]", "Sub", "sub", _UNKNOWN, ANY),
        ("TCOLEXPANDMUL", "col_expand_mul", NUMBERS, "src[r, c] * col[c]", "Mul", "mul", _UNKNOWN, ANY),
        ("TCOLEXPANDDIV", "col_expand_div", FLOATS, "src[r, c] / col[c]", "Div", "div", _UNKNOWN, ANY),
        ("TCOLEXPANDMAX", "col_expand_max", NUMBERS, "max(src[r, c], col[c])", "Max", "max", _UNKNOWN, ANY),
        ("TCOLEXPANDMIN", "col_expand_min", NUMBERS, "min(src[r, c], col[c])", "Min", "max", _UNKNOWN, ANY),
        ("TCOLEXPANDEXPDIF", "col_expand_expdif", FLOATS, _EXP_COL, "ExpDif", "sub exp", _UNKNOWN, ANY),
    ),
    *SPECIAL,
    *FORMS,
)

ALSO_COLUMN_MAJOR = frozenset({"TNEG", "TADDS", "TSUBS", "TMULS", "TDIVS", "TMAXS", "TMINS", "TLRELU", "TCVT"}) | {
    *("TPARTADD", "TPARTMUL", "TPARTMAX", "TPARTMIN", "TADDC", "TSUBC", "TADDSC", "TSUBSC")
}
"""Element-wise operations on column-major [rows, 1] tiles, too: what ptoas 0.48 takes. Others need [1, rows]."""

BY_CPP: Mapping[str, Op] = {op.cpp: op for op in OPS}

BY_DIALECT: Mapping[str, Op] = {op.dialect: op for op in OPS if op.dialect is not None}
