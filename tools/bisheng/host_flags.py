"""How the host's C++ compiler is called for everything that ends up in a kernel library."""

from __future__ import annotations

from pathlib import Path

from tools.bisheng.host_toolchain import HostToolchain
from tools.bisheng.library import relative

ROOT = Path(__file__).parents[2]
"""The workspace, or its copy in the runfiles."""

RUNTIME = ROOT / "runtime"

FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-pthread",
    "-fno-semantic-interposition",  # functions may be inlined although the dynamic linker could replace them
    "-ffp-contract=fast",  # the ISA's matmul and axpy are fused; vector code uses FMA
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-strict-aliasing",  # tiles and buffers are bytes that kernels see as several types
    "-fwrapv",  # the ISA's integers wrap
)
"""Options of every compilation. Nothing here may depend on the machine: libraries run on all of its kind."""

KIND_FLAGS = {
    "gcc": ("-fno-gnu-unique",),  # else static variables of templates are shared by all libraries in a process
    "clang": (),
}

LIBRARY_FLAGS = (
    "-shared",
    "-Wl,--build-id=none",
    "-Wl,--no-undefined",
    "-Wl,-Bsymbolic-functions",  # what a library calls of its own is called at once, not through a table
    "-Wl,-z,nodelete",  # a closed library stays: its threads may wait for work in its code
)


def compiler_command(toolchain: HostToolchain, seed: str, *directories: Path) -> list[str]:
    """Compiler and options; the same for the same toolchain and `seed`, wherever the files lie.

    Paths in the result do not show the working directory, the workspace and `directories`. Raises ProbeError if the
    compiler is not the one that `toolchain` describes.
    """
    toolchain.verify()
    root = relative(ROOT)
    return [
        toolchain.cxx,
        *FLAGS,
        *KIND_FLAGS[toolchain.kind],
        # Names of some symbols are made from it, else from a random number.
        f"-frandom-seed={seed}",
        *(f"-ffile-prefix-map={directory}/=" for directory in (Path.cwd(), ROOT, root, *directories)),
        f"-I{root / 'runtime' / 'include'}",
        f"-I{root}",
    ]
