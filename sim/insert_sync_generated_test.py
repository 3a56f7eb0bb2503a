"""The pass on random DSL programs: the judge finds nothing in what runs, and the numbers are those of NumPy."""

import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ptodsl.examples.host_run import host_kernel
from sim.hazards import judge
from sim.program import bytes_of
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
    random_kernel,
)
from tools.ptoas.insert_sync.random_modules import ENTRY, build_module
from trace.file import read_trace

RNG = np.random.default_rng(0)
SIZE = SUBBLOCKS * ROWS
# Small integers: every sum, product and half is exact.
A = RNG.integers(-3, 4, (FIFO_POPS, SIZE, COLS)).astype(np.float16)
X = (RNG.integers(-64, 65, (TILES, ROWS, COLS)) * 1024).astype(np.float32)


@settings(max_examples=3)
@given(st.randoms(use_true_random=False))
# A kernel with a round trip through all three FIFOs, and one in sections.
@example(random.Random(8))
@example(random.Random(5))
def test_random_programs_are_ordered_and_compute_what_numpy_does(
    tmp_path_factory: pytest.TempPathFactory, rng: random.Random
) -> None:
    kernel = random_kernel(rng)
    module, directory = build_module(kernel), tmp_path_factory.mktemp("kernel")
    slots = np.zeros((FIFOS, SLOTS, SIZE, COLS), np.float32)
    y = np.zeros((SUBBLOCKS, TILES, ROWS, COLS), np.float32)

    traced = host_kernel(module, ENTRY, directory, mode="trace")
    for trips in range(MAX_TRIPS + 1):
        traced.trace(directory / "trace", 1, 0, slots, slots, A, X, y, trips)
        verdict = judge(read_trace(directory / "trace"), scratch=[bytes_of(slots)])
        assert verdict.ok, verdict.findings[0]
        assert verdict.counts.ops > 0

    executed = host_kernel(module, ENTRY, directory)
    products = A.astype(np.float32) @ A.astype(np.float32)
    if kernel.ahead:
        products = products @ A.astype(np.float32)
    for trips in (0, MAX_TRIPS):
        y[:] = 0
        executed.launch(1, 0, slots, slots, A, X, y, trips)
        for subblock in range(SUBBLOCKS):
            half = products[:, subblock * ROWS : (subblock + 1) * ROWS]
            np.testing.assert_array_equal(y[subblock], Interpretation(kernel, X, half, trips).run())
