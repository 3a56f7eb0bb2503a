"""What the tests of kernels in other people's styles share: pointers, arrays, tiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptodsl import pto

F16, F32, I8, I16, I32, U8, BF16 = (
    pto.PtrType(ty) for ty in (pto.float16, pto.float32, pto.int8, pto.int16, pto.int32, pto.uint8, pto.bfloat16)
)
"""Types of parameters."""

FFTS = pto.ffts_type

ROWS, COLS = 16, 64
"""A tile of a vector core."""

M, N, K = 64, 64, 64
"""A product."""


def normal(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> Any:
    """Draw standard normal numbers."""
    return rng.standard_normal(shape).astype(dtype)


def unset(*shape: int, dtype: Any = np.float32) -> Any:
    """Make an output array: what is in it is no number, or recognisably wrong."""
    return np.full(shape, np.nan if np.issubdtype(dtype, np.floating) else 77, dtype)


def bf16_bits(x: Any) -> Any:
    """Round float32 to bfloat16, nearest even, as bits: NumPy has no such type."""
    bits = x.astype(np.float32).view(np.uint32)
    # Just under half of the last kept bit, and one more where that bit is set: ties go to even.
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def bf16_value(bits: Any) -> Any:
    """Return what bits of bfloat16 mean, as float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def whole(ptr: Any, rows: int = ROWS, cols: int = COLS) -> Any:
    """Return the row-major matrix at `ptr` as one slice of a view."""
    __tracebackhide__ = True
    view = pto.as_tensor(ptr=ptr, shape=[rows, cols], strides=[cols, 1])
    return pto.slice_view(source=view, offsets=[0, 0], sizes=[rows, cols])


def tiles(count: int, dtype: Any, rows: int = ROWS, cols: int = COLS) -> list[Any]:
    """Allocate tiles of one type in UB."""
    return [pto.alloc_tile(pto.TileBufType(shape=[rows, cols], dtype=dtype)) for _ in range(count)]


def on_first_core() -> Any:
    """Open a branch that one of the two vector cores takes."""
    return pto.if_context(pto.get_subblock_idx() == 0)


def alloc(space: str, rows: int, cols: int, dtype: Any = pto.float16, **more: Any) -> Any:
    """Allocate a tile."""
    return pto.alloc_tile(pto.TileBufType(shape=[rows, cols], dtype=dtype, memory_space=space, **more))


def operands(dtype: Any, acc: Any) -> tuple[Any, ...]:
    """Allocate the tiles of a product: both operands in L1, then L0A, L0B, L0C."""
    return (
        alloc("MAT", M, K, dtype),
        alloc("MAT", K, N, dtype),
        alloc("LEFT", M, K, dtype),
        alloc("RIGHT", K, N, dtype),
        alloc("ACC", M, N, acc),
    )
