"""For tests: what a built kernel computes, bit by bit."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flash_atten.config import HEAD, KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from runtime.host_kernel import HostKernel


def attention(library: Path, config: KernelConfig) -> NDArray[np.uint32]:
    """Return the bits of the kernel's output, uint32 [256, 128], for fixed random inputs."""
    shape = LaunchShape(256, 5 * config.s1_tile)
    random = np.random.default_rng(7)
    q, k, v = (random.standard_normal((rows, HEAD)).astype(np.float16) for rows in (shape.q_rows, shape.s1, shape.s1))
    out = np.full((shape.q_rows, HEAD), np.nan, np.float32)
    slots = np.zeros(2 * fifo_bytes_per_core(config), np.uint8)
    HostKernel(library).launch(2, 0, slots, q, k, v, out, shape.q_rows, shape.s1)
    assert np.isfinite(out).all()
    return out.view(np.uint32)
