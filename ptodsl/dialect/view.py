"""Views of GM: strided tensors, slices of them, FIFO entries. None of these operations moves data."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    result_def,
    var_operand_def,
)
from xdsl.irdl.declarative_assembly_format import (
    CustomDirective,
    ParsingState,
    PrintingState,
    TypeDirective,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.attributes import Layout, LayoutAttr, to_enum
from ptodsl.dialect.directives import Index
from ptodsl.dialect.elements import DYNAMIC, element_bytes
from ptodsl.dialect.gm_type import PartitionTensorViewType, PtrType, TensorViewType
from ptodsl.dialect.layouts import dense_strides, has_boxes, inferred_layout
from ptodsl.dialect.syntax import Value
from ptodsl.dialect.tile_type import BLayout, Loc, TileBufType

NOT_INFERRED = "pto.layout_not_inferred"
"""Attribute of a view whose sizes and strides do not say its layout: it is what is given, else ND."""


def do_not_infer_layouts(root: Operation) -> None:
    """Give no view inside `root` a layout by its sizes and strides, and check none against them."""
    for op in root.walk():
        if isinstance(op, MakeTensorViewOp):
            op.attributes[NOT_INFERRED] = UnitAttr()


@irdl_custom_directive
class ViewOfPointer(CustomDirective):
    """Type of a view, which says that of its pointer."""

    pointer: TypeDirective
    view: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        """Parse the type of the view."""
        start = parser.pos
        result = parser.parse_type()
        if not isinstance(result, TensorViewType):
            parser.raise_error(f"expected a !pto.tensor_view type, not {result}", start)
        self.view.set(state, [result])
        self.pointer.set(state, [PtrType(result.dtype)])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        """Print the type of the view."""
        self.view.print(printer, state, op)


@irdl_op_definition
class MakeTensorViewOp(IRDLOperation):
    """A strided view of GM: `pto.make_tensor_view %p, shape = [..], strides = [..] {layout = #pto.layout<dn>} : T`.

    Shape and strides are in elements, outermost first. A layout is needed only where a size or stride that is known at
    run time hides that the view is DN (`layouts`).
    """

    name = "pto.make_tensor_view"
    assembly_format = (
        "$ptr `,` `shape` `=` `[` custom<Index>($shape, type($shape)) `]` "
        "`,` `strides` `=` `[` custom<Index>($strides, type($strides)) `]` attr-dict "
        "`:` custom<ViewOfPointer>(type($ptr), type($result))"
    )
    custom_directives = (Index, ViewOfPointer)

    ptr = operand_def()
    shape = var_operand_def()
    strides = var_operand_def()
    layout = opt_prop_def(LayoutAttr)
    result = result_def(TensorViewType)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())

    def __init__(
        self,
        ptr: Value,
        shape: Sequence[Value],
        strides: Sequence[Value],
        layout: Layout | str | None = None,
        result_type: TensorViewType | None = None,
    ) -> None:
        if result_type is None:
            dtype = checks.pointer(self, SSAValue.get(ptr)).dtype
            result_type = TensorViewType.of(static_shape(shape), dtype)
        layout_attr = None if layout is None else LayoutAttr(to_enum(Layout, layout, "layout"))
        super().__init__(operands=[ptr, shape, strides], result_types=[result_type], properties={"layout": layout_attr})

    def verify_(self) -> None:
        """Check pointer, rank and the constants among the dimensions."""
        ty, result = checks.pointer(self, self.ptr), self.result.type
        if ty.dtype != result.dtype:
            raise VerifyException(f"{self.name}: the pointer is {ty} but the view is {result}")
        if not len(self.shape) == len(self.strides) == len(result.shape):
            raise VerifyException(
                f"{self.name}: {len(self.shape)} sizes, {len(self.strides)} strides and the type {result} "
                "must have the same rank"
            )
        checks.index(self, "shape", *self.shape)
        checks.index(self, "strides", *self.strides)
        check_sizes(self, self.shape, result.shape, f"the type {result}")
        self._check_layout(element_bytes(result.dtype))

    def _check_layout(self, size: int) -> None:
        """Check that constant sizes and strides do not contradict the layout that is given."""
        if NOT_INFERRED in self.attributes:
            return
        shape, strides = static_shape(self.shape), static_shape(self.strides)
        inferred = inferred_layout(shape, strides, size)
        if inferred is not Layout.NZ and has_boxes(shape, strides, size):
            raise VerifyException(
                f"{self.name}: whether a view of {list(shape)} with strides {list(strides)} is fractal (NZ) is not "
                "known; drop or merge an outer dimension, give a size at run time, or let its elements follow each "
                "other"
            )
        # Where something is not constant, ND is inferred for want of better: it contradicts nothing.
        if self.layout is not None and DYNAMIC not in (*shape, *strides) and self.layout.data is not inferred:
            raise VerifyException(
                f"{self.name}: layout mismatch: user-specified layout={self.layout.data} but inferred={inferred}"
            )

    @property
    def view_layout(self) -> Layout:
        """Order of the elements: what is given, else what constant sizes and strides say."""
        if self.layout is not None:
            return self.layout.data
        if NOT_INFERRED in self.attributes:
            return Layout.ND
        size = element_bytes(self.result.type.dtype)
        return inferred_layout(static_shape(self.shape), static_shape(self.strides), size)


@irdl_op_definition
class PartitionViewOp(IRDLOperation):
    """A slice of a GM view: `pto.partition_view %v, offsets = [..], sizes = [..] : T -> T`, in elements."""

    name = "pto.partition_view"
    assembly_format = (
        "$source `,` `offsets` `=` `[` custom<Index>($offsets, type($offsets)) `]` "
        "`,` `sizes` `=` `[` custom<Index>($sizes, type($sizes)) `]` attr-dict `:` type($source) `->` type($result)"
    )
    custom_directives = (Index,)

    source = operand_def()
    offsets = var_operand_def()
    sizes = var_operand_def()
    result = result_def(PartitionTensorViewType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        source: Value,
        offsets: Sequence[Value],
        sizes: Sequence[Value],
        result_type: PartitionTensorViewType | None = None,
    ) -> None:
        if result_type is None:
            dtype = self._view(SSAValue.get(source)).dtype
            result_type = PartitionTensorViewType.of(static_shape(sizes), dtype)
        super().__init__(operands=[source, offsets, sizes], result_types=[result_type])

    def _view(self, source: SSAValue) -> TensorViewType:
        if not isinstance(source.type, TensorViewType):
            raise VerifyException(f"{self.name}: source must be a view of GM (!pto.tensor_view), not {source.type}")
        return source.type

    def verify_(self) -> None:
        """Check rank, dtype, and constants: sizes against the type, offsets against the view's bounds."""
        ty, result = self._view(self.source), self.result.type
        if ty.dtype != result.dtype:
            raise VerifyException(f"{self.name}: the view is {ty} but the slice is {result}")
        dims = _of_rank(result.shape, len(ty.shape))
        if not len(self.offsets) == len(self.sizes) == len(ty.shape) or dims is None:
            raise VerifyException(
                f"{self.name}: {len(self.offsets)} offsets, {len(self.sizes)} sizes, the view {ty} and the slice "
                f"{result} must have the same rank; only the type of the slice may have more or fewer leading ones"
            )
        checks.index(self, "offsets", *self.offsets)
        checks.index(self, "sizes", *self.sizes)
        check_sizes(self, self.sizes, dims, f"the type {result}")
        for axis, (offset, size, limit) in enumerate(zip(self.offsets, dims, ty.shape, strict=True)):
            start = checks.constant_int(offset)
            if start is not None and DYNAMIC not in (size, limit) and not 0 <= start <= limit - size:
                raise VerifyException(
                    f"{self.name}: offset {start} and size {size} reach outside dimension {axis} of {ty}"
                )


@irdl_op_definition
class DeclareGlobalOp(IRDLOperation):
    """A GM view without an address, which a FIFO operation binds to a slot: `pto.declare_global -> T`."""

    name = "pto.declare_global"
    assembly_format = "`->` type($result) attr-dict"

    result = result_def(TensorViewType)

    def __init__(self, result_type: TensorViewType) -> None:
        super().__init__(result_types=[result_type])

    def verify_(self) -> None:
        """Check that the size of the slot is constant."""
        ty = self.result.type
        if DYNAMIC in ty.shape:
            raise VerifyException(f"{self.name}: a FIFO entry needs constant dimensions, not {ty}")


def _of_rank(shape: tuple[int, ...], rank: int) -> tuple[int, ...] | None:
    """`shape` with leading ones added or left out until it has `rank` dimensions; None if others would be lost."""
    surplus = len(shape) - rank
    if surplus <= 0:
        return (1,) * -surplus + shape
    return shape[surplus:] if all(dim == 1 for dim in shape[:surplus]) else None


def static_shape(sizes: Sequence[Value]) -> tuple[int, ...]:
    """Constant sizes as integers; DYNAMIC for the others."""
    constants = (checks.constant_int(SSAValue.get(size)) for size in sizes)
    return tuple(DYNAMIC if constant is None else constant for constant in constants)


def check_sizes(op: Operation, sizes: Sequence[SSAValue], dims: Sequence[int], where: str) -> None:
    """Check that no constant size contradicts the dimension in a type."""
    for axis, (size, dim) in enumerate(zip(static_shape(sizes), dims, strict=True)):
        if DYNAMIC not in (size, dim) and size != dim:
            raise VerifyException(f"{op.name}: size {size} of dimension {axis} contradicts {where}")


def layout_of(view: SSAValue) -> Layout | None:
    """Layout of a GM view or slice, or None where its definition is not visible (a function argument).

    A slice of one column whose rows are next to each other is both; it is what the vector tile is that it is loaded to
    or stored from.
    """
    owner = view.owner
    if isinstance(owner, MakeTensorViewOp):
        return owner.view_layout
    if not isinstance(owner, PartitionViewOp):
        return Layout.ND if isinstance(owner, DeclareGlobalOp) else None
    source = owner.source.owner
    if isinstance(source, MakeTensorViewOp) and source.layout is None and _is_column(owner):
        # The strides fit both layouts: the tile at the other end of the transfer decides.
        for use in view.uses:
            for tile in use.operation.operands:
                if isinstance(tile.type, TileBufType) and tile.type.loc is Loc.VEC:
                    return Layout.ND if tile.type.data.blayout is BLayout.ROW_MAJOR else Layout.DN
    return layout_of(owner.source)


def _is_column(op: PartitionViewOp) -> bool:
    ty, strides = op.result.type, strides_of(op.source)
    return len(ty.shape) > 1 and ty.shape[-1] == 1 and strides is not None and strides[-2] == 1


def strides_of(view: SSAValue) -> tuple[int, ...] | None:
    """Strides of a GM view or slice in elements, DYNAMIC at run time only; None where its definition is not visible."""
    owner = view.owner
    if isinstance(owner, PartitionViewOp):
        return strides_of(owner.source)
    if isinstance(owner, MakeTensorViewOp):
        return static_shape(owner.strides)
    if not isinstance(owner, DeclareGlobalOp):
        return None
    return dense_strides(owner.result.type.shape)
