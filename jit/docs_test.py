"""The programs in the documents run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

PROGRAMS = [
    pytest.param(block, id=f"{name}-{number}")
    for name in ("first_kernel", "dsl")
    for number, block in enumerate(BLOCK.findall(Path(f"docs/{name}.md").read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_runs(program: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    environment = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_there_are_programs() -> None:
    assert len(PROGRAMS) >= 7
