"""Flash attention as kernels of pto-dsl 0.1.2 are written: one module function, types as globals, ladders."""

# mypy: disable-error-code="name-defined, no-untyped-def, no-untyped-call, arg-type"
# ruff: noqa: F821, UP037, ANN - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import normal, unset
from jit.wrapper import jit
from ptodsl import pto, scalar, tile, to_ir_module
from tools.ptoas.assemble import Options, Sync, assemble

HEAD, S0, HALF = 128, 128, 64
"""Columns of Q, rows of a block, rows of a vector core."""

SLOTS = 8
SCALE = 1.0 / HEAD**0.5

KNOBS = [(s1_tile, preload) for s1_tile in (128, 256, 512) for preload in (1, 2, 3, 4)]
"""Columns of a tile of scores, and how many tiles the cube core is ahead: the sets with which such a builder comes."""

# Provided by meta_data.
qk_t: Any = None
qk_half_t = p_t = p_half_t = pv_t = pv_half_t = square_f16 = square_f32 = qk_t
mat_f16 = kt_mat = left_f16 = right_f16 = acc_f32 = score_tile = p_tile = o_tile = col_tile = row_tile = qk_t


def types(s1_tile: int) -> Callable[[], dict[str, Any]]:
    """Return the meta_data of a knob set."""
    rows = HALF * 128 // s1_tile
    f16, f32 = pto.float16, pto.float32

    def meta() -> dict[str, Any]:
        tiles = {"dtype": f16, "shape": [128, 128]}
        transposed = pto.TileBufConfig(blayout="RowMajor", slayout="ColMajor")
        return {
            "ffts": pto.ffts_type,
            "f16_ptr": pto.PtrType(f16),
            "f32_ptr": pto.PtrType(f32),
            "i64": pto.int64,
            "qk_t": pto.TensorType(shape=[S0, s1_tile], dtype=f32),
            "qk_half_t": pto.TensorType(shape=[HALF, s1_tile], dtype=f32),
            "p_t": pto.TensorType(shape=[S0, s1_tile], dtype=f16),
            "p_half_t": pto.TensorType(shape=[HALF, s1_tile], dtype=f16),
            "pv_t": pto.TensorType(shape=[S0, HEAD], dtype=f32),
            "pv_half_t": pto.TensorType(shape=[HALF, HEAD], dtype=f32),
            "square_f16": pto.SubTensorType(shape=[128, 128], dtype=f16),
            "square_f32": pto.SubTensorType(shape=[128, 128], dtype=f32),
            "mat_f16": pto.TileBufType(**tiles, memory_space="MAT"),
            "kt_mat": pto.TileBufType(**tiles, memory_space="MAT", config=transposed),
            "left_f16": pto.TileBufType(**tiles, memory_space="LEFT"),
            "right_f16": pto.TileBufType(**tiles, memory_space="RIGHT"),
            "acc_f32": pto.TileBufType(shape=[128, 128], dtype=f32, memory_space="ACC"),
            "score_tile": pto.TileBufType(shape=[rows, s1_tile], dtype=f32, memory_space="VEC"),
            "p_tile": pto.TileBufType(shape=[rows, s1_tile], dtype=f16, memory_space="VEC"),
            "o_tile": pto.TileBufType(shape=[rows, HEAD], dtype=f32, memory_space="VEC"),
            "col_tile": pto.TileBufType(
                shape=[rows, 1], dtype=f32, memory_space="VEC", config=pto.TileBufConfig(blayout="ColMajor")
            ),
            "row_tile": pto.TileBufType(shape=[1, rows], dtype=f32, memory_space="VEC"),
        }

    return meta


def attention_of(s1_tile: int, preload: int) -> Callable[[], None]:
    """Return the module function of a knob set."""
    factor = s1_tile // 128
    rows = HALF // factor
    slices = HALF // rows
    const = scalar.const

    def fifo(ptr, entry, shape, dir_mask, size, base):
        view = pto.as_tensor(entry, ptr=ptr, shape=shape, strides=[shape[1], 1])
        pipe = pto.initialize_l2g2l_pipe(
            dir_mask=dir_mask, slot_size=size, slot_num=SLOTS, gm_addr=view, flag_base=base
        )
        return pipe, pto.declare_global(entry)

    def window(view, row, col, height, width):
        return pto.slice_view(source=view, offsets=[row, col], sizes=[height, width])

    def attention() -> None:
        @pto.func(kernel="cube")
        def cube(
            qk: "f32_ptr",
            p: "f16_ptr",
            pv: "f32_ptr",
            q: "f16_ptr",
            k: "f16_ptr",
            v: "f16_ptr",
            o: "f32_ptr",
            s1: "i64",
        ) -> None:
            n = scalar.index_cast(s1)
            count = n // s1_tile
            qk_pipe, qk_entry = fifo(qk, qk_t, [S0, s1_tile], 1, S0 * s1_tile * 4, 0)
            p_pipe, p_entry = fifo(p, p_t, [S0, s1_tile], 2, S0 * s1_tile * 2, 2)
            pv_pipe, pv_entry = fifo(pv, pv_t, [S0, HEAD], 1, S0 * HEAD * 4, 4)
            q_mat, p_mat, v_mat, k_mat = (pto.alloc_tile(ty) for ty in (mat_f16, mat_f16, mat_f16, kt_mat))
            q_left, p_left = (pto.alloc_tile(left_f16) for _ in range(2))
            k_right, v_right = (pto.alloc_tile(right_f16) for _ in range(2))
            qk_acc, pv_acc = (pto.alloc_tile(acc_f32) for _ in range(2))
            q_view = pto.as_tensor(ptr=q, shape=[S0, HEAD], strides=[HEAD, 1])
            k_view = pto.as_tensor(ptr=k, shape=[HEAD, n], strides=[1, HEAD], layout="DN")
            v_view = pto.as_tensor(ptr=v, shape=[n, HEAD], strides=[HEAD, 1])
            pto.load(pto.slice_view(square_f16, source=q_view, offsets=[0, 0], sizes=[S0, HEAD]), q_mat)
            tile.mov(q_mat, q_left)

            def compute_qk(i):
                pto.talloc(qk_entry, qk_pipe, 1)
                for sub in range(factor):
                    pto.load(window(k_view, 0, i * s1_tile + sub * 128, HEAD, 128), k_mat)
                    tile.mov(k_mat, k_right)
                    tile.matmul(q_left, k_right, qk_acc)
                    pto.store(qk_acc, window(qk_entry, 0, sub * 128, S0, 128))
                pto.tpush(qk_entry, qk_pipe, 1)

            def compute_pv(i):
                pto.tpop_into(p_entry, p_pipe, 1)
                for sub in range(factor):
                    pto.load(window(p_entry, 0, sub * 128, S0, 128), p_mat)
                    tile.mov(p_mat, p_left)
                    pto.load(window(v_view, i * s1_tile + sub * 128, 0, 128, HEAD), v_mat)
                    tile.mov(v_mat, v_right)
                    if sub == 0:
                        tile.matmul(p_left, v_right, pv_acc)
                    else:
                        tile.matmul_acc(pv_acc, p_left, v_right, pv_acc)
                pto.tfree(p_pipe, 1, entry=p_entry)
                pto.talloc(pv_entry, pv_pipe, 1)
                pto.store(pv_acc, pto.slice_view(square_f32, source=pv_entry, offsets=[0, 0], sizes=[S0, HEAD]))
                pto.tpush(pv_entry, pv_pipe, 1)

            for ahead in range(preload):
                compute_qk(const(ahead))
            for i in pto.range(const(0), count - preload, const(1)):
                compute_pv(i)
                compute_qk(i + preload)
            for left in range(preload, 0, -1):
                compute_pv(count - left)

        @pto.func(kernel="vector")
        def vector(
            qk: "f32_ptr",
            p: "f16_ptr",
            pv: "f32_ptr",
            q: "f16_ptr",
            k: "f16_ptr",
            v: "f16_ptr",
            o: "f32_ptr",
            s1: "i64",
        ) -> None:
            count = scalar.index_cast(s1) // s1_tile
            qk_pipe, qk_entry = fifo(qk, qk_half_t, [HALF, s1_tile], 1, S0 * s1_tile * 4, 0)
            p_pipe, p_entry = fifo(p, p_half_t, [HALF, s1_tile], 2, S0 * s1_tile * 2, 2)
            pv_pipe, pv_entry = fifo(pv, pv_half_t, [HALF, HEAD], 1, S0 * HEAD * 4, 4)
            x, tmp, p16, pv_tile = (pto.alloc_tile(ty) for ty in (score_tile, score_tile, p_tile, o_tile))

            def states():
                columns = [pto.alloc_tile(col_tile) for _ in range(slices)]
                return [(column, tile.reshape(row_tile, column)) for column in columns]

            outs = [pto.alloc_tile(o_tile) for _ in range(slices)]
            running_max, running_sum, new_max, new_sum = states(), states(), states(), states()
            rescale = [states() for _ in range(preload)]

            def softmax(slot, first):
                pto.tpop_into(qk_entry, qk_pipe, 1)
                pto.talloc(p_entry, p_pipe, 1)
                for s in range(slices):
                    pto.load(window(qk_entry, s * rows, 0, rows, s1_tile), x)
                    tile.muls(x, const(SCALE, scalar.float32), x)
                    tile.row_max(x, tmp, new_max[s][0])
                    if not first:
                        tile.max(new_max[s][1], running_max[s][1], new_max[s][1])
                        tile.sub(running_max[s][1], new_max[s][1], rescale[slot][s][1])
                        tile.exp(rescale[slot][s][1], rescale[slot][s][1])
                    tile.row_expand_sub(x, new_max[s][0], x)
                    tile.exp(x, x)
                    tile.row_sum(x, tmp, new_sum[s][0])
                    if first:
                        tile.mov(new_sum[s][1], running_sum[s][1])
                    else:
                        tile.mul(running_sum[s][1], rescale[slot][s][1], running_sum[s][1])
                        tile.add(running_sum[s][1], new_sum[s][1], running_sum[s][1])
                    tile.mov(new_max[s][1], running_max[s][1])
                    tile.cvt(x, p16, rmode="rint")
                    pto.store(p16, window(p_entry, s * rows, 0, rows, s1_tile))
                pto.tfree(qk_pipe, 1, entry=qk_entry)
                pto.tpush(p_entry, p_pipe, 1)

            def accumulate(slot, first):
                pto.tpop_into(pv_entry, pv_pipe, 1)
                for s in range(slices):
                    pto.load(window(pv_entry, s * rows, 0, rows, HEAD), pv_tile)
                    if first:
                        tile.mov(pv_tile, outs[s])
                    else:
                        tile.row_expand_mul(outs[s], rescale[slot][s][0], outs[s])
                        tile.add(outs[s], pv_tile, outs[s])
                pto.tfree(pv_pipe, 1, entry=pv_entry)

            def ladder(number, body, slot=0):
                if slot == preload - 1:
                    return body(slot)
                with pto.if_context(scalar.eq(number % preload, const(slot)), has_else=True) as branch:
                    body(slot)
                with branch.else_context():
                    ladder(number, body, slot + 1)

            for ahead in range(preload):
                softmax(ahead, first=ahead == 0)
            accumulate(0, first=True)
            ladder(const(preload), lambda slot: softmax(slot, first=False))
            for i in pto.range(const(1), count - preload, const(1)):
                ladder(i, lambda slot: accumulate(slot, first=False))
                ladder(i + preload, lambda slot: softmax(slot, first=False))
            for left in range(preload, 0, -1):
                ladder(count - left, lambda slot: accumulate(slot, first=False))
            o_view = pto.as_tensor(ptr=o, shape=[S0, HEAD], strides=[HEAD, 1])
            row = scalar.index_cast(pto.get_subblock_idx()) * HALF
            for s in range(slices):
                tile.row_expand_div(outs[s], running_sum[s][0], outs[s])
                pto.store(outs[s], window(o_view, row + s * rows, 0, rows, HEAD))

        @pto.func
        def attention(
            f: "ffts",
            qk: "f32_ptr",
            p: "f16_ptr",
            pv: "f32_ptr",
            q: "f16_ptr",
            k: "f16_ptr",
            v: "f16_ptr",
            o: "f32_ptr",
            s1: "i64",
        ) -> None:
            pto.set_ffts(f)
            pto.call(cube, qk, p, pv, q, k, v, o, s1)
            pto.call(vector, qk, p, pv, q, k, v, o, s1)

    return attention


@pytest.mark.parametrize(("s1_tile", "preload"), KNOBS)
def test_every_knob_set_builds_and_is_synchronised(s1_tile: int, preload: int) -> None:
    module = to_ir_module(meta_data=types(s1_tile), module=True)(attention_of(s1_tile, preload))
    printed = assemble(str(module), "attention.mlir", Options(Sync.INSERT))
    assert printed.count("TPipe<") >= 6
    assert "pipe_barrier(PIPE_ALL)" not in printed.split("AICORE void vector")[1].split("extern")[0]


@pytest.mark.parametrize(("s1_tile", "preload"), [(128, 2), (256, 3)])
def test_it_attends(s1_tile: int, preload: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    s1 = 6 * s1_tile
    kernel = jit(meta_data=types(s1_tile), module=True, output_dir=tmp_path, detect_races=True)(
        attention_of(s1_tile, preload)
    )
    q, k, v = (normal(rng, n, HEAD, dtype=np.float16) for n in (S0, s1, s1))
    slots = [np.empty(SLOTS * S0 * cols, dtype) for cols, dtype in ((s1_tile, np.float32), (s1_tile, np.float16))]
    o = unset(S0, HEAD)
    kernel(*slots, np.empty(SLOTS * S0 * HEAD, np.float32), q, k, v, o, s1)
    scores = q.astype(np.float64) @ k.astype(np.float64).T * SCALE
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    wanted = weights @ v.astype(np.float64) / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(o, wanted, atol=2e-3)
