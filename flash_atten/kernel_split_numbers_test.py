"""Tests of what kernels that split S1 or take many heads compute, on the CPU, against float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.check_compare import compare
from flash_atten.config import HEAD, S0, KernelConfig, LaunchShape
from flash_atten.kernel import build_module
from flash_atten.plan import ENTRY, REDUCE_ENTRY
from flash_atten.reference import attention_oracle
from flash_atten.scratch import scratch_bytes, scratch_of
from ptodsl.examples.host_run import host_kernel
from runtime.host_kernel import HostKernel

CONFIGS = [
    KernelConfig(256, 3, kv_split=2, heads=True),
    KernelConfig(512, 4, kv_split=2),
    KernelConfig(512, 3, kv_split=4),
    KernelConfig(256, 3, heads=True),
]

Matrix = npt.NDArray[np.floating]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@cache
def _kernel(config: KernelConfig, directory: Path) -> HostKernel:
    folder = directory / f"{config.s1_tile}_{config.kv_split}_{config.heads}"
    folder.mkdir()
    return host_kernel(build_module(config), ENTRY, folder)


@dataclass(frozen=True)
class Operands:
    """Q, K, V of all heads, one below the other."""

    shape: LaunchShape
    q: Matrix
    k: Matrix
    v: Matrix

    @classmethod
    def draw(cls, shape: LaunchShape) -> Operands:
        rng = np.random.default_rng(shape.rows + shape.s1)
        rows = (shape.rows, shape.heads * shape.s1, shape.heads * shape.s1)
        return cls(shape, *(rng.standard_normal((n, HEAD)).astype(np.float16) for n in rows))

    def expected(self) -> tuple[Matrix, Matrix]:
        heads = self.shape.heads
        parts = (np.split(matrix, heads) for matrix in (self.q, self.k, self.v))
        out, lse = zip(*(attention_oracle(*head) for head in zip(*parts, strict=True)), strict=True)
        return np.concatenate(out), np.concatenate(lse)


def _run(config: KernelConfig, operands: Operands, cores: int, directory: Path) -> tuple[Matrix, Matrix]:
    """Launch both entries on scratch full of NaN; return output and log-sum-exps (none without heads)."""
    shape, kernel = operands.shape, _kernel(config, directory)
    shape.check(config)
    slots = np.full(scratch_bytes(config, shape, cores), 0xFF, np.uint8)
    out = np.full((shape.rows, HEAD), np.nan, np.float32)
    sizes = (shape.q_rows, shape.s1, *([shape.heads] if config.heads else []))
    kernel.launch(cores, 0, slots, slots, operands.q, operands.k, operands.v, out, *sizes, entry=ENTRY)
    if config.kv_split > 1:
        assert np.isnan(out).all(), "only the second entry writes the output"
        kernel.launch(cores, 0, slots, slots, out, *sizes, entry=REDUCE_ENTRY)
    place = scratch_of(config, shape, cores)
    return out, slots.view(np.float32)[place.lse : place.end]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.s1_tile}-{c.qk_preload}-{c.kv_split}-{c.heads}")
def test_kernel_computes_attention(config: KernelConfig, directory: Path) -> None:
    """From the shortest S1 on, with more and fewer units than cores, and as many cores in the second launch."""
    heads = 3 if config.heads else 1
    for blocks, s1, cores in ((1, config.least_s1, 1), (5, config.least_s1 + config.part_rows, 3), (2, 8192, 4)):
        operands = Operands.draw(LaunchShape(blocks * S0, s1, heads))
        out, lse = _run(config, operands, cores, directory)
        expected, expected_lse = operands.expected()
        found = compare(out, expected.astype(np.float32))
        assert found.ok, found.describe()
        if config.heads:
            np.testing.assert_allclose(lse, expected_lse, rtol=0, atol=2e-6)


@pytest.mark.parametrize("config", [config for config in CONFIGS if config.kv_split > 1], ids=lambda c: f"{c.kv_split}")
def test_the_part_without_large_scores_counts_for_nothing(config: KernelConfig, directory: Path) -> None:
    """Scores of one part are 1000 below those of the other, then above: factors are 0 and nothing overflows."""
    shape = LaunchShape(S0, config.least_s1)
    for last_is_large in (False, True):
        plain = Operands.draw(shape)
        q = np.ones((S0, HEAD), np.float16)
        k = np.where((np.arange(shape.s1) >= shape.s1 // 2)[:, None] == last_is_large, 50.0, -50.0)
        operands = Operands(shape, q, np.repeat(k, HEAD, axis=1).astype(np.float16), plain.v)
        out, _ = _run(config, operands, 2, directory)
        found = compare(out, operands.expected()[0].astype(np.float32))
        assert found.ok, found.describe()
