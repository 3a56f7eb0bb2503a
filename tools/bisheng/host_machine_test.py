"""What all kernels share: the same bytes wherever it is compiled, and nothing of one CPU's in the loops of another."""

import re
import subprocess
from pathlib import Path

import pytest

from tools.bisheng.host_machine import cache_name, compile_part, machine_objects, part_names
from tools.bisheng.host_toolchain import HostToolchain, host_toolchain


@pytest.fixture(scope="module")
def toolchain() -> HostToolchain:
    return host_toolchain()


def test_the_machine_is_the_same_wherever_it_is_compiled(tmp_path: Path, toolchain: HostToolchain) -> None:
    machines = [compile_part("trace", tmp_path / f"{name}.o", toolchain=toolchain) for name in ("a", "b")]
    assert machines[0].read_bytes() == machines[1].read_bytes()


def test_the_cache_knows_it_from_every_directory(
    tmp_path: Path, toolchain: HostToolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [cache_name(part, toolchain) for part in part_names(toolchain, "execute")]
    monkeypatch.chdir(tmp_path)
    assert [cache_name(part, toolchain) for part in part_names(toolchain, "execute")] == here
    assert len(set(here)) == len(here)


def test_traces_need_no_numbers(toolchain: HostToolchain) -> None:
    assert part_names(toolchain, "trace") == ["trace"]
    assert part_names(toolchain, "execute") == ["execute", *toolchain.levels]


def test_the_loops_of_a_level_define_nothing_that_another_level_could_take(toolchain: HostToolchain) -> None:
    """The linker keeps one of several functions of a name: compiled for a newer CPU, it would crash an older one."""
    for part, path in zip(part_names(toolchain, "execute"), machine_objects(toolchain, "execute"), strict=True):
        if part == "execute":
            continue
        listing = subprocess.run(["nm", "-C", path], check=True, capture_output=True, text=True).stdout
        defined = re.findall(r"^\w+ ([A-TV-Zuvw]) (.*)$", listing, re.MULTILINE)
        namespace = "pto::host::" + re.sub(r"\W", "_", part)
        assert defined
        assert [name for _, name in defined if namespace not in name] == []
