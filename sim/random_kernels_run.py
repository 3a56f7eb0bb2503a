"""For tests: random kernels of the DSL, assembled, judged, and compared with what NumPy makes of them.

They have loops, branches, sections, pointers that are selected at run time, scalar accesses to GM, and FIFOs from the
cube core to the vector cores and back. Many share one compilation: templates of the runtime are what takes long.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ptodsl.examples.host_run import host_kernels
from runtime.host_kernel import HostKernel, KernelFailure
from sim.hazards import judge
from sim.program import bytes_of
from tools.ptoas.assemble import Options, Sync
from tools.ptoas.diagnostics import AssemblerError
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
from tools.ptoas.insert_sync.random_modules import build_module
from tracing.file import read_trace

SIZE = SUBBLOCKS * ROWS
_RNG = np.random.default_rng(0)
# Small integers: every sum, product and half is exact.
_A = _RNG.integers(-3, 4, (FIFO_POPS, SIZE, COLS)).astype(np.float16)
_X = (_RNG.integers(-64, 65, (TILES, ROWS, COLS)) * 1024).astype(np.float32)


def wrong_kernels(seeds: Sequence[int], directory: Path) -> Iterator[tuple[int, str]]:
    """Yield the seeds whose kernels are wrong, each with what is. Files go into `directory`."""
    kernels = {f"kernel{seed}": random_kernel(random.Random(seed)) for seed in seeds}
    try:
        module = build_module(kernels)
        first = next(iter(kernels))
        traced, executed = host_kernels(module, first, directory, Options(Sync.INSERT), ("trace", "execute"))
    except AssemblerError as error:
        if len(seeds) == 1:
            yield seeds[0], str(error)
            return
        for seed in seeds:  # to learn which one it is
            yield from wrong_kernels([seed], directory)
        return
    for seed, (name, kernel) in zip(seeds, kernels.items(), strict=True):
        run = _Run(kernel, name)
        if problem := run.hazard(traced, directory / "trace") or run.difference(executed):
            yield seed, problem


class _Run:
    """Launches of one kernel."""

    def __init__(self, kernel: Kernel, entry: str) -> None:
        self.kernel, self.entry = kernel, entry
        self.slots = np.zeros((FIFOS, SLOTS, SIZE, COLS), np.float32)
        self.y = np.zeros((SUBBLOCKS, TILES, ROWS, COLS), np.float32)
        # As build_module says: no ffts, then the slots twice, as fp32 and as fp16.
        self.arguments = (0, self.slots, self.slots, _A, _X, self.y)

    def hazard(self, traced: HostKernel, path: Path) -> str:
        """Return what the judge finds first, empty if nothing."""
        for trips in range(MAX_TRIPS + 1):
            try:
                traced.trace(path, 1, *self.arguments, trips, entry=self.entry)
            except KernelFailure as error:
                return f"trips = {trips}: {error}"
            verdict = judge(read_trace(path), scratch=[bytes_of(self.slots)])
            if not verdict.ok:
                finding = verdict.findings[0]
                return f"trips = {trips}: {finding.kind.value}: {finding.first} and {finding.second}"
            # The judge finds nothing in an empty trace, whatever the kernel should have done.
            if verdict.counts.ops == 0:
                return f"trips = {trips}: the trace is empty"
        return ""

    def difference(self, executed: HostKernel) -> str:
        """Return where the kernel's y is not that of NumPy, empty if it is everywhere."""
        products = _A.astype(np.float32) @ _A.astype(np.float32)
        if self.kernel.ahead:
            products = products @ _A.astype(np.float32)
        for trips in (0, MAX_TRIPS):
            self.y[:] = 0
            executed.launch(1, *self.arguments, trips, entry=self.entry)
            for subblock in range(SUBBLOCKS):
                half = products[:, subblock * ROWS : (subblock + 1) * ROWS]
                wanted = Interpretation(self.kernel, _X, half, trips).run()
                different = int((self.y[subblock] != wanted).sum())
                if different:
                    return f"trips = {trips}: {different} elements of y of vec{subblock} are not those of NumPy"
        return ""
