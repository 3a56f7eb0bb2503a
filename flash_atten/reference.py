"""An FP32 attention reference in NumPy that shares nothing with the kernel.

It computes softmax(q k^T / sqrt(D)) v one block of query rows at a time, over the whole row of scores: no tiles, no
running maximum, no rescaling. So it is wrong in other places than the kernel would be.

Its own error, against float64: FP32 sums of D products and of S1 probabilities. On normal inputs it is below 2e-6
(`reference_test.py` measures it), a hundred times under what P in FP16 costs the kernel (`check_compare`). It grows
with the scores: an FP32 score near 1e5 is known to 0.01, and the exponential makes that 1 %. Inputs whose scores are
exact in FP32 (small integers) do not have this error, whatever their size; `check_inputs` therefore draws large inputs
as integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flash_atten.config import S0

FULL_CHECK_LIMIT = 256 * 1024 * 1024
"""Scores (q rows x s1) up to which every row is checked. The vendor's harness draws the same line."""

SCORE_BLOCK_BYTES = 64 * 1024 * 1024
"""Upper bound of one block of FP32 scores; two such blocks are alive at a time."""

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]


def attention_reference(
    q: npt.NDArray[np.generic], k: npt.NDArray[np.generic], v: npt.NDArray[np.generic]
) -> Float32Array:
    """Return softmax(q k^T / sqrt(D)) v in FP32, shape [q rows, D].

    q is [q rows, D], k and v are [s1, D], of any dtype that NumPy casts to FP32. Memory beyond the operands is at most
    two blocks of `SCORE_BLOCK_BYTES` (one row of scores if that is more).
    """
    head = q.shape[1]
    keys = np.ascontiguousarray(k, dtype=np.float32).T
    values = np.ascontiguousarray(v, dtype=np.float32)
    scale = np.float32(1.0 / np.sqrt(head))
    out = np.empty((q.shape[0], values.shape[1]), dtype=np.float32)
    block = max(1, SCORE_BLOCK_BYTES // (4 * keys.shape[1]))
    for start in range(0, q.shape[0], block):
        rows = slice(start, start + block)
        scores = q[rows].astype(np.float32) @ keys
        # The maximum goes first and the scale second: near the maximum the difference is exact.
        scores -= scores.max(axis=1, keepdims=True)
        scores *= scale
        np.exp(scores, out=scores)
        total = scores.sum(axis=1, keepdims=True)
        np.divide(scores @ values, total, out=out[rows])
    return out


def attention_oracle(
    q: npt.NDArray[np.generic], k: npt.NDArray[np.generic], v: npt.NDArray[np.generic]
) -> tuple[Float64Array, Float64Array]:
    """Return softmax(q k^T / sqrt(D)) v, [q rows, D], and the log-sum-exp of each row, [q rows], both in float64.

    The log-sum-exp is ln of the sum of exp(q k^T / sqrt(D)) over a row. All scores are held at once: for small shapes.
    """
    wide = [matrix.astype(np.float64) for matrix in (q, k, v)]
    scores = wide[0] @ wide[1].T / np.sqrt(q.shape[1])
    top = scores.max(axis=1, keepdims=True)
    weights = np.exp(scores - top)
    total = weights.sum(axis=1, keepdims=True)
    return (weights / total) @ wide[2], (top + np.log(total))[:, 0]


def rows_to_check(q_rows: int, s1: int, seed: int, *, limit: int = FULL_CHECK_LIMIT) -> IndexArray:
    """Return the query rows to compare: all of them if `q_rows * s1 <= limit`, else a sample of about `limit / s1`
    rows.

    First come whole Q blocks, drawn at random and at least one: they have every row slice of both vector cores. They
    take half of the sample. The other half is one row of each of as many equal stretches, so that no run of
    neighbouring Q blocks goes unseen. The same seed gives the same rows, another seed others.
    """
    if q_rows * s1 <= limit:
        return np.arange(q_rows, dtype=np.int64)
    rng, half = np.random.default_rng(seed), limit // s1 // 2
    blocks = rng.choice(-(-q_rows // S0), max(1, half // S0), replace=False)
    whole = (np.sort(blocks)[:, None] * S0 + np.arange(S0)).ravel()
    strata = np.linspace(0, q_rows, half + 1).astype(np.int64)
    single = rng.integers(strata[:-1], strata[1:], dtype=np.int64)
    return np.concatenate([whole[whole < q_rows], np.setdiff1d(single, whole)])
