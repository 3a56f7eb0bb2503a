"""Loops with a condition: any number of passes is in order and computes what it says."""

from pathlib import Path

import numpy as np
import pytest

from runtime.host_kernel import HostKernel
from sim.hazards import judge
from tools.bisheng.host_compile import compile_kernel, link_kernel
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError
from tracing.file import read_trace

ROWS, COLS = 16, 64
TILE = f"!pto.tile_buf<vec, {ROWS}x{COLS}xf32>"
VIEW, PART = f"!pto.tensor_view<{ROWS}x{COLS}xf32>", f"!pto.partition_tensor_view<{ROWS}x{COLS}xf32>"

KERNEL = f"""
func.func @double(%x: !pto.ptr<f32>, %y: !pto.ptr<f32>, %n: i32) attributes {{pto.entry}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = arith.constant {ROWS} : index
  %cols = arith.constant {COLS} : index
  %size = arith.constant {ROWS * COLS} : index
  %passes = arith.index_cast %n : i32 to index
  pto.section.vector {{
    %core = pto.get_subblock_idx
    %i = arith.index_cast %core : i64 to index
    %offset = arith.muli %i, %size : index
    %px = pto.addptr %x, %offset : !pto.ptr<f32> -> !pto.ptr<f32>
    %py = pto.addptr %y, %offset : !pto.ptr<f32> -> !pto.ptr<f32>
    %vx = pto.make_tensor_view %px, shape = [%rows, %cols], strides = [%cols, %c1] : {VIEW}
    %vy = pto.make_tensor_view %py, shape = [%rows, %cols], strides = [%cols, %c1] : {VIEW}
    %sx = pto.partition_view %vx, offsets = [%c0, %c0], sizes = [%rows, %cols] : {VIEW} -> {PART}
    %sy = pto.partition_view %vy, offsets = [%c0, %c0], sizes = [%rows, %cols] : {VIEW} -> {PART}
    %t = pto.alloc_tile : {TILE}
    pto.tload ins(%sx : {PART}) outs(%t : {TILE})
    %done = scf.while (%pass = %c0) : (index) -> index {{
      BEFORE
      %more = arith.cmpi slt, %pass, %passes : index
      scf.condition(%more) %pass : index
    }} do {{
    ^bb0(%pass: index):
      pto.tadd ins(%t, %t : {TILE}, {TILE}) outs(%t : {TILE})
      pto.tstore ins(%t : {TILE}) outs(%sy : {PART})
      %next = arith.addi %pass, %c1 : index
      scf.yield %next : index
    }}
  }}
  return
}}
"""


def _kernels(directory: Path) -> tuple[HostKernel, HostKernel]:
    """The kernel to be executed, and to be traced."""
    toolchain, cpp = host_toolchain(), directory / "double.cpp"
    cpp.write_text(assemble(KERNEL.replace("BEFORE", ""), "double.mlir", Options(Sync.INSERT)), encoding="utf-8")
    compiled = compile_kernel(cpp, directory / "double.o", toolchain=toolchain, entry="double")
    run, trace = (
        HostKernel(link_kernel(compiled, directory / f"{mode}.so", toolchain=toolchain, mode=mode))
        for mode in ("execute", "trace")
    )
    return run, trace


@pytest.mark.parametrize("passes", [0, 1, 2, 5])
def test_every_number_of_passes_is_in_order(passes: int, tmp_path: Path) -> None:
    run, trace = _kernels(tmp_path)
    x = np.random.default_rng(0).standard_normal((2 * ROWS, COLS)).astype(np.float32)
    y = np.zeros_like(x)
    trace.trace(tmp_path / "trace", 1, x, y, passes)
    assert judge(read_trace(tmp_path / "trace")).findings == ()
    run.launch(1, x, y, passes)
    np.testing.assert_array_equal(y, x * 2.0**passes if passes else 0 * x)


def test_what_runs_before_the_condition_cannot_be_ordered() -> None:
    early = KERNEL.replace("BEFORE", f"pto.tabs ins(%t : {TILE}) outs(%t : {TILE})")
    with pytest.raises(AssemblerError, match=r"pto\.tabs: --enable-insert-sync orders what is in the second region"):
        assemble(early, "double.mlir", Options(Sync.INSERT))
