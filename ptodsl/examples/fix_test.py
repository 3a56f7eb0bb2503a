"""What FIX does on the way from an accumulator, and atomic stores, are what NumPy says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel, KernelFailure
from tools.ptoas.assemble import Options, Sync, assemble

Array = NDArray[Any]

SIZE = 32
TYPES = """
!mat = !pto.tile_buf<mat, 32x32xf16, blayout=col_major, slayout=row_major>
!left = !pto.tile_buf<left, 32x32xf16, blayout=row_major, slayout=row_major>
!right = !pto.tile_buf<right, 32x32xf16, blayout=row_major, slayout=col_major>
!acc = !pto.tile_buf<acc, 32x32xf32, blayout=col_major, slayout=row_major, fractal=1024>
!vec = !pto.tile_buf<vec, 32x32xf32>
!part = !pto.partition_tensor_view<32x32xf32>
!half = !pto.partition_tensor_view<32x32xf16>
"""
ENTRY = """
func.func @{name}(%x: !pto.ptr<f16>, %w: !pto.ptr<f16>, %y: !pto.ptr<f32>)
    attributes {{pto.entry, pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %yv = pto.make_tensor_view %y, shape = [%c32, %c32], strides = [%c32, %c1] : !pto.tensor_view<32x32xf32>
  %yp = pto.partition_view %yv, offsets = [%c0, %c0], sizes = [%c32, %c32] : !pto.tensor_view<32x32xf32> -> !part
  {body}
  return
}}
"""
LOAD = """
  %{n}v = pto.make_tensor_view %{n}, shape = [%c32, %c32], strides = [%c32, %c1] : !pto.tensor_view<32x32xf16>
  %{n}p = pto.partition_view %{n}v, offsets = [%c0, %c0], sizes = [%c32, %c32] : !pto.tensor_view<32x32xf16> -> !half
  %{n}m = pto.alloc_tile : !mat
  %{n}t = pto.alloc_tile : !{side}
  pto.tload ins(%{n}p : !half) outs(%{n}m : !mat)
  pto.tmov ins(%{n}m : !mat) outs(%{n}t : !{side})
"""
PRODUCT = (
    LOAD.format(n="x", side="left")
    + LOAD.format(n="w", side="right")
    + """
  %a = pto.alloc_tile : !acc
  pto.tmatmul ins(%xt, %wt : !left, !right) outs(%a : !acc) {accPhase = #pto<acc_phase final>}
"""
)
RELU = "reluPreMode = #pto<relu_pre_mode normal_relu>"
ADD = "atomicType = #pto<atomic_type atomic_add>"
AGAIN = """
  %m = pto.alloc_tile : !mat
  pto.{move}(%a{place} : !acc{types}) outs(%m : !mat) {{{relu}}}
  %t = pto.alloc_tile : !left
  %b = pto.alloc_tile : !acc
  pto.tmov ins(%m : !mat) outs(%t : !left)
  pto.tmatmul ins(%t, %wt : !left, !right) outs(%b : !acc)
  pto.tstore ins(%b : !acc) outs(%yp : !part)
"""
STORE = "pto.tstore ins(%a : !acc) outs(%yp : !part)"
BODIES = {
    "relu": f"{PRODUCT}{STORE} {{{RELU}}}",
    "phase": f"{PRODUCT}{STORE} {{stPhase = #pto<st_phase final>}}",
    "add": f"{PRODUCT}{STORE} {{{ADD}}}",
    "add_relu": f"{PRODUCT}{STORE} {{stPhase = #pto<st_phase final>, {ADD}, {RELU}}}",
    "moved": PRODUCT + AGAIN.format(move="tmov ins", place="", types="", relu=RELU),
    "extracted": PRODUCT + AGAIN.format(move="textract ins", place=", %c0, %c0", types=", index, index", relu=RELU),
    "scaled": PRODUCT
    + "%s = arith.constant 5 : i64\n%m = pto.alloc_tile : !mat\n"
    + "pto.textract ins(%a, %c0, %c0, %s : !acc, index, index, i64) outs(%m : !mat)",
}
VECTORS = {
    "add_vec": """
  %one = arith.constant 1.0 : f32
  %t = pto.alloc_tile : !vec
  pto.texpands ins(%one : f32) outs(%t : !vec)
  pto.tstore ins(%t : !vec) outs(%yp : !part) {atomicType = #pto<atomic_type atomic_add>}
""",
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """An entry for each of them."""
    entries = [ENTRY.format(name=name, kind="cube", body=body) for name, body in BODIES.items()]
    entries += [ENTRY.format(name=name, kind="vector", body=body) for name, body in VECTORS.items()]
    text = assemble(TYPES + "".join(entries), "fix.mlir", Options(Sync.INSERT))
    return host_kernel(text, tmp_path_factory.mktemp("fix"), "relu", name="fix")


def drawn() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    x, w = (rng.normal(0, 1, (SIZE, SIZE)).astype(np.float16) for _ in range(2))
    return x, w


def run(kernel: HostKernel, name: str, blocks: int = 1) -> Array:
    y = np.full((SIZE, SIZE), 100, np.float32)
    kernel.launch(blocks, *drawn(), y, entry=name)
    return y


def product() -> Array:
    x, w = drawn()
    found: Array = x.astype(np.float32) @ w.astype(np.float32)
    return found


def test_stores_of_an_accumulator_have_modes(kernel: HostKernel) -> None:
    exact = product()
    for name, wanted in (
        ("relu", np.maximum(exact, 0)),
        ("phase", exact),
        ("add", 100 + exact),
        ("add_relu", 100 + np.maximum(exact, 0)),
    ):
        np.testing.assert_allclose(run(kernel, name), wanted, rtol=1e-5, atol=1e-4, err_msg=name)


def test_atomic_stores_of_all_blocks_are_added(kernel: HostKernel) -> None:
    np.testing.assert_array_equal(run(kernel, "add_vec", blocks=8), 100 + 2 * 8)


@pytest.mark.parametrize("name", ["moved", "extracted"])
def test_moves_of_an_accumulator_may_leave_no_negative_numbers(kernel: HostKernel, name: str) -> None:
    _, w = drawn()
    positive = np.maximum(product(), 0).astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(run(kernel, name), positive @ w.astype(np.float32), rtol=1e-4, atol=1e-2)


def test_a_scale_is_refused_where_it_would_compute(kernel: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="TEXTRACT with a scale does not run on the host: how FIX encodes"):
        run(kernel, "scaled")
