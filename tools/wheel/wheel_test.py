"""The wheel in a folder of its own computes attention; nothing of this workspace is needed beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np

from flash_atten.check_inputs import make_inputs
from flash_atten.reference import attention_reference

PROGRAM = """
import sys
sys.path[:0] = [{site!r}]
import numpy as np
import flash_atten
assert flash_atten.__file__.startswith({site!r})
q, k, v = (np.load(name + ".npy") for name in "qkv")
np.save("out.npy", flash_atten.attention(q, k, v))
"""


def test_attention_runs_from_the_unpacked_wheel(tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    (wheel,) = Path.cwd().glob("ascend_fa-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    inputs = make_inputs("normal", 128, 768, seed=1)
    for name in ("q", "k", "v"):
        np.save(work / f"{name}.npy", getattr(inputs, name))
    numpy_site = str(Path(np.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(site=str(site))],
        cwd=work,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": numpy_site},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = attention_reference(inputs.q, inputs.k, inputs.v)
    np.testing.assert_allclose(np.load(work / "out.npy"), expected, atol=2e-3)
