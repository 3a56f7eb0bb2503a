"""The operation table: one row for each operation of the tile ISA that this workspace knows.

From it follow the dialect's classes, what they do to memory, `ptodsl.tile`, the lists of the runtime and of the
patcher, costs, walk orders, and the reference in docs/dsl.md. `tools/bazel run //isa:generate` writes what is
generated. docs/adding_an_operation.md adds a row.

Sources: the A3 headers of the PTO tile ISA (August 2026) and ptoas 0.48; an element type is here if both take it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isa.elements import BITS, FLOATS, NUMBERS, SHORT
from isa.families import (
    BINARY,
    BINARY_SCRATCH,
    COL_BINARY,
    COL_EXPANSION,
    COL_REDUCTION,
    CONSUMER_SIGNAL,
    CONSUMER_WAIT,
    CONVERSION,
    EXTRACT,
    FILL,
    LOAD,
    MOVE,
    NAME,
    PRINT,
    PRODUCER_SIGNAL,
    PRODUCER_WAIT,
    PRODUCT,
    PRODUCT_BIAS,
    PRODUCT_SUM,
    ROW_BINARY,
    ROW_EXPANSION,
    ROW_REDUCTION,
    SCALAR_LOAD,
    SCALAR_STORE,
    STORE,
    SYNC,
    TILE_SCALAR,
    UNARY,
)
from isa.op import Family, Op, Order

_ROWS, _STRIPS, _SOURCE, _UNKNOWN = Order.ROWS, Order.STRIPS, Order.SOURCE, Order.UNKNOWN
_ANY: tuple[tuple[str, str], ...] = ()
"""No operands that must be different tiles."""
_OTHER_DST = (("dst", "src"),)
_OWN_TMP = (("tmp", "src"), ("tmp", "dst"))
_OTHER_DST_2 = (("dst", "lhs"), ("dst", "rhs"))
_EXP_ROW, _EXP_COL = "exp(src[r, c] - row[r])", "exp(src[r, c] - col[c])"
_SINGLE = ("f32",)
_INT = ("i32",)
_SIGNED = ("i8", "i16")
_RELU = ("f16", "f32", "i32")
_WORDS = ("i16", "ui16")
_FILLED = ("f16", "bf16", "f32", "i16", "i32")

_Row = tuple[str, str | None, tuple[str, ...], str, str | None, str, Order, tuple[tuple[str, str], ...]]


def _family(family: Family, *rows: _Row) -> Iterator[Op]:
    """Rows of one family, whose names in the dialect are those of C++ in small letters.

    Columns: names in C++ and in the DSL, element types, meaning, functor, instructions, walk order, distinct operands.
    """
    for cpp, dsl, types, meaning, function, cost, order, distinct in rows:
        yield Op(cpp, cpp.lower(), dsl, family, types, meaning, function, tuple(cost.split()), order, distinct)


OPS: tuple[Op, ...] = (
    Op("set_flag", "set_flag", None, SYNC, (), "", None, (), _UNKNOWN, _ANY),
    Op("wait_flag", "wait_flag", None, SYNC, (), "", None, (), _UNKNOWN, _ANY),
    Op("pipe_barrier", "barrier", None, SYNC, (), "", None, (), _UNKNOWN, _ANY),
    Op("load_scalar", "load_scalar", None, SCALAR_LOAD, (), "ptr[offset]", None, (), _UNKNOWN, _ANY),
    Op("store_scalar", "store_scalar", None, SCALAR_STORE, (), "ptr[offset] = value", None, (), _UNKNOWN, _ANY),
    Op("TALLOC", "talloc", None, PRODUCER_WAIT, (), "wait for a free slot", None, (), _UNKNOWN, _ANY),
    Op("TPUSH", "tpush", None, PRODUCER_SIGNAL, (), "signal full", None, (), _UNKNOWN, _ANY),
    Op("TPOP", "tpop", None, CONSUMER_WAIT, (), "wait for a full slot", None, (), _UNKNOWN, _ANY),
    Op("TFREE", "tfree", None, CONSUMER_SIGNAL, (), "signal free", None, (), _UNKNOWN, _ANY),
    Op("TLOAD", "tload", None, LOAD, (), "src, a slice of GM", None, (), _UNKNOWN, _ANY),
    Op("TSTORE", "tstore", None, STORE, (), "src; dst is a slice of GM", None, (), _UNKNOWN, _ANY),
    Op("TMOV", "tmov", "mov", MOVE, (), "src", None, ("copy",), _UNKNOWN, _ANY),
    Op("TEXTRACT", "textract", "extract", EXTRACT, (), "src from (row, col) on", None, ("copy",), _UNKNOWN, _ANY),
    Op("TRESHAPE", "treshape", "reshape", NAME, (), "the bytes of src as another tile", None, (), _UNKNOWN, _ANY),
    Op("TPRINT", "tprint", "print", PRINT, (), "print src", None, (), _UNKNOWN, _ANY),
    Op("TMATMUL", "tmatmul", "matmul", PRODUCT, (), "left x right", None, (), _UNKNOWN, _ANY),
    Op("TMATMUL_ACC", "tmatmul.acc", "matmul_acc", PRODUCT_SUM, (), "acc + left x right", None, (), _UNKNOWN, _ANY),
    Op(
        "TMATMUL_BIAS", "tmatmul.bias", "matmul_bias", PRODUCT_BIAS, (), "left x right + bias", None, (), _UNKNOWN, _ANY
    ),
    *_family(
        BINARY,
        ("TADD", "add", NUMBERS, "lhs + rhs", "Add", "add", _ROWS, _ANY),
        ("TSUB", "sub", NUMBERS, "lhs - rhs", "Sub", "sub", _ROWS, _ANY),
        ("TMUL", "mul", NUMBERS, "lhs * rhs", "Mul", "mul", _ROWS, _ANY),
        ("TDIV", "div", FLOATS, "lhs / rhs", "Div", "div", _ROWS, _ANY),
        ("TMAX", "max", NUMBERS, "max(lhs, rhs)", "Max", "max", _ROWS, _ANY),
        ("TMIN", "min", NUMBERS, "min(lhs, rhs)", "Min", "max", _ROWS, _ANY),
        ("TAND", "and_", BITS, "lhs & rhs", "And", "bits", _ROWS, _ANY),
        ("TOR", "or_", BITS, "lhs | rhs", "Or", "bits", _ROWS, _ANY),
        ("TFMOD", "fmod", _SINGLE, "lhs - trunc(lhs / rhs) * rhs", "Fmod", "div unary mul sub", _UNKNOWN, _OTHER_DST_2),
    ),
    *_family(
        BINARY_SCRATCH,
        ("TXOR", "xor", BITS, "lhs ^ rhs", "Xor", "bits", _UNKNOWN, _ANY),
    ),
    *_family(
        TILE_SCALAR,
        ("TADDS", "adds", NUMBERS, "src + scalar", "Add", "scalar", _ROWS, _ANY),
        ("TSUBS", "subs", NUMBERS, "src - scalar", "Sub", "scalar", _ROWS, _ANY),
        ("TMULS", "muls", NUMBERS, "src * scalar", "Mul", "scalar", _ROWS, _ANY),
        ("TDIVS", "divs", NUMBERS, "src / scalar", None, "copy div", _UNKNOWN, _ANY),
        ("TMAXS", "maxs", NUMBERS, "max(src, scalar)", "Max", "scalar", _ROWS, _ANY),
        ("TANDS", "ands", _SIGNED, "src & scalar", "And", "copy bits", _UNKNOWN, _OTHER_DST),
        ("TORS", "ors", _SIGNED, "src | scalar", "Or", "copy bits", _UNKNOWN, _OTHER_DST),
        (
            "TFMODS",
            "fmods",
            _SINGLE,
            "src - trunc(src / scalar) * scalar",
            "Fmod",
            "div unary mul sub",
            _UNKNOWN,
            _OTHER_DST,
        ),
        ("TLRELU", "lrelu", _SINGLE, "src where it is positive, else src * scalar", "Lrelu", "unary", _UNKNOWN, _ANY),
        ("TSHLS", "shls", _INT, "src << scalar, from 0 to 31", "Shl", "scalar", _UNKNOWN, _ANY),
        ("TSHRS", "shrs", _INT, "src >> scalar, from 0 to 31; the sign stays", "Shr", "scalar", _UNKNOWN, _ANY),
        ("TMINS", "mins", NUMBERS, "min(src, scalar)", "Min", "scalar", _ROWS, _ANY),
    ),
    *_family(
        FILL,
        ("TEXPANDS", "expands", _FILLED, "scalar", None, "copy", _ROWS, _ANY),
    ),
    *_family(
        UNARY,
        ("TEXP", "exp", FLOATS, "exp(src)", None, "exp", _ROWS, _ANY),
        ("TLOG", "log", FLOATS, "natural logarithm of src", "Log", "exp", _ROWS, _ANY),
        ("TSQRT", "sqrt", FLOATS, "square root of src", "Sqrt", "root", _ROWS, _ANY),
        ("TRSQRT", "rsqrt", FLOATS, "1 / square root of src", "Rsqrt", "root", _UNKNOWN, _ANY),
        ("TRECIP", "reciprocal", FLOATS, "1 / src", "Recip", "root", _UNKNOWN, _OTHER_DST),
        ("TRELU", "relu", _RELU, "src where it is positive, else 0", "Relu", "unary", _ROWS, _ANY),
        ("TABS", "abs", FLOATS, "|src|", "Abs", "unary", _ROWS, _ANY),
        ("TNEG", "neg", NUMBERS, "-src", "Neg", "unary", _UNKNOWN, _ANY),
        ("TNOT", "not_", _WORDS, "~src", "Not", "unary", _ROWS, _ANY),
    ),
    *_family(
        CONVERSION,
        ("TCVT", "cvt", (), "src as dst's element type", None, "convert", _ROWS, _ANY),
    ),
    *_family(
        ROW_REDUCTION,
        ("TROWSUM", "row_sum", NUMBERS, "sum of row r", "Add", "group_add", _SOURCE, _OWN_TMP),
        ("TROWMAX", "row_max", NUMBERS, "maximum of row r", "Max", "group_max", _SOURCE, _OWN_TMP),
        ("TROWMIN", "row_min", NUMBERS, "minimum of row r", "Min", "group_max", _SOURCE, _OWN_TMP),
        ("TROWPROD", "row_prod", NUMBERS, "product of row r", "Mul", "mul", _UNKNOWN, _OWN_TMP),
    ),
    *_family(
        COL_REDUCTION,
        ("TCOLSUM", "col_sum", NUMBERS, "sum of column c", "Add", "add", _UNKNOWN, _ANY),
        ("TCOLMAX", "col_max", NUMBERS, "maximum of column c", "Max", "max", _UNKNOWN, _ANY),
        ("TCOLMIN", "col_min", NUMBERS, "minimum of column c", "Min", "max", _UNKNOWN, _ANY),
        ("TCOLPROD", None, NUMBERS, "product of column c", "Mul", "mul", _UNKNOWN, _ANY),
    ),
    *_family(
        ROW_EXPANSION,
        ("TROWEXPAND", "row_expand", SHORT, "src[r]", None, "copy", _UNKNOWN, _ANY),
    ),
    *_family(
        ROW_BINARY,
        ("TROWEXPANDADD", "row_expand_add", NUMBERS, "src[r, c] + row[r]", "Add", "add", _STRIPS, _ANY),
        ("TROWEXPANDSUB", "row_expand_sub", NUMBERS, "src[r, c] - row[r]", "Sub", "sub", _STRIPS, _ANY),
        ("TROWEXPANDMUL", "row_expand_mul", NUMBERS, "src[r, c] * row[r]", "Mul", "mul", _STRIPS, _ANY),
        ("TROWEXPANDDIV", "row_expand_div", FLOATS, "src[r, c] / row[r]", "Div", "div", _STRIPS, _ANY),
        ("TROWEXPANDMAX", "row_expand_max", NUMBERS, "max(src[r, c], row[r])", "Max", "max", _STRIPS, _ANY),
        ("TROWEXPANDMIN", "row_expand_min", NUMBERS, "min(src[r, c], row[r])", "Min", "max", _STRIPS, _ANY),
        ("TROWEXPANDEXPDIF", "row_expand_expdif", _SINGLE, _EXP_ROW, "ExpDif", "sub exp", _UNKNOWN, _ANY),
    ),
    *_family(
        COL_EXPANSION,
        ("TCOLEXPAND", "col_expand", SHORT, "src[c]", None, "copy", _UNKNOWN, _ANY),
    ),
    *_family(
        COL_BINARY,
        ("TCOLEXPANDADD", "col_expand_add", NUMBERS, "src[r, c] + col[c]", "Add", "add", _UNKNOWN, _ANY),
        ("TCOLEXPANDSUB", "col_expand_sub", NUMBERS, "src[r, c] - col[c]", "Sub", "sub", _UNKNOWN, _ANY),
        ("TCOLEXPANDMUL", "col_expand_mul", NUMBERS, "src[r, c] * col[c]", "Mul", "mul", _UNKNOWN, _ANY),
        ("TCOLEXPANDDIV", "col_expand_div", FLOATS, "src[r, c] / col[c]", "Div", "div", _UNKNOWN, _ANY),
        ("TCOLEXPANDMAX", "col_expand_max", NUMBERS, "max(src[r, c], col[c])", "Max", "max", _UNKNOWN, _ANY),
        ("TCOLEXPANDMIN", "col_expand_min", NUMBERS, "min(src[r, c], col[c])", "Min", "max", _UNKNOWN, _ANY),
        ("TCOLEXPANDEXPDIF", "col_expand_expdif", _SINGLE, _EXP_COL, "ExpDif", "sub exp", _UNKNOWN, _ANY),
    ),
)

BY_CPP: Mapping[str, Op] = {op.cpp: op for op in OPS}

BY_DIALECT: Mapping[str, Op] = {op.dialect: op for op in OPS if op.dialect is not None}
