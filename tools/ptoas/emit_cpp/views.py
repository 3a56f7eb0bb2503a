"""C++ of global memory: pointers, slices as GlobalTensor, FIFO entries and handles.

`pto.make_tensor_view` prints nothing: its shape and strides go into the type and the constructor of each slice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from xdsl.ir import Operation, SSAValue

from ptodsl.dialect import (
    MAX_RANK,
    AddPtrOp,
    DeclareGlobalOp,
    FifoOp,
    InitializeL2G2LPipeOp,
    Layout,
    MakeTensorViewOp,
    PartitionViewOp,
    TAllocOp,
    TensorViewType,
    TFreeOp,
    TPopOp,
    TPushOp,
    checks,
    layout_of,
)
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.emit_cpp.spelling import LAYOUTS, pipe_type, scalar_type, value_type
from tools.ptoas.emit_cpp.writer import Writer

Term = int | str
"""A constant, or a C++ expression that is safe to multiply."""


@dataclass(frozen=True)
class GlobalView:
    """Shape and strides of a GlobalTensor, outermost first and of full rank; what is no integer is dynamic."""

    dtype: str
    shape: tuple[Term, ...]
    strides: tuple[Term, ...]
    layout: Layout

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
        return f"GlobalTensor<{self.dtype}, {self.shape_type}, {self.stride_type}, pto::Layout::{LAYOUTS[self.layout]}>"


def _static(terms: Sequence[Term]) -> str:
    return ", ".join(str(term) if isinstance(term, int) else "-1" for term in terms)


def _dynamic(terms: Sequence[Term]) -> str:
    return ", ".join(term for term in terms if isinstance(term, str))


def padded_view(dtype: str, shape: Sequence[Term], strides: Sequence[Term], layout: Layout) -> GlobalView:
    """A view of rank 1 to 5 as one of rank 5: leading dimensions of one element, as far apart as the whole is long."""
    missing = MAX_RANK - len(shape)
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


def _sum(terms: Iterable[Term]) -> Term:
    total: Term = 0
    for term in terms:
        total = add(total, term)
    return total


def term(writer: Writer, value: SSAValue) -> Term:
    """A constant as a number, everything else as a name."""
    constant = checks.constant_int(value)
    return writer.name(value) if constant is None else constant


def entry_view(entry: SSAValue, op: Operation) -> GlobalView:
    """The view of a FIFO entry: dense, row-major, all sizes constant."""
    ty = entry.type
    assert isinstance(ty, TensorViewType)
    strides = [reduce(lambda a, b: a * b, ty.shape[axis + 1 :], 1) for axis in range(len(ty.shape))]
    return padded_view(scalar_type(ty.dtype, op), ty.shape, strides, Layout.ND)


def emit_partition_view(writer: Writer, op: PartitionViewOp) -> None:
    """`GlobalTensor<...> v9(v1 + (v8 * 256), pto::Shape<...>(...), pto::Stride<...>(...));`."""
    base, strides = _origin(writer, op)
    offsets = (term(writer, offset) for offset in op.offsets)
    offset = _sum(multiply(*pair) for pair in zip(offsets, strides, strict=True))
    view = slice_view(writer, op)
    pointer = base if offset == 0 else f"{base} + ({offset})"
    shape, stride = (f"{view.shape_type}({_dynamic(view.shape)})", f"{view.stride_type}({_dynamic(view.strides)})")
    writer.line(f"{view.type} {writer.define(op.result)}({pointer}, {shape}, {stride});")


def slice_view(writer: Writer, op: PartitionViewOp) -> GlobalView:
    """The view that a slice of GM is in C++."""
    layout = layout_of(op.result)
    assert layout is not None  # its source is visible
    return padded_view(_dtype(op), [term(writer, size) for size in op.sizes], _origin(writer, op)[1], layout)


def _origin(writer: Writer, op: PartitionViewOp) -> tuple[str, list[Term]]:
    """Where the elements of a slice's source start, and its strides."""
    source = op.source.owner
    if isinstance(source, MakeTensorViewOp):
        return writer.name(source.ptr), [term(writer, stride) for stride in source.strides]
    if isinstance(source, DeclareGlobalOp):
        # Without the dimensions that padding has put in front.
        return f"{writer.name(op.source)}.data()", list(entry_view(op.source, op).strides[-len(op.sizes) :])
    raise OperationError(op, f"{op.name}: source must be made by make_tensor_view or declare_global in this function")


def _dtype(op: PartitionViewOp) -> str:
    ty = op.source.type
    assert isinstance(ty, TensorViewType)
    return scalar_type(ty.dtype, op)


def emit_declare_global(writer: Writer, op: DeclareGlobalOp) -> None:
    """`GlobalTensor<...> v9(nullptr);`."""
    writer.line(f"{entry_view(op.result, op).type} {writer.define(op.result)}(nullptr);")


def emit_addptr(writer: Writer, op: AddPtrOp) -> None:
    """`__gm__ float* v3 = v1 + v2;`."""
    writer.line(
        f"{value_type(op.result, op)} {writer.define(op.result)} = {writer.name(op.ptr)} + {writer.name(op.offset)};"
    )


def emit_initialize_pipe(writer: Writer, op: InitializeL2G2LPipeOp) -> None:
    """`auto v9 = TPipe<...>(v1, v2, v2);`: base in GM, and no slots on chip."""
    view = op.gm_addr.owner
    if not isinstance(view, MakeTensorViewOp):
        raise OperationError(op, f"{op.name}: gm_addr must be made by pto.make_tensor_view in this function")
    no_local = writer.constant("int32_t", "0")
    writer.line(f"auto {writer.define(op.pipe)} = {pipe_type(op)}({writer.name(view.ptr)}, {no_local}, {no_local});")


FIFO_CALLS: dict[type[FifoOp], str] = {TAllocOp: "TALLOC", TPushOp: "TPUSH", TPopOp: "TPOP", TFreeOp: "TFREE"}


def emit_fifo(writer: Writer, op: FifoOp) -> None:
    """`TPUSH<TPipe<...>, GlobalTensor<...>, TileSplitAxis::TILE_UP_DOWN>(pipe, entry);`."""
    owner = op.pipe.owner
    if not isinstance(owner, InitializeL2G2LPipeOp):
        raise OperationError(op, f"{op.name}: pipe must come from pto.initialize_l2g2l_pipe in the same function")
    types = f"{pipe_type(owner)}, {entry_view(op.entry, op).type}, TileSplitAxis::{op.split_axis}"
    writer.line(f"{FIFO_CALLS[type(op)]}<{types}>({writer.name(op.pipe)}, {writer.name(op.entry)});")


EMITTERS: dict[type[Operation], Callable[..., None]] = {
    AddPtrOp: emit_addptr,
    MakeTensorViewOp: lambda writer, op: None,
    PartitionViewOp: emit_partition_view,
    DeclareGlobalOp: emit_declare_global,
    InitializeL2G2LPipeOp: emit_initialize_pipe,
    FifoOp: emit_fifo,
}
"""Operations on global memory."""
