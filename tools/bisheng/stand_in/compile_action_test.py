"""The chain built for the NPU calls bisheng at the root of the workspace, with the reference's flags, on the shim."""

import hashlib
import json
from pathlib import Path

import pytest

from tools.bisheng.npu_compile import FLAGS

OUTPUT = Path("flash_atten/fa_s1tile256.so")

NO_HEADERS = hashlib.sha256().hexdigest()
"""The stand-in reads none."""


@pytest.fixture(scope="module")
def call() -> list[str]:
    """Arguments of the compiler: the stand-in writes them as the library."""
    return OUTPUT.read_text(encoding="utf-8").splitlines()


def test_it_gets_the_headers_and_the_flags_of_the_reference(call: list[str]) -> None:
    assert call[0] == "-I/nowhere/pto-isa/include"
    assert tuple(call[1 : 1 + len(FLAGS)]) == FLAGS


def test_the_shim_is_the_only_source_and_paths_are_relative(call: list[str]) -> None:
    rest = call[1 + len(FLAGS) :]
    (shim,) = (argument for argument in rest if argument.endswith(".cpp"))
    assert shim.startswith("bazel-out/")
    assert shim.endswith("/bin/flash_atten/fa_s1tile256.caller.cpp")
    assert '-DPTO_KERNEL_FILE="fa_s1tile256.cpp"' in rest
    (quote,) = (argument for argument in rest if argument.startswith("-iquote"))
    assert quote.startswith("-iquotebazel-out/")
    assert quote.endswith("/bin/flash_atten")


def test_the_library_is_renamed_when_it_is_complete(call: list[str]) -> None:
    assert call[-2] == "-o"
    assert "/bin/flash_atten/SCRATCH/fa_s1tile256." in call[-1]


def test_the_build_info_says_what_it_is_built_with() -> None:
    info = json.loads(OUTPUT.with_suffix(".build_info.json").read_text(encoding="utf-8"))
    assert info["backend"] == "npu"
    assert info["compiler"] == {"kind": "bisheng", "version": "stand-in", "headers_sha256": NO_HEADERS}
    assert info["knobs"]["s1_tile"] == 256
    assert info["entries"][0]["name"] == "call_both"
