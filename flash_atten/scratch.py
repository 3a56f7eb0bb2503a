"""What lies where in `gm_slots`, the scratch of a launch in GM: FIFOs, then partial results, then log-sum-exps.

The FIFOs of each core come first (`Fifos`). Behind them a kernel that splits S1 keeps the partial results of its units,
for the entry that combines them; behind those a kernel of heads leaves a log-sum-exp for each row. Host and kernel lay
it out with this one function: for the host sizes are numbers, for the kernel values of the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flash_atten.config import HEAD, S0, KernelConfig, LaunchShape
from flash_atten.fifo import DTYPE_BYTES, fifo_bytes_per_core

Size = TypeVar("Size")
"""A number of elements: an int on the host, an index of the device in a kernel."""

FLOAT_BYTES = DTYPE_BYTES["f32"]

PARTIAL_BYTES = S0 * (HEAD + 2) * FLOAT_BYTES
"""Bytes of a unit's partial results: output, row maxima, row sums."""


@dataclass(frozen=True)
class Scratch(Generic[Size]):
    """Where each part begins, in fp32 elements from the start of `gm_slots`."""

    output: Size
    """Partial outputs, unnormalised: [units * S0, HEAD]."""

    row_max: Size
    """Their row maxima, unscaled: [units * S0]."""

    row_sum: Size
    """Their row sums: [units * S0]."""

    lse: Size
    """Log-sum-exp of each row, scaled and natural: [heads * q_rows]."""

    end: Size
    """First element behind all of it."""


def lay_out(config: KernelConfig, *, cores: Any, units: Any, rows: Any) -> Scratch[Any]:
    """Lay out the scratch of a launch of `units` units on `cores` cores; `rows` are those of Q, of all heads.

    The arguments are all numbers, or all values of the device; what is returned is of the same kind. A kernel that
    does not split has no partial results, and one without heads no log-sum-exps.
    """
    output = cores * (fifo_bytes_per_core(config) // FLOAT_BYTES)
    # What a kernel does not have is empty: it begins where the next part does.
    row_max = row_sum = lse = output
    if config.kv_split > 1:
        partial_rows = units * S0
        row_max = output + partial_rows * HEAD
        row_sum = row_max + partial_rows
        lse = row_sum + partial_rows
    return Scratch(output, row_max, row_sum, lse, lse + rows if config.heads else lse)


def scratch_of(config: KernelConfig, shape: LaunchShape, cores: int) -> Scratch[int]:
    """Lay out the scratch of a launch of `shape` on `cores` cores."""
    return lay_out(config, cores=cores, units=shape.units(config), rows=shape.rows)


def scratch_bytes(config: KernelConfig, shape: LaunchShape, cores: int) -> int:
    """Return the GM bytes that a launch of `shape` on `cores` cores needs for its scratch."""
    return scratch_of(config, shape, cores).end * FLOAT_BYTES
