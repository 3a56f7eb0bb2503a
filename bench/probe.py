"""Whether a timed kernel was right: one untimed run on poisoned buffers, compared with what is feasible at its size.

Up to 256M scores (q rows x s1) every row is compared with the FP32 reference at 1e-3. Beyond that a sample of rows is,
and where the vendor's fused operator runs beside the kernel every row is also compared with that, at 5e-3 (its result
is FP16).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.baselines import FUSED, Baseline
from bench.row import KERNEL
from flash_atten.check_compare import compare
from flash_atten.check_inputs import AttentionInputs
from flash_atten.launch_backend import Backend, BoundLaunch
from flash_atten.reference import FULL_CHECK_LIMIT, attention_reference, rows_to_check

FUSED_TOLERANCE = 5e-3
"""rtol = atol against the fused operator, as in the vendor's harness: both results have errors of their own."""


@dataclass(frozen=True)
class Probe:
    """What the probe found. `errors`: operation -> largest |result - reference| over the compared rows."""

    errors: Mapping[str, float]
    reference: str
    complaint: str = ""
    """Why the kernel's result is wrong; empty if it is right."""


def probe(
    backend: Backend,
    bound: BoundLaunch,
    inputs: AttentionInputs,
    baselines: list[Baseline],
    seed: int,
    limit: int = FULL_CHECK_LIMIT,
) -> Probe:
    """Run everything once and compare. Raises KernelError if the kernel fails."""
    bound.poison()
    bound.run()
    out = backend.to_numpy(bound.out)
    q_rows, s1 = inputs.q.shape[0], inputs.k.shape[0]
    rows = rows_to_check(q_rows, s1, seed, limit=limit)
    reference = attention_reference(inputs.q[rows], inputs.k, inputs.v)
    found = compare(out[rows], reference, rows)
    complaint = "" if found.ok else f"against the FP32 reference {found.describe()}"
    errors = {KERNEL: found.max_abs}
    named = "fp32" if rows.size == q_rows else f"fp32, {rows.size} rows"
    for baseline in baselines:
        theirs = baseline.result()
        errors[baseline.name] = _max_error(theirs[rows], reference)
        if baseline.name == FUSED and rows.size < q_rows:
            named += " + fused, all rows"
            against = compare(out, theirs, rtol=FUSED_TOLERANCE, atol=FUSED_TOLERANCE)
            complaint += "" if against.ok else f"; against the fused operator {against.describe()}"
    return Probe(errors, named, complaint.removeprefix("; "))


def _max_error(result: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> float:
    error = np.abs(result - reference)
    return float(error.max()) if np.isfinite(error).all() else float("inf")
