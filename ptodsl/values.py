"""Values of the function under construction, as the user holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import UnionType
from typing import NoReturn

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from ptodsl.dialect import PartitionTensorViewType, PipeType, PtrType, TensorViewType, TileBufType
from ptodsl.errors import fail
from ptodsl.scope import constant, emit

INDEX = IndexType()


class Value:
    """A value known at run time. Built by the DSL's functions, not by users."""

    def __init__(self, ssa: SSAValue) -> None:
        self.ssa = ssa

    @property
    def type(self) -> Attribute:
        """Its type in the dialect."""
        return self.ssa.type

    def __repr__(self) -> str:
        """Kind and type, for messages."""
        return f"<{type(self).__name__} {self.ssa.type}>"

    def __bool__(self) -> NoReturn:
        """Refuse: the value is not known while the kernel is built."""
        fail(f"{self!r} is known at run time only, so Python cannot branch on it; use pto.if_context or scalar.select")

    def __index__(self) -> NoReturn:
        """Refuse: Python's own `range` and subscripts run while the kernel is built."""
        fail(f"{self!r} is known at run time only, so Python cannot count with it; loop with pto.range")


class Pointer(Value):
    """A pointer into GM."""


class TensorView(Value):
    """A strided view of GM, or a FIFO entry."""


class PartitionView(Value):
    """A slice of a GM view."""


class Tile(Value):
    """A tile in an on-chip buffer."""


class FifoHandle(Value):
    """The handle of a FIFO."""

    def __init__(self, ssa: SSAValue, *, provisional: bool = False) -> None:
        super().__init__(ssa)
        self.provisional = provisional
        """Whether its view of a slot still waits for the first entry to learn its sizes."""


Number = int | float


class Scalar(Value):
    """An index, integer, boolean or float. Python's operators work on scalars of one type, and with Python numbers.

    `//` and `%` are signed and round toward zero. Comparisons are signed; if a float
    is NaN, only `!=` holds.
    """

    def __add__(self, other: Scalar | Number) -> Scalar:
        """Sum."""
        return _arithmetic("+", self, other, arith.AddiOp, arith.AddfOp)

    def __radd__(self, other: Number) -> Scalar:
        """Sum."""
        return as_scalar(other, self.type) + self

    def __sub__(self, other: Scalar | Number) -> Scalar:
        """Difference."""
        return _arithmetic("-", self, other, arith.SubiOp, arith.SubfOp)

    def __rsub__(self, other: Number) -> Scalar:
        """Difference."""
        return as_scalar(other, self.type) - self

    def __mul__(self, other: Scalar | Number) -> Scalar:
        """Product."""
        return _arithmetic("*", self, other, arith.MuliOp, arith.MulfOp)

    def __rmul__(self, other: Number) -> Scalar:
        """Product."""
        return as_scalar(other, self.type) * self

    def __floordiv__(self, other: Scalar | Number) -> Scalar:
        """Integer quotient, rounded toward zero."""
        return _arithmetic("//", self, other, arith.DivSIOp, None)

    def __rfloordiv__(self, other: Number) -> Scalar:
        """Integer quotient, rounded toward zero."""
        return as_scalar(other, self.type) // self

    def __mod__(self, other: Scalar | Number) -> Scalar:
        """Remainder with the sign of the dividend."""
        return _arithmetic("%", self, other, arith.RemSIOp, None)

    def __rmod__(self, other: Number) -> Scalar:
        """Remainder with the sign of the dividend."""
        return as_scalar(other, self.type) % self

    def __truediv__(self, other: Scalar | Number) -> Scalar:
        """Float quotient."""
        return _arithmetic("/", self, other, None, arith.DivfOp)

    def __rtruediv__(self, other: Number) -> Scalar:
        """Float quotient."""
        return as_scalar(other, self.type) / self

    def __lt__(self, other: Scalar | Number) -> Scalar:
        """Less than."""
        return compare("lt", self, other)

    def __le__(self, other: Scalar | Number) -> Scalar:
        """Less or equal."""
        return compare("le", self, other)

    def __gt__(self, other: Scalar | Number) -> Scalar:
        """Greater than."""
        return compare("gt", self, other)

    def __ge__(self, other: Scalar | Number) -> Scalar:
        """Greater or equal."""
        return compare("ge", self, other)

    def __eq__(self, other: object) -> Scalar:  # type: ignore[override]
        """Equality at run time."""
        return compare("eq", self, other)

    def __ne__(self, other: object) -> Scalar:  # type: ignore[override]
        """Inequality at run time."""
        return compare("ne", self, other)

    # Python drops it where `__eq__` is defined; handles are hashed by identity.
    __hash__ = Value.__hash__


_KINDS: tuple[tuple[type[Attribute] | UnionType, type[Value]], ...] = (
    (PtrType, Pointer),
    (TensorViewType, TensorView),
    (PartitionTensorViewType, PartitionView),
    (TileBufType, Tile),
    (PipeType, FifoHandle),
    (IndexType, Scalar),
    (IntegerType, Scalar),
    (AnyFloat, Scalar),
)


def wrap(value: SSAValue | Value) -> Value:
    """Return the user's handle of an SSA value; what is a handle already stays."""
    if isinstance(value, Value):
        return value
    for ty, kind in _KINDS:
        if isinstance(value.type, ty):
            return kind(value)
    return Value(value)


def ssa_of(value: object, name: str, kind: type[Value] = Value) -> SSAValue:
    """Return the SSA value behind the argument `name`. Raises DslError if it is not a `kind`."""
    if isinstance(value, kind):
        return value.ssa
    wanted = {Value: "a value of this kernel"}.get(kind, f"a {kind.__name__}")
    fail(f"{name} must be {wanted}, not {value!r}")


def as_scalar(value: object, ty: Attribute, name: str = "operand") -> Scalar:
    """Return `value` as a scalar of type `ty`: a constant for a Python number, itself for a scalar of that type."""
    if isinstance(value, Scalar):
        if value.type != ty:
            fail(f"{name} has type {value.type} where {ty} is needed; convert it (scalar.index_cast, scalar.truncf)")
        return value
    # To Python True is an int.
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(f"{name} must be a scalar or a Python number, not {value!r}")
    return Scalar(constant(value, ty))


def as_index(value: object, name: str) -> SSAValue:
    """Return `value`, a whole number or an index, as an SSA value."""
    return as_scalar(value, INDEX, name).ssa


def as_indices(values: Sequence[object], name: str) -> list[SSAValue]:
    """Return a list of whole numbers or indices as SSA values."""
    return [as_index(value, f"{name}[{i}]") for i, value in enumerate(values)]


def _arithmetic(
    symbol: str,
    lhs: Scalar,
    other: object,
    int_op: Callable[[SSAValue, SSAValue], Operation] | None,
    float_op: Callable[[SSAValue, SSAValue], Operation] | None,
) -> Scalar:
    rhs = as_scalar(other, lhs.type, f"the right side of {symbol}")
    make = float_op if isinstance(lhs.type, AnyFloat) else int_op
    if make is None:
        hint = "use / for floats" if int_op else "use // for integers"
        fail(f"{symbol} does not work on {lhs.type}; {hint}")
    return Scalar(emit(lambda: make(lhs.ssa, rhs.ssa)).results[0])


_INT_PREDICATES = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
# With a NaN an ordered predicate (o) is false and an unordered one (u) true: as in Python, only `!=` holds.
_FLOAT_PREDICATES = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}


def compare(predicate: str, lhs: Scalar, other: object) -> Scalar:
    """Return the i1 of `lhs predicate other`, where predicate is eq, ne, lt, le, gt or ge."""
    rhs = as_scalar(other, lhs.type, "the right side of the comparison")
    if isinstance(lhs.type, AnyFloat):
        return Scalar(emit(lambda: arith.CmpfOp(lhs.ssa, rhs.ssa, _FLOAT_PREDICATES[predicate])).result)
    return Scalar(emit(lambda: arith.CmpiOp(lhs.ssa, rhs.ssa, _INT_PREDICATES[predicate])).result)
