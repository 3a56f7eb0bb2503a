"""Examples that take sizes at run time compute right at the edges: nothing, one, less than a tile, a tile, one more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ptodsl.examples import linear, norms, tails
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.examples.host_run import host_kernel
from runtime.host_kernel import HostKernel

BLOCKS = 2

L, R, C = tails.LENGTH, tails.ROWS, tails.COLS
PAIR = linear.PANEL * linear.BUFFERS

SIZES: Mapping[str, list[tuple[int, ...]]] = {
    "add_any_length": [(0,), (1,), (L - 1,), (L,), (L + 1,), (9 * L + 8,)],
    "geglu": [(1, 1), (R, C), (R + 1, C - 1), (1, 3 * C + 7), (5 * R + 1, 9)],
    "layer_norm": [(0,), (norms.ROWS,), (7 * norms.ROWS,)],
    "softmax_long_rows": [(norms.ROWS, 1), (norms.ROWS, norms.COLS), (5 * norms.ROWS, 3 * norms.COLS + 1)],
    "linear": [(linear.M, linear.N, PAIR), (3 * linear.M, linear.N, 3 * PAIR)],
}
"""Sizes by name of an example, in the order of its `sizes`."""


@pytest.fixture(scope="module", params=SIZES)
def example(request: pytest.FixtureRequest) -> Example:
    """One of the examples of the table."""
    return next(known for known in EXAMPLES if known.name == request.param)


@pytest.fixture(scope="module")
def kernel(example: Example, tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """Its library, compiled once for all sizes."""
    return host_kernel(example.build(), example.name, tmp_path_factory.mktemp(example.name))


def test_all_sizes_are_right(example: Example, kernel: HostKernel) -> None:
    for size in SIZES[example.name]:
        arguments = example.arguments(np.random.default_rng(0), *size)
        expected = example.expected(arguments)
        kernel.launch(BLOCKS, *arguments.values())
        for name, wanted in expected.items():
            np.testing.assert_allclose(
                arguments[name], wanted, rtol=example.rtol, atol=max(example.atol, 1e-4), err_msg=f"{name} at {size}"
            )
