"""For tests: kernels given as C++ text or in testdata, as an assembler prints them; operands of the attention one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel

HEAD = '#include "pto/pto-inst.hpp"\nusing namespace pto;\n'

TILE = "Tile<TileType::Vec, float, 8, 16, BLayout::RowMajor, 8, 16>"
VIEW = "GlobalTensor<float, pto::Shape<1, 1, 1, 8, 16>, pto::Stride<128, 128, 128, 16, 1>>"
"""A tile of f32 and the view that fills it: 128 elements, 512 bytes."""

TESTDATA = Path(__file__).parent / "testdata"
HEAD_SIZE = 128
FIFO_BYTES_PER_CORE = 8 * (131072 + 65536 + 65536)

Array = NDArray[np.generic]


def vec_entry(name: str, parameters: str, *body: str) -> str:
    """An entry of which vector core 0 of each block runs the lines of `body`, each on a line of its own."""
    lines = "\n".join(body)
    return (
        f'extern "C" __global__ AICORE void {name}({parameters}) {{\n'
        f"#if defined(__DAV_VEC__)\nif (get_subblockid() == 0) {{\n{lines}\n}}\n#endif\n}}\n"
    )


def compile_text(directory: Path, text: str, entry: str, mode: str = "execute") -> HostKernel:
    """Compiles `HEAD + text` as kernel.cpp."""
    return host_kernel(HEAD + text, directory, entry, mode=mode)


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
    q, k, v = (rng.standard_normal((rows, HEAD_SIZE)).astype(np.float16) for rows in (s0, s1, s1))
    return np.zeros(blocks * FIFO_BYTES_PER_CORE, np.uint8), q, k, v, np.full((s0, HEAD_SIZE), np.nan, np.float32)
