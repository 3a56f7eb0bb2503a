"""Rules and constructors of GM views."""

import pytest
from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType, IntegerAttr, f16, f32
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import (
    DYNAMIC,
    DeclareGlobalOp,
    Layout,
    MakeTensorViewOp,
    PartitionTensorViewType,
    PartitionViewOp,
    PtrType,
    TensorViewType,
    layout_of,
)
from ptodsl.dialect.testing import complaint


def index(value: int) -> ConstantOp:
    return ConstantOp(IntegerAttr(value, IndexType()))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "%v = pto.make_tensor_view %p, shape = [%n, %c256], strides = [%c1] : !view",
            "pto.make_tensor_view: 2 sizes, 1 strides and the type !pto.tensor_view<?x256xf32> must have the same rank",
        ),
        (
            "%v = pto.make_tensor_view %p, shape = [%n, %c128], strides = [%c256, %c1] : !view",
            "pto.make_tensor_view: size 128 of dimension 1 contradicts the type !pto.tensor_view<?x256xf32>",
        ),
        (
            '%v = "pto.make_tensor_view"(%h, %n, %c256, %c256, %c1) <{operandSegmentSizes = array<i32: 1, 2, 2>}> '
            ": (!pto.ptr<f16>, index, index, index, index) -> !view",
            "pto.make_tensor_view: the pointer is !pto.ptr<f16> but the view is !pto.tensor_view<?x256xf32>",
        ),
        (
            '%v = "pto.make_tensor_view"(%p, %m, %c256, %c256, %c1) <{operandSegmentSizes = array<i32: 1, 2, 2>}> '
            ": (!pto.ptr<f32>, i64, index, index, index) -> !view",
            "pto.make_tensor_view: shape must be index, not i64; cast with arith.index_cast",
        ),
        (
            "%v = pto.make_tensor_view %p, shape = [%c32, %c128], strides = [%c1, %c32] {layout = #pto.layout<nd>} "
            ": !pto.tensor_view<32x128xf32>",
            "pto.make_tensor_view: layout mismatch: user-specified layout=nd but inferred=dn",
        ),
        (
            "%v = pto.make_tensor_view %p, shape = [%c32, %c128], strides = [%c1, %c256] {layout = #pto.layout<dn>} "
            ": !pto.tensor_view<32x128xf32>",
            "pto.make_tensor_view: layout mismatch: user-specified layout=dn but inferred=nd",
        ),
        (
            "%c16 = arith.constant 16 : index\n"
            "%v = pto.make_tensor_view %p, shape = [%c16, %c8, %c32], strides = [%c256, %c256, %c1] "
            ": !pto.tensor_view<16x8x32xf32>",
            "pto.make_tensor_view: whether a view of [16, 8, 32] with strides [256, 256, 1] is fractal (NZ) is not "
            "known; drop or merge an outer dimension, give a size at run time, or let its elements follow each other",
        ),
        (
            "%s = pto.partition_view %view, offsets = [%c0, %c0], sizes = [%c8, %c256] : !view -> !slice",
            "pto.partition_view: size 8 of dimension 0 contradicts the type !pto.partition_tensor_view<32x256xf32>",
        ),
        (
            "%s = pto.partition_view %view, offsets = [%c0, %c32], sizes = [%c32, %c256] : !view -> !slice",
            "pto.partition_view: offset 32 and size 256 reach outside dimension 1 of !pto.tensor_view<?x256xf32>",
        ),
        (
            "%s = pto.partition_view %view, offsets = [%c0], sizes = [%c32, %c256] : !view -> !slice",
            "pto.partition_view: 1 offsets, 2 sizes, the view !pto.tensor_view<?x256xf32> and the slice "
            "!pto.partition_tensor_view<32x256xf32> must have the same rank; only the type of the slice may have more "
            "or fewer leading ones",
        ),
        (
            "%s = pto.partition_view %p, offsets = [%c0, %c0], sizes = [%c32, %c256] : !pto.ptr<f32> -> !slice",
            "pto.partition_view: source must be a view of GM (!pto.tensor_view), not !pto.ptr<f32>",
        ),
        (
            "%e = pto.declare_global -> !view",
            "pto.declare_global: a FIFO entry needs constant dimensions, not !pto.tensor_view<?x256xf32>",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_result_types_are_inferred_from_constants() -> None:
    pointer, rows = create_ssa_value(PtrType(f32)), create_ssa_value(IndexType())
    view = MakeTensorViewOp(pointer, [rows, index(256)], [index(256), index(1)])
    assert view.result.type == TensorViewType.of((DYNAMIC, 256), f32)
    part = PartitionViewOp(view, [rows, index(0)], [index(32), index(256)])
    assert part.result.type == PartitionTensorViewType.of((32, 256), f32)
    view.verify()
    part.verify()


def test_constructors_name_a_wrong_source() -> None:
    value = create_ssa_value(f32)
    with pytest.raises(VerifyException, match="ptr must be a GM pointer"):
        MakeTensorViewOp(value, [index(1)], [index(1)])
    with pytest.raises(VerifyException, match="source must be a view of GM"):
        PartitionViewOp(value, [index(0)], [index(1)])


def test_layout_is_found_through_slices() -> None:
    pointer = create_ssa_value(PtrType(f16))
    sizes = [index(128), index(128)]
    view = MakeTensorViewOp(pointer, sizes, [index(1), index(128)], "dn")
    part = PartitionViewOp(view, [index(0), index(0)], sizes)
    assert layout_of(part.result) is Layout.DN
    assert layout_of(DeclareGlobalOp(TensorViewType.of((128, 128), f32)).result) is Layout.ND
    assert layout_of(create_ssa_value(TensorViewType.of((128, 128), f32))) is None


def test_a_size_of_run_time_may_have_a_constant_type() -> None:
    assert complaint("%v = pto.make_tensor_view %p, shape = [%n, %n], strides = [%c256, %c1] : !view") == ""
