"""Rules of vector operations that move elements to other places: gathers, padding, sorting."""

from __future__ import annotations

from xdsl.dialects.builtin import i32
from xdsl.ir import Operation
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.attributes import MaskPattern
from ptodsl.dialect.checks import Tiles
from ptodsl.dialect.elements import DYNAMIC, element_bytes, element_name, ui32
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.tile import TReshapeOp
from ptodsl.dialect.tile_type import Pad, TileBufType

SORTED = 32
"""Elements that a sort orders at a time."""
PAIR_BYTES = 8
"""Of a value and its index in sorted lists."""
LISTS = 4
"""Sorted lists that a merge makes one of."""
MAX_MERGES = 255
"""That one instruction does."""


def _line(op: Operation, **tiles: TileBufType) -> None:
    """Check that tiles have one valid row."""
    checks.row_major(op, **tiles)
    for name, ty in tiles.items():
        if ty.valid_shape[0] != 1:
            raise VerifyException(f"{op.name}: {name} is {checks.describe(ty)}, but must have one valid row")


def _known_cols(op: Operation, name: str, ty: TileBufType) -> int:
    """Valid columns of a tile, which decide here how much is written."""
    cols = ty.valid_shape[1]
    if cols == DYNAMIC:
        raise VerifyException(f"{op.name}: the valid columns of {name} must be constant")
    return cols


def check_gather(op: Operation, tiles: Tiles) -> None:
    """Check either form: by positions in src, or by a pattern of columns."""
    checks.row_major(op, **tiles)
    src, dst, pattern = tiles["src"], tiles["dst"], getattr(op, "mask_pattern", None)
    if pattern is not None:
        if element_bytes(src.dtype) != element_bytes(dst.dtype):
            raise VerifyException(
                f"{op.name}: dst is {element_name(dst.dtype)}, but must have elements of as many bytes as src's "
                f"{element_name(src.dtype)}"
            )
        if "indices" in tiles:
            raise VerifyException(f"{op.name}: it takes indices and tmp, or maskPattern, not both")
        kept = pattern.data.kept(_known_cols(op, "src", src))
        rows = src.shape[0] if src.valid_shape[0] == DYNAMIC else src.valid_shape[0]
        # What is kept of all rows is written in one run, whatever the rows of dst are.
        if rows * kept > dst.shape[0] * dst.shape[1]:
            raise VerifyException(f"{op.name}: {rows} rows of {kept} elements do not fit into dst, {list(dst.shape)}")
        return
    if "indices" not in tiles or "tmp" not in tiles:
        raise VerifyException(f"{op.name}: it takes indices and tmp, or maskPattern")
    if element_name(dst.dtype) == "bf16":
        raise VerifyException(f"{op.name}: the form with indices has no bf16: take the tile as i16")
    checks.same_dtype(op, src=src, dst=dst)
    checks.same_shape(op, indices=tiles["indices"], dst=dst)
    if op.operands[1] is op.operands[2]:
        raise VerifyException(f"{op.name}: tmp is overwritten while indices is read: use a tile of its own")
    # The device turns indices into byte offsets of 4 bytes: in dst itself, unless its elements are smaller.
    if element_bytes(dst.dtype) == 2:
        checks.scratch_bytes(op, tiles["tmp"], dst.shape[0] * dst.shape[1] * 4, "4 for each element of dst")


def check_scatter(op: Operation, tiles: Tiles) -> None:
    """Check that indices have src's valid shape, and the width of its elements (2 bytes for those of one)."""
    checks.row_major(op, **tiles)
    src, pattern = tiles["src"], getattr(op, "mask_pattern", None)
    if ("indices" in tiles) != (pattern is None):
        raise VerifyException(f"{op.name}: it takes indices, or maskPattern")
    if pattern is not None:
        _check_scatter_columns(op, src, tiles["dst"], pattern.data)
        return
    indices = tiles["indices"]
    checks.same_shape(op, src=src, indices=indices)
    wanted = max(2, element_bytes(src.dtype))
    if element_bytes(indices.dtype) != wanted:
        raise VerifyException(
            f"{op.name}: elements of {element_name(src.dtype)} go with indices of {8 * wanted} bits, "
            f"not {element_name(indices.dtype)}"
        )


def _check_scatter_columns(op: Operation, src: TileBufType, dst: TileBufType, pattern: MaskPattern) -> None:
    """Check that the real assembler takes the columns; the device wants the opposite but for P1111."""
    # Columns for each one that is kept: 2 of P0101, 4 of P0001, 1 of P1111.
    share = len(pattern.value[1:]) // pattern.value.count("1")
    if src.shape[1] != share * dst.shape[1] or src.shape[0] != dst.shape[0]:
        raise VerifyException(
            f"{op.name}: src is {list(src.shape)}, but for {pattern} must have dst's rows, and {share} times its "
            f"{dst.shape[1]} columns"
        )
    if share != 1:
        raise DeviceLimit(
            f"{op.name}: the device takes {share} times src's columns in dst for {pattern}, not the opposite"
        )


def check_padding(op: Operation, tiles: Tiles) -> None:
    """Check that dst has a pad value, and the sizes."""
    checks.row_major(op, **tiles)
    src, dst = tiles["src"], tiles["dst"]
    if dst.data.pad is Pad.NULL:
        raise VerifyException(f"{op.name}: dst has no pad value: give its type pad=1 (zero), 2 (max) or 3 (min)")
    larger = op.name == "pto.tfillpad_expand"
    if not larger and src.shape != dst.shape:
        raise VerifyException(
            f"{op.name}: src and dst must have the same shape: pto.tfillpad_expand takes a larger dst"
        )
    if any(s > d for s, d in zip(src.shape, dst.shape, strict=True)):
        raise VerifyException(f"{op.name}: src is {list(src.shape)}, which is more than dst's {list(dst.shape)}")
    for s, d in zip(src.valid_shape[:1], dst.valid_shape[:1], strict=True):
        if DYNAMIC not in (s, d) and s > d:
            raise VerifyException(f"{op.name}: src has {s} valid rows, and dst {d}: it must have as many at least")


def check_padding_in_place(op: Operation, tiles: Tiles) -> None:
    """Check, besides, that both operands are the same bytes: nothing is copied."""
    check_padding(op, tiles)
    roots = []
    for value in op.operands:
        while isinstance(value.owner, TReshapeOp):
            value = value.owner.src
        addr = getattr(value.owner, "addr", None)
        # Constants of one value may be two SSA values: known addresses are compared as numbers.
        roots.append(
            value if addr is None else (addr if checks.constant_int(addr) is None else checks.constant_int(addr))
        )
    if roots[0] != roots[1]:
        raise DeviceLimit(
            f"{op.name}: it copies nothing, so src and dst must be the same bytes: the same tile, pto.treshape of it, "
            "or tiles at one address; pto.tfillpad copies"
        )


def check_sort(op: Operation, tiles: Tiles) -> None:
    """Check whole blocks of 32, one row of indices, and room for a pair for each element."""
    checks.row_major(op, **tiles)
    src, idx, dst = tiles["src"], tiles["idx"], tiles["dst"]
    cols = _known_cols(op, "src", src)
    if cols % SORTED:
        raise DeviceLimit(
            f"{op.name}: src has {cols} valid columns, and the device drops what is left after blocks of {SORTED}: "
            "pad src with pto.tfillpad"
        )
    if idx.dtype != ui32:
        raise DeviceLimit(f"{op.name}: idx is {element_name(idx.dtype)}, but must be ui32")
    if idx.valid_shape[0] != 1 or cols not in (DYNAMIC, idx.valid_shape[1]):
        raise DeviceLimit(
            f"{op.name}: idx is {checks.describe(idx)}, but one row of {cols} indices is used for all rows of src"
        )
    pair = PAIR_BYTES // element_bytes(src.dtype)
    if not checks.shapes_agree(dst.valid_shape, wanted := (src.valid_shape[0], pair * cols)):
        raise DeviceLimit(
            f"{op.name}: dst is {checks.describe(dst)} but must be {list(wanted)}, {pair} elements for each of src"
        )


def check_merge(op: Operation, tiles: Tiles) -> None:
    """Check whole groups of four lists."""
    src, dst = tiles["src"], tiles["dst"]
    _line(op, **tiles)
    checks.same_shape(op, src=src, dst=dst)
    length, cols = checks.constant_int(op.operands[1]), src.valid_shape[1]
    if op.operands[1].type != i32:
        raise VerifyException(f"{op.name}: block_len must be i32, not {op.operands[1].type}")
    if length is None:
        return
    # ptoas 0.48 checks this of a constant; whole groups, and how many, are asserted by the device's headers only.
    if length <= 0 or length % 64:
        raise VerifyException(f"{op.name}: block_len is {length}, but must be a multiple of 64 elements")
    if cols != DYNAMIC and (cols % (LISTS * length) or cols > LISTS * length * MAX_MERGES):
        raise VerifyException(
            f"{op.name}: src has {cols} elements, which are not 1 to {MAX_MERGES} groups of {LISTS} blocks of {length}"
        )


def check_transposition(op: Operation, tiles: Tiles) -> None:
    """Check the shapes of dst and of scratch."""
    checks.row_major(op, **tiles)
    src, dst, tmp = tiles["src"], tiles["dst"], tiles["tmp"]
    rows, cols = src.valid_shape
    checks.expect_shape(op, "dst", dst, (cols, rows), "src's columns and rows")
    size = element_bytes(src.dtype)
    unit = 32 if size == 1 else 16
    checks.scratch_bytes(
        op, tmp, src.shape[1] * -(-src.shape[0] // unit) * unit * size, f"src's columns, of rows rounded up to {unit}"
    )


def check_concatenation(op: Operation, tiles: Tiles) -> None:
    """Check that dst has the columns of both."""
    checks.row_major(op, **tiles)
    (rows, left), (other, right), dst = tiles["lhs"].valid_shape, tiles["rhs"].valid_shape, tiles["dst"]
    if DYNAMIC not in (rows, other) and rows != other:
        raise VerifyException(f"{op.name}: lhs has {rows} rows and rhs {other}")
    total = DYNAMIC if DYNAMIC in (left, right) else left + right
    checks.expect_shape(op, "dst", dst, (rows, total), "the columns of lhs and of rhs")
