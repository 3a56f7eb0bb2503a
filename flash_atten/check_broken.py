"""Numeric mutants: the tiled algorithm with one thing broken, as a bug in kernel, pipeline or barriers would break it.

Each is a subclass of `TiledAttention` that changes a step or two. `at` is the tile that it happens in, `other` the tile
next to it. `MUTANTS` has them at the first, a middle and the last tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from flash_atten.check_inputs import AttentionInputs
from flash_atten.check_model import Array, TiledAttention
from flash_atten.config import CUBE_S1, S0, KernelConfig

ZERO_ROWS = 16
"""Rows of the mutant that writes zeros: the smallest row slice."""


class Broken(TiledAttention):
    """A fault at one tile, in one row slice if it is about row slices."""

    first: ClassVar[int] = 0
    """The first tile that the fault can be in."""

    def __init__(self, inputs: AttentionInputs, config: KernelConfig, at: int) -> None:
        """Place the fault at tile `at`; the row slice follows from it, so that all are used."""
        super().__init__(inputs, config)
        self.at = at
        # A neighbour that exists: the last tile has none behind it.
        self.other = at - 1 if at == self.tiles - 1 else at + 1
        self.slice = at % self.slices
        self.ring[:] = 1  # of another Q block: the value that does least harm where a factor is missing

    def exchanged(self, tile: int) -> int:
        """Return the tile with `at` and `other` exchanged."""
        return {self.at: self.other, self.other: self.at}.get(tile, tile)


class DroppedTile(Broken):
    """K and V of a tile are not used."""

    def order(self) -> list[int]:
        """Leave it out."""
        return [tile for tile in range(self.tiles) if tile != self.at]


class DroppedK(Broken):
    """K of a tile reads as zeros."""

    def k_tile(self, tile: int) -> Array:
        """Return zeros for it."""
        return super().k_tile(tile) * np.float32(tile != self.at)


class LostPV(Broken):
    """V of a tile reads as zeros, or its P V is not added."""

    def pv(self, step: int, tile: int) -> Array:
        """Return zeros for it."""
        return super().pv(step, tile) * np.float32(tile != self.at)


class RepeatedTile(Broken):
    """A tile is used twice."""

    def order(self) -> list[int]:
        """Put it in twice."""
        return sorted([*range(self.tiles), self.at])


class NeighboursTile(Broken):
    """The tile next to it is used in its place, K and V."""

    def order(self) -> list[int]:
        """Put the other in its place."""
        return [self.other if tile == self.at else tile for tile in range(self.tiles)]


class NeighboursK(Broken):
    """K of a tile is that of the tile next to it: a buffer that was not loaded again."""

    def k_tile(self, tile: int) -> Array:
        """Return the other's."""
        return super().k_tile(self.other if tile == self.at else tile)


class NeighboursV(Broken):
    """V of a tile is that of the tile next to it."""

    def v_tile(self, tile: int) -> Array:
        """Return the other's."""
        return super().v_tile(self.other if tile == self.at else tile)


class SwappedK(Broken):
    """K of two tiles is exchanged, V is not."""

    def k_tile(self, tile: int) -> Array:
        """Exchange."""
        return super().k_tile(self.exchanged(tile))


class SwappedV(Broken):
    """V of two tiles is exchanged, K is not."""

    def v_tile(self, tile: int) -> Array:
        """Exchange."""
        return super().v_tile(self.exchanged(tile))


class SwappedTiles(Broken):
    """K and V of two tiles are exchanged. That is no fault: the order of tiles does not matter."""

    def order(self) -> list[int]:
        """Exchange."""
        return [self.exchanged(tile) for tile in range(self.tiles)]


class SwappedSubTiles(Broken):
    """The sub-tiles of V are taken in another order than those of K, in one tile."""

    def v_tile(self, tile: int) -> Array:
        """Rotate by a sub-tile."""
        return np.roll(super().v_tile(tile), CUBE_S1 * (tile == self.at), axis=0)


class StaleRescale(Broken):
    """The factors of a tile are not written: the accumulation finds those of `qk_preload` tiles before."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        """Leave the ring as it is."""
        if step != self.at:
            super().put_rescale(step, rescale)


class RescaleOfNextSlot(Broken):
    """The accumulation reads the ring slot after the right one, at one tile."""

    first = 1

    def read_slot(self, step: int) -> int:
        """One too far."""
        return super().read_slot(step + (step == self.at))


class RescaleOfSlotBefore(Broken):
    """The accumulation reads the ring slot before the right one, at one tile."""

    first = 1

    def read_slot(self, step: int) -> int:
        """One too little."""
        return super().read_slot(step - (step == self.at))


class NotRescaled(Broken):
    """The output is not rescaled at one tile."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        """Write ones."""
        super().put_rescale(step, np.ones_like(rescale) if step == self.at else rescale)


class SumNotRescaled(Broken):
    """The running sum is not rescaled where its factors are in one of the ring's slots."""

    first = 1

    def rescale_of_sum(self, step: int, rescale: Array) -> Array:
        """Return ones."""
        return np.ones_like(rescale) if self.write_slot(step) == self.write_slot(self.at) else rescale


class SliceNotRescaled(Broken):
    """One row slice of the output is not rescaled at one tile."""

    first = 1

    def put_rescale(self, step: int, rescale: Array) -> None:
        """Write ones for it."""
        rescale = rescale.copy()
        if step == self.at:
            rescale[self.slice] = 1
        super().put_rescale(step, rescale)


class SliceOfStaleScores(Broken):
    """One row slice takes the scores of the tile next to it."""

    def scores(self, tile: int) -> Array:
        """Replace the slice."""
        found = super().scores(tile)
        if tile == self.at:
            found[self.slice] = super().scores(self.other)[self.slice]
        return found


class SliceOfStaleP(Broken):
    """One row slice of P is that of the tile before: its store came too late."""

    first = 1

    def softmax(self, step: int, tile: int) -> None:
        """Replace the slice."""
        super().softmax(step, tile)
        if step == self.at:
            self.probabilities[step][self.slice] = self.probabilities[step - 1][self.slice]


class SliceOfLostPV(Broken):
    """One row slice does not add the P V of a tile."""

    def pv(self, step: int, tile: int) -> Array:
        """Return zeros for the slice."""
        found = super().pv(step, tile)
        if tile == self.at:
            found[self.slice] = 0
        return found


class SliceOfAnotherOutput(Broken):
    """One row slice of the result is that of another one: its store came too late, or went to the wrong rows."""

    def result(self) -> Array:
        """Replace the slice."""
        out = super().result().reshape(self.output.shape)
        out[self.slice] = out[self.slice - 1]
        return out.reshape(S0, -1)


class SixteenZeroRows(Broken):
    """16 rows of the result are zeros."""

    def result(self) -> Array:
        """Write them."""
        out = super().result()
        out[self.slice * self.config.slice_rows :][:ZERO_ROWS] = 0
        return out


class OneColumnOfAnother(Broken):
    """One column of the result holds another one's values."""

    def result(self) -> Array:
        """Copy it."""
        out = super().result()
        # 127, so that there is a column behind it.
        out[:, self.at % 127] = out[:, self.at % 127 + 1]
        return out


class MeanOfV(Broken):
    """Every row is the mean of V."""

    def result(self) -> Array:
        """Return it."""
        return np.broadcast_to(self.v.astype(np.float32).mean(axis=(0, 1)), (S0, self.v.shape[2])).copy()


class ScaleOnePercentMore(Broken):
    """Scores are scaled by 1 % too much."""

    factor = 1.01

    def __init__(self, inputs: AttentionInputs, config: KernelConfig, at: int) -> None:
        """Change the scale."""
        super().__init__(inputs, config, at)
        self.scale *= np.float32(self.factor)


class ScaleOnePercentLess(ScaleOnePercentMore):
    """Scores are scaled by 1 % too little."""

    factor = 0.99


class NoScale(ScaleOnePercentMore):
    """Scores are not scaled."""

    factor = 128**0.5


class PInBFloat16(Broken):
    """P is rounded to 8 bits instead of 11."""

    def to_fp16(self, probabilities: Array) -> Array:
        """Round half up, which is near enough."""
        # BF16 is the upper half of FP32; half of its last place is added to round.
        bits = probabilities.view(np.uint32) + np.uint32(0x8000) & np.uint32(0xFFFF0000)
        return np.where(np.isfinite(probabilities), bits.view(np.float32), probabilities)


class MaximumFromZero(Broken):
    """The running maximum starts at 0, not at the first tile's: where all scores are far below, nothing is left."""

    def new_max(self, scores: Array) -> Array:
        """Never below 0."""
        return np.maximum(super().new_max(scores), 0)


class ScaleBeforeMaximum(Broken):
    """Scores and maximum are scaled before they are subtracted: exact digits of large scores are lost."""

    def exponent(self, scores: Array, row_max: Array) -> Array:
        """Scale first."""
        return scores * self.scale - (row_max * self.scale)[..., None]


class MaximumOfTwoRows(Broken):
    """Neighbouring rows share a maximum: right as long as all is finite, but a NaN spoils its neighbour."""

    def new_max(self, scores: Array) -> Array:
        """Reduce over pairs of rows."""
        own = super().new_max(scores)
        return np.maximum(own, own.reshape(self.slices, -1, 2)[..., ::-1].reshape(own.shape))


class NaNWithoutWeight(Broken):
    """A score that is NaN is taken for minus infinity: an error in an operand goes unseen."""

    def scores(self, tile: int) -> Array:
        """Replace it."""
        return np.nan_to_num(super().scores(tile), nan=-np.inf, posinf=np.inf, neginf=-np.inf)


LOCAL: tuple[type[Broken], ...] = (
    DroppedTile,
    DroppedK,
    LostPV,
    RepeatedTile,
    NeighboursTile,
    NeighboursK,
    NeighboursV,
    SwappedK,
    SwappedV,
    SwappedSubTiles,
    StaleRescale,
    RescaleOfNextSlot,
    RescaleOfSlotBefore,
    NotRescaled,
    SumNotRescaled,
    SliceNotRescaled,
    SliceOfStaleScores,
    SliceOfStaleP,
    SliceOfLostPV,
    SliceOfAnotherOutput,
    SixteenZeroRows,
    OneColumnOfAnother,
)
"""Faults of one tile or one row slice."""

EVERYWHERE: tuple[type[Broken], ...] = (MeanOfV, ScaleOnePercentMore, ScaleOnePercentLess, NoScale, PInBFloat16)
"""Faults of all tiles."""

EDGES: tuple[type[Broken], ...] = (MaximumFromZero, ScaleBeforeMaximum, MaximumOfTwoRows, NaNWithoutWeight)
"""Faults that only extreme or special values show; normal inputs give the right result, or nearly."""


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
