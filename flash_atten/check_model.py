"""The tiled algorithm in NumPy: what the kernel computes on one Q block, written a second time without the kernel.

FP16 operands and P, FP32 scores and accumulation, row slices with a running maximum and sum, rescale factors in a ring
of `qk_preload` slots, softmax that many tiles ahead of the accumulation. Its steps are methods, so that `check_mutants`
can break one at a time; nothing here is used by the kernel, by the reference or by the comparison.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flash_atten.check_inputs import AttentionInputs
from flash_atten.config import HEAD, S0, SCALE, SUBBLOCKS, KernelConfig

Array = npt.NDArray[np.float32]


class TiledAttention:
    """One Q block, rows 0 to 127 of `inputs.q`. Arrays of a tile are [slices, rows of a slice, columns]."""

    def __init__(self, inputs: AttentionInputs, config: KernelConfig) -> None:
        """Take the operands apart; nothing is computed yet."""
        self.config = config
        self.scale = np.float32(SCALE)
        self.tiles = config.tiles_in(inputs.k.shape[0])
        self.slices = SUBBLOCKS * config.tile_factor
        self.q = inputs.q[:S0].astype(np.float32)
        self.k = inputs.k.reshape(self.tiles, config.s1_tile, HEAD)
        self.v = inputs.v.reshape(self.tiles, config.s1_tile, HEAD)
        rows = (self.slices, config.slice_rows)
        self.row_max: Array = np.full(rows, -np.inf, np.float32)
        self.row_sum: Array = np.zeros(rows, np.float32)
        self.output: Array = np.zeros((*rows, HEAD), np.float32)
        self.ring: Array = np.zeros((config.exp_ring, *rows), np.float32)
        self.probabilities: dict[int, Array] = {}
        """Step -> P, between softmax and accumulation."""

    def order(self) -> list[int]:
        """Return the tile of each step."""
        return list(range(self.tiles))

    def k_tile(self, tile: int) -> Array:
        """Return K of a tile, [s1_tile, 128]."""
        return np.asarray(self.k[tile], np.float32)

    def v_tile(self, tile: int) -> Array:
        """Return V of a tile, [s1_tile, 128]."""
        return np.asarray(self.v[tile], np.float32)

    def scores(self, tile: int) -> Array:
        """Return Q K^T of a tile, unscaled."""
        product = np.asarray(self.q @ self.k_tile(tile).T, np.float32)
        return product.reshape(self.slices, -1, self.config.s1_tile)

    def new_max(self, scores: Array) -> Array:
        """Return the running maximum after a tile."""
        new_max: Array = np.maximum(self.row_max, scores.max(axis=2))
        return new_max

    def exponent(self, scores: Array, row_max: Array) -> Array:
        """Return the exponents of a tile's probabilities: the maximum is subtracted first, the scale comes second."""
        return (scores - row_max[..., None]) * self.scale

    def to_fp16(self, probabilities: Array) -> Array:
        """Round P to FP16."""
        return probabilities.astype(np.float16).astype(np.float32)

    def write_slot(self, step: int) -> int:
        """Return the ring slot that softmax writes."""
        return step % self.config.exp_ring

    def read_slot(self, step: int) -> int:
        """Return the ring slot that the accumulation reads."""
        return step % self.config.exp_ring

    def softmax(self, step: int, tile: int) -> None:
        """Take in the scores of a tile."""
        scores = self.scores(tile)
        new_max = self.new_max(scores)
        exact = np.exp(self.exponent(scores, new_max))
        # The first step finds -inf as maximum, and nothing to rescale.
        rescale = np.exp((self.row_max - new_max) * self.scale) if step else np.zeros_like(new_max)
        self.put_rescale(step, rescale)
        # The sum is of the FP32 values, as in the kernel: only the product with V sees P rounded.
        self.row_sum = self.row_sum * self.rescale_of_sum(step, rescale) + exact.sum(axis=2)
        # Only now: the rescale factor needs the old maximum.
        self.row_max = new_max
        self.probabilities[step] = self.to_fp16(exact)

    def put_rescale(self, step: int, rescale: Array) -> None:
        """Write the rescale factors of a step to the ring."""
        self.ring[self.write_slot(step)] = rescale

    def rescale_of_sum(self, step: int, rescale: Array) -> Array:
        """Return what the running sum is rescaled by."""
        return rescale

    def pv(self, step: int, tile: int) -> Array:
        """Return P V of a step."""
        p = self.probabilities.pop(step).reshape(S0, -1)
        return np.reshape(p @ self.v_tile(tile), self.output.shape)

    def accumulate(self, step: int, tile: int) -> None:
        """Rescale the output and add the step's P V."""
        # At the first step there is nothing to rescale, and a kernel's ring holds what an earlier Q block has left.
        rescale = self.ring[self.read_slot(step)] if step else np.zeros_like(self.row_max)
        self.output = self.output * rescale[..., None] + self.pv(step, tile)

    def run(self) -> None:
        """Run all steps, softmax `qk_preload` ahead; output, maxima and sums are then those of all tiles."""
        order, preload = self.order(), self.config.qk_preload
        for step, tile in enumerate(order[:preload]):
            self.softmax(step, tile)
        for step, tile in enumerate(order):
            self.accumulate(step, tile)
            if step + preload < len(order):
                self.softmax(step + preload, order[step + preload])

    def result(self) -> Array:
        """Run, and return the result of the Q block, [128, 128]."""
        self.run()
        return (self.output / self.row_sum[..., None]).reshape(S0, HEAD)
