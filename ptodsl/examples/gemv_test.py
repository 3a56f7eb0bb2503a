"""Products of one row with a matrix, alone, on top of another, and with a bias, are NumPy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl import pto, tile
from ptodsl.examples.host_run import host_kernel
from ptodsl.module import ModuleBuilder
from ptodsl.values import Tile, Value

DEPTH, COLS = 64, 32


def loaded(pointer: Value, size: tuple[int, int], dtype: object, **how: object) -> Tile:
    """A tile in L1 with an array of `size`."""
    rows, cols = size
    view = pto.as_tensor(ptr=pointer, shape=[rows, cols], strides=[cols, 1])
    buffer = pto.alloc_tile(pto.TileBufType(dtype=dtype, memory_space="MAT", **how))  # type: ignore[arg-type]
    pto.load(pto.slice_view(source=view, offsets=[0, 0], sizes=[rows, cols]), buffer)
    return buffer


def build() -> ModuleOp:
    """y[0] = x w; y[1] = x w + x w; y[2] = x w + b."""
    module = ModuleBuilder()
    half, single = pto.PtrType(pto.float16), pto.PtrType(pto.float32)
    with module.function("gemv", {"x": half, "w": half, "b": single, "y": single}) as args, pto.cube_section():
        x = loaded(args["x"], (1, DEPTH), pto.float16, shape=[16, DEPTH], valid_shape=[1, DEPTH])
        w = loaded(args["w"], (DEPTH, COLS), pto.float16, shape=[DEPTH, COLS])
        b = loaded(args["b"], (1, COLS), pto.float32, shape=[1, COLS], config=pto.TileBufConfig("RowMajor", "NoneBox"))
        left = pto.alloc_tile(pto.TileBufType([16, DEPTH], pto.float16, "LEFT", valid_shape=[1, DEPTH]))
        right = pto.alloc_tile(pto.TileBufType([DEPTH, COLS], pto.float16, "RIGHT"))
        bias = pto.alloc_tile(pto.TileBufType([1, COLS], pto.float32, "BIAS"))
        for source, target in ((x, left), (w, right), (b, bias)):
            tile.mov(source, target)
        results = pto.as_tensor(ptr=args["y"], shape=[3, COLS], strides=[COLS, 1])
        for number in range(3):
            acc = pto.alloc_tile(pto.TileBufType([16, COLS], pto.float32, "ACC", valid_shape=[1, COLS]))
            if number == 2:
                tile.gemv_bias(left, right, bias, acc)
            else:
                tile.gemv(left, right, acc)
            if number == 1:
                tile.gemv_acc(acc, left, right, acc)
            pto.store(acc, pto.slice_view(source=results, offsets=[number, 0], sizes=[1, COLS]))
    return module.finish()


def test_products_of_one_row(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal(shape).astype(np.float16) for shape in ((1, DEPTH), (DEPTH, COLS)))
    b, y = rng.standard_normal((1, COLS)).astype(np.float32), np.full((3, COLS), np.nan, np.float32)
    host_kernel(build(), "gemv", tmp_path).launch(1, x, w, b, y)
    product = x.astype(np.float64) @ w.astype(np.float64)
    np.testing.assert_allclose(y, np.vstack([product, 2 * product, product + b]), rtol=1e-4, atol=1e-4)
