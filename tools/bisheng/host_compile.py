"""Compiles a generated kernel for the CPU: C++ of the assembler in, shared library out.

The kernel is compiled into runtime/host_main.cpp (see there for what the library exports). Used by the build, whose
command line is host_compiler.py, and by tests, which compile kernels while they run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bisheng.host_toolchain import HostToolchain, detect_host_toolchain

ROOT = Path(__file__).parents[2]
"""The workspace, or its copy in the runfiles."""

HOST_MAIN = "runtime/host_main.cpp"
"""The translation unit, relative to the workspace."""

MODES: dict[str, tuple[str, ...]] = {"execute": (), "trace": ("-DPTO_TRACE=1",)}
"""What each mode defines: execute computes numbers, trace records operations."""

DEFAULT_ENTRY = "call_both"
"""Entry point of the Flash Attention kernel."""

FLAGS = (
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-shared",
    "-pthread",
    "-fno-semantic-interposition",  # functions may be inlined although they could be replaced by the dynamic linker
    "-ffp-contract=fast",  # the ISA's matmul and axpy are fused; vector code uses FMA
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wl,--build-id=none",
    "-Wl,--no-undefined",
)
"""Options of every kernel library. Nothing here may depend on the machine: -march comes from the toolchain."""

KIND_FLAGS = {"gcc": ("-fno-gnu-unique",), "clang": ()}
"""Per kind of compiler. gcc would share static variables of templates between all libraries that a process loads."""

RAW_DELIMITER = "json"


RUNFILES_TOOLCHAIN = ROOT.parent / "host_cxx" / "toolchain.json"
"""Where @host_cxx//:toolchain.json lies in the runfiles of a program that Bazel built."""


class HostCompileError(RuntimeError):
    """The compiler refused the kernel; the text is the compiler's."""


def host_toolchain() -> HostToolchain:
    """The toolchain that Bazel was configured with; outside of Bazel, what is found on this machine."""
    if ROOT.parent.name.endswith(".runfiles"):
        return HostToolchain.from_json(RUNFILES_TOOLCHAIN.read_text(encoding="utf-8"))
    return detect_host_toolchain()


def build_info_header(build_info: dict[str, Any]) -> str:
    """One C++ string literal with the JSON text of `build_info`, for PTO_BUILD_INFO_FILE."""
    text = json.dumps(build_info, sort_keys=True)
    if f'){RAW_DELIMITER}"' in text:
        raise ValueError(f'build info may not contain ){RAW_DELIMITER}": {text}')
    return f'R"{RAW_DELIMITER}({text}){RAW_DELIMITER}"\n'


def host_build_info(build_info: dict[str, Any], toolchain: HostToolchain, mode: str) -> dict[str, Any]:
    """`build_info` completed by what this compiler makes of it: backend, mode, compiler, march."""
    compiler = {"kind": toolchain.kind, "version": toolchain.version, "target": toolchain.target}
    return {**build_info, "backend": "host", "mode": mode, "compiler": compiler, "march": toolchain.march}


def _relative(path: Path | str) -> str:
    """The path as the compiler gets it: relative if it lies below the working directory, so that no result shows it."""
    absolute = Path(os.path.abspath(path))
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def _command(
    cpp: Path, out: Path, header: Path | None, entry: str, mode: str, shims: Sequence[Path], toolchain: HostToolchain
) -> list[str]:
    root = Path(_relative(ROOT))
    command = [toolchain.cxx, *FLAGS, *KIND_FLAGS[toolchain.kind], *MODES[mode], f"-march={toolchain.march}"]
    command += [f"-frandom-seed={cpp.name}"]
    command += [f"-ffile-prefix-map={directory}/=" for directory in (Path.cwd(), ROOT, root, _relative(cpp.parent))]
    command += [f"-I{root / 'runtime' / 'include'}", f"-I{root}", f"-iquote{_relative(cpp.parent)}"]
    command += [f'-DPTO_KERNEL_FILE="{cpp.name}"', f"-D{entry}=PTO_ENTRY_FN"]
    if header is not None:
        command += [f'-DPTO_BUILD_INFO_FILE="{header}"']
    return [*command, str(root / HOST_MAIN), *map(_relative, shims), "-o", str(out)]


def _check_arguments(cpp: Path, entry: str, mode: str, shims: Sequence[Path]) -> None:
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is not one of {', '.join(MODES)}")
    if not re.fullmatch(r"[A-Za-z_]\w*", entry):
        raise ValueError(f"entry {entry!r} is not a C++ identifier")
    for path in (cpp, *shims):
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path} to compile")


def compile_host(
    cpp: Path,
    out: Path,
    *,
    toolchain: HostToolchain,
    entry: str = DEFAULT_ENTRY,
    mode: str = "execute",
    shims: Sequence[Path] = (),
    build_info: dict[str, Any] | None = None,
) -> Path:
    """Compiles the kernel `cpp`, whose entry point is `entry`, to the shared library `out`; returns `out`.

    `shims` are further C++ files of the library (flash_atten/caller_host.cpp); `build_info` is what they export
    (see `host_build_info`). The same inputs give the same bytes wherever they lie. `out` is replaced only by a
    complete library. Raises HostCompileError with the compiler's messages, ValueError and FileNotFoundError for wrong
    arguments.
    """
    cpp, out, shims = Path(cpp), Path(out), [Path(shim) for shim in shims]
    _check_arguments(cpp, entry, mode, shims)
    with tempfile.TemporaryDirectory(dir=out.parent.absolute(), prefix=f".{out.name}.") as scratch:
        header, library = None, Path(scratch) / out.name
        if build_info is not None:
            header = Path(scratch) / "build_info.inc"
            header.write_text(build_info_header(build_info), encoding="utf-8")
        command = _command(cpp, library, header, entry, mode, shims, toolchain)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": scratch}
        result = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise HostCompileError(f"{toolchain.cxx} cannot compile {cpp}:\n{result.stderr.strip()}")
        os.replace(library, out)
    return out
