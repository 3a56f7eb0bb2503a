"""Operations on scalars. Python's operators work too: see `ptodsl.values.Scalar`."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, i1
from xdsl.ir import Attribute

from ptodsl.errors import fail
from ptodsl.scope import constant, emit
from ptodsl.types import boolean as bool
from ptodsl.types import float16, float32, int8, int16, int32, int64, uint8, uint16, uint32
from ptodsl.values import INDEX, Number, Scalar, Value, as_scalar, compare, ssa_of
from ptodsl.values import wrap as wrap_value

# fmt: off
__all__ = [
    "Scalar", "Value", "bool", "ceil_div", "const", "div_s", "eq", "float16", "float32", "ge", "gt", "index_cast",
    "int8", "int16", "int32", "int64", "lt", "min_u", "rem_s", "select", "truncf", "uint8", "uint16", "uint32",
    "wrap_value",
]
# fmt: on


def const(value: Number, type: Attribute | None = None) -> Scalar:
    """Return a constant of `type`: an index by default."""
    return Scalar(constant(value, INDEX if type is None else type))


def index_cast(value: Scalar, index_type: Attribute = INDEX) -> Scalar:
    """Convert between index and integer types; `index_type` is the target."""
    source = ssa_of(value, "value", Scalar)
    if source.type == index_type:
        return value
    if {type(source.type), type(index_type)} != {IndexType, IntegerType}:
        fail(f"index_cast converts between index and an integer type, not {source.type} to {index_type}")
    return Scalar(emit(lambda: arith.IndexCastOp(source, index_type)).result)


def truncf(value: Scalar, target_type: Attribute) -> Scalar:
    """Round a float to the narrower float `target_type`."""
    source = ssa_of(value, "value", Scalar)
    if not (isinstance(source.type, AnyFloat) and isinstance(target_type, AnyFloat)):
        fail(f"truncf narrows floats, not {source.type} to {target_type}")
    return Scalar(emit(lambda: arith.TruncFOp(source, target_type)).result)


def div_s(a: Scalar, b: Scalar | int) -> Scalar:
    """Return the signed quotient, rounded toward zero."""
    return a // b


def rem_s(a: Scalar, b: Scalar | int) -> Scalar:
    """Return the signed remainder, with the sign of `a`."""
    return a % b


def ceil_div(a: Scalar, b: Scalar | int) -> Scalar:
    """Return the signed quotient rounded up."""
    divisor = as_scalar(b, a.type, "b")
    return Scalar(emit(lambda: arith.CeilDivSIOp(a.ssa, divisor.ssa)).result)


def min_u(a: Scalar, b: Scalar | int) -> Scalar:
    """Return the smaller of two unsigned integers."""
    other = as_scalar(b, a.type, "b")
    return Scalar(emit(lambda: arith.MinUIOp(a.ssa, other.ssa)).result)


def eq(a: Scalar, b: Scalar | Number) -> Scalar:
    """Return whether two scalars are equal, as i1."""
    return compare("eq", a, b)


def lt(a: Scalar, b: Scalar | Number) -> Scalar:
    """Return whether `a < b`, signed, as i1."""
    return compare("lt", a, b)


def gt(a: Scalar, b: Scalar | Number) -> Scalar:
    """Return whether `a > b`, signed, as i1."""
    return compare("gt", a, b)


def ge(a: Scalar, b: Scalar | Number) -> Scalar:
    """Return whether `a >= b`, signed, as i1."""
    return compare("ge", a, b)


def select(cond: Scalar, true_val: Scalar, false_val: Scalar | Number) -> Scalar:
    """Return `true_val` where `cond` (i1) holds, else `false_val`. Both are computed."""
    chosen = as_scalar(cond, i1, "cond")
    other = as_scalar(false_val, true_val.type, "false_val")
    return Scalar(emit(lambda: arith.SelectOp(chosen.ssa, true_val.ssa, other.ssa)).result)
