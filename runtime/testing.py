"""For tests: kernels given as C++ text, as an assembler prints it."""

from __future__ import annotations

from pathlib import Path

from runtime.host_kernel import HostKernel
from tools.bisheng.host_compile import compile_host
from tools.bisheng.host_toolchain import host_toolchain

HEAD = '#include "pto/pto-inst.hpp"\nusing namespace pto;\n'
LINES_OF_HEAD = HEAD.count("\n")

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
    cpp = directory / "kernel.cpp"
    cpp.write_text(HEAD + text, encoding="utf-8")
    out = directory / f"kernel.{mode}.so"
    return HostKernel(compile_host(cpp, out, toolchain=host_toolchain(), entry=entry, mode=mode))
