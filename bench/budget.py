"""What a case will cost, before it is run: memory, and time from what earlier runs on this machine took.

The estimate is one rate (operations per second) per operation, from the largest case seen so far; before the first
case, from a short calibration launch. Small shapes are slower per operation than large ones, so estimates err on the
long side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.cases import Case
from bench.flops import attention_flops
from bench.row import KERNEL
from flash_atten.config import HEAD, KernelConfig, LaunchShape
from flash_atten.plan import block_dim
from flash_atten.reference import FULL_CHECK_LIMIT, SCORE_BLOCK_BYTES, rows_to_check
from flash_atten.scratch import scratch_bytes
from isa.a3 import CUBE_CORES

REFERENCE = "reference"
"""Name of the FP32 reference among the rates."""

FIRST_GUESS = 2e10
"""Operations per second of anything never run here: a laptop core with vector instructions reaches more."""


@dataclass
class Rates:
    """Operations per second by name, learned from runs. The one mutable object of a benchmark run."""

    seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Name -> (operations of the largest run, its rate)."""

    def learn(self, name: str, operations: int, seconds: float) -> None:
        """Note a run; one of a larger shape replaces what was known."""
        if operations >= self.seen.get(name, (0, 0.0))[0]:
            self.seen[name] = (operations, operations / max(seconds, 1e-9))

    def seconds(self, name: str, operations: int) -> float:
        """Estimate a run."""
        return operations / self.seen.get(name, (0, FIRST_GUESS))[1]


@dataclass(frozen=True)
class Estimate:
    """Cost of a case in seconds and bytes."""

    once: Mapping[str, float]
    """Seconds of one run, by operation."""

    probe: float
    """Seconds of the correctness probe: everything once more, and the reference."""

    memory: int
    """Bytes that the case holds at its peak."""

    @property
    def least(self) -> float:
        """Seconds that the case needs at least: one (cold) run of everything, and the probe."""
        return sum(self.once.values()) + self.probe


def probe_operations(case: Case) -> int:
    """Return the operations of the reference on the rows that the probe compares."""
    return attention_flops(rows_to_check(case.q_rows, case.s1, 0).size, case.s1)


def estimate(case: Case, configs: Sequence[KernelConfig], rates: Rates, baselines: Iterable[str]) -> Estimate:
    """Estimate a case on the host backend, with one or several kernels."""
    operations = attention_flops(case.q_rows, case.s1)
    once = {name: rates.seconds(name, operations) for name in (KERNEL, *baselines)}
    once[KERNEL] *= len(configs)
    probe = sum(once.values()) + rates.seconds(REFERENCE, probe_operations(case))
    return Estimate(once, probe, memory_bytes(case, configs, len(once) - 1))


def memory_bytes(case: Case, configs: Sequence[KernelConfig], baselines: int) -> int:
    """Return the bytes that a case holds: operands, the reference's blocks, FIFO slots and result of each kernel, and
    copies for each baseline.
    """
    shape = LaunchShape(case.q_rows, case.s1)
    scratch = (scratch_bytes(config, shape, block_dim(config, shape, CUBE_CORES)) for config in configs)
    kernels = sum(size + 4 * HEAD * case.q_rows for size in scratch)
    scores = 2 * min(SCORE_BLOCK_BYTES, 4 * min(case.q_rows * case.s1, FULL_CHECK_LIMIT))
    # FP32 copies of K and V, and the result.
    reference = scores + 4 * HEAD * (2 * case.s1 + case.q_rows)
    # A baseline may hold its operands in FP32, twice as large as FP16.
    return case.operand_bytes * (1 + 2 * baselines) + kernels + reference
