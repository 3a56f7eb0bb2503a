"""The wheel in a folder of its own computes attention and compiles kernels; nothing of this workspace is beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from flash_atten.check_inputs import make_inputs
from flash_atten.reference import attention_reference

ATTENTION = """
import numpy as np
import flash_atten
assert flash_atten.__file__.startswith({site!r})
q, k, v = (np.load(name + ".npy") for name in "qkv")
np.save("out.npy", flash_atten.attention(q, k, v))
"""

KERNEL = """
import numpy as np
from ptodsl import jit, pto, tile

Vector = pto.PtrType(pto.float32)

@jit
def twice(x: Vector, y: Vector) -> None:
    with pto.vector_section():
        views = [pto.as_tensor(ptr=at, shape=[32, 64], strides=[64, 1]) for at in (x, y)]
        source, result = (pto.slice_view(source=view, offsets=[0, 0], sizes=[32, 64]) for view in views)
        held = pto.alloc_tile(pto.TileBufType(shape=[32, 64], dtype=pto.float32))
        doubled = pto.alloc_tile(pto.TileBufType(shape=[32, 64], dtype=pto.float32))
        pto.load(source, held)
        tile.add(held, held, doubled)
        pto.store(doubled, result)

x = np.arange(32 * 64, dtype=np.float32).reshape(32, 64)
y = np.zeros_like(x)
twice(x, y)
np.save("out.npy", y)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel was unpacked to."""
    site = tmp_path_factory.mktemp("site")
    (wheel,) = Path.cwd().glob("ascend_fa-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run(program: str, site: Path, work: Path) -> None:
    """Run a program in `work` with the wheel and what it requires."""
    script = work / "program.py"
    script.write_text(program)
    required = [folder for folder in sys.path if folder.endswith((".site", "site-packages"))]
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=work,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join([str(site), *required]), "HOME": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_attention_runs_from_the_unpacked_wheel(site: Path, tmp_path: Path) -> None:
    inputs = make_inputs("normal", 128, 768, seed=1)
    for name in ("q", "k", "v"):
        np.save(tmp_path / f"{name}.npy", getattr(inputs, name))
    run(ATTENTION.format(site=str(site)), site, tmp_path)
    expected = attention_reference(inputs.q, inputs.k, inputs.v)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, atol=2e-3)


def test_a_kernel_is_compiled_and_runs_from_the_unpacked_wheel(site: Path, tmp_path: Path) -> None:
    run(KERNEL, site, tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), 2 * np.arange(32 * 64).reshape(32, 64))
