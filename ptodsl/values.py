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

_Maker = Callable[[SSAValue, SSAValue], Operation] | None
_Operator = Callable[["Scalar", "Scalar | Number"], "Scalar"]


def _operator(symbol: str, int_op: _Maker, float_op: _Maker) -> tuple[_Operator, _Operator]:
    """Return what Python does for `scalar symbol other`, and for `other symbol scalar` if `other` is a number."""

    def forward(left: Scalar, right: Scalar | Number) -> Scalar:
        rhs = as_scalar(right, left.type, f"the right side of {symbol}")
        make = float_op if isinstance(left.type, AnyFloat) else int_op
        if make is None:
            hint = "use / for floats" if int_op else "use // for integers"
            fail(f"{symbol} does not work on {left.type}; {hint}")
        return Scalar(emit(lambda: make(left.ssa, rhs.ssa)).results[0])

    return forward, lambda right, left: forward(as_scalar(left, right.type), right)


def _comparison(predicate: str) -> Callable[[Scalar, object], Scalar]:
    return lambda left, right: compare(predicate, left, right)


class Scalar(Value):
    """An index, integer, boolean or float. Python's operators work on scalars of one type, and with Python numbers.

    `//` and `%` are signed and round toward zero. Comparisons are signed; if a float
    is NaN, only `!=` holds.
    """

    __add__, __radd__ = _operator("+", arith.AddiOp, arith.AddfOp)
    __sub__, __rsub__ = _operator("-", arith.SubiOp, arith.SubfOp)
    __mul__, __rmul__ = _operator("*", arith.MuliOp, arith.MulfOp)
    __floordiv__, __rfloordiv__ = _operator("//", arith.DivSIOp, None)
    __mod__, __rmod__ = _operator("%", arith.RemSIOp, None)
    __truediv__, __rtruediv__ = _operator("/", None, arith.DivfOp)

    __lt__, __le__ = _comparison("lt"), _comparison("le")
    __gt__, __ge__ = _comparison("gt"), _comparison("ge")
    # At run time, and as an i1: not the bool that Python expects.
    __eq__, __ne__ = _comparison("eq"), _comparison("ne")  # type: ignore[assignment]

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


_INT_PREDICATES = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
# With a NaN an ordered predicate (o) is false and an unordered one (u) true: as in Python, only `!=` holds.
_FLOAT_PREDICATES = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}


def compare(predicate: str, lhs: Scalar, other: object) -> Scalar:
    """Return the i1 of `lhs predicate other`, where predicate is eq, ne, lt, le, gt or ge."""
    rhs = as_scalar(other, lhs.type, "the right side of the comparison")
    if isinstance(lhs.type, AnyFloat):
        return Scalar(emit(lambda: arith.CmpfOp(lhs.ssa, rhs.ssa, _FLOAT_PREDICATES[predicate])).result)
    return Scalar(emit(lambda: arith.CmpiOp(lhs.ssa, rhs.ssa, _INT_PREDICATES[predicate])).result)
