"""Tests of the generator's command line."""

import os
import shutil
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
    knobs = ["--s1_tile=512", "--qk_preload=4", "--kv_split=2", "--heads"]
    run = _generate(*knobs, *(["--generic"] if generic else []), "-o", str(output))
    assert (run.returncode, run.stderr) == (0, "")
    config = KernelConfig(512, 4, kv_split=2, heads=True)
    assert output.read_text(encoding="utf-8") == module_text(build_module(config), generic=generic)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--s1_tile=384", "-o", "x"], "s1_tile = 384 is not supported: use 256 or 512."),
        (["--qk_preload=5", "-o", "x"], "qk_preload = 5 is not supported: use 3 or 4."),
        (["--kv_split=3", "-o", "x"], "kv_split = 3 is not supported: use 1 or 2 or 4."),
        ([], "no output file is given"),
        (["--s1_tile=wide", "-o", "x"], "not a whole number"),
    ],
)
def test_a_wrong_request_is_one_paragraph_and_exit_code_2(arguments: list[str], message: str) -> None:
    run = _generate(*arguments)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("unknown_name", "kernel.py:{line}: NameError: name 'unknown_name' is not defined"),
        ("pto.alloc_tile(None)", "kernel.py:{line}: "),
    ],
)
def test_a_mistake_in_the_kernel_is_its_line_and_exit_code_1(tmp_path: Path, code: str, message: str) -> None:
    """A copy of the workspace's sources, with one line of the kernel changed."""
    root = Path(__file__).parent.parent
    for package in ("flash_atten", "ptodsl", "isa"):
        if (root / package).is_dir():
            shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    kernel = tmp_path / "flash_atten" / "kernel.py"
    text = kernel.read_text().replace("    module = ModuleBuilder()\n", f"    module = ModuleBuilder()\n    {code}\n")
    kernel.write_text(text)
    line = text[: text.index(code)].count("\n") + 1
    command = [sys.executable, "-m", "flash_atten.generate", "-o", str(tmp_path / "x.mlir")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[0].startswith("flash_atten/" + message.format(line=line))
    assert len(done.stderr.splitlines()) < 6
    assert not (tmp_path / "x.mlir").exists()


def environment(folder: Path) -> dict[str, str]:
    """Return this process' environment with `folder` first where Python looks for modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}
