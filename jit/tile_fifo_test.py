"""Kernels whose cores hand tiles to each other: numbers, order, both directions, all splits, all ways to say it."""

# mypy: disable-error-code="valid-type"

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from jit.wrapper import JitWrapper, RaceError, jit
from ptodsl import pto, scalar, tile
from ptodsl.dialect import TileBufType
from ptodsl.values import PartitionView, Scalar, TensorView, Tile, Value

N = 64
"""Rows, columns and inner dimension of every product."""

COUNT = 20
"""Products: more than two rounds."""

RING = 8 * N * N * 4
"""Bytes on chip for all slots of the largest FIFO."""

UP_DOWN, LEFT_RIGHT = 1, 2

F16, F32, I32, FFTS = pto.PtrType(pto.float16), pto.PtrType(pto.float32), pto.int32, pto.ffts_type


def _matrix(ptr: Value, rows: Scalar | int) -> TensorView:
    return pto.as_tensor(ptr=ptr, shape=[rows, N], strides=[N, 1])


def _part(view: TensorView, row: Scalar | int, split: int) -> PartitionView:
    """What a vector core has of the matrix that starts at `row`."""
    core = scalar.index_cast(pto.get_subblock_idx()) * (N // 2)
    if split == UP_DOWN:
        return pto.slice_view(source=view, offsets=[core + row, 0], sizes=[N // 2, N])
    return pto.slice_view(source=view, offsets=[row, core], sizes=[N, N // 2])


def _square(dtype: object, space: str) -> Tile:
    return pto.alloc_tile(pto.TileBufType([N, N], dtype, space))  # type: ignore[arg-type]


class TwoFifos:
    """The FIFO of products (id 0) and that of operands (id 1), each opened by its core."""

    def __init__(self, split: int, on_cube: bool, slots: tuple[Value, Value], up: Scalar, down: Scalar) -> None:
        self.split, self.on_cube = split, on_cube
        self.open(pto.aic_initialize_pipe if on_cube else pto.aiv_initialize_pipe, slots, up, down)

    def open(self, initialize: Any, slots: tuple[Value, Value], up: Scalar, down: Scalar) -> None:
        """Open this core's end of both."""
        initialize(dir_mask=1, slot_size=N * N * 4, gm_slot_buffer=slots[0], c2v_consumer_buf=up, v2c_consumer_buf=0)
        initialize(
            dir_mask=2, slot_size=N * N * 2, gm_slot_buffer=slots[1], c2v_consumer_buf=0, v2c_consumer_buf=down, id=1
        )

    back: ClassVar = {"id": 1}
    """Keywords of operations on operands."""

    def push(self, source: Value) -> None:
        """Push a product, or an operand."""
        if self.on_cube:
            pto.tpush_to_aiv(source, self.split)
        else:
            pto.tpush_to_aic(source, self.split, **self.back)

    def pop(self, tile_type: TileBufType) -> Tile:
        """Pop an operand, or a product."""
        if self.on_cube:
            return pto.tpop_from_aiv(tile_type, self.split, **self.back)
        return pto.tpop_from_aic(tile_type, self.split)

    def free(self) -> None:
        """Free what was popped."""
        if self.on_cube:
            pto.tfree_from_aiv(self.split, **self.back)
        else:
            pto.tfree_from_aic(self.split)


class BothWays(TwoFifos):
    """Both in one, whose slots are as large as those of products."""

    back: ClassVar = {}

    def open(self, initialize: Any, slots: tuple[Value, Value], up: Scalar, down: Scalar) -> None:
        """Open this core's ends."""
        initialize(dir_mask=3, slot_size=N * N * 4, gm_slot_buffer=slots[0], c2v_consumer_buf=up, v2c_consumer_buf=down)


class Handles(TwoFifos):
    """Both opened by address, with handles; half of the tiles on chip."""

    def open(self, initialize: Any, slots: tuple[Value, Value], up: Scalar, down: Scalar) -> None:
        """Open this core's end of both."""
        both = pto.initialize_l2g2l_pipe
        out = both(
            dir_mask=1, slot_size=N * N * 4, slot_num=8, gm_addr=slots[0], local_addr=up, local_slot_num=4, flag_base=4
        )
        back = both(dir_mask=2, slot_size=N * N * 2, slot_num=8, gm_addr=slots[1], local_addr=down, local_slot_num=4)
        self.pushed, self.popped = (out, back) if self.on_cube else (back, out)

    def push(self, source: Value) -> None:
        """Push a product, or an operand."""
        pto.tpush(source, self.pushed, self.split)

    def pop(self, tile_type: TileBufType) -> Tile:
        """Pop an operand, or a product."""
        if self.on_cube:
            return pto.tpop(tile_type, self.popped, self.split)
        popped = pto.declare_tile(tile_type)
        pto.tpop_into(popped, self.popped, self.split)
        return popped

    def free(self) -> None:
        """Free what was popped."""
        pto.tfree(self.popped, self.split)


def _kernel(split: int, directory: Path, *, sync: bool = True, fifos: type[TwoFifos] = TwoFifos) -> JitWrapper:
    """C = relu(a / 2 b): the vector cores halve, the cube multiplies, the vector cores cut off what is negative."""
    half = [N // 2, N] if split == UP_DOWN else [N, N // 2]

    @jit(module=True, detect_races=True, output_dir=directory, enable_insert_sync=sync)
    def through_fifos() -> None:
        @pto.func(kernel="cube")
        def cube(up: F32, down: F16, a: F16, b: F16, c: F32, count: I32) -> None:
            products = pto.import_reserved_buffer(name="products", peer_func="vector")
            operands = pto.reserve_buffer(name="operands", size=RING, location="MAT")
            ends = fifos(split, True, (up, down), products, operands)
            b_mat, left, right = (_square(pto.float16, space) for space in ("MAT", "LEFT", "RIGHT"))
            acc = _square(pto.float32, "ACC")
            pto.load(pto.slice_view(source=_matrix(b, N), offsets=[0, 0], sizes=[N, N]), b_mat)
            tile.mov(b_mat, right)
            for _ in pto.range(0, scalar.index_cast(count), 1):
                tile.mov(ends.pop(pto.TileBufType([N, N], pto.float16, "MAT")), left)
                ends.free()
                tile.matmul(left, right, acc)
                ends.push(acc)

        @pto.func(kernel="vector")
        def vector(up: F32, down: F16, a: F16, b: F16, c: F32, count: I32) -> None:
            products = pto.reserve_buffer(name="products", size=RING, location="VEC")
            operands = pto.import_reserved_buffer(name="operands", peer_func=cube)
            ends = fifos(split, False, (up, down), products, operands)
            x = pto.alloc_tile(pto.TileBufType(half, pto.float16))
            y = pto.alloc_tile(pto.TileBufType(half, pto.float32))
            n = scalar.index_cast(count)
            for i in pto.range(0, n, 1):
                pto.load(_part(_matrix(a, n * N), i * N, split), x)
                tile.muls(x, 0.5, x)
                ends.push(x)
                tile.relu(ends.pop(pto.TileBufType(half, pto.float32)), y)
                ends.free()
                pto.store(y, _part(_matrix(c, n * N), i * N, split))

        @pto.func
        def through_fifos(
            ffts: FFTS,
            up: F32,
            down: F16,
            a: F16,
            b: F16,
            c: F32,
            count: I32,
        ) -> None:
            pto.set_ffts(ffts)
            pto.call(cube, up, down, a, b, c, count)
            pto.call(vector, up, down, a, b, c, count)

    return through_fifos


def _launch(kernel: JitWrapper) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((rows, N)).astype(np.float16) for rows in (COUNT * N, N))
    up, down = np.empty(8 * N * N, np.float32), np.empty(8 * N * N, np.float16)
    c = np.full((COUNT * N, N), np.nan, np.float32)
    kernel(up, down, a, b, c, COUNT)
    wanted = np.maximum((a * np.float16(0.5)).astype(np.float32) @ b.astype(np.float32), 0)
    np.testing.assert_allclose(c, wanted, atol=1e-3)


@pytest.mark.parametrize(
    ("split", "fifos"),
    [(UP_DOWN, TwoFifos), (LEFT_RIGHT, TwoFifos), (UP_DOWN, BothWays), (LEFT_RIGHT, BothWays), (UP_DOWN, Handles)],
)
def test_tiles_go_both_ways_in_order(split: int, fifos: type[TwoFifos], tmp_path: Path) -> None:
    _launch(_kernel(split, tmp_path, fifos=fifos))


def test_without_flags_the_pops_race_with_what_reads_them(tmp_path: Path) -> None:
    with pytest.raises(RaceError, match=r"(?s)TLOAD.*TRELU"):
        _launch(_kernel(UP_DOWN, tmp_path, sync=False))
