"""Whether a timed kernel was right: one untimed run on poisoned buffers, compared with what is feasible at its size.

Up to 256M scores (q rows x s1) every row is compared with the FP32 reference. Beyond that a sample of rows is, and
where the vendor's fused operator runs beside the kernel every row is also compared with that. The criterion is that of
`flash_atten.check_compare`, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.baselines import FUSED, Baseline
from bench.row import KERNEL
from flash_atten.backend import AttentionBackend, BoundAttention
from flash_atten.check_compare import FUSED_TOLERANCE, Expected, compare
from flash_atten.check_inputs import AttentionInputs
from flash_atten.reference import FULL_CHECK_LIMIT, Float32Array


@dataclass(frozen=True)
class Probe:
    """What the probe found, over the compared rows."""

    errors: Mapping[str, float]
    """Operation -> largest |result - reference|."""

    relative_errors: Mapping[str, float]
    """Operation -> largest relative error of 16 rows."""

    reference: str
    """What the kernel was compared with, and what was allowed."""

    complaint: str = ""
    """Why the kernel's result is wrong; empty if it is right."""


def probe(
    kernels: Sequence[tuple[AttentionBackend, BoundAttention]],
    inputs: AttentionInputs,
    baselines: Sequence[Baseline],
    seed: int,
    limit: int = FULL_CHECK_LIMIT,
) -> list[Probe]:
    """Run everything once and compare; return what was found for each kernel. Raises KernelError if one fails."""
    expected = Expected.of(inputs, seed, limit=limit)
    theirs = {baseline.name: baseline.result() for baseline in baselines}
    judged = {name: expected.judge(result) for name, result in theirs.items()}
    sampled = expected.rows.size < inputs.q.shape[0]
    against = f"fp32, {expected.rows.size} rows" if sampled else "fp32"
    # It judges the rows that the reference was too slow for; where all rows are compared it adds nothing.
    fused = theirs.get(FUSED) if sampled else None
    if fused is not None:
        against += f" + fused, all rows, at {FUSED_TOLERANCE.block:.1e}"
    probes = []
    for backend, bound in kernels:
        bound.poison()
        bound.run()
        out = backend.to_numpy(bound.out)
        found = {KERNEL: expected.judge(out), **judged}
        complaints = [] if found[KERNEL].ok else [f"against the FP32 reference {found[KERNEL].describe()}"]
        complaints += [] if fused is None else _against_fused(out, fused)
        errors = {name: item.max_abs for name, item in found.items()}
        relative_errors = {name: item.block_error for name, item in found.items()}
        probes.append(Probe(errors, relative_errors, against, "; ".join(complaints)))
    return probes


def _against_fused(out: Float32Array, theirs: Float32Array) -> list[str]:
    """Return what is wrong with a result compared with the fused operator's."""
    try:
        found = compare(out, theirs, tolerance=FUSED_TOLERANCE)
    except ValueError as error:  # a result of theirs that is not finite says nothing about ours
        return [f"against the fused operator: {error}"]
    return [] if found.ok else [f"against the fused operator {found.describe()}"]
