"""The inputs that the kernel is checked on: normal ones, those on which each tile matters, and the edges of FP16
softmax.

What each kind is for, and which faults it sees: docs/checks.md and `//flash_atten:check_mutants`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from flash_atten.config import HEAD

SQRT_HEAD = float(np.sqrt(HEAD))
"""A product q . k is this many times its scaled score."""

MARKED_ROWS = 256
"""Rows of K and V that are marked alike: the smallest tile of a kernel. A larger tile has several marks."""

LARGE_MAGNITUDE = 200
"""|q| and |k| of the `large` kind: scores up to 128 * 200 * 200 = 5.12e6, whose integers FP32 holds exactly (below
2^24)."""

MARK_FACTOR = 4.0
"""q[:, 0] of the `marked` kind: with marks that are standard normal, weights of tiles differ by a factor of 1.4."""

CODE_COLUMNS = 32
"""Columns of q and k that hold the code of a tile in the `concentrated` kind: other codes score a sixth as much."""

RISE_COLUMNS = 10
"""Columns of q and k by which the maximum rises in the `rising` kind: at each mark by one of them, in turns, and each
row of q sees half of them. So a rescale factor differs from those up to four tiles before and after it, in half of the
rows."""

RISE_START = 4.0
"""Scaled score of the first tile's peak in the `rising` kind: as high as the largest of 30,000 normal scores."""

RISE = 5.0
"""Scaled score by which the peak rises over all tiles. Weights below its end are exp(-9) = 1.2e-4: still normal
FP16."""

FULL_RISE_MARKS = 64
"""Marks from which on the peak rises as much; with fewer it rises less, as each step is then larger."""

NEGATIVE = (16, 265.0, -267.0)
"""Columns, q and k of the `negative` kind's offset: 16 * 265 * -267 / sqrt(128) = -1.0006e5. The product is below 2^21
and a multiple of 1/8 like all scores of this kind, hence exact in FP32, whatever the order of the sum."""

ONE_ROW_IN = 8
"""In the `not_finite` kind an infinity in K spoils one row in so many; of the others it takes no weight."""

Float16Array = npt.NDArray[np.float16]
Float32Array = npt.NDArray[np.float32]
Generator = np.random.Generator


@dataclass(frozen=True)
class Spoiled:
    """Which values of a result must not be finite, since a NaN or an infinity reaches them: whole rows, whole columns.

    All others must be finite, and right.
    """

    rows: npt.NDArray[np.bool_]
    """[q rows]."""

    columns: npt.NDArray[np.bool_]
    """[128]."""

    def mask(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return the same for some rows of the result, as [len(rows), 128] booleans."""
        return self.rows[rows, None] | self.columns[None, :]


@dataclass(frozen=True)
class AttentionInputs:
    """q [q rows, 128], k and v [s1, 128]; FP16, C-contiguous."""

    q: Float16Array
    k: Float16Array
    v: Float16Array
    spoiled: Spoiled | None = None
    """None if the whole result must be finite."""

    def spoiled_mask(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which values of some rows of the result must not be finite, as [len(rows), 128] booleans."""
        return np.zeros((rows.size, HEAD), dtype=np.bool_) if self.spoiled is None else self.spoiled.mask(rows)


def _half(values: npt.NDArray[np.number[Any]]) -> Float16Array:
    return np.ascontiguousarray(values, dtype=np.float16)


def _normal(rng: Generator, rows: int) -> Float32Array:
    return rng.standard_normal((rows, HEAD), dtype=np.float32)


def _mark_of_row(s1: int) -> npt.NDArray[np.int64]:
    """Return the number of the mark of each row of K and V."""
    return np.arange(s1) // MARKED_ROWS


def _marks(s1: int) -> int:
    return -(-s1 // MARKED_ROWS)


def _draw_normal(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Standard normal."""
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    return AttentionInputs(_half(q), _half(k), _half(v))


def _draw_marked(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Normal, but by column 0 of q and k a tile has a weight of its own, and in column 0 of v its own number."""
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    q[:, 0] = MARK_FACTOR
    k[:, 0] = rng.standard_normal(_marks(s1))[_mark_of_row(s1)]
    v[:, 0] = rng.permutation(np.linspace(-1, 1, _marks(s1)))[_mark_of_row(s1)]
    return AttentionInputs(_half(q), _half(k), _half(v))


def _draw_concentrated(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Each row of q has about half of its weight in one tile, the one that has its code; tiles in turns."""
    codes = rng.choice([-1.0, 1.0], (_marks(s1), CODE_COLUMNS))
    # By so much a tile's own code scores higher than others do: the logarithm makes up for the number of those.
    ahead = 1 + np.log(_marks(s1))
    # Equal codes have the product CODE_COLUMNS * factor^2, and the kernel divides it by sqrt(head size).
    factor = np.sqrt(ahead * SQRT_HEAD / CODE_COLUMNS)
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    # A permutation: all tiles are wanted equally often, or, with fewer rows than tiles, none twice.
    wanted = rng.permutation(max(q_rows, _marks(s1)))[:q_rows] % _marks(s1)
    q[:, :CODE_COLUMNS] = factor * codes[wanted]
    k[:, :CODE_COLUMNS] = factor * codes[_mark_of_row(s1)]
    return AttentionInputs(_half(q), _half(k), _half(v))


def _draw_rising(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Normal, but in each tile one key, with zeros for v, scores higher than all keys before.

    So the other keys weigh the same in all tiles, and every rescale factor counts: it is below 1, and another one than
    its neighbours. The peak of tile t is RISE_START + RISE sqrt(t / tiles) on the average of the rows.
    """
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    marks, steps = _marks(s1), np.arange(1, _marks(s1))
    rise = np.zeros((marks, RISE_COLUMNS))
    rise[steps, steps % RISE_COLUMNS] = np.diff(np.sqrt(np.arange(marks) / marks))
    base, columns = RISE_COLUMNS, slice(RISE_COLUMNS)
    seen = rng.permuted(np.tile(np.repeat([0, 1], RISE_COLUMNS // 2), (q_rows, 1)), axis=1)
    q[:, columns], q[:, base] = 16 * seen, 8
    # Only peaks score in the columns that are kept for them.
    k[:, : base + 1] = 0
    # The last mark may have fewer rows than the others.
    peaks = np.minimum(np.arange(marks) * MARKED_ROWS + rng.integers(0, MARKED_ROWS, marks), s1 - 1)
    k[peaks] = 0
    height = RISE * min(1, marks / FULL_RISE_MARKS)
    # Twice, since a row sees half of the columns; 16 and 8 are what q has there, and sqrt(head size) is the scale.
    k[peaks, columns] = 2 * height * SQRT_HEAD / 16 * np.cumsum(rise, axis=0)
    k[peaks, base] = RISE_START * SQRT_HEAD / 8
    v[peaks] = 0
    return AttentionInputs(_half(q), _half(k), _half(v))


def _draw_large(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Whole numbers up to LARGE_MAGNITUDE for q and k: scores of millions, weights that are 1 or vanish."""
    q, k = (rng.integers(-LARGE_MAGNITUDE, LARGE_MAGNITUDE + 1, (rows, HEAD)) for rows in (q_rows, s1))
    return AttentionInputs(_half(q), _half(k), _half(_normal(rng, s1)))


def _draw_negative(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Normal in steps of 1/2 and 1/4, with all scores near -1e5."""
    q, k = np.round(2 * _normal(rng, q_rows)) / 2, np.round(4 * _normal(rng, s1)) / 4
    columns, q_offset, k_offset = NEGATIVE
    q[:, :columns], k[:, :columns] = q_offset, k_offset
    return AttentionInputs(_half(q), _half(k), _half(_normal(rng, s1)))


def _draw_not_finite(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Normal, with a NaN and an infinity in q and in v, and an infinity in k.

    A row of q that holds one spoils its row of the result; a column of v that holds one, its column. The infinity in k
    makes an infinite score where q is positive in its column, which spoils the row, and minus infinity where it is
    negative: there the key has no weight, and the row must be right.
    """
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    rows = rng.choice(q_rows, 2, replace=False)
    columns = rng.choice(HEAD, 2, replace=False)
    column = int(rng.integers(HEAD))
    positive = rng.integers(0, ONE_ROW_IN, q_rows) == 0
    q[:, column] = np.where(positive, 1, -1)
    k[rng.integers(s1), column] = np.inf
    q[rows, rng.integers(0, HEAD, 2)] = [np.nan, np.inf]
    v[rng.integers(0, s1, 2), columns] = [np.nan, np.inf]
    spoiled = Spoiled(positive, np.isin(np.arange(HEAD), columns))
    spoiled.rows[rows] = True
    return AttentionInputs(_half(q), _half(k), _half(v), spoiled)


def _draw_nan_key(rng: Generator, q_rows: int, s1: int) -> AttentionInputs:
    """Normal, with one NaN in k: every row has a score that is NaN, so nothing of the result may be finite."""
    q, k, v = _normal(rng, q_rows), _normal(rng, s1), _normal(rng, s1)
    k[rng.integers(s1), rng.integers(HEAD)] = np.nan
    spoiled = Spoiled(np.ones(q_rows, dtype=np.bool_), np.ones(HEAD, dtype=np.bool_))
    return AttentionInputs(_half(q), _half(k), _half(v), spoiled)


INPUT_KINDS: Mapping[str, Callable[[Generator, int, int], AttentionInputs]] = MappingProxyType(
    {
        "normal": _draw_normal,
        "marked": _draw_marked,
        "concentrated": _draw_concentrated,
        "rising": _draw_rising,
        "large": _draw_large,
        "negative": _draw_negative,
        "not_finite": _draw_not_finite,
        "nan_key": _draw_nan_key,
    }
)
"""Kind -> how q, k and v are drawn."""

BENCHMARK_KIND = "rising"
"""The kind that is benchmarked, and by which a timed kernel is judged: alone it shows every fault that finite inputs
without extreme scores can show (`check_mutants_test`)."""


def make_inputs(kind: str, q_rows: int, s1: int, seed: int) -> AttentionInputs:
    """Draw the inputs of one kind (a key of `INPUT_KINDS`); the same arguments give the same bytes."""
    return INPUT_KINDS[kind](np.random.default_rng(seed), q_rows, s1)


def known_kinds(names: Sequence[str]) -> Sequence[str]:
    """Return what --kinds says. Raises ValueError if one is not a kind of inputs, or there is none."""
    if not names or set(names) - set(INPUT_KINDS):
        raise ValueError(f"--kinds={','.join(names)} is not supported; choose from {', '.join(INPUT_KINDS)}")
    return names
