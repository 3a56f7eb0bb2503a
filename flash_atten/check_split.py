"""The split algorithm in NumPy: what a kernel with KV_SPLIT computes on one Q block, and the same with a step broken.

Each part of S1 is a `TiledAttention` of its own keys; the parts are combined as `kernel_reduce.py` does it. A mutant
changes a step of that; what can be wrong within a part is in `check_broken`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flash_atten.check_broken import Mutant
from flash_atten.check_inputs import AttentionInputs
from flash_atten.check_model import Array, TiledAttention
from flash_atten.config import HEAD, S0, SCALE, KernelConfig


class SplitAttention:
    """One Q block, rows 0 to 127 of `inputs.q`. Arrays of a part are [slices, rows of a slice, columns]."""

    def __init__(self, inputs: AttentionInputs, config: KernelConfig) -> None:
        """Cut the keys into parts; nothing is computed yet."""
        rows = inputs.k.shape[0] // config.kv_split
        cuts = [slice(number * rows, (number + 1) * rows) for number in range(config.kv_split)]
        self.parts = [
            TiledAttention(replace(inputs, k=inputs.k[cuts[keys]], v=inputs.v[cuts[keys]]), config)
            for keys in self.keys(config.kv_split)
        ]
        self.scale = np.float32(SCALE)

    def keys(self, parts: int) -> list[int]:
        """Return which part of S1 each unit takes."""
        return list(range(parts))

    def new_max(self) -> Array:
        """Return the maximum over the parts."""
        return np.asarray(np.max([part.row_max for part in self.parts], axis=0), np.float32)

    def row_max(self, number: int) -> Array:
        """Return the row maxima of a part."""
        return self.parts[number].row_max

    def factor(self, number: int, new_max: Array) -> Array:
        """Return what the output of a part is multiplied by, before the division."""
        return np.asarray(np.exp((self.row_max(number) - new_max) * self.scale), np.float32)

    def factor_of_sum(self, number: int, factor: Array) -> Array:
        """Return what the row sum of a part is multiplied by."""
        return factor

    def output(self, number: int) -> Array:
        """Return the unnormalised output of a part."""
        return self.parts[number].output

    def combined(self) -> Sequence[int]:
        """Return the parts that are added up."""
        return range(len(self.parts))

    def result(self) -> Array:
        """Compute the parts and combine them; return the result of the Q block, [128, 128]."""
        for part in self.parts:
            part.run()
        new_max = self.new_max()
        factors = [self.factor(number, new_max) for number in range(len(self.parts))]
        total = np.sum([part.row_sum * self.factor_of_sum(n, factors[n]) for n, part in enumerate(self.parts)], axis=0)
        weighted = [self.output(number) * (factors[number] / total)[..., None] for number in self.combined()]
        return np.asarray(np.sum(weighted, axis=0), np.float32).reshape(S0, HEAD)


class DroppedPart(SplitAttention):
    """The output of the last part is not added."""

    def combined(self) -> Sequence[int]:
        return range(len(self.parts) - 1)


class PartTwice(SplitAttention):
    """All units take the first part of S1."""

    def keys(self, parts: int) -> list[int]:
        return [0] * parts


class OutputOfAnotherPart(SplitAttention):
    """The outputs of the first two parts are exchanged, but not their states."""

    def output(self, number: int) -> Array:
        return super().output({0: 1, 1: 0}.get(number, number))


class MaximaOfAnotherPart(SplitAttention):
    """The row maxima of the first two parts are exchanged."""

    def row_max(self, number: int) -> Array:
        return super().row_max({0: 1, 1: 0}.get(number, number))


class StatesOfNeighbourRows(SplitAttention):
    """Row maxima are read one row too far."""

    def row_max(self, number: int) -> Array:
        return np.roll(super().row_max(number), 1)


class NotWeighted(SplitAttention):
    """Parts are added up as they are."""

    def factor(self, number: int, new_max: Array) -> Array:
        return np.ones_like(new_max)


class SumNotWeighted(SplitAttention):
    """Row sums are added up as they are."""

    def factor_of_sum(self, number: int, factor: Array) -> Array:
        return np.ones_like(factor)


class FactorNotScaled(SplitAttention):
    """The exponents of the factors are not divided by sqrt(128)."""

    def factor(self, number: int, new_max: Array) -> Array:
        return np.asarray(np.exp(self.row_max(number) - new_max), np.float32)


class PartDividedByItsSum(SplitAttention):
    """Parts are normalised before they are combined."""

    def output(self, number: int) -> Array:
        return super().output(number) / self.parts[number].row_sum[..., None]


FAULTS = tuple(SplitAttention.__subclasses__())
"""All of the above."""


def split_mutants() -> list[Mutant]:
    """Return the mutants of combining."""
    return [Mutant(fault.__name__, fault) for fault in FAULTS]
