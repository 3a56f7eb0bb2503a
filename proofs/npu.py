"""Builds for the NPU with stand-ins for ptoas, bisheng, CANN and the PTO-ISA headers, as a user of the real ones.

    proofs/check npu                                 in a checkout and an output base of its own
    proofs/check npu --output_base=DIR               reuse an output base: faster the second time
    tools/bisheng/check                              the same

Steps: everything there; then one tool after the other missing or too old, where the build must fail with one paragraph
that names it, and targets for the host must not notice. Exit status 0: all steps are right.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from proofs.harness.arguments import directory
from proofs.harness.checkout import Checkout, base_environment
from proofs.harness.stand_ins import write_program
from proofs.harness.steps import Steps, expect
from tools.bisheng.npu_compile import FLAGS
from tools.bisheng.npu_toolchain import FINISHED_FIFO

TARGET = "//flash_atten:fa_s1tile256.so"
DEVICE_PROGRAM = "//flash_atten:device"
OUTPUT = "bazel-bin/flash_atten/fa_s1tile256"
ASSEMBLED = ".ptoas.cpp"

BARRIER = "pipe_barrier(PIPE_V);"

PTOAS = """#!/bin/sh
if [ "$1" = --version ]; then echo "ptoas {version}"; exit 0; fi
for argument; do last=$argument; done
{{ echo "// $*"; cat '{kernel}'; }} > "$last"
"""
"""The stand-in of ptoas prints its arguments, and the kernel as the embedded assembler made it."""

CONFORMING = """#!/bin/sh
if [ "$1" = --version ]; then echo "ptoas 0.48"; exit 0; fi
exec '{program}' "$@"
"""
"""A stand-in of ptoas that does what the conformance cases say: the embedded one, as a program of its own."""

BISHENG = """#!/bin/sh
if [ "$1" = --version ]; then echo "BiSheng Compiler"; echo "clang version {version} (stand-in)"; exit 0; fi
for argument; do last=$argument; done
printf '%s\\n' "$@" > "$last"
"""
"""The stand-in of bisheng: its library is the list of its arguments."""

TORCH = """
__version__ = "2.8.0"

class npu:
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    get_device_name = staticmethod(lambda device: "stand-in")
    get_device_properties = staticmethod(lambda device: type("Properties", (), {"cube_core_num": 24}))

def from_numpy(array):
    return array
"""
"""As much of torch with torch_npu as is asked which devices there are."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Installation:
    """Stand-ins below one folder, and the environment that leads to them. `kernel` is what ptoas prints."""

    root: Path
    kernel: Path

    def environment(self) -> dict[str, str]:
        """What a user's shell has after set_env.sh."""
        return {
            "PATH": f"{self.root}/bin:{SYSTEM_PATH}",
            "ASCEND_HOME_PATH": str(self.root / "cann"),
            "PTO_LIB_PATH": str(self.root / "pto-isa"),
        }

    def install_ptoas(self, version: str = "0.48") -> None:
        """Put a ptoas on PATH."""
        write_program(self.root / "bin/ptoas", PTOAS.format(version=version, kernel=self.kernel))

    def install_conforming(self, program: Path) -> None:
        """Put a ptoas on PATH that assembles with `program`."""
        write_program(self.root / "bin/ptoas", CONFORMING.format(program=program))

    def install_bisheng(self, version: str = "15.0.5", cann: str = "8.5.0") -> None:
        """Lay CANN out as its installer does."""
        home = self.root / "cann"
        write_program(home / "compiler/ccec_compiler/bin/bisheng", BISHENG.format(version=version))
        _file(home / "x86_64-linux/ascend_toolkit_install.info", f"package_name=Ascend-cann-toolkit\nversion={cann}\n")

    def install_headers(self, push: str = FINISHED_FIFO) -> None:
        """Put the PTO-ISA headers in place; `push` is the text of the one that has TPUSH."""
        include = self.root / "pto-isa/include/pto"
        _file(include / "pto-inst.hpp", "#pragma once\n")
        _file(include / "npu/a2a3/TPush.hpp", f"#pragma once\n// {push}\n")

    def install_torch_npu(self) -> dict[str, str]:
        """Put torch and torch_npu where CANN's set_env.sh or a user may put packages; return what leads to them."""
        site = self.root / "site"
        for name in ("torch", "torch_npu"):
            _file(site / name / "__init__.py", TORCH)
            _file(site / f"{name}-2.8.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.8.0\n")
        return {"PYTHONPATH": str(site)}

    def install(self) -> None:
        """Everything as it has to be."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.install_ptoas()
        self.install_bisheng()
        self.install_headers()


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def with_environment(checkout: Checkout, changes: Mapping[str, str]) -> Checkout:
    """The same checkout in another user's shell."""
    return replace(checkout, environment=base_environment(**changes))


def assemble(checkout: Checkout, kernel: Path) -> str:
    """Assembles the kernel with the embedded assembler, and puts it where the stand-in of ptoas finds it."""
    checkout.build(f"{TARGET.removesuffix('.so')}{ASSEMBLED}")
    shutil.copyfile(checkout.path / f"{OUTPUT}{ASSEMBLED}", kernel)
    return f"{kernel.stat().st_size} bytes"


def builds(checkout: Checkout, installation: Installation) -> str:
    """All four actions run; every tool was called as the real ones are."""
    with_environment(checkout, installation.environment()).build(
        "--config=npu", TARGET, f"{TARGET.removesuffix('.so')}.build_info.json"
    )
    read = {
        suffix: (checkout.path / f"{OUTPUT}{suffix}").read_text(encoding="utf-8")
        for suffix in (ASSEMBLED, ".cpp", ".so", ".build_info.json")
    }
    ptoas = read[ASSEMBLED].splitlines()[0]
    expect(ptoas.startswith("// --pto-arch=a3 --enable-insert-sync "), f"ptoas was called with {ptoas}")
    # Without comments: the patcher leaves one in place of each barrier that it removes.
    before, after = (re.sub("//.*", "", read[name]).count(BARRIER) for name in (ASSEMBLED, ".cpp"))
    expect(after < before, f"the patcher left {after} of {before} barriers")
    arguments = read[".so"].splitlines()
    expect(arguments[0] == f"-I{installation.root}/pto-isa/include", f"first argument of bisheng: {arguments[0]}")
    expect(tuple(arguments[1 : 1 + len(FLAGS)]) == FLAGS, f"bisheng was called with {arguments}")
    expect(
        any(argument.endswith("flash_atten/fa_s1tile256.caller.cpp") for argument in arguments),
        f"the shim is not among {arguments}",
    )
    info = json.loads(read[".build_info.json"])
    expect(info["backend"] == "npu" and info["ptoas"]["kind"] == "external", f"build info: {info}")
    return f"{info['ptoas']['version']}, {before - after} of {before} barriers removed, {len(arguments)} arguments"


def assembles_with_external(checkout: Checkout, installation: Installation) -> str:
    """With --config=external_ptoas the program on PATH assembles the kernel: here one that conforms."""
    checkout.build("//tools/ptoas")
    installation.install_conforming((checkout.path / "bazel-bin/tools/ptoas/ptoas").resolve())
    user = with_environment(checkout, installation.environment())
    run = user.build("--config=external_ptoas", f"{TARGET.removesuffix('.so')}{ASSEMBLED}")
    same = (checkout.path / f"{OUTPUT}{ASSEMBLED}").read_bytes() == installation.kernel.read_bytes()
    expect(same, "the C++ is not that of the embedded assembler")
    return f"the same C++ in {run.seconds:.0f} s"


def fails(checkout: Checkout, environment: Mapping[str, str], *words: str) -> str:
    """The build ends with one refusal that has all `words`; what is missing stands in it once."""
    run = with_environment(checkout, environment).bazel("build", "--config=npu", TARGET)
    expect(run.status != 0, "the build succeeded")
    headings = [line for line in run.log.splitlines() if line.startswith("cannot ")]
    expect(0 < len(headings) == len(set(headings)), f"headings {headings}:\n{run.last_lines()}")
    said = " ".join(run.log.split())  # the cure is wrapped
    for word in words:
        expect(word in said, f"{word!r} is not in: {said}")
    expect(said.count("PATH is ") == 1, f"PATH is not told once: {said}")
    expect("Traceback" not in run.log, run.last_lines())
    return " ".join(headings)


def takes_installed_torch_npu(checkout: Checkout, environment: Mapping[str, str]) -> str:
    """Programs for the device import the torch_npu that is installed; the lock's is not downloaded."""
    run = with_environment(checkout, environment).build("--config=npu", DEVICE_PROGRAM)
    program = checkout.path / "bazel-bin" / DEVICE_PROGRAM.removeprefix("//").replace(":", "/")
    # Without PYTHONPATH: that torch_npu is found was settled when the workspace was configured.
    done = subprocess.run([program], env={"PATH": SYSTEM_PATH}, check=False, capture_output=True, text=True)
    expect(done.returncode == 0, f"{DEVICE_PROGRAM} ended with {done.returncode}: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    expect(found["distributions"]["torch-npu"].startswith("2.8.0 in "), f"it found {found['distributions']}")
    expect(found["devices"] == [{"device": "npu:0", "name": "stand-in", "cube_cores": 24}], f"devices: {found}")
    return f"{run.seconds:.0f} s"


def host_builds(checkout: Checkout, environment: Mapping[str, str]) -> str:
    """Targets for the host build whatever is missing for the NPU."""
    run = with_environment(checkout, environment).build("--nobuild", "//...")
    return f"{run.seconds:.0f} s for the analysis of //..."


def check(checkout: Checkout, installation: Installation) -> int:
    """All steps; returns the exit status."""
    steps = Steps()
    root, user = installation.root, installation.environment()
    nothing = {"PATH": SYSTEM_PATH}
    install_again = ("then run the same command again", "leave out --config=npu")

    def broken(name: str, change: Callable[[], object], *words: str) -> None:
        installation.install()
        change()
        steps.run(name, lambda: fails(checkout, user, *words, *install_again))

    everything = ("ptoas was not found", "bisheng was not found", "pto/pto-inst.hpp was not found")
    steps.run("nothing is there", lambda: fails(checkout, nothing, *everything, "not set: PTOAS", *install_again))
    steps.run("targets for the host", lambda: host_builds(checkout, nothing))
    installation.install()
    steps.run("a kernel for the stand-in of ptoas", lambda: assemble(checkout, installation.kernel))
    steps.run("everything is there", lambda: builds(checkout, installation))
    steps.run("--config=external_ptoas", lambda: assembles_with_external(checkout, installation))
    broken("no ptoas", (root / "bin/ptoas").unlink, f"PATH is {root}/bin:")
    broken("old ptoas", lambda: installation.install_ptoas("0.1.1"), "it is 0.1, needed is 0.45 or newer")
    broken("no CANN", lambda: shutil.rmtree(root / "cann"), f"{root}/cann/bin/bisheng", "set_env.sh")
    broken("old CANN", lambda: installation.install_bisheng(cann="8.2.RC1"), "its CANN is 8.2, needed is 8.5 or newer")
    broken("old bisheng", lambda: installation.install_bisheng("14.0.6"), "its clang is 14.0, needed is 15.0 or newer")
    broken("no headers", lambda: shutil.rmtree(root / "pto-isa"), f"looked at {root}/pto-isa/include")
    broken(
        "headers of July",
        lambda: installation.install_headers(push="cons"),
        f"{root}/pto-isa/include/pto/npu/a2a3/TPush.hpp has no {FINISHED_FIFO}",
        "only with the PTO-ISA library of 2026-08-14 (f51c92f6) or newer",
    )
    installation.install()
    with_torch = {**user, **installation.install_torch_npu()}
    steps.run("the installed torch_npu is taken", lambda: takes_installed_torch_npu(checkout, with_torch))
    steps.run("everything is there again", lambda: builds(checkout, installation))
    return steps.finish()


def main(arguments: list[str]) -> int:
    """Exit status of the check."""
    parser = argparse.ArgumentParser(
        "proofs/check npu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output_base", type=directory, help="Bazel's output base; default: a temporary one")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="npu-check-", ignore_cleanup_errors=True) as temporary:
        place = Path(temporary).resolve()
        checkout = Checkout.create(place / "checkout", options.output_base or place / "out", base_environment())
        try:
            return check(checkout, Installation(place / "stand-ins", place / "kernel.cpp"))
        finally:
            checkout.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
