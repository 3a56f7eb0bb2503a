"""The pass on random DSL programs: the judge finds nothing in what runs, and the numbers are those of NumPy."""

import ctypes
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ptodsl.printing import module_text
from sim.hazards import judge
from sim.trace import read_trace
from tools.bisheng.host_compile import compile_host, host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.insert_sync.random_kernels import (
    COLS,
    FIFO_POPS,
    FIFOS,
    MAX_TRIPS,
    ROWS,
    SLOTS,
    SUBBLOCKS,
    TILES,
    Interpretation,
    Kernel,
    random_kernel,
)
from tools.ptoas.insert_sync.random_modules import ENTRY, build_module


class Compiled:
    """A kernel compiled in one mode, and its operands."""

    def __init__(self, kernel: Kernel, directory: Path, mode: str, rng: np.random.Generator) -> None:
        cpp = directory / "random_kernel.cpp"
        cpp.write_text(assemble(module_text(build_module(kernel)), "random.mlir", Options(sync=Sync.INSERT)))
        path = compile_host(cpp, directory / f"{mode}.so", toolchain=host_toolchain(), entry=ENTRY, mode=mode)
        self.library = ctypes.CDLL(str(path))
        self.library.pto_last_error.restype = ctypes.c_char_p
        size = SUBBLOCKS * ROWS
        self.slots = np.zeros((FIFOS, SLOTS, size, COLS), np.float32)
        # Small integers: every sum, product and half is exact.
        self.a = rng.integers(-3, 4, (FIFO_POPS, size, COLS)).astype(np.float16)
        self.x = (rng.integers(-64, 65, (TILES, ROWS, COLS)) * 1024).astype(np.float32)
        self.y = np.zeros((SUBBLOCKS, TILES, ROWS, COLS), np.float32)

    def launch(self, trips: int) -> None:
        """Run it once on one core."""
        values = [0, *(array.ctypes.data for array in (self.slots, self.a, self.x, self.y)), trips]
        failed = self.library.pto_launch(ctypes.c_uint32(1), (ctypes.c_uint64 * 6)(*values), ctypes.c_uint32(6))
        assert not failed, self.library.pto_last_error().decode()


@settings(max_examples=3)
@given(st.randoms(use_true_random=False))
# A kernel with a round trip through all three FIFOs.
@example(random.Random(8))
def test_random_programs_are_ordered_and_compute_what_numpy_does(
    tmp_path_factory: pytest.TempPathFactory, rng: random.Random
) -> None:
    kernel = random_kernel(rng)
    directory = tmp_path_factory.mktemp("kernel")
    tracing = Compiled(kernel, directory, "trace", np.random.default_rng(0))
    slots = tracing.slots.ctypes.data
    for trips in range(MAX_TRIPS + 1):
        tracing.library.pto_trace_to(str(directory / "trace").encode())
        tracing.launch(trips)
        verdict = judge(read_trace(directory / "trace"), scratch=[(slots, slots + tracing.slots.nbytes)])
        assert verdict.ok, verdict.findings[0]
        assert verdict.counts.ops > 0

    running = Compiled(kernel, directory, "execute", np.random.default_rng(0))
    for trips in (0, MAX_TRIPS):
        running.y[:] = 0
        running.launch(trips)
        a = running.a.astype(np.float32)
        products = a @ a
        if kernel.ahead:
            products = products @ a
        for subblock in range(SUBBLOCKS):
            half = products[:, subblock * ROWS : (subblock + 1) * ROWS]
            wanted = Interpretation(kernel, running.x, half, trips).run()
            np.testing.assert_array_equal(running.y[subblock], wanted)
