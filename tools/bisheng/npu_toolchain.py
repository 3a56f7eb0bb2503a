"""The NPU compiler of this machine: bisheng of CANN, and the PTO-ISA headers.

Both are optional: what is missing is described in the toolchain file, and only compiling for the NPU fails. Needs the
standard library only: repository rules run it with the machine's Python (`-m tools.bisheng.npu_toolchain OUTPUT.json`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.bisheng.probe import (
    Found,
    ProbeError,
    Version,
    ask_version,
    is_program,
    not_found,
    problem_text,
    read_version,
    require_same,
    too_old,
)

CANN_VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
"""Set by CANN's set_env.sh."""

CANN_BIN_DIRECTORIES = ("bin", "compiler/ccec_compiler/bin")

CANN_INSTALL_INFO = "*-linux/ascend_toolkit_install.info"
"""Below CANN's home: what its installer noted, `version=8.5.0` among it."""

HEADER = "pto/pto-inst.hpp"

DEVICE = "a2a3"
PUSH_HEADER = "tpush"
FINISHED_FIFO = "countPendingFreeCredits"
"""The first PTO-ISA library whose FIFOs carry our kernels has this in its TPush header for A2 and A3. Libraries do not
tell a version, so that header is asked.
"""

NEEDED_HEADERS = (
    "the GlobalTensor FIFO calls compile and end cleanly only with the PTO-ISA library of 2026-08-14 (f51c92f6) or "
    "newer: those of 2026-05-20 to 07-16 do not compile, that of 08-10 leaves FIFO credits behind, that of 08-13 hangs "
    "at the end of the kernel"
)

MINIMUM_CANN = (8, 5)
MINIMUM_CLANG = (15, 0)
"""bisheng of CANN 8.5 is a clang 15."""

HOW_TO_INSTALL = (
    "Install CANN 8.5 or newer and source its set_env.sh, get the PTO-ISA library of 2026-08-14 or newer and set "
    "PTO_LIB_PATH to its directory, then run the same command again; or leave out --config=npu to build for this "
    "machine's CPU."
)


@dataclasses.dataclass(frozen=True)
class NpuToolchain(Found):
    """bisheng and the headers; `problem` says what is missing, and then the other fields are empty."""

    bisheng: str = ""
    """Absolute path."""
    version: str = ""
    """First line of --version."""
    include: str = ""
    """Directory with pto/pto-inst.hpp."""
    headers_sha256: str = ""
    """Digest of all files under include/pto: other headers, other results."""
    problem: str = ""

    def verify(self) -> None:
        """Raises ProbeError if bisheng or the headers are not, or no longer, those that are described here."""
        found = {"version": _version_of(self.bisheng), "headers_sha256": digest_of_headers(Path(self.include))}
        require_same(f"{self.bisheng} with {self.include}", self, found)


def bisheng_candidates(environment: Mapping[str, str]) -> list[str]:
    """Where bisheng may be, in the order of preference: BISHENG, CANN, PATH."""
    if environment.get("BISHENG"):
        return [environment["BISHENG"]]
    homes = [environment[name] for name in CANN_VARIABLES if environment.get(name)]
    found = [f"{home}/{directory}/bisheng" for home in homes for directory in CANN_BIN_DIRECTORIES]
    on_path = shutil.which("bisheng", path=environment.get("PATH"))
    return [*found, *([on_path] if on_path else [])]


def include_candidates(environment: Mapping[str, str]) -> list[str]:
    """Where the headers may be: PTO_LIB_PATH, else in CANN."""
    if environment.get("PTO_LIB_PATH"):
        return [f"{environment['PTO_LIB_PATH']}/include"]
    return [f"{environment[name]}/include" for name in CANN_VARIABLES if environment.get(name)]


def headers_problem(include: Path) -> str:
    """Why the PTO-ISA headers in `include` cannot carry a kernel's FIFOs, in words; "" if they can.

    The TPush header is searched below include/pto, because its folder is the library's business.
    """
    found = sorted(path for path in (include / "pto").rglob("*") if _is_push_header(path.relative_to(include)))
    headers = [path for path in found if path.is_file()]
    if any(FINISHED_FIFO.encode() in path.read_bytes() for path in headers):
        return ""
    if headers:
        return f"{headers[0]} has no {FINISHED_FIFO}"
    return f"{include / 'pto'} has no TPush header for {DEVICE}"


def _is_push_header(path: Path) -> bool:
    """Whether `path`, relative to the include directory, is the header of TPUSH for A2 and A3."""
    return PUSH_HEADER in path.name.lower() and DEVICE in path.as_posix().lower()


def digest_of_headers(include: Path) -> str:
    """Digest of the names and contents of all files under include/pto."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (include / "pto").rglob("*") if path.is_file()):
        # With sizes: else the end of one file could pass for the beginning of the next.
        digest.update(f"{path.relative_to(include)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cann_version(bisheng: str) -> Version | None:
    """Version of the CANN that `bisheng` belongs to, as its installer noted it; None if it lies elsewhere."""
    for home in Path(bisheng).resolve().parents:
        for info in home.glob(CANN_INSTALL_INFO):
            return read_version(info.read_text(encoding="utf-8", errors="replace"), "^version=")
    return None


def _version_of(bisheng: str) -> str:
    """First line of --version. Raises ProbeError if it does not start or is too old."""
    text = ask_version(bisheng)
    for problem in (
        too_old("its clang", read_version(text, "clang(?: version)?"), MINIMUM_CLANG),
        too_old("its CANN", cann_version(bisheng), MINIMUM_CANN),
    ):
        if problem:
            raise ProbeError(f"{bisheng} is too old: {problem}")
    return text.partition("\n")[0] or "unknown version"


def detect_npu_toolchain(environment: Mapping[str, str]) -> NpuToolchain:
    """The NPU compiler that `environment` leads to, or everything that is missing."""
    compilers, includes = bisheng_candidates(environment), include_candidates(environment)
    bisheng = next(filter(is_program, compilers), None)
    headers = {path: headers_problem(Path(path)) for path in includes if (Path(path) / HEADER).is_file()}
    include = next((path for path, problem in headers.items() if not problem), None)
    version, problems = "", []
    if bisheng is None:
        places = compilers if environment.get("BISHENG") else [*compilers, "PATH"]
        problems.append(not_found("bisheng", environment, ("BISHENG", *CANN_VARIABLES), places))
    else:
        try:
            version = _version_of(bisheng)
        except ProbeError as error:
            problems.append(str(error))
    if include is None and headers:
        problems.append(f"the PTO-ISA headers are too old ({'; '.join(headers.values())}): {NEEDED_HEADERS}")
    elif include is None:
        problems.append(not_found(HEADER, environment, ("PTO_LIB_PATH", *CANN_VARIABLES), includes))
    if bisheng is None or include is None or problems:
        return NpuToolchain(problem=problem_text("cannot compile for the NPU", problems, HOW_TO_INSTALL, environment))
    return NpuToolchain(
        bisheng=os.path.abspath(bisheng),
        version=version,
        include=os.path.abspath(include),
        headers_sha256=digest_of_headers(Path(include)),
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(detect_npu_toolchain(os.environ).to_json(), encoding="utf-8")
