"""C++ of global memory: pointers, slices as GlobalTensor, entries of FIFOs.

`pto.make_tensor_view` prints nothing: its shape and strides go into the type and the constructor of each slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

from xdsl.ir import Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp.spelling import scalar_type
from tools.ptoas.emit_cpp.templates import Emitter, value
from tools.ptoas.emit_cpp.writer import Writer

Term = int | str
"""A constant, or a C++ expression that is safe to multiply."""


@dataclass(frozen=True)
class GlobalView:
    """Shape and strides of a GlobalTensor, outermost first and of full rank; what is no integer is dynamic."""

    dtype: str
    shape: tuple[Term, ...]
    strides: tuple[Term, ...]
    layout: pto.Layout

    @property
    def shape_type(self) -> str:
        """`pto::Shape<1, 1, 1, 128, -1>`."""
        return f"pto::Shape<{_static(self.shape)}>"

    @property
    def stride_type(self) -> str:
        """`pto::Stride<32768, 32768, 32768, 256, 1>`."""
        return f"pto::Stride<{_static(self.strides)}>"

    @property
    def type(self) -> str:
        """`GlobalTensor<float, pto::Shape<...>, pto::Stride<...>, pto::Layout::ND>`."""
        return f"GlobalTensor<{self.dtype}, {self.shape_type}, {self.stride_type}, pto::Layout::{self.layout.name}>"


def _static(terms: Sequence[Term]) -> str:
    return ", ".join(str(term) if isinstance(term, int) else "-1" for term in terms)


def _dynamic(terms: Sequence[Term]) -> str:
    return ", ".join(term for term in terms if isinstance(term, str))


def padded_view(dtype: str, shape: Sequence[Term], strides: Sequence[Term], layout: pto.Layout) -> GlobalView:
    """A view of rank 1 to 5 as one of rank 5: leading dimensions of one element, as far apart as the whole is long."""
    missing = pto.MAX_RANK - len(shape)
    outer = multiply(shape[0], strides[0])
    return GlobalView(dtype, (1,) * missing + tuple(shape), (outer,) * missing + tuple(strides), layout)


def multiply(a: Term, b: Term) -> Term:
    """Product, folded where it is constant."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if 0 in (a, b):
        return 0
    if a == 1:
        return b
    return a if b == 1 else f"{a} * {b}"


def add(a: Term, b: Term) -> Term:
    """Sum, folded where it is constant."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0:
        return b
    return a if b == 0 else f"{a} + {b}"


def term(writer: Writer, value: SSAValue) -> Term:
    """A constant as a number, everything else as a name."""
    constant = pto.checks.constant_int(value)
    return writer.name(value) if constant is None else constant


def entry_view(entry: SSAValue, op: Operation) -> GlobalView:
    """The view of a FIFO entry: dense, row-major, all sizes constant."""
    ty = entry.type
    assert isinstance(ty, pto.TensorViewType)
    strides = [prod(ty.shape[axis + 1 :]) for axis in range(len(ty.shape))]
    return padded_view(scalar_type(ty.dtype, op), ty.shape, strides, pto.Layout.ND)


def emit_partition_view(writer: Writer, op: pto.PartitionViewOp) -> None:
    """`GlobalTensor<...> v9(v1 + (v8 * 256), pto::Shape<...>(...), pto::Stride<...>(...));`."""
    base, strides = _origin(writer, op)
    offsets = (term(writer, offset) for offset in op.offsets)
    offset: Term = reduce(add, map(multiply, offsets, strides))
    view = slice_view(writer, op)
    pointer = base if offset == 0 else f"{base} + ({offset})"
    shape, stride = (f"{view.shape_type}({_dynamic(view.shape)})", f"{view.stride_type}({_dynamic(view.strides)})")
    writer.line(f"{view.type} {writer.define(op.result)}({pointer}, {shape}, {stride});")


def slice_view(writer: Writer, op: pto.PartitionViewOp) -> GlobalView:
    """The view that a slice of GM is in C++."""
    layout = pto.layout_of(op.result)
    assert layout is not None  # its source is visible
    return padded_view(_dtype(op), [term(writer, size) for size in op.sizes], _origin(writer, op)[1], layout)


def _origin(writer: Writer, op: pto.PartitionViewOp) -> tuple[str, list[Term]]:
    """Where the elements of a slice's source start, and its strides."""
    source = op.source.owner
    if isinstance(source, pto.MakeTensorViewOp):
        return writer.name(source.ptr), [term(writer, stride) for stride in source.strides]
    if isinstance(source, pto.DeclareGlobalOp):
        # Without the dimensions that padding has put in front.
        return f"{writer.name(op.source)}.data()", list(entry_view(op.source, op).strides[-len(op.sizes) :])
    raise wrong(op, "source must be made by make_tensor_view or declare_global in this function")


def _dtype(op: pto.PartitionViewOp) -> str:
    ty = op.source.type
    assert isinstance(ty, pto.TensorViewType)
    return scalar_type(ty.dtype, op)


def emit_declare_global(writer: Writer, op: pto.DeclareGlobalOp) -> None:
    """`GlobalTensor<...> v9(nullptr);`."""
    writer.line(f"{entry_view(op.result, op).type} {writer.define(op.result)}(nullptr);")


EMITTERS: dict[type[Operation], Emitter] = {
    pto.AddPtrOp: value("{0} + {1}"),
    pto.MakeTensorViewOp: lambda writer, op: None,
    pto.PartitionViewOp: emit_partition_view,
    pto.DeclareGlobalOp: emit_declare_global,
}
"""Operations on global memory."""
