"""Examples that take sizes at run time compute right at the edges: nothing, one, less than a tile, a tile, one more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ptodsl.examples import linear, norms, tails
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Arguments, Example, normal, unset
from ptodsl.examples.host_run import host_kernel
from runtime.host_kernel import HostKernel

BLOCKS = 2


def _add(rng: np.random.Generator, n: int) -> Arguments:
    return {"x": normal(rng, (n,)), "y": normal(rng, (n,)), "z": unset((n,)), "n": n}


def _geglu(rng: np.random.Generator, m: int, n: int) -> Arguments:
    return {"x": normal(rng, (m, 2 * n)), "y": unset((m, n)), "m": m, "n": n}


def _layer_norm(rng: np.random.Generator, m: int) -> Arguments:
    shape = (m, norms.WIDTH)
    weights = {name: normal(rng, shape[1:]) for name in ("gamma", "beta")}
    return {"x": normal(rng, shape), **weights, "y": unset(shape), "m": m}


def _softmax(rng: np.random.Generator, m: int, n: int) -> Arguments:
    # A row that falls and one that rises: the maximum is found at once, or again in every tile.
    slope = np.where(np.arange(m) % 2, 0.05, -0.05)[:, None] * np.arange(n)
    return {"x": (normal(rng, (m, n)) + slope).astype(np.float32), "y": unset((m, n)), "m": m, "n": n}


def _linear(rng: np.random.Generator, m: int, n: int, k: int) -> Arguments:
    a, b = normal(rng, (m, k), np.float16), normal(rng, (k, n), np.float16)
    return {"a": a, "b": b, "bias": normal(rng, (n,)), "c": unset((m, n)), "m": m, "n": n, "k": k}


L, R, C = tails.LENGTH, tails.ROWS, tails.COLS
PAIR = linear.PANEL * linear.BUFFERS

SIZES: Mapping[str, tuple[Callable[..., Arguments], list[tuple[int, ...]]]] = {
    "add_any_length": (_add, [(0,), (1,), (L - 1,), (L,), (L + 1,), (9 * L + 8,)]),
    "geglu": (_geglu, [(1, 1), (R, C), (R + 1, C - 1), (1, 3 * C + 7), (5 * R + 1, 9)]),
    "layer_norm": (_layer_norm, [(0,), (norms.ROWS,), (7 * norms.ROWS,)]),
    "softmax_long_rows": (
        _softmax,
        [(norms.ROWS, 1), (norms.ROWS, norms.COLS), (5 * norms.ROWS, 3 * norms.COLS + 1)],
    ),
    "linear": (_linear, [(linear.M, linear.N, PAIR), (3 * linear.M, linear.N, 3 * PAIR)]),
}
"""By name of an example how its arguments are drawn for sizes, and sizes."""


@pytest.fixture(scope="module", params=SIZES)
def example(request: pytest.FixtureRequest) -> Example:
    """One of the examples of the table."""
    return next(known for known in EXAMPLES if known.name == request.param)


@pytest.fixture(scope="module")
def kernel(example: Example, tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """Its library, compiled once for all sizes."""
    return host_kernel(example.build(), example.name, tmp_path_factory.mktemp(example.name))


def test_all_sizes_are_right(example: Example, kernel: HostKernel) -> None:
    draw, sizes = SIZES[example.name]
    for size in sizes:
        arguments: dict[str, Any] = draw(np.random.default_rng(0), *size)
        expected = example.expected(arguments)
        kernel.launch(BLOCKS, *arguments.values())
        for name, wanted in expected.items():
            np.testing.assert_allclose(
                arguments[name], wanted, rtol=example.rtol, atol=max(example.atol, 1e-4), err_msg=f"{name} at {size}"
            )
