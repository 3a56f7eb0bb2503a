"""The NPU compiler of this machine: bisheng of CANN, and the PTO-ISA headers.

Both are optional: what is missing is described in the toolchain file, and only compiling for the NPU fails. Needs the
standard library only: the repository rule `npu_bisheng` runs this file as a program (`npu_toolchain.py OUTPUT.json`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CANN_VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
"""Set by CANN's set_env.sh."""

CANN_BIN_DIRECTORIES = ("bin", "compiler/ccec_compiler/bin")

HEADER = "pto/pto-inst.hpp"

HOW_TO_INSTALL = (
    "Install CANN 8.5 or newer and source its set_env.sh, get the PTO-ISA headers and set PTO_LIB_PATH to their "
    "directory, then run the same command again; or leave out --config=npu to build for this machine's CPU."
)


@dataclasses.dataclass(frozen=True)
class NpuToolchain:
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

    def to_json(self) -> str:
        """Text for `from_json`, the same for the same value."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> NpuToolchain:
        """Reads what `to_json` wrote."""
        return cls(**json.loads(text))


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


def digest_of_headers(include: Path) -> str:
    """Digest of the names and contents of all files under include/pto."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (include / "pto").rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(include)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _missing(what: str, variables: str, looked_at: list[str]) -> NpuToolchain:
    places = ", ".join(looked_at) or f"nowhere ({variables} are not set)"
    return NpuToolchain(
        problem=f"cannot compile for the NPU: {what} was not found. Looked at: {places}. {HOW_TO_INSTALL}"
    )


def detect_npu_toolchain(environment: Mapping[str, str]) -> NpuToolchain:
    """The NPU compiler that `environment` leads to, or what is missing."""
    compilers = bisheng_candidates(environment)
    bisheng = next((path for path in compilers if os.access(path, os.X_OK)), None)
    if bisheng is None:
        return _missing("bisheng", "BISHENG, ASCEND_HOME_PATH", compilers)
    includes = include_candidates(environment)
    include = next((path for path in includes if (Path(path) / HEADER).is_file()), None)
    if include is None:
        return _missing(HEADER, "PTO_LIB_PATH, ASCEND_HOME_PATH", includes)
    result = subprocess.run([bisheng, "--version"], check=False, capture_output=True, text=True)
    if result.returncode != 0 or not result.stdout.strip():
        return NpuToolchain(problem=f"{bisheng} --version fails: {result.stderr.strip()}. {HOW_TO_INSTALL}")
    return NpuToolchain(
        bisheng=os.path.abspath(bisheng),
        version=result.stdout.splitlines()[0].strip(),
        include=os.path.abspath(include),
        headers_sha256=digest_of_headers(Path(include)),
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(detect_npu_toolchain(os.environ).to_json(), encoding="utf-8")
