"""What verifiers share: readable preconditions on the operands of tile operations.

Each check raises `VerifyException` with one sentence: the operation, the operand, what it is, what it must be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import ConstantLike
from xdsl.utils.exceptions import VerifyException

from isa.ops import ALSO_COLUMN_MAJOR
from ptodsl.dialect.elements import DYNAMIC, element_name, element_type
from ptodsl.dialect.gm_type import PartitionTensorViewType, PtrType
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.tile_type import BLayout, Loc, SLayout, TileBufType

Tiles = Mapping[str, TileBufType]
"""Types of an operation's tiles, by operand."""


def describe(ty: TileBufType) -> str:
    """A tile type in a few words: `vec f32 [32, 256]`."""
    return f"{ty.loc} {element_name(ty.dtype)} {_dims(ty.valid_shape)}"


def tile(op: Operation, name: str, *locs: Loc) -> TileBufType:
    """Type of the tile operand `name`, checked to be in one of `locs` (any when none is given)."""
    ty = getattr(op, name).type
    if not isinstance(ty, TileBufType):
        raise VerifyException(f"{op.name}: {name} must be a tile (!pto.tile_buf), not {ty}")
    if locs and ty.loc not in locs:
        allowed = " or ".join(f"{loc} ({loc.buffer.name})" for loc in locs)
        raise VerifyException(f"{op.name}: {name} must be in {allowed}, not in {ty.loc} ({ty.loc.buffer.name})")
    return ty


def partition(op: Operation, name: str) -> PartitionTensorViewType:
    """Type of the operand `name`, checked to be a slice of a GM view."""
    ty = getattr(op, name).type
    if not isinstance(ty, PartitionTensorViewType):
        raise VerifyException(
            f"{op.name}: {name} must be a slice of GM (!pto.partition_tensor_view, from pto.partition_view), not {ty}"
        )
    return ty


def pointer(op: Operation, ptr: SSAValue) -> PtrType:
    """Type of an operand, checked to be a pointer."""
    if not isinstance(ptr.type, PtrType):
        raise VerifyException(f"{op.name}: ptr must be a GM pointer (!pto.ptr), not {ptr.type}")
    return ptr.type


def same_dtype(op: Operation, **operands: TileBufType | PartitionTensorViewType) -> None:
    """Check that all operands, given by name, have one element type."""
    if len({ty.dtype for ty in operands.values()}) > 1:
        given = ", ".join(f"{name} is {element_name(ty.dtype)}" for name, ty in operands.items())
        raise VerifyException(f"{op.name}: operands must have the same dtype, but {given}; convert with pto.tcvt")


def same_shape(op: Operation, **operands: TileBufType) -> None:
    """Check that the valid shapes of all operands agree where they are constant."""
    _, first = next(iter(operands.items()))
    if all(shapes_agree(first.valid_shape, ty.valid_shape) for ty in operands.values()):
        return
    given = ", ".join(f"{name} is {_dims(ty.valid_shape)}" for name, ty in operands.items())
    raise VerifyException(f"{op.name}: operands must have the same valid shape, but {given}")


def shapes_agree(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two shapes are equal wherever both are constant."""
    return len(first) == len(second) and all(a == b or DYNAMIC in (a, b) for a, b in zip(first, second, strict=True))


def expect_shape(op: Operation, name: str, ty: TileBufType, shape: tuple[int, int], why: str) -> None:
    """Check the valid shape of the operand `name`; `why` completes the sentence "must be [..], ..."."""
    if not shapes_agree(ty.valid_shape, shape):
        raise VerifyException(f"{op.name}: {name} is {_dims(ty.valid_shape)} but must be {_dims(shape)}, {why}")


def row_major(op: Operation, **operands: TileBufType) -> None:
    """Check that every operand is unboxed and row-major."""
    for name, ty in operands.items():
        if not ty.is_row_major:
            raise VerifyException(
                f"{op.name}: {name} is {ty.data.blayout} / {ty.data.slayout}, but element-wise operations need "
                "row_major / none_box; pto.treshape a [rows, 1] tile to [1, rows]"
            )


def one_row(op: Operation, dst: TileBufType) -> None:
    """Check that a sequence of numbers has one row."""
    if dst.valid_shape[0] != 1:
        raise DeviceLimit(f"{op.name}: dst is {describe(dst)}, but must have one row")


def lines(op: Operation, cpp: str, tiles: Tiles) -> None:
    """Check that element-wise operands are unboxed and row-major, or columns where the operation `cpp` takes these."""
    if cpp in ALSO_COLUMN_MAJOR and all(is_column(ty) for ty in tiles.values()):
        return
    row_major(op, **tiles)


def is_column(ty: TileBufType) -> bool:
    """Whether a tile is a column of values, one behind the other."""
    return ty.data.blayout is BLayout.COL_MAJOR and ty.data.slayout is SLayout.NONE_BOX and ty.shape[1] == 1


def row_scalars(op: Operation, name: str, ty: TileBufType, rows: int, row_major_cols: int = 0) -> None:
    """Check that `name` holds one value per row: `[rows, 1]`, col_major / none_box.

    Where there is a row-major form, `row_major_cols` says how many valid columns that has.
    """
    if row_major_cols and ty.is_row_major:
        expect_shape(op, name, ty, (rows, row_major_cols), "one value per row, in all of its columns")
        return
    if ty.data.blayout is not BLayout.COL_MAJOR or ty.data.slayout is not SLayout.NONE_BOX:
        raise VerifyException(
            f"{op.name}: {name} is {ty.data.blayout} / {ty.data.slayout}, but one value per row is a [rows, 1] tile, "
            "col_major / none_box"
        )
    expect_shape(op, name, ty, (rows, 1), "one value per row")


def scratch_bytes(op: Operation, tmp: TileBufType, wanted: int, what: str) -> None:
    """Check that scratch is one run of so many bytes; all of a tile is, valid or not."""
    row_major(op, tmp=tmp)
    if tmp.byte_size < wanted:
        raise VerifyException(f"{op.name}: tmp has {tmp.byte_size} bytes, but the device overwrites {wanted}: {what}")


def dtype_in(op: Operation, name: str, ty: TileBufType, allowed: Sequence[Attribute]) -> None:
    """Check the element type of the operand `name`."""
    if ty.dtype not in allowed:
        raise VerifyException(dtype_message(op, name, ty, allowed))


def dtype_message(op: Operation, name: str, ty: TileBufType, allowed: Sequence[Attribute]) -> str:
    """What is said of an operand whose element type is none of those that are allowed."""
    names = ", ".join(element_name(dtype) for dtype in allowed)
    return f"{op.name}: {name} is {element_name(ty.dtype)}, but must be one of {names}"


def scalar(op: Operation, name: str, dtype: Attribute, own: Sequence[Attribute] | None = None) -> None:
    """Check that the operand `name` is a scalar of the elements' type `dtype`, or of one of its `own` types."""
    ty = getattr(op, name).type
    if own is not None:
        if ty not in own:
            raise VerifyException(f"{op.name}: {name} must be {' or '.join(map(str, own))}, not {ty}")
    elif ty not in (dtype, signless(dtype)):
        raise VerifyException(f"{op.name}: {name} must be a {signless(dtype)} like the tile's elements, not {ty}")


def signless(dtype: Attribute) -> Attribute:
    """The type of a scalar for elements of type `dtype`: `arith.constant` has no unsigned ones."""
    return element_type(element_name(dtype).removeprefix("u"))


def index(op: Operation, name: str, *values: SSAValue) -> None:
    """Check that sizes and offsets are indices."""
    for value in values:
        if not isinstance(value.type, IndexType):
            raise VerifyException(f"{op.name}: {name} must be index, not {value.type}; cast with arith.index_cast")


def constant_int(value: SSAValue) -> int | None:
    """The value of an integer constant, or None when it is not one."""
    attr = ConstantLike.get_constant_value(value)
    return attr.value.data if isinstance(attr, IntegerAttr) else None


def _dims(shape: Sequence[int]) -> str:
    return f"[{', '.join('?' if dim == DYNAMIC else str(dim) for dim in shape)}]"
