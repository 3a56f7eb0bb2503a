"""The C++ compiler of this machine: what it is, and which levels of CPU it compiles loops for.

Its identity is a value (`HostToolchain`) that is written to a file, an input of every compile action: results of
different compilers are never mistaken for each other. The CPU of the machine is no part of it: the same library serves
all. Needs the standard library only: the repository rule
`host_cxx` runs it with the machine's Python (`-m tools.bisheng.host_toolchain OUTPUT.json`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.bisheng.probe import TOOL_ENVIRONMENT, Found, ProbeError, require_same

MINIMUM_VERSIONS = {"gcc": 11, "clang": 12}
"""First versions that know the names of the x86-64 levels (-march=x86-64-v3)."""

LEVELS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "x86-64-v4+amx": ("-march=x86-64-v4", "-mamx-tile", "-mamx-bf16"),
        **{name: (f"-march={name}",) for name in ("x86-64-v4", "x86-64-v3", "x86-64-v2")},
    },
    "aarch64": {name: (f"-march={name}",) for name in ("armv8.2-a+fp16", "armv8-a")},
}
"""Levels of CPU that the runtime has loops for and the options that compile them, by machine as the compiler names it.

A library has the loops of all levels of its machine and takes the best that a CPU has when it is launched
(runtime/numbers/levels.cpp has the same levels). So it runs on every CPU that has one of them.
"""

SYSTEM_COMPILERS = ("/usr/bin/g++", "/usr/bin/clang++")
"""Tried first, so that the result does not depend on the caller's PATH."""

PATH_COMPILERS = ("g++", "clang++", "c++")

RUNFILES_DIRECTORY = Path(__file__).parents[3]
"""The directory of the workspace; of its copy and its repositories in the runfiles of a program that Bazel built."""

RUNFILES_TOOLCHAIN = RUNFILES_DIRECTORY / "host_cxx" / "toolchain.json"
"""Where @host_cxx//:toolchain.json lies in runfiles."""


class ToolchainError(ProbeError):
    """This machine has no usable C++ compiler, or one for another kind of CPU."""


@dataclasses.dataclass(frozen=True)
class HostToolchain(Found):
    """A C++ compiler."""

    cxx: str
    """Absolute path."""
    kind: str
    """gcc or clang."""
    version: str
    """First line of --version."""
    target: str
    """-dumpmachine, such as x86_64-linux-gnu."""
    linker: str
    """First line of what the linker says of itself."""
    libc: str
    """Name and version, such as glibc 2.36."""

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels of CPU that it compiles loops for, best first, and the options of each."""
        return LEVELS[machine_of(self.target)]

    def verify(self) -> None:
        """Raises ProbeError if the compiler at `cxx` is not, or no longer, the one that is described here."""
        require_same(self.cxx, self, identify(self.cxx))


def machine_of(target: str) -> str:
    """The machine of a compiler's target, as LEVELS names it; raises ToolchainError for one that is not there."""
    machine = target.split("-")[0]
    if machine not in LEVELS:
        raise ToolchainError(f"machine {machine!r} is not supported; supported are {', '.join(LEVELS)}")
    return machine


def _ask(cxx: str, option: str) -> str:
    """First line that the compiler prints for `option`."""
    result = subprocess.run([cxx, option], env=TOOL_ENVIRONMENT, check=True, capture_output=True, text=True)
    return result.stdout.splitlines()[0].strip()


def identify(cxx: str) -> dict[str, str]:
    """What tells the compiler `cxx` and what it works with from others: fields of HostToolchain.

    Raises ToolchainError if it does not start.
    """
    try:
        asked = {"version": "--version", "target": "-dumpmachine", "linker": "-Wl,--version"}
        found = {field: _ask(cxx, option) for field, option in asked.items()}
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise ToolchainError(f"{cxx} does not start ({error})") from error
    return {**found, "libc": " ".join(part for part in platform.libc_ver() if part) or "unknown libc"}


def describe_compiler(cxx: str) -> HostToolchain:
    """What the compiler `cxx` says of itself; raises ToolchainError if it is too old or does not know a level."""
    found = identify(cxx)
    kind, number = "clang" if "clang" in found["version"] else "gcc", _ask(cxx, "-dumpversion")
    if int(number.split(".")[0]) < MINIMUM_VERSIONS[kind]:
        raise ToolchainError(f"{cxx} is {kind} {number}, needed is {kind} >= {MINIMUM_VERSIONS[kind]}")
    for level, options in LEVELS[machine_of(found["target"])].items():
        # With a header of the standard library, which may be missing beside a compiler that works.
        probe = [cxx, "-std=c++17", *options, "-x", "c++", "-fsyntax-only", "-"]
        result = subprocess.run(probe, input="#include <cmath>\n", check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise ToolchainError(f"{cxx} cannot compile C++17 for {level}:\n{result.stderr.strip()}")
    return HostToolchain(cxx=os.path.abspath(cxx), kind=kind, **found)


def _candidates(requested: str | None) -> Iterable[str]:
    if requested:
        yield shutil.which(requested) or requested
        return
    yield from (path for path in SYSTEM_COMPILERS if os.path.exists(path))
    yield from (path for path in map(shutil.which, PATH_COMPILERS) if path)


def detect_host_toolchain(cxx: str | None = None) -> HostToolchain:
    """The first usable C++ compiler: the system's g++ or clang++, then PATH.

    `cxx` (path or name) replaces what would be found. Raises ToolchainError with what was tried.
    """
    problems = []
    for candidate in _candidates(cxx):
        try:
            return describe_compiler(candidate)
        except ToolchainError as error:
            problems.append(f"    {error}")
    wanted = " or ".join(f"{kind} >= {version}" for kind, version in MINIMUM_VERSIONS.items())
    tried = "\n".join(problems) or "    (no g++ or clang++ found)"
    raise ToolchainError(
        f"no usable C++17 compiler ({wanted}) was found. Tried:\n{tried}\nInstall one (Debian: apt-get install "
        "g++), or name one: tools/bazel build --repo_env=CXX=/path/to/g++ ..."
    )


def host_toolchain() -> HostToolchain:
    """The toolchain that Bazel was configured with; outside of Bazel, what is found on this machine."""
    if RUNFILES_DIRECTORY.name.endswith(".runfiles"):
        return HostToolchain.from_json(RUNFILES_TOOLCHAIN.read_text(encoding="utf-8"))
    return detect_host_toolchain()


def bazel_compiler(environment: Mapping[str, str]) -> str:
    """What the compiler that Bazel's own C++ rules find says of itself; "" if they find none."""
    names = (environment.get("CC"), "gcc", "clang")
    found = next((path for name in names if name and (path := shutil.which(name, path=environment.get("PATH")))), None)
    if found is None:
        return ""
    asked = [
        subprocess.run([found, option], env=TOOL_ENVIRONMENT, check=False, capture_output=True, text=True).stdout
        for option in ("--version", "-dumpmachine")
    ]
    return "\n".join([found, *asked])


def identity(toolchain: HostToolchain, environment: Mapping[str, str]) -> str:
    """SHA-256 of everything that is known of this machine's compilers."""
    return hashlib.sha256(f"{toolchain.to_json()}\0{bazel_compiler(environment)}".encode()).hexdigest()


def main(output: str) -> None:
    """Writes the toolchain of this machine to `output`; beside it its identity (.sha256) and its levels (.levels).

    CXX in the environment overrides what would be found.
    """
    try:
        toolchain = detect_host_toolchain(os.environ.get("CXX"))
    except ToolchainError as error:
        sys.exit(str(error))
    Path(output).write_text(toolchain.to_json(), encoding="utf-8")
    Path(output).with_suffix(".sha256").write_text(identity(toolchain, os.environ), encoding="utf-8")
    Path(output).with_suffix(".levels").write_text(json.dumps(toolchain.levels), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
