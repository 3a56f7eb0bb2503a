"""Kernels for tests of this room."""

# ruff: noqa: F821 - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from typing import Any

from ptodsl import pto, scalar, tile

ROWS, COLS = 16, 64

ty: Any = None  # provided by meta_data


def types() -> dict[str, Any]:
    """Types that the kernels below name."""
    return {
        "ptr": pto.PtrType(pto.float32),
        "count": pto.int32,
        "ty": pto.TileBufType(shape=[ROWS, COLS], dtype=pto.float32),
    }


def double(x: "ptr", y: "ptr", rows: "count") -> None:  # type: ignore[name-defined]  # noqa: UP037
    """Compute y = 2 x for [rows, 64], 16 rows at a time on each vector core in turn."""
    with pto.vector_section():
        n = scalar.index_cast(rows)
        source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
        buffer = pto.alloc_tile(ty)
        for i in pto.range(_core(), n // ROWS, scalar.index_cast(pto.get_subblock_num())):
            place: dict[str, Any] = {"offsets": [i * ROWS, 0], "sizes": [ROWS, COLS]}
            pto.load(pto.slice_view(source=source, **place), buffer)
            tile.add(buffer, buffer, buffer)
            pto.store(buffer, pto.slice_view(source=target, **place))


def unordered(x: "ptr", y: "ptr", rows: "count") -> None:  # type: ignore[name-defined]  # noqa: UP037
    """Compute the same for 32 rows with flags of its own, of which the one before the store is missing."""
    with pto.vector_section():
        n = scalar.index_cast(rows)
        source, target = (pto.as_tensor(ptr=p, shape=[n, COLS], strides=[COLS, 1]) for p in (x, y))
        place: dict[str, Any] = {"offsets": [_core() * ROWS, 0], "sizes": [ROWS, COLS]}
        buffer = pto.alloc_tile(ty)
        pto.load(pto.slice_view(source=source, **place), buffer)
        pto.record_wait_pair("LOAD", "VEC")
        tile.add(buffer, buffer, buffer)
        pto.store(buffer, pto.slice_view(source=target, **place))


def _core() -> Any:
    return scalar.index_cast(pto.get_subblock_idx())
