"""Tests of what the author of a kernel reads when it cannot be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptodsl.errors import DslError, failure_text
from ptodsl.locations import SourceLine

KERNEL = """
def scale(rows):
    return rows * factor

def build():
    return scale(3)
"""


def build(path: Path) -> None:
    """Build the kernel at `path`, which is another file than this program's."""
    names: dict[str, object] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    made = names["build"]
    assert callable(made)
    made()


def test_a_mistake_of_python_is_the_authors_lines_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "my_kernel.py"
    path.write_text(KERNEL)
    with pytest.raises(NameError) as caught:
        build(path)
    lines = failure_text(caught.value).splitlines()
    assert lines[0] == "my_kernel.py:3: NameError: name 'factor' is not defined"
    assert lines[-2:] == ["  my_kernel.py:6: return scale(3)", "  my_kernel.py:3: return rows * factor"]
    assert not any("pytest" in line for line in lines)


def test_frames_of_libraries_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "my_kernel.py"
    path.write_text("import json\n\ndef build():\n    json.loads('{')\n")
    with pytest.raises(ValueError, match="Expecting") as caught:
        build(path)
    text = failure_text(caught.value)
    assert text.startswith("my_kernel.py:4: json.decoder.JSONDecodeError: Expecting")
    assert "decoder.py" not in text


def test_a_dsl_error_is_its_sentence() -> None:
    assert failure_text(DslError(SourceLine("k.py", 7), "no such pipe")) == "k.py:7: no such pipe"
