"""Tests of what the kernel computes, on the CPU, against the FP32 reference."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from flash_atten.check_compare import compare
from flash_atten.config import FAST, FAST_PRELOAD, HEAD, QK_PRELOADS, S0, S1_TILES, KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.kernel import build_module
from flash_atten.plan import ENTRY
from flash_atten.reference import attention_reference
from ptodsl.examples.host_run import host_kernel
from runtime.host_kernel import HostKernel
from tools.ptoas.assemble import Options, Sync

Matrix = npt.NDArray[np.floating]

BASE = KernelConfig()

FAST_KERNELS = [KernelConfig(tile, FAST_PRELOAD, schedule=FAST) for tile in S1_TILES]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@cache
def _kernel(config: KernelConfig, directory: Path, sync: Sync) -> HostKernel:
    folder = directory / f"{config.schedule}_{config.s1_tile}_{config.qk_preload}_{sync.value}"
    folder.mkdir()
    return host_kernel(build_module(config), ENTRY, folder, Options(sync))


def _run(kernel: HostKernel, config: KernelConfig, q: Matrix, k: Matrix, v: Matrix, cores: int) -> Matrix:
    shape = LaunchShape(len(q), len(k))
    shape.check(config)
    slots = np.full(cores * fifo_bytes_per_core(config), 0xFF, np.uint8)
    out = np.full((shape.q_rows, HEAD), np.nan, np.float32)
    inputs = (np.ascontiguousarray(x, np.float16) for x in (q, k, v))
    kernel.launch(cores, 0, slots, slots, *inputs, out, shape.q_rows, shape.s1)
    return out


def _random(rows: int, s1: int) -> tuple[Matrix, Matrix, Matrix]:
    rng = np.random.default_rng(rows + s1)
    q, k, v = (rng.standard_normal((n, HEAD)).astype(np.float16) for n in (rows, s1, s1))
    return q, k, v


def _check(kernel: HostKernel, config: KernelConfig, q: Matrix, k: Matrix, v: Matrix, cores: int = 1) -> None:
    out = _run(kernel, config, q, k, v, cores)
    found = compare(out, attention_reference(q, k, v))
    assert found.ok, found.describe()


@pytest.mark.parametrize(("s1_tile", "qk_preload"), list(itertools.product(S1_TILES, QK_PRELOADS)))
def test_kernel_computes_attention(s1_tile: int, qk_preload: int, directory: Path) -> None:
    """From the shortest S1 on, one Q block or many, more and fewer blocks than cores."""
    config = KernelConfig(s1_tile, qk_preload)
    kernel = _kernel(config, directory, Sync.INSERT)
    shortest = s1_tile * qk_preload
    for blocks, s1, cores in (
        (1, shortest, 1),
        (5, shortest + s1_tile, 2),
        (8, 2048, 8),
        (3, 4096, 4),
        (2, 7 * 512, 1),
    ):
        _check(kernel, config, *_random(blocks * S0, s1), cores)


@pytest.mark.parametrize("config", FAST_KERNELS, ids=lambda config: f"{config.schedule}-{config.s1_tile}")
def test_fast_kernel_computes_attention(config: KernelConfig, directory: Path) -> None:
    """Pairs and blocks that are left over, fewer tiles than run ahead and more, every remainder by the rings."""
    kernel = _kernel(config, directory, Sync.INSERT)
    tile = config.s1_tile
    for blocks, tiles, cores in (
        (1, 1, 1),
        (2, 1, 1),
        (2, 2, 1),
        (3, 3, 1),
        (4, 4, 1),
        (5, 5, 2),
        (7, 6, 3),
        (1, 7, 1),
        (8, 8, 8),
        (2, 11, 1),
    ):
        _check(kernel, config, *_random(blocks * S0, tiles * tile), cores)


@pytest.mark.parametrize("config", FAST_KERNELS, ids=lambda config: f"{config.schedule}-{config.s1_tile}")
def test_nan_stays_in_its_rows(config: KernelConfig, directory: Path) -> None:
    """Blocks that follow on the same core start from a state that has nothing of the ones before."""
    q, k, v = _random(6 * S0, 3 * config.s1_tile)
    rows = [0, S0 + 77, 3 * S0 - 1]
    q[rows, 5] = np.nan
    out = _run(_kernel(config, directory, Sync.INSERT), config, q, k, v, 1)
    expected = np.delete(attention_reference(q, k, v), rows, axis=0)
    assert np.isnan(out[rows]).all()
    found = compare(np.delete(out, rows, axis=0), expected)
    assert found.ok, found.describe()


def _integers(rng: np.random.Generator, rows: int, limit: int) -> Matrix:
    return rng.integers(-limit, limit + 1, (rows, HEAD)).astype(np.float16)


def _edge(name: str) -> tuple[Matrix, Matrix, Matrix]:
    """Q, K, V of a difficult case. Large values are whole numbers, so that scores are exact in FP32."""
    rng, s1 = np.random.default_rng(1), 1024
    v = rng.standard_normal((s1, HEAD)).astype(np.float16)
    if name == "large magnitudes":
        return _integers(rng, S0, 200), _integers(rng, s1, 200), v
    if name == "one-hot rows":
        eye = np.eye(HEAD, dtype=np.float16) * 100
        return eye, np.tile(eye, (s1 // HEAD, 1)), v
    if name == "all scores equal":
        return np.ones((S0, HEAD), np.float16), np.full((s1, HEAD), 3, np.float16), v
    if name == "maximum in the last tile":
        k = _integers(rng, s1, 2)
        k[-1] = 60
        return np.abs(_integers(rng, S0, 3)) + 1, k, v
    assert name == "zeros"
    return np.zeros((S0, HEAD), np.float16), np.zeros((s1, HEAD), np.float16), np.zeros((s1, HEAD), np.float16)


@pytest.mark.parametrize("config", [BASE, *FAST_KERNELS], ids=lambda config: f"{config.schedule}-{config.s1_tile}")
@pytest.mark.parametrize(
    "name", ["large magnitudes", "one-hot rows", "all scores equal", "maximum in the last tile", "zeros"]
)
def test_kernel_survives_difficult_numbers(name: str, config: KernelConfig, directory: Path) -> None:
    _check(_kernel(config, directory, Sync.INSERT), config, *_edge(name))
