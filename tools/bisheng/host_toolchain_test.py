"""The CPU's level is named as the psABI names it, and compilers that cannot be used are refused with the reason."""

import dataclasses
import platform
import re
from pathlib import Path

import pytest

from tools.bisheng.host_toolchain import (
    LEVELS,
    X86_64_LEVELS,
    HostToolchain,
    ToolchainError,
    best_level,
    detect_host_toolchain,
    identity,
    read_cpu_flags,
)
from tools.bisheng.probe import ProbeError

V3_FLAGS = set().union(*(flags for level, flags in X86_64_LEVELS.items() if level != "x86-64-v4"))


@pytest.mark.parametrize(
    ("machine", "flags", "level"),
    [
        ("x86_64", V3_FLAGS | X86_64_LEVELS["x86-64-v4"], "x86-64-v4"),
        ("x86_64", V3_FLAGS, "x86-64-v3"),
        ("x86_64", V3_FLAGS - {"fma"}, "x86-64-v2"),
        ("x86_64", V3_FLAGS - {"popcnt"}, "x86-64"),
        ("x86_64", X86_64_LEVELS["x86-64-v4"], "x86-64"),
        ("aarch64", {"fphp", "asimdhp"}, "armv8.2-a+fp16"),
        ("aarch64", {"fphp"}, "armv8-a"),
    ],
)
def test_best_level_needs_all_flags_of_all_lower_levels(machine: str, flags: set[str], level: str) -> None:
    assert best_level(machine, flags) == level


def test_unknown_machine_is_refused() -> None:
    with pytest.raises(ToolchainError, match="'riscv64' is not supported; supported are x86_64, aarch64"):
        best_level("riscv64", set())


def test_cpu_flags_are_those_that_all_cpus_have() -> None:
    assert read_cpu_flags("flags\t\t: fma avx\nmodel: x\nflags : avx sse\n") == {"avx"}
    assert read_cpu_flags("Features\t: fphp asimdhp\n") == {"fphp", "asimdhp"}


@pytest.mark.parametrize("name", ["native", "x86-64-v5", "haswell", "armv8-a"])
def test_only_names_of_levels_are_in_a_key(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(ToolchainError) as caught:
        detect_host_toolchain(march=name)
    words = f"HOST_CXX_MARCH={name} is not a level of x86_64; levels are x86-64-v4, x86-64-v3, x86-64-v2, x86-64."
    assert words in str(caught.value)
    assert "compiler" not in str(caught.value)


def test_a_level_that_is_asked_for_is_taken() -> None:
    lowest = list(LEVELS[platform.machine()])[-1]
    assert detect_host_toolchain(march=lowest).march == lowest


def test_the_identity_is_a_digest_of_all_compilers(tmp_path: Path) -> None:
    toolchain = detect_host_toolchain()
    compilers = [fake_compiler(tmp_path / f"gcc{number}", f"gcc {number}", str(number)) for number in (12, 13)]
    digests = [identity(toolchain, {"CC": compiler}) for compiler in compilers]
    digests.append(identity(dataclasses.replace(toolchain, libc="glibc 2.99"), {"CC": compilers[0]}))
    assert len(set(digests)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert identity(toolchain, {"CC": compilers[0]}) == digests[0]


def test_no_flags_is_the_lowest_level() -> None:
    assert best_level("x86_64", read_cpu_flags("")) == "x86-64"


def test_detected_toolchain_survives_json_and_never_says_native() -> None:
    toolchain = detect_host_toolchain()
    assert HostToolchain.from_json(toolchain.to_json()) == toolchain
    assert Path(toolchain.cxx).is_absolute()
    assert toolchain.march != "native"


def test_a_compiler_that_was_not_replaced_is_the_configured_one() -> None:
    detect_host_toolchain().verify()


def test_another_compiler_at_the_same_place_is_refused_with_what_is_different(tmp_path: Path) -> None:
    configured = detect_host_toolchain()
    replaced = fake_compiler(tmp_path / "g++", "g++ (GCC) 99.1.0", "99")
    with pytest.raises(ProbeError) as caught:
        dataclasses.replace(configured, cxx=replaced).verify()
    assert f"version is 'g++ (GCC) 99.1.0', not {configured.version!r}" in str(caught.value)
    assert "tools/bazel sync --configure" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_compiler_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=f"{tmp_path}/none does not start"):
        dataclasses.replace(detect_host_toolchain(), cxx=str(tmp_path / "none")).verify()


def fake_compiler(path: Path, version: str, number: str) -> str:
    """A program that answers like a compiler and compiles nothing."""
    path.write_text(
        f'#!/bin/sh\ncase "$1" in --version) echo "{version}";; -dumpversion) echo {number};;\n'
        "-dumpmachine) echo x86_64-linux-gnu;; -Wl,--version) echo GNU ld 2.40;;\n"
        "*) echo 'unknown target CPU' >&2; exit 1;; esac\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


def test_old_compiler_is_refused_with_the_version_needed(tmp_path: Path) -> None:
    compiler = fake_compiler(tmp_path / "old-g++", "g++ (GCC) 9.4.0", "9")
    with pytest.raises(ToolchainError, match=r"old-g\+\+ is gcc 9, needed is gcc >= 11"):
        detect_host_toolchain(compiler)


def test_compiler_that_does_not_know_the_cpu_is_refused_with_its_message(tmp_path: Path) -> None:
    compiler = fake_compiler(tmp_path / "clang++", "clang version 19.1.0", "19.1.0")
    with pytest.raises(ToolchainError, match="unknown target CPU"):
        detect_host_toolchain(compiler)


def test_missing_compiler_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"none does not start"):
        detect_host_toolchain(str(tmp_path / "none"))
