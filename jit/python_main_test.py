"""A user's program, started by `//ptodsl:python`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.interrupt import EXIT_INTERRUPTED
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f():\n    raise KeyError('no')\n\nf()\n", "bad.py:2: KeyError: 'no'\n  bad.py:4: f()\n  bad.py:2: raise"),
        ("import no_such_module\n", "bad.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("from ptodsl import no_such_name\n", "bad.py:1: ImportError: cannot import name 'no_such_name' from 'ptodsl'"),
        ("import json\njson.loads('{')\n", "bad.py:2: json.decoder.JSONDecodeError: Expecting"),
        ("def f(:\n", "SyntaxError: invalid syntax"),
        ("if 1:\nx = 2\n", "IndentationError: expected an indented block"),
        ("\0", "source code string cannot contain null bytes"),
        ("raise KeyboardInterrupt\n", "interrupted"),
    ],
)
def test_errors_of_the_program_are_its_own_lines(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text(text)
    code = main(["python", "bad.py"])
    error = capsys.readouterr().err
    assert code == (EXIT_INTERRUPTED if words == "interrupted" else 1)
    assert words in error
    assert not any(other in error for other in ("Traceback", "runpy", "python_main.py", "decoder.py"))


def test_the_exit_code_is_the_programs(tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(3)\n")
    with pytest.raises(SystemExit) as caught:
        main(["python", "leaves.py"])
    assert caught.value.code == 3


def test_a_missing_program_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["python"]) == 2
    assert main(["python", "none.py"]) == 2
    assert "there is no file" in capsys.readouterr().err
