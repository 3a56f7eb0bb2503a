"""Outside of Bazel, a missing torch costs the tests that need it, and no others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path("conftest.py").absolute()

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A workspace with a test that needs torch and one that does not."""
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\npython_files = *_test.py\n", encoding="utf-8")
    (tmp_path / "a_torch_test.py").write_text("import torch\n", encoding="utf-8")
    (tmp_path / "a_test.py").write_text("def test_right() -> None:\n    pass\n", encoding="utf-8")
    return tmp_path


def test_without_torch_everything_else_runs(directory: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WITHOUT_TORCH, "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=directory, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "without torch: *_torch_test.py are left out" in done.stdout
