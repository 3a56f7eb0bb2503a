"""The inputs that the kernel is checked on: normal ones, and the edges of FP16 softmax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

HEAD = 128
"""Head dimension, baked into the kernel."""

LARGE_MAGNITUDE = 200
"""|q| and |k| of the `large` kind: scores up to 128 * 200 * 200 = 5.12e6, whose integers FP32 holds exactly (below
2^24)."""

ONE_HOT_PEAK = 64.0
"""The one entry of a `one_hot` row: a matching key scores 64 * 64 / sqrt(128) = 362 above the others, whose weights
vanish."""

Float16Array = npt.NDArray[np.float16]


@dataclass(frozen=True)
class AttentionInputs:
    """q [q rows, 128], k and v [s1, 128]; FP16, C-contiguous."""

    q: Float16Array
    k: Float16Array
    v: Float16Array


Draw = Callable[[np.random.Generator, int], Float16Array]


def _normal(rng: np.random.Generator, rows: int) -> Float16Array:
    return rng.standard_normal((rows, HEAD), dtype=np.float32).astype(np.float16)


def _large(rng: np.random.Generator, rows: int) -> Float16Array:
    return rng.integers(-LARGE_MAGNITUDE, LARGE_MAGNITUDE + 1, (rows, HEAD)).astype(np.float16)


def _one_hot(rng: np.random.Generator, rows: int) -> Float16Array:
    out = np.zeros((rows, HEAD), dtype=np.float16)
    out[np.arange(rows), rng.integers(0, HEAD, rows)] = ONE_HOT_PEAK
    return out


def _one_row_repeated(rng: np.random.Generator, rows: int) -> Float16Array:
    return np.repeat(_normal(rng, 1), rows, axis=0)


def _zeros(rng: np.random.Generator, rows: int) -> Float16Array:
    return np.zeros((rows, HEAD), dtype=np.float16)


INPUT_KINDS: Mapping[str, tuple[Draw, Draw, Draw]] = MappingProxyType(
    {
        "normal": (_normal, _normal, _normal),
        "large": (_large, _large, _normal),
        "one_hot": (_one_hot, _one_hot, _normal),
        "equal": (_normal, _one_row_repeated, _normal),
        "zeros": (_zeros, _zeros, _zeros),
    }
)
"""Kind -> how q, k and v are drawn. `equal` makes all scores of a row the same: the result is the mean of v."""


def make_inputs(kind: str, q_rows: int, s1: int, seed: int) -> AttentionInputs:
    """Draw the inputs of one kind (a key of `INPUT_KINDS`); the same arguments give the same bytes."""
    rng = np.random.default_rng(seed)
    draw_q, draw_k, draw_v = INPUT_KINDS[kind]
    return AttentionInputs(q=draw_q(rng, q_rows), k=draw_k(rng, s1), v=draw_v(rng, s1))
