"""How much work one attention is, and what the A3 could do at most."""

from __future__ import annotations

from flash_atten.config import HEAD
from isa.a3 import CUBE_CORES

CUBE_MACS_PER_CYCLE = 4096
"""FP16 multiply-accumulates per cycle and cube core."""

CLOCK_GHZ = 1.80
"""Clock of the cube cores in GHz."""


def peak_tflops(cores: int) -> float:
    """Return the TFLOP/s of `cores` cube cores that are busy in every cycle."""
    return cores * CUBE_MACS_PER_CYCLE * 2 * CLOCK_GHZ * 1e9 / 1e12


PEAK_TFLOPS = peak_tflops(CUBE_CORES)
"""353.9 TFLOP/s: the roof of a die."""


def attention_flops(sq: int, sk: int) -> int:
    """Return the operations of one non-causal head of size HEAD, by the convention of the vendor's harness.

    Two matmuls, then per score: scale, maximum, subtract, exponential, sum and divide.
    """
    matmuls = 4 * sq * sk * HEAD
    per_score = 4 * sq * sk
    reductions = 2 * sq * (sk - 1)
    return matmuls + per_score + reductions


def tflops(sq: int, sk: int, seconds: float) -> float:
    """Return TFLOP/s of one attention that took `seconds` (> 0)."""
    return attention_flops(sq, sk) / seconds / 1e12
