"""For tests: kernels given as C++ text, as an assembler prints it."""

from __future__ import annotations

from pathlib import Path

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel

HEAD = '#include "pto/pto-inst.hpp"\nusing namespace pto;\n'

TILE = "Tile<TileType::Vec, float, 8, 16, BLayout::RowMajor, 8, 16>"
VIEW = "GlobalTensor<float, pto::Shape<1, 1, 1, 8, 16>, pto::Stride<128, 128, 128, 16, 1>>"
"""A tile of f32 and the view that fills it: 128 elements, 512 bytes."""


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
