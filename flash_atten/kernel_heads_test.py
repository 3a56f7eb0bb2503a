"""The kernels of heads as Bazel builds them, behind `flash_atten.attention`: many heads, log-sum-exps, merged chunks.

Without Bazel there are no libraries, and these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import flash_atten
from flash_atten.config import KernelConfig
from flash_atten.reference import attention_oracle

Array = npt.NDArray[np.float16]

FOLDER = Path(__file__).parent
CONFIGS = [KernelConfig(tile, kv_split=split) for tile in (256, 512) for split in (1, 2)]

TOLERANCE = 2e-4
"""Of outputs, whose probabilities are fp16: twice what the kernel's P costs on normal inputs (check_compare)."""

pytestmark = pytest.mark.skipif(
    not list(FOLDER.glob("fa_*_heads.so")), reason="Bazel builds them: bazel test //flash_atten:kernel_heads_test"
)


def _draw(*shape: int, keys: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(sum(shape) + keys)
    *heads, rows = shape
    q, k, v = (rng.standard_normal((*heads, n, 128)).astype(np.float16) for n in (rows, keys, keys))
    return q, k, v


def test_the_libraries_are_here() -> None:
    names = {path.name for path in FOLDER.glob("fa_*_heads.so")}
    assert names == {f"fa_s1tile{c.s1_tile}{'_kvsplit2' if c.kv_split > 1 else ''}_heads.so" for c in CONFIGS}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.s1_tile}-{c.kv_split}")
def test_every_head_is_attention_with_its_own_keys(config: KernelConfig) -> None:
    q, k, v = _draw(2, 3, 256, keys=config.least_s1 + config.part_rows)
    out, lse = flash_atten.attention(q, k, v, config, return_lse=True)
    assert np.array_equal(out, flash_atten.attention(q, k, v, config))
    for at in np.ndindex(2, 3):
        expected, expected_lse = attention_oracle(q[at], k[at], v[at])
        np.testing.assert_allclose(out[at], expected, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(lse[at], expected_lse, rtol=0, atol=3e-6)


def test_chunks_of_keys_merge_to_the_whole() -> None:
    """A ring of three: each has its own keys, and the log-sum-exps weigh the results."""
    q, k, v = _draw(384, keys=4608)
    parts = [flash_atten.attention(q, k[i : i + 1536], v[i : i + 1536], return_lse=True) for i in range(0, 4608, 1536)]
    total = np.logaddexp.reduce([lse.astype(np.float64) for _, lse in parts])
    merged = sum(out * np.exp(lse - total)[:, None] for out, lse in parts)
    expected, expected_lse = attention_oracle(q, k, v)
    np.testing.assert_allclose(merged, expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(total, expected_lse, rtol=0, atol=3e-6)
