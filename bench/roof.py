"""How fast this computer multiplies matrices: what the host's latencies are seen against."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

SIZE = 4096
"""Rows and columns of the FP32 matrices, 137 GFLOP. A product of 1024 reached half of this one's rate."""

EVERY_SECONDS = 30.0
"""Between two looks: a product takes a second or two."""


def product_tflops(size: int = SIZE, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the TFLOP/s of one FP32 matrix product of NumPy."""
    a = np.ones((size, size), dtype=np.float32)
    start = clock()
    a @ a
    return float(2 * size**3 / (clock() - start) / 1e12)


@dataclass
class Roof:
    """The best product seen. A busy moment makes one slow, so it is looked at again between the cases of a run."""

    product: Callable[[], float] = product_tflops
    clock: Callable[[], float] = time.monotonic
    tflops: float | None = None
    looked: float = field(default=-EVERY_SECONDS)

    def look(self) -> None:
        """Measure a product, unless that has just been done."""
        if self.tflops is not None and self.clock() - self.looked < EVERY_SECONDS:
            return
        self.tflops = max(self.tflops or 0.0, self.product())
        self.looked = self.clock()
