"""For tests: kernels of testdata, written as the assembler prints them, and the operands of the attention one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel

TESTDATA = Path(__file__).parent / "testdata"
HEAD = 128
FIFO_BYTES_PER_CORE = 8 * (131072 + 65536 + 65536)

Array = NDArray[np.generic]


def compiled(
    directory: Path, name: str, entry: str, mode: str = "execute", edit: tuple[str, str] | None = None
) -> HostKernel:
    """Compiles testdata/`name`.cpp, with one text in it replaced."""
    text = (TESTDATA / f"{name}.cpp").read_text(encoding="utf-8")
    if edit is not None:
        assert text.count(edit[0]) == 1, f"{edit[0]!r} must occur once in {name}.cpp"
        text = text.replace(*edit)
    return host_kernel(text, directory, entry, name=name, mode=mode)


def attention_arguments(s0: int, s1: int, blocks: int) -> tuple[Array, ...]:
    """gm_slots, q, k, v, o (filled with NaN)."""
    rng = np.random.default_rng(s0 + s1)
    q, k, v = (rng.standard_normal((rows, HEAD)).astype(np.float16) for rows in (s0, s1, s1))
    return np.zeros(blocks * FIFO_BYTES_PER_CORE, np.uint8), q, k, v, np.full((s0, HEAD), np.nan, np.float32)
