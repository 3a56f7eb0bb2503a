"""Operations of the matrix unit (pipe M): left [M, K] times right [K, N] into an accumulator [M, N]."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping

from xdsl.dialects.builtin import bf16, f16, f32, i8, i32
from xdsl.irdl import opt_prop_def
from xdsl.utils.exceptions import VerifyException

from isa.op import Work
from isa.ops import OPS
from ptodsl.dialect import checks
from ptodsl.dialect.elements import element_name
from ptodsl.dialect.mode_attributes import AccPhaseAttr
from ptodsl.dialect.row_op import RowOp, row_op
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile_type import Loc, TileBufType

RESULT_TYPES = {f16: f32, bf16: f32, f32: f32, i8: i32}
"""Element type of the accumulator for each element type of the operands."""


class ProductOp(RowOp, abc.ABC):
    """A product of matrices, which may be added to something; `gemv` is that of one row."""

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        dst = check_matmul(self)
        if self.instruction.startswith("TGEMV"):
            check_one_row(self, dst)
        for operand in self.ROW.family.operands:
            if check := ADDENDS.get(operand.name):
                check(self, dst)


def check_acc(op: DpsOp, dst: TileBufType) -> None:
    """Check that what is added to the product is like `dst`."""
    acc = checks.tile(op, "acc", Loc.ACC)
    checks.same_dtype(op, acc=acc, dst=dst)
    checks.same_shape(op, acc=acc, dst=dst)


def check_bias(op: DpsOp, dst: TileBufType) -> None:
    """Check that the bias has a value for each column of `dst`."""
    bias = checks.tile(op, "bias", Loc.BIAS)
    checks.same_dtype(op, bias=bias, dst=dst)
    checks.expect_shape(op, "bias", bias, (1, dst.valid_shape[1]), "one value per column")


ADDENDS: Mapping[str, Callable[[DpsOp, TileBufType], None]] = {"acc": check_acc, "bias": check_bias}
"""What is checked of the operand that is added to the product, by its name."""


def check_one_row(op: DpsOp, dst: TileBufType) -> None:
    """Check that there is one valid row."""
    if dst.valid_shape[0] != 1:
        raise VerifyException(
            f"{op.name}: left and dst have {dst.valid_shape[0]} valid rows, but it multiplies one: use pto.tmatmul"
        )


def check_matmul(op: DpsOp) -> TileBufType:
    """Check left, right and dst of a matrix product; the type of dst."""
    left, right = checks.tile(op, "left", Loc.LEFT), checks.tile(op, "right", Loc.RIGHT)
    dst = checks.tile(op, "dst", Loc.ACC)
    checks.same_dtype(op, left=left, right=right)
    checks.dtype_in(op, "left", left, tuple(RESULT_TYPES))
    if dst.dtype != (wanted := RESULT_TYPES[left.dtype]):
        raise VerifyException(
            f"{op.name}: a product of {element_name(left.dtype)} accumulates in {element_name(wanted)}, "
            f"but dst is {element_name(dst.dtype)}"
        )
    (m, k), (k_right, n) = left.valid_shape, right.valid_shape
    if not (checks.shapes_agree((k,), (k_right,)) and checks.shapes_agree((m, n), dst.valid_shape)):
        raise VerifyException(
            f"{op.name}: shapes must be [M, K] x [K, N] = [M, N], but left is {list(left.valid_shape)}, "
            f"right is {list(right.valid_shape)}, dst is {list(dst.valid_shape)}"
        )
    return dst


PRODUCT_OPS: Mapping[str, type[ProductOp]] = {
    row.dialect: row_op(
        row, ProductOp, BEHIND=("accPhase",), acc_phase=opt_prop_def(AccPhaseAttr, prop_name="accPhase")
    )
    for row in OPS
    if row.dialect is not None and row.family.work is Work.PRODUCT
}
"""The products, by their names without `pto.`."""
