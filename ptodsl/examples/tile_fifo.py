"""A product and its activation through a FIFO of tiles: the cube pushes accumulators, the vector cores pop halves."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kernels.kernel import Size
from ptodsl import pto, scalar, tile, to_ir_module
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.printing import IrModule

FFTS, F16, F32, I32 = pto.ffts_type, pto.PtrType(pto.float16), pto.PtrType(pto.float32), pto.int32

SLOTS = 8
"""Slots of a FIFO of tiles, both in GM and in the consumer's memory."""

M, N = 64, 64
"""A tile of the product: a slot is 16 KiB. The ring of 8 takes 128 of the 192 KiB of UB, so 32 KiB would not fit."""

K = 256
"""Inner dimension: 32 KiB each of L0A and L0B. The more work goes into a tile, the less its way through GM counts."""

HALF = M // 2
"""Rows that each of the two vector cores gets of a tile."""

SLOT = M * N * 4
"""Bytes of a slot: a whole tile, although each vector core pops half of it."""

CUBE_TO_VECTOR, UP_DOWN = 1, 1
"""`dir_mask` of the pipe, and the `split` that gives each vector core half of the rows."""

SLOPE = 1.702
"""Of the sigmoid approximation of GELU, "fast GELU": x sigmoid(1.702 x)."""


def _push_products(a: Any, b: Any, count: Any) -> None:
    """Multiply each block of rows of a by b, and push the product."""
    a_l1, b_l1 = (pto.alloc_tile(pto.TileBufType(s, pto.float16, "MAT")) for s in ([M, K], [K, N]))
    left = pto.alloc_tile(pto.TileBufType([M, K], pto.float16, "LEFT"))
    right = pto.alloc_tile(pto.TileBufType([K, N], pto.float16, "RIGHT"))
    acc = pto.alloc_tile(pto.TileBufType([M, N], pto.float32, "ACC"))
    n = scalar.index_cast(count)
    a_view = pto.as_tensor(ptr=a, shape=[n * M, K], strides=[K, 1])
    b_view = pto.as_tensor(ptr=b, shape=[K, N], strides=[N, 1])
    pto.load(pto.slice_view(source=b_view, offsets=[0, 0], sizes=[K, N]), b_l1)
    tile.mov(b_l1, right)
    for i in pto.range(0, n, 1):
        pto.load(pto.slice_view(source=a_view, offsets=[i * M, 0], sizes=[M, K]), a_l1)
        tile.mov(a_l1, left)
        tile.matmul(left, right, acc)
        pto.tpush_to_aiv(acc, UP_DOWN)  # waits here when all slots are taken


def _activate_products(c: Any, count: Any) -> None:
    """Pop this core's half of each product, and store its GELU."""
    half = pto.TileBufType([HALF, N], pto.float32)
    y = pto.alloc_tile(half)
    n, core = scalar.index_cast(count), scalar.index_cast(pto.get_subblock_idx())
    c_view = pto.as_tensor(ptr=c, shape=[n * M, N], strides=[N, 1])
    for i in pto.range(0, n, 1):
        x = pto.tpop_from_aic(half, UP_DOWN)
        tile.muls(x, -SLOPE, y)
        tile.exp(y, y)
        tile.adds(y, 1.0, y)
        tile.div(x, y, y)
        pto.tfree_from_aic(UP_DOWN)
        pto.store(y, pto.slice_view(source=c_view, offsets=[i * M + core * HALF, 0], sizes=[HALF, N]))


def product_fast_gelu() -> IrModule:
    """Return c = fast_gelu(a b): a [count * M, K], b [K, N], c [count * M, N]."""

    @to_ir_module(module=True)
    def module() -> None:
        @pto.func(kernel="cube")
        def cube(slots: F32, a: F16, b: F16, c: F32, count: I32) -> None:
            ring = pto.import_reserved_buffer(name="products", peer_func="vector")
            pto.aic_initialize_pipe(
                dir_mask=CUBE_TO_VECTOR, slot_size=SLOT, gm_slot_buffer=slots, c2v_consumer_buf=ring, v2c_consumer_buf=0
            )
            _push_products(a, b, count)

        @pto.func(kernel="vector")
        def vector(slots: F32, a: F16, b: F16, c: F32, count: I32) -> None:
            ring = pto.reserve_buffer(name="products", size=SLOTS * SLOT, location="VEC")
            pto.aiv_initialize_pipe(
                dir_mask=CUBE_TO_VECTOR, slot_size=SLOT, gm_slot_buffer=slots, c2v_consumer_buf=ring, v2c_consumer_buf=0
            )
            _activate_products(c, count)

        @pto.func
        def product_fast_gelu(ffts: FFTS, slots: F32, a: F16, b: F16, c: F32, count: I32) -> None:
            pto.set_ffts(ffts)
            pto.call(cube, slots, a, b, c, count)
            pto.call(vector, slots, a, b, c, count)

    return module


def _arguments(rng: np.random.Generator, count: int) -> Arguments:
    a, b = (normal(rng, shape, np.float16) for shape in ((count * M, K), (K, N)))
    c = unset((count * M, N))
    return {"ffts": 0, "slots": unset((SLOTS * M * N,)), "a": a, "b": b / np.float16(16), "c": c, "count": count}


def _product_fast_gelu(arguments: Mapping[str, Any]) -> dict[str, Array]:
    x = arguments["a"].astype(np.float32) @ arguments["b"].astype(np.float32)
    return {"c": x / (1 + np.exp(-SLOPE * x))}


EXAMPLES = (
    Example(
        "product_fast_gelu",
        lambda: product_fast_gelu().op,
        _arguments,
        _product_fast_gelu,
        rtol=1e-4,
        atol=1e-4,
        sizes=(Size("count", SLOTS + 2),),  # more than there are slots
    ),
)
