"""Tests of the generator's command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from flash_atten.config import KernelConfig
from flash_atten.kernel import build_module
from ptodsl.printing import module_text


def _generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flash_atten.generate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("generic", [False, True])
def test_writes_the_module_of_the_knobs(tmp_path: Path, generic: bool) -> None:
    output = tmp_path / "fa.mlir"
    run = _generate("--s1_tile=512", "--qk_preload=4", *(["--generic"] if generic else []), "-o", str(output))
    assert (run.returncode, run.stderr) == (0, "")
    assert output.read_text(encoding="utf-8") == module_text(build_module(KernelConfig(512, 4)), generic=generic)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--s1_tile=384", "-o", "x"], "s1_tile = 384 is not supported: use 256 or 512."),
        (["--qk_preload=5", "-o", "x"], "qk_preload = 5 is not supported: use 3 or 4."),
        (["--kv_split=2", "-o", "x"], "kv_split = 2 is not supported: use 1."),
        ([], "no output file is given"),
        (["--s1_tile=wide", "-o", "x"], "not a whole number"),
    ],
)
def test_a_wrong_request_is_one_paragraph_and_exit_code_2(arguments: list[str], message: str) -> None:
    run = _generate(*arguments)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr
