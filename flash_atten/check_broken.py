"""Numeric mutants: the tiled algorithm with one thing broken, as a bug in kernel, pipeline or barriers would break it.

Each is a subclass of `TiledAttention` that changes a step or two. `at` is the tile that it happens in, `other` the tile
next to it. `mutants` has them at the first, a middle and the last tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from flash_atten.check_compare import Comparison, compare
from flash_atten.check_inputs import AttentionInputs, make_inputs
from flash_atten.check_model import Array, TiledAttention
from flash_atten.config import CUBE_S1, S0, KernelConfig
from flash_atten.reference import Float32Array, attention_reference

ZERO_ROWS = 16
"""Rows of the mutant that writes zeros: the smallest row slice."""


class Broken(TiledAttention):
    """A fault at one tile, in one row slice if it is about row slices."""

    first: ClassVar[int] = 0
    """The first tile that the fault can be in."""

    scaled_by: ClassVar[float] = 1
    """How many times too large the factor on the scores is."""

    def __init__(self, inputs: AttentionInputs, config: KernelConfig, at: int) -> None:
        """Place the fault at tile `at`; the row slice follows from it, so that all are used."""
        super().__init__(inputs, config)
        self.scale *= np.float32(self.scaled_by)
        self.at = at
        # A neighbour that exists: the last tile has none behind it.
        self.other = at - 1 if at == self.tiles - 1 else at + 1
        self.slice = at % self.slices
        self.ring[:] = 1  # of another Q block: the value that does least harm where a factor is missing

    def exchanged(self, tile: int) -> int:
        """Return the tile with `at` and `other` exchanged."""
        return {self.at: self.other, self.other: self.at}.get(tile, tile)


class Local(Broken):
    """A fault of one tile or one row slice."""


class Everywhere(Broken):
    """A fault of all tiles."""


class Edge(Broken):
    """A fault that only extreme or special values show; normal inputs give the right result, or nearly."""


class DroppedTile(Local):
    """K and V of a tile are not used."""

    def order(self) -> list[int]:
        return [tile for tile in range(self.tiles) if tile != self.at]


class DroppedK(Local):
    """K of a tile reads as zeros."""

    def k_tile(self, tile: int) -> Array:
        return super().k_tile(tile) * np.float32(tile != self.at)


class LostPV(Local):
    """V of a tile reads as zeros, or its P V is not added."""

    def pv(self, step: int, tile: int) -> Array:
        return super().pv(step, tile) * np.float32(tile != self.at)


class RepeatedTile(Local):
    """A tile is used twice."""

    def order(self) -> list[int]:
        return sorted([*range(self.tiles), self.at])


class NeighboursTile(Local):
    """The tile next to it is used in its place, K and V."""

    def order(self) -> list[int]:
        return [self.other if tile == self.at else tile for tile in range(self.tiles)]


class NeighboursK(Local):
    """K of a tile is that of the tile next to it: a buffer that was not loaded again."""

    def k_tile(self, tile: int) -> Array:
        return super().k_tile(self.other if tile == self.at else tile)


class NeighboursV(Local):
    """V of a tile is that of the tile next to it."""

    def v_tile(self, tile: int) -> Array:
        return super().v_tile(self.other if tile == self.at else tile)


class SwappedK(Local):
    """K of two tiles is exchanged, V is not."""

    def k_tile(self, tile: int) -> Array:
        return super().k_tile(self.exchanged(tile))


class SwappedV(Local):
    """V of two tiles is exchanged, K is not."""

    def v_tile(self, tile: int) -> Array:
        return super().v_tile(self.exchanged(tile))


class SwappedTiles(Broken):
    """K and V of two tiles are exchanged. That is no fault: the order of tiles does not matter."""

    def order(self) -> list[int]:
        return [self.exchanged(tile) for tile in range(self.tiles)]


class SwappedSubTiles(Local):
    """The sub-tiles of V are taken in another order than those of K, in one tile."""

    def v_tile(self, tile: int) -> Array:
        return np.roll(super().v_tile(tile), CUBE_S1 * (tile == self.at), axis=0)


class StaleRescale(Local):
    """The factors of a tile are not written: the accumulation finds those of `qk_preload` tiles before."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        if step != self.at:
            super().put_rescale(step, rescale)


class RescaleOfNextSlot(Local):
    """The accumulation reads the ring slot after the right one, at one tile."""

    first = 1

    def read_slot(self, step: int) -> int:
        return super().read_slot(step + (step == self.at))


class RescaleOfSlotBefore(Local):
    """The accumulation reads the ring slot before the right one, at one tile."""

    first = 1

    def read_slot(self, step: int) -> int:
        return super().read_slot(step - (step == self.at))


class NotRescaled(Local):
    """The output is not rescaled at one tile."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        super().put_rescale(step, np.ones_like(rescale) if step == self.at else rescale)


class SumNotRescaled(Local):
    """The running sum is not rescaled where its factors are in one of the ring's slots."""

    first = 1

    def rescale_of_sum(self, step: int, rescale: Array) -> Array:
        return np.ones_like(rescale) if self.write_slot(step) == self.write_slot(self.at) else rescale


class SliceNotRescaled(Local):
    """One row slice of the output is not rescaled at one tile."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        rescale = rescale.copy()
        if step == self.at:
            rescale[self.slice] = 1
        super().put_rescale(step, rescale)


class SliceOfStaleScores(Local):
    """One row slice takes the scores of the tile next to it."""

    def scores(self, tile: int) -> Array:
        found = super().scores(tile)
        if tile == self.at:
            found[self.slice] = super().scores(self.other)[self.slice]
        return found


class SliceOfStaleP(Local):
    """One row slice of P is that of the tile before: its store came too late."""

    first = 1

    def softmax(self, step: int, tile: int) -> None:
        super().softmax(step, tile)
        if step == self.at:
            self.probabilities[step][self.slice] = self.probabilities[step - 1][self.slice]


class SliceOfLostPV(Local):
    """One row slice does not add the P V of a tile."""

    def pv(self, step: int, tile: int) -> Array:
        found = super().pv(step, tile)
        if tile == self.at:
            found[self.slice] = 0
        return found


class SliceOfAnotherOutput(Local):
    """One row slice of the result is that of another one: its store came too late, or went to the wrong rows."""

    def result(self) -> Array:
        out = super().result().reshape(self.output.shape)
        out[self.slice] = out[self.slice - 1]
        return out.reshape(S0, -1)


class SixteenZeroRows(Local):
    """16 rows of the result are zeros."""

    def result(self) -> Array:
        out = super().result()
        out[self.slice * self.config.slice_rows :][:ZERO_ROWS] = 0
        return out


class OneColumnOfAnother(Local):
    """One column of the result holds another one's values."""

    def result(self) -> Array:
        out = super().result()
        # 127, so that there is a column behind it.
        out[:, self.at % 127] = out[:, self.at % 127 + 1]
        return out


class MeanOfV(Everywhere):
    """Every row is the mean of V."""

    def result(self) -> Array:
        return np.broadcast_to(self.v.astype(np.float32).mean(axis=(0, 1)), (S0, self.v.shape[2])).copy()


class ScaleOnePercentMore(Everywhere):
    """Scores are scaled by 1 % too much."""

    scaled_by = 1.01


class ScaleOnePercentLess(Everywhere):
    """Scores are scaled by 1 % too little."""

    scaled_by = 0.99


class NoScale(Everywhere):
    """Scores are not scaled."""

    scaled_by = 128**0.5


class PInBFloat16(Everywhere):
    """P is rounded to 8 bits instead of 11."""

    def to_fp16(self, probabilities: Array) -> Array:
        """Round half up, which is near enough."""
        # BF16 is the upper half of FP32; half of its last place is added to round.
        bits = probabilities.view(np.uint32) + np.uint32(0x8000) & np.uint32(0xFFFF0000)
        return np.where(np.isfinite(probabilities), bits.view(np.float32), probabilities)


class MaximumFromZero(Edge):
    """The running maximum starts at 0, not at the first tile's: where all scores are far below, nothing is left."""

    def new_max(self, scores: Array) -> Array:
        return np.maximum(super().new_max(scores), 0)


class ScaleBeforeMaximum(Edge):
    """Scores and maximum are scaled before they are subtracted: exact digits of large scores are lost."""

    def exponent(self, scores: Array, row_max: Array) -> Array:
        return scores * self.scale - (row_max * self.scale)[..., None]


class MaximumOfTwoRows(Edge):
    """Neighbouring rows share a maximum: right as long as all is finite, but a NaN spoils its neighbour."""

    def new_max(self, scores: Array) -> Array:
        own = super().new_max(scores)
        return np.maximum(own, own.reshape(self.slices, -1, 2)[..., ::-1].reshape(own.shape))


class NaNWithoutWeight(Edge):
    """A score that is NaN is taken for minus infinity: an error in an operand goes unseen."""

    def scores(self, tile: int) -> Array:
        return np.nan_to_num(super().scores(tile), nan=-np.inf, posinf=np.inf, neginf=-np.inf)


LOCAL, EVERYWHERE, EDGES = (tuple(kind.__subclasses__()) for kind in (Local, Everywhere, Edge))
"""The faults of each kind, in the order in which they stand above."""


class Computes(Protocol):
    """An algorithm with its inputs."""

    def result(self) -> Array:
        """Return the result of the Q block, [128, 128]."""


@dataclass(frozen=True)
class Mutant:
    """A fault in its place."""

    name: str
    build: Callable[[AttentionInputs, KernelConfig], Computes]

    @classmethod
    def of(cls, fault: type[Broken], at: int, tiles: int) -> Mutant:
        """Place a fault at one of `tiles` tiles."""
        return cls(f"{fault.__name__} {at + 1}/{tiles}", lambda inputs, config: fault(inputs, config, at))


def mutants(tiles: int) -> list[Mutant]:
    """Return all mutants that normal finite inputs must show, local ones at the first, a middle and the last tile."""
    local = [Mutant.of(fault, at, tiles) for fault in LOCAL for at in sorted({fault.first, tiles // 2, tiles - 1})]
    return local + [Mutant(fault.__name__, _first(fault)) for fault in EVERYWHERE]


def edge_mutants() -> list[Mutant]:
    """Return the mutants that only extreme or special values show."""
    return [Mutant(fault.__name__, _first(fault)) for fault in EDGES]


def _first(fault: type[Broken]) -> Callable[[AttentionInputs, KernelConfig], TiledAttention]:
    return lambda inputs, config: fault(inputs, config, 0)


@dataclass(frozen=True)
class Subject:
    """What a mutant is judged on: the inputs of one kind for one Q block, with their reference."""

    inputs: AttentionInputs
    reference: Float32Array

    @classmethod
    def draw(cls, kind: str, s1: int, seed: int) -> Subject:
        """Draw S0 rows of q."""
        inputs = make_inputs(kind, S0, s1, seed)
        with np.errstate(invalid="ignore"):
            return cls(inputs, attention_reference(inputs.q, inputs.k, inputs.v))

    def judge(self, mutant: Mutant, config: KernelConfig) -> Comparison:
        """Compare what a mutant computes, as `check` compares what a kernel computes."""
        with np.errstate(all="ignore"):  # faults make infinities, and some kinds hold them
            result = mutant.build(self.inputs, config).result()
        return compare(result, self.reference, spoiled=self.inputs.spoiled_mask(np.arange(S0)))
