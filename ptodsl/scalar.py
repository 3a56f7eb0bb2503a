"""Operations on scalars. Python's operators work too: see `ptodsl.values.Scalar`."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, i1
from xdsl.ir import Attribute

from ptodsl.errors import fail
from ptodsl.scope import constant, emit
from ptodsl.values import INDEX, Number, Scalar, as_scalar, compare, ssa_of


def const(value: Number, type: Attribute = INDEX) -> Scalar:
    """Return a constant of `type`: an index by default."""
    return Scalar(constant(value, type))


def index_cast(value: Scalar, type: Attribute = INDEX) -> Scalar:
    """Convert between index and integer types; `type` is the target."""
    source = ssa_of(value, "value", Scalar)
    if source.type == type:
        return value
    if not (isinstance(source.type, IndexType | IntegerType) and isinstance(type, IndexType | IntegerType)):
        fail(f"index_cast converts between index and integer types, not {source.type} to {type}")
    return Scalar(emit(lambda: arith.IndexCastOp(source, type)).result)


def truncf(value: Scalar, type: Attribute) -> Scalar:
    """Round a float to the narrower float `type`."""
    source = ssa_of(value, "value", Scalar)
    if not (isinstance(source.type, AnyFloat) and isinstance(type, AnyFloat)):
        fail(f"truncf narrows floats, not {source.type} to {type}")
    return Scalar(emit(lambda: arith.TruncFOp(source, type)).result)


def div_s(lhs: Scalar, rhs: Scalar | int) -> Scalar:
    """Return the signed quotient, rounded toward zero."""
    return lhs // rhs


def rem_s(lhs: Scalar, rhs: Scalar | int) -> Scalar:
    """Return the signed remainder, with the sign of `lhs`."""
    return lhs % rhs


def ceil_div(lhs: Scalar, rhs: Scalar | int) -> Scalar:
    """Return the signed quotient rounded up."""
    divisor = as_scalar(rhs, lhs.type, "rhs")
    return Scalar(emit(lambda: arith.CeilDivSIOp(lhs.ssa, divisor.ssa)).result)


def min_u(lhs: Scalar, rhs: Scalar | int) -> Scalar:
    """Return the smaller of two unsigned integers."""
    other = as_scalar(rhs, lhs.type, "rhs")
    return Scalar(emit(lambda: arith.MinUIOp(lhs.ssa, other.ssa)).result)


def eq(lhs: Scalar, rhs: Scalar | Number) -> Scalar:
    """Return whether two scalars are equal, as i1."""
    return compare("eq", lhs, rhs)


def lt(lhs: Scalar, rhs: Scalar | Number) -> Scalar:
    """Return whether `lhs < rhs`, signed, as i1."""
    return compare("lt", lhs, rhs)


def gt(lhs: Scalar, rhs: Scalar | Number) -> Scalar:
    """Return whether `lhs > rhs`, signed, as i1."""
    return compare("gt", lhs, rhs)


def ge(lhs: Scalar, rhs: Scalar | Number) -> Scalar:
    """Return whether `lhs >= rhs`, signed, as i1."""
    return compare("ge", lhs, rhs)


def select(condition: Scalar, if_true: Scalar, if_false: Scalar | Number) -> Scalar:
    """Return `if_true` where `condition` (i1) holds, else `if_false`. Both are computed."""
    chosen = as_scalar(condition, i1, "condition")
    other = as_scalar(if_false, if_true.type, "if_false")
    return Scalar(emit(lambda: arith.SelectOp(chosen.ssa, if_true.ssa, other.ssa)).result)
