"""For tests: rows and runs with given numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.baselines import SDPA_FP16, SDPA_FP32
from bench.results import Run
from bench.row import KERNEL, OK, Row
from bench.stats import Timing
from bench.variant import Variant
from flash_atten.config import KernelConfig


def row(
    s1: int = 1024,
    *,
    samples: Sequence[float] = (0.010, 0.011, 0.012),
    control: Sequence[float] | None = None,
    knobs: Mapping[str, int | str] = {},
    barriers: str = "gu",
    library: str = "fa_s1tile256",
    **changes: object,
) -> Row:
    """Return a right row of a square host shape, timed beside two baselines that take twice and half as long as
    `control`, which is `samples` if it is not given.
    """
    ours = Timing(cold=0.020, samples=tuple(samples))
    slower, faster = (Timing(0.02, tuple(factor * sample for sample in control or samples)) for factor in (2.0, 0.5))
    right = Row(
        case=f"{s1}x{s1}",
        q_rows=s1,
        s1=s1,
        variant=Variant(KernelConfig.of(knobs), barriers, library),
        backend="host",
        timing="wall",
        status=OK,
        timings={KERNEL: ours, SDPA_FP16: slower, SDPA_FP32: faster},
        speedups={SDPA_FP16: 2.0, SDPA_FP32: 0.5},
        errors={KERNEL: 5e-5, SDPA_FP16: 9e-5, SDPA_FP32: 3e-7},
        relative_errors={KERNEL: 2.1e-4, SDPA_FP16: 4e-4, SDPA_FP32: 1e-6},
        reference="fp32",
    )
    return replace(right, **changes)  # type: ignore[arg-type]


def run(*rows: Row, started: str = "2026-01-01T00:00:00+00:00", pid: int = 1) -> Run:
    """Return a run with these rows."""
    environment = {
        "pid": pid,
        "machine": {"cpu": "a <fast> one", "cpus": 2},
        "versions": {"numpy": "2.2.6"},
        "matmul_tflops": 0.5,
        "libraries": {"fa_s1tile256": KernelConfig().knobs},
    }
    return Run(started, environment, rows)
