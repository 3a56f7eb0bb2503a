"""A user's program, started by `//ptodsl:python`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jit.python_main import main

GOOD = """
import sys
import numpy as np
from ptodsl import jit, pto, tile

@jit(output_dir="out")
def relu(x: pto.PtrType(pto.float32)):
    with pto.vector_section():
        view = pto.as_tensor(ptr=x, shape=[8, 64], strides=[64, 1])
        part = pto.slice_view(source=view, offsets=[0, 0], sizes=[8, 64])
        buffer = pto.alloc_tile(pto.TileBufType([8, 64], pto.float32))
        pto.load(part, buffer)
        tile.relu(buffer, buffer)
        pto.store(buffer, part)

x = np.full([8, 64], -1, np.float32)
relu(x)
print(sys.argv[1:], x.max())
"""

BAD = """
from ptodsl import jit, pto, tile

@jit
def kernel(x: pto.PtrType(pto.float32)):
    with pto.vector_section():
        tile.relu(x, x)

kernel(0)
"""


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("BUILD_WORKING_DIRECTORY", raising=False)


def test_the_program_runs_with_its_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    assert main(["python", "good.py", "--n=3"]) == 0
    assert capsys.readouterr().out == "['--n=3'] 0.0\n"
    assert (tmp_path / "out").is_dir()


def test_a_mistake_in_a_kernel_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    assert main(["python", "bad.py"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: bad.py:7: inp must be a Tile, not <Pointer")
    assert "Traceback" not in error


def test_a_missing_program_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["python"]) == 2
    assert main(["python", "none.py"]) == 2
    assert "there is no file" in capsys.readouterr().err
