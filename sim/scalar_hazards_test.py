"""The scalar unit against the transfers of its core, and against other blocks: each sync that orders it is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel
from sim.hazards import judge
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants
from sim.record import Recording
from tools.ptoas.assemble import Options, Sync, assemble
from tracing.file import read_trace
from tracing.format import Trace

STORE = "pto.store_scalar %x, %p[%c3] : !pto.ptr<f32>, f32"
LOAD = "%y = pto.load_scalar %p[%c3] : !pto.ptr<f32> -> f32\npto.store_scalar %y, %q[%c0] : !pto.ptr<f32>, f32"
TLOAD = "pto.tload ins(%s : !slice) outs(%t : !tile)"
TSTORE = "pto.tstore ins(%t : !tile) outs(%s : !slice)"

PROGRAMS = {
    "store_then_tload": (STORE, TLOAD),
    "tload_then_store": (TLOAD, STORE),
    "tstore_then_load": (TLOAD, TSTORE, LOAD),
    "load_then_tstore": (TLOAD, LOAD, TSTORE),
    "tstore_then_store": (TLOAD, TSTORE, STORE),
    "store_then_tstore": (TLOAD, STORE, TSTORE),
}
"""The same 512 bytes of GM at %p, by a tile of vector core 0 and by the element %p[3]."""

HEAD = """
!view = !pto.tensor_view<8x16xf32>
!slice = !pto.partition_tensor_view<8x16xf32>
!tile = !pto.tile_buf<vec, 8x16xf32>
"""


def function(name: str, body: tuple[str, ...]) -> str:
    """An entry (p, q, x) around `body`, which vector core 0 runs."""
    lines = "\n".join(body)
    return f"""
func.func @{name}(%p: !pto.ptr<f32>, %q: !pto.ptr<f32>, %x: f32) attributes {{pto.entry}} {{
pto.section.vector {{
%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c3 = arith.constant 3 : index
%c8 = arith.constant 8 : index
%c16 = arith.constant 16 : index
%zero = arith.constant 0 : i64
%core = pto.get_subblock_idx
%first = arith.cmpi eq, %core, %zero : i64
scf.if %first {{
%t = pto.alloc_tile : !tile
%v = pto.make_tensor_view %p, shape = [%c8, %c16], strides = [%c16, %c1] : !view
%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c8, %c16] : !view -> !slice
{lines}
}}
}}
func.return
}}
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    text = HEAD + "".join(function(name, body) for name, body in PROGRAMS.items())
    cpp = assemble(text, "scalars.mlir", Options(sync=Sync.INSERT))
    return host_kernel(cpp, tmp_path_factory.mktemp("scalars"), next(iter(PROGRAMS)), mode="trace")


def traced(kernel: HostKernel, directory: Path, name: str, blocks: int = 1) -> Trace:
    p, q = np.zeros(128, np.float32), np.zeros(1, np.float32)
    kernel.trace(directory / "trace", blocks, p, q, 1.0, entry=name)
    return read_trace(directory / "trace")


@pytest.mark.parametrize("name", PROGRAMS)
def test_scalar_accesses_are_in_order_and_need_all_their_flags(kernel: HostKernel, name: str, tmp_path: Path) -> None:
    trace = traced(kernel, tmp_path, name)
    assert judge(trace).findings == ()
    flags = [m for m in mutants(take_inventory([trace])) if m.mutation is Mutation.DELETE_PAIR and "PIPE_S" in m.text]
    assert flags
    outcomes = judge_mutants([Recording(trace, ())], flags)
    assert [outcome.mutant.text for outcome in outcomes if not outcome.killed] == []


def test_blocks_that_store_the_same_element_conflict(kernel: HostKernel, tmp_path: Path) -> None:
    verdict = judge(traced(kernel, tmp_path, "store_then_tload", blocks=8))
    assert not verdict.ok
