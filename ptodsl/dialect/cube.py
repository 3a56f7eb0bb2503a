"""Operations of the matrix unit (pipe M): left [M, K] times right [K, N] into an accumulator [M, N]."""

from __future__ import annotations

from xdsl.dialects.builtin import bf16, f16, f32, i8, i32
from xdsl.irdl import irdl_op_definition, operand_def, traits_def
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import element_name
from ptodsl.dialect.syntax import DpsOp, Value
from ptodsl.dialect.tile_type import Loc, TileBufType

RESULT_TYPES = {f16: f32, bf16: f32, f32: f32, i8: i32}
"""Element type of the accumulator for each element type of the operands."""


@irdl_op_definition
class TMatmulOp(DpsOp):
    """dst = left x right."""

    name = "pto.tmatmul"
    traits = traits_def(tile_effects("tmatmul"))

    left = operand_def()
    right = operand_def()
    dst = operand_def()

    def __init__(self, left: Value, right: Value, dst: Value) -> None:
        super().__init__(left, right, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_matmul(self)


@irdl_op_definition
class TMatmulAccOp(DpsOp):
    """dst = acc + left x right; usually dst is acc."""

    name = "pto.tmatmul.acc"
    traits = traits_def(tile_effects("tmatmul.acc"))

    acc = operand_def()
    left = operand_def()
    right = operand_def()
    dst = operand_def()

    def __init__(self, acc: Value, left: Value, right: Value, dst: Value) -> None:
        super().__init__(acc, left, right, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_acc(self, check_matmul(self))


@irdl_op_definition
class TMatmulBiasOp(DpsOp):
    """dst = left x right + bias, where bias is `[1, N]` in the bias table."""

    name = "pto.tmatmul.bias"
    traits = traits_def(tile_effects("tmatmul.bias"))

    left = operand_def()
    right = operand_def()
    bias = operand_def()
    dst = operand_def()

    def __init__(self, left: Value, right: Value, bias: Value, dst: Value) -> None:
        super().__init__(left, right, bias, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_bias(self, check_matmul(self))


@irdl_op_definition
class TGemvOp(DpsOp):
    """dst = left x right, of one row."""

    name = "pto.tgemv"
    traits = traits_def(tile_effects("tgemv"))

    left = operand_def()
    right = operand_def()
    dst = operand_def()

    def __init__(self, left: Value, right: Value, dst: Value) -> None:
        super().__init__(left, right, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_gemv(self)


@irdl_op_definition
class TGemvAccOp(DpsOp):
    """dst = acc + left x right, of one row."""

    name = "pto.tgemv.acc"
    traits = traits_def(tile_effects("tgemv.acc"))

    acc = operand_def()
    left = operand_def()
    right = operand_def()
    dst = operand_def()

    def __init__(self, acc: Value, left: Value, right: Value, dst: Value) -> None:
        super().__init__(acc, left, right, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_acc(self, check_gemv(self))


@irdl_op_definition
class TGemvBiasOp(DpsOp):
    """dst = left x right + bias, of one row."""

    name = "pto.tgemv.bias"
    traits = traits_def(tile_effects("tgemv.bias"))

    left = operand_def()
    right = operand_def()
    bias = operand_def()
    dst = operand_def()

    def __init__(self, left: Value, right: Value, bias: Value, dst: Value) -> None:
        super().__init__(left, right, bias, dst)

    def verify_(self) -> None:
        """Check buffers, dtypes and shapes."""
        check_bias(self, check_gemv(self))


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


def check_gemv(op: DpsOp) -> TileBufType:
    """Check a product like `check_matmul`, and that left has one valid row; the type of dst."""
    dst = check_matmul(op)
    if dst.valid_shape[0] != 1:
        raise VerifyException(
            f"{op.name}: left and dst have {dst.valid_shape[0]} valid rows, but it multiplies one: use pto.tmatmul"
        )
    return dst


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
