"""Kernels that are MLIR text, in forms of FIFOs that the DSL does not write: launched and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jit.styles import normal, unset
from runtime.compiled import host_kernel
from tools.ptoas.assemble import Options, Sync, assemble

M, N, K = 32, 64, 64
"""The product of the cube core; each vector core takes half of its rows."""

ACC = "!pto.tile_buf<acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024>"
SLOT, WHOLE = "!pto.tensor_view<32x64xf32>", "!pto.partition_tensor_view<32x64xf32>"
NUMBERS = "".join(f"%c{n} = arith.constant {n} : index\n" for n in (0, 1, 5, 16, 32, 64))
PARAMETERS = "%gm: !pto.ptr<f32>, %a: !pto.ptr<f16>, %b: !pto.ptr<f16>, %c: !pto.ptr<f32>"
ARGUMENTS = "(%gm, %a, %b, %c) : (!pto.ptr<f32>, !pto.ptr<f16>, !pto.ptr<f16>, !pto.ptr<f32>) -> ()"


def load(name: str, rows: int, cols: int) -> str:
    """Lines that load a matrix into L1."""
    view, part = (f"!pto.{kind}<{rows}x{cols}xf16>" for kind in ("tensor_view", "partition_tensor_view"))
    mat = f"!pto.tile_buf<mat, {rows}x{cols}xf16, blayout=col_major, slayout=row_major>"
    return (
        f"%{name}v = pto.make_tensor_view %{name}, shape = [%c{rows}, %c{cols}], strides = [%c{cols}, %c1] : {view}\n"
        f"%{name}s = pto.partition_view %{name}v, offsets = [%c0, %c0], sizes = [%c{rows}, %c{cols}] : {view} -> "
        f"{part}\n"
        f"%{name}m = pto.alloc_tile : {mat}\npto.tload ins(%{name}s : {part}) outs(%{name}m : {mat})\n"
    )


def product() -> str:
    """Lines that leave a b in %acc."""
    left = "!pto.tile_buf<left, 32x64xf16, blayout=row_major, slayout=row_major>"
    right = "!pto.tile_buf<right, 64x64xf16, blayout=row_major, slayout=col_major>"
    mats = [f"!pto.tile_buf<mat, {rows}x64xf16, blayout=col_major, slayout=row_major>" for rows in (M, K)]
    return (
        f"{load('a', M, K)}{load('b', K, N)}%l = pto.alloc_tile : {left}\n%r = pto.alloc_tile : {right}\n"
        f"%acc = pto.alloc_tile : {ACC}\npto.tmov ins(%am : {mats[0]}) outs(%l : {left})\n"
        f"pto.tmov ins(%bm : {mats[1]}) outs(%r : {right})\n"
        f"pto.tmatmul ins(%l, %r : {left}, {right}) outs(%acc : {ACC})\n"
    )


def kernel(cube: str, vector: str) -> str:
    """A module with a function for each kind of core, and the entry that calls both."""
    functions = "".join(
        f"func.func @{kind}({PARAMETERS}) attributes {{pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{\n"
        f"{NUMBERS}{body}\nreturn\n}}\n"
        for kind, body in (("cube", cube), ("vector", vector))
    )
    return (
        f"{functions}func.func @run(%ffts: memref<256xi64>, {PARAMETERS}) attributes {{pto.entry}} {{\n"
        f"pto.set_ffts %ffts : memref<256xi64>\nfunc.call @cube{ARGUMENTS}\nfunc.call @vector{ARGUMENTS}\nreturn\n}}\n"
    )


def store(tile: str, ty: str, rows: str, start: str) -> str:
    """Lines that store the first rows of a tile to C, from row `start` on."""
    view, part = "!pto.tensor_view<32x64xf32>", f"!pto.partition_tensor_view<{rows if rows.isdigit() else '?'}x64xf32>"
    count = f"%c{rows}" if rows.isdigit() else rows
    return (
        f"%cv = pto.make_tensor_view %c, shape = [%c32, %c64], strides = [%c64, %c1] : {view}\n"
        f"%cs = pto.partition_view %cv, offsets = [{start}, %c0], sizes = [{count}, %c64] : {view} -> {part}\n"
        f"pto.tstore ins({tile} : {ty}) outs(%cs : {part})\n"
    )


CORE = "%i = pto.get_subblock_idx\n%core = arith.index_cast %i : i64 to index\n"


def launch(text: str, folder: Path) -> tuple[Any, Any]:
    """C of a kernel, unset before, and a b."""
    run = host_kernel(assemble(text, "run.mlir", Options(Sync.INSERT)), folder, "run")
    rng = np.random.default_rng(0)
    a, b = normal(rng, M, K, dtype=np.float16), normal(rng, K, N, dtype=np.float16)
    slots, c = np.empty(8 * M * N, np.float32), unset(M, N)
    run.launch(1, np.zeros(256, np.int64), slots, a, b, c)
    return c, a.astype(np.float32) @ b.astype(np.float32)


VEC = "!pto.tile_buf<vec, 32x64xf32>"
IN_GM = (
    f"%v = pto.make_tensor_view %gm, shape = [%c32, %c64], strides = [%c64, %c1] : {SLOT}\n"
    f"pto.CORE_initialize_pipe {{dir_mask = 1, slot_size = 8192}} (gm_slot_tensor = %v : {SLOT})\n"
)
PART = f"%s = pto.partition_view %e, offsets = [%c0, %c0], sizes = [%c32, %c64] : {SLOT} -> {WHOLE}\n"


def test_slots_in_gm_that_each_core_opens_by_a_view(tmp_path: Path) -> None:
    cube = (
        f"{IN_GM.replace('CORE', 'aic')}{product()}%e = pto.talloc_to_aiv {{split = 0}} -> {SLOT}\n{PART}"
        f"pto.tstore ins(%acc : {ACC}) outs(%s : {WHOLE})\npto.tpush_to_aiv(%e : {SLOT}) {{split = 0}}"
    )
    vector = (
        f"{IN_GM.replace('CORE', 'aiv')}{CORE}%t = pto.alloc_tile : {VEC}\n"
        f"%e = pto.tpop_from_aic {{split = 0}} -> {SLOT}\n{PART}pto.tload ins(%s : {WHOLE}) outs(%t : {VEC})\n"
        f"pto.tfree_from_aic(%e : {SLOT}) {{split = 0}}\npto.trelu ins(%t : {VEC}) outs(%t : {VEC})\n"
        f"%first = arith.cmpi eq, %core, %c0 : index\nscf.if %first {{\n{store('%t', VEC, '32', '%c0')}}}"
    )
    c, ab = launch(kernel(cube, vector), tmp_path)
    np.testing.assert_allclose(c, np.maximum(ab, 0), atol=1e-3)


@pytest.mark.parametrize("rows", [16, 5])
def test_a_popped_tile_has_as_many_rows_as_it_is_given(rows: int, tmp_path: Path) -> None:
    """Where the second vector core's part of a slot begins follows from them, too."""
    dynamic = "!pto.tile_buf<vec, 16x64xf32, valid=?x?>"
    buffer = "gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %ring : i32"
    cube = (
        '%ring = pto.import_reserved_buffer {name = "f", peer_func = @vector} -> i32\n'
        f"pto.aic_initialize_pipe {{dir_mask = 1, slot_size = 8192}} ({buffer})\n{product()}"
        f"pto.tpush_to_aiv(%acc : {ACC}) {{split = 1}}"
    )
    vector = (
        '%ring = pto.reserve_buffer {name = "f", size = 65536, location = #pto.address_space<vec>, auto = true} '
        "-> i32\n"
        f"pto.aiv_initialize_pipe {{dir_mask = 1, slot_size = 8192}} ({buffer})\n{CORE}"
        f"%start = arith.muli %core, %c{rows} : index\n"
        f"%t = pto.tpop_from_aic(%c{rows}, %c64) {{split = 1}} -> {dynamic}\n"
        f"{store('%t', dynamic, f'%c{rows}', '%start')}pto.tfree_from_aic {{split = 1}}"
    )
    c, ab = launch(kernel(cube, vector), tmp_path)
    np.testing.assert_allclose(c[: 2 * rows], ab[: 2 * rows], atol=1e-3)
    assert np.isnan(c[2 * rows :]).all()
