"""Kernels in which cube and vector cores work together, through FIFOs in GM."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from kernels.kernel import Size
from ptodsl import pto, scalar, tile
from ptodsl.examples.example import Arguments, Array, Example, normal, unset
from ptodsl.module import Function, ModuleBuilder
from ptodsl.values import FifoHandle, Scalar, TensorView, Tile, Value

SIZE = 64
"""Rows, columns and inner dimension of every product."""

HALF = SIZE // 2
"""Rows that one vector core takes of a slot."""

SLOTS = 8
"""Slots of each FIFO."""

CUBE_TO_VECTOR, VECTOR_TO_CUBE = 1, 2
"""`dir_mask` of a FIFO."""

UP_DOWN = 1
"""`split` of a FIFO whose slots are divided by rows."""

FACTOR = 0.5
"""What the vector cores multiply by."""

HALF_PTR, SINGLE_PTR = pto.PtrType(pto.float16), pto.PtrType(pto.float32)

SHARED = {"a": HALF_PTR, "b": HALF_PTR, "c": SINGLE_PTR, "count": pto.int64}
"""Both kernels work on `count` products: a [count * SIZE, SIZE], b [SIZE, SIZE], c [count * SIZE, SIZE]."""

SENDS_PRODUCTS = {"slots": SINGLE_PTR, **SHARED}
SENDS_OPERANDS = {"slots": HALF_PTR, **SHARED}
"""The slots of a FIFO are pointed to as what they hold."""


def _entry(
    module: ModuleBuilder, name: str, parameters: Mapping[str, Attribute], cube: Function, vector: Function
) -> ModuleOp:
    """Add the entry that starts both kernels, and finish the module."""
    with module.function(name, {"ffts": pto.ffts_type, **parameters}) as args:
        ffts, *rest = args
        pto.set_ffts(ffts)
        pto.call(cube, *rest)
        pto.call(vector, *rest)
    return module.finish()


def _open(slots: Value, direction: int, element_bytes: int) -> FifoHandle:
    """Return the FIFO at the start of this core's slots."""
    block = scalar.index_cast(pto.get_block_idx())
    base = pto.add_ptr(slots, block * (SLOTS * SIZE * SIZE))
    slot_size = SIZE * SIZE * element_bytes
    return pto.initialize_l2g2l_pipe(dir_mask=direction, slot_size=slot_size, slot_num=SLOTS, gm_addr=base, flag_base=0)


def _matrix(ptr: Value, rows: Scalar | int) -> TensorView:
    return pto.as_tensor(ptr=ptr, shape=[rows, SIZE], strides=[SIZE, 1])


def _operands(b: TensorView) -> tuple[Tile, Tile, Tile, Tile]:
    """Return tiles for a in L1 and L0A, the tile with all of b in L0B, and an accumulator."""
    a_mat, b_mat = (pto.alloc_tile(pto.TileBufType([SIZE, SIZE], pto.float16, "MAT")) for _ in range(2))
    left = pto.alloc_tile(pto.TileBufType([SIZE, SIZE], pto.float16, "LEFT"))
    right = pto.alloc_tile(pto.TileBufType([SIZE, SIZE], pto.float16, "RIGHT"))
    acc = pto.alloc_tile(pto.TileBufType([SIZE, SIZE], pto.float32, "ACC"))
    pto.load(pto.slice_view(source=b, offsets=[0, 0], sizes=[SIZE, SIZE]), b_mat)
    tile.mov(b_mat, right)
    return a_mat, left, right, acc


def build_cube_to_vector() -> ModuleOp:
    """Build c = relu(a b) block by block: the cube multiplies, the vector cores take half of each product from a
    FIFO.
    """
    module = ModuleBuilder()
    with module.function("cube_kernel", SENDS_PRODUCTS, kernel="cube") as args:
        count = scalar.index_cast(args.scalar("count"))
        a, b = _matrix(args["a"], count * SIZE), _matrix(args["b"], SIZE)
        fifo = _open(args["slots"], CUBE_TO_VECTOR, 4)
        entry = pto.declare_global(pto.TensorType(shape=[SIZE, SIZE], dtype=pto.float32))
        a_mat, left, right, acc = _operands(b)
        for number in pto.range(0, count):
            pto.load(pto.slice_view(source=a, offsets=[number * SIZE, 0], sizes=[SIZE, SIZE]), a_mat)
            tile.mov(a_mat, left)
            tile.matmul(left, right, acc)
            pto.talloc(entry, fifo, UP_DOWN)
            pto.store(acc, pto.slice_view(source=entry, offsets=[0, 0], sizes=[SIZE, SIZE]))
            pto.tpush(entry, fifo, UP_DOWN)
    cube = args.function
    with module.function("vector_kernel", SENDS_PRODUCTS, kernel="vector") as args:
        count = scalar.index_cast(args.scalar("count"))
        c = _matrix(args["c"], count * SIZE)
        fifo = _open(args["slots"], CUBE_TO_VECTOR, 4)
        entry = pto.declare_global(pto.TensorType(shape=[HALF, SIZE], dtype=pto.float32))
        x = pto.alloc_tile(pto.TileBufType([HALF, SIZE], pto.float32))
        half = scalar.index_cast(pto.get_subblock_idx()) * HALF
        for number in pto.range(0, count):
            pto.tpop_into(entry, fifo, UP_DOWN)
            pto.load(pto.slice_view(source=entry, offsets=[0, 0], sizes=[HALF, SIZE]), x)
            pto.tfree(fifo, UP_DOWN, entry=entry)
            tile.relu(x, x)
            pto.store(x, pto.slice_view(source=c, offsets=[number * SIZE + half, 0], sizes=[HALF, SIZE]))
    return _entry(module, "cube_to_vector", SENDS_PRODUCTS, cube, args.function)


def build_vector_to_cube() -> ModuleOp:
    """Build c = (a / 2) b block by block: the vector cores scale halves of a into a FIFO, the cube multiplies."""
    module = ModuleBuilder()
    with module.function("vector_kernel", SENDS_OPERANDS, kernel="vector") as args:
        count = scalar.index_cast(args.scalar("count"))
        a = _matrix(args["a"], count * SIZE)
        fifo = _open(args["slots"], VECTOR_TO_CUBE, 2)
        entry = pto.declare_global(pto.TensorType(shape=[HALF, SIZE], dtype=pto.float16))
        x = pto.alloc_tile(pto.TileBufType([HALF, SIZE], pto.float16))
        half = scalar.index_cast(pto.get_subblock_idx()) * HALF
        for number in pto.range(0, count):
            pto.load(pto.slice_view(source=a, offsets=[number * SIZE + half, 0], sizes=[HALF, SIZE]), x)
            tile.muls(x, FACTOR, x)
            pto.talloc(entry, fifo, UP_DOWN)
            pto.store(x, pto.slice_view(source=entry, offsets=[0, 0], sizes=[HALF, SIZE]))
            pto.tpush(entry, fifo, UP_DOWN)
    vector = args.function
    with module.function("cube_kernel", SENDS_OPERANDS, kernel="cube") as args:
        count = scalar.index_cast(args.scalar("count"))
        b, c = _matrix(args["b"], SIZE), _matrix(args["c"], count * SIZE)
        fifo = _open(args["slots"], VECTOR_TO_CUBE, 2)
        entry = pto.declare_global(pto.TensorType(shape=[SIZE, SIZE], dtype=pto.float16))
        a_mat, left, right, acc = _operands(b)
        for number in pto.range(0, count):
            pto.tpop_into(entry, fifo, UP_DOWN)
            pto.load(pto.slice_view(source=entry, offsets=[0, 0], sizes=[SIZE, SIZE]), a_mat)
            pto.tfree(fifo, UP_DOWN, entry=entry)
            tile.mov(a_mat, left)
            tile.matmul(left, right, acc)
            pto.store(acc, pto.slice_view(source=c, offsets=[number * SIZE, 0], sizes=[SIZE, SIZE]))
    return _entry(module, "vector_to_cube", SENDS_OPERANDS, args.function, vector)


SIZES = (Size("count", 21),)
"""Products in a launch: more than two rounds through the slots."""


def _arguments(rng: np.random.Generator, count: int, *, slots: npt.DTypeLike) -> Arguments:
    rows = count * SIZE
    return {
        "ffts": 0,
        "slots": unset((SLOTS * SIZE * SIZE,), slots),
        "a": normal(rng, (rows, SIZE), np.float16),
        "b": normal(rng, (SIZE, SIZE), np.float16),
        "c": unset((rows, SIZE)),
        "count": count,
    }


def _relu_product(arguments: Mapping[str, Any]) -> dict[str, Array]:
    a, b = (arguments[name].astype(np.float32) for name in "ab")
    return {"c": np.maximum(a @ b, 0)}


def _scaled_product(arguments: Mapping[str, Any]) -> dict[str, Array]:
    a, b = (arguments[name].astype(np.float32) for name in "ab")
    return {"c": (a * FACTOR) @ b}


EXAMPLES = tuple(
    Example(name, build, partial(_arguments, slots=slots), expected, atol=1e-4, sizes=SIZES)
    for name, build, slots, expected in (
        ("cube_to_vector", build_cube_to_vector, np.float32, _relu_product),
        ("vector_to_cube", build_vector_to_cube, np.float16, _scaled_product),
    )
)
