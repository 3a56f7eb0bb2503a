"""Compilers are described by what they are, and those that cannot be used are refused with the reason."""

import dataclasses
import re
from pathlib import Path

import pytest

from tools.bisheng.host_toolchain import (
    LEVELS,
    HostToolchain,
    ToolchainError,
    detect_host_toolchain,
    identity,
    machine_of,
)
from tools.bisheng.probe import ProbeError


def test_unknown_machine_is_refused() -> None:
    with pytest.raises(ToolchainError, match="'riscv64' is not supported; supported are x86_64, aarch64"):
        machine_of("riscv64-linux-gnu")


@pytest.mark.parametrize("machine", LEVELS)
def test_levels_are_names_that_mean_the_same_everywhere(machine: str) -> None:
    assert all("native" not in " ".join(options) for options in LEVELS[machine].values())


def test_the_identity_is_a_digest_of_all_compilers(tmp_path: Path) -> None:
    toolchain = detect_host_toolchain()
    compilers = [fake_compiler(tmp_path / f"gcc{number}", f"gcc {number}", str(number)) for number in (12, 13)]
    digests = [identity(toolchain, {"CC": compiler}) for compiler in compilers]
    digests.append(identity(dataclasses.replace(toolchain, libc="glibc 2.99"), {"CC": compilers[0]}))
    assert len(set(digests)) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert identity(toolchain, {"CC": compilers[0]}) == digests[0]


def test_detected_toolchain_survives_json() -> None:
    toolchain = detect_host_toolchain()
    assert HostToolchain.from_json(toolchain.to_json()) == toolchain
    assert Path(toolchain.cxx).is_absolute()


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


def test_compiler_that_does_not_know_a_level_is_refused_with_its_message(tmp_path: Path) -> None:
    compiler = fake_compiler(tmp_path / "clang++", "clang version 19.1.0", "19.1.0")
    with pytest.raises(ToolchainError, match="cannot compile C\\+\\+17 for x86-64-v4\\+amx:\nunknown target CPU"):
        detect_host_toolchain(compiler)


def test_missing_compiler_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"none does not start"):
        detect_host_toolchain(str(tmp_path / "none"))
